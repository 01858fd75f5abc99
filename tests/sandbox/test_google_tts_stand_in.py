"""The speaking stand-in: SSML, encodings, its rules and its books."""

import io

import grpc
import pytest
import requests
import soundfile
from google.cloud.texttospeech_v1 import (
    AudioConfig,
    AudioEncoding,
    SynthesisInput,
    SynthesizeSpeechRequest,
    SynthesizeSpeechResponse,
    VoiceSelectionParams,
)

from sandbox.google_tts import SERVICE, BadRequest, Pause, read_ssml, synthesize
from sandbox.stand_in import stand_in


def request(text: str = "", ssml: str = "", voice: str = "ko-KR-Wavenet-A", **config: object) -> SynthesizeSpeechRequest:
    return SynthesizeSpeechRequest(
        input=SynthesisInput(ssml=ssml) if ssml else SynthesisInput(text=text),
        voice=VoiceSelectionParams(language_code="ko-KR", name=voice),
        audio_config=AudioConfig({"audio_encoding": AudioEncoding.LINEAR16} | config),
    )


@pytest.mark.parametrize(
    ("ssml", "said"),
    [
        ("<speak>안녕</speak>", ["안녕"]),
        ("<speak>3 &lt; 4 &amp; <sub alias='무늬'>문의</sub>하신</speak>", ["3 < 4 & 무늬하신"]),
        ('<speak><phoneme alphabet="ipa" ph="muni">문의</phoneme>가</speak>', ["문의가"]),
        ('<speak>가<break time="250ms"/>나<break time="1.5s"/></speak>', ["가", Pause(0.25), "나", Pause(1.5)]),
        ("<speak>가<break/>나<break strength='none'/></speak>", ["가", Pause(0.4), "나", Pause(0.0)]),
        ("<speak><p><s>가</s></p><prosody rate='slow'>나</prosody></speak>", ["가", Pause(0.2), Pause(0.2), "나"]),
        ('<speak xmlns="http://www.w3.org/2001/10/synthesis">가</speak>', ["가"]),
        ("<speak><!-- note -->가</speak>", ["가"]),
        ("<speak/>", []),
    ],
)
def test_ssml_is_read(ssml: str, said: list[str | Pause]) -> None:
    assert read_ssml(ssml) == said


@pytest.mark.parametrize(
    "ssml",
    [
        "",
        "안녕",
        "<speak>가",
        "<speak>가 & 나</speak>",
        "<p>가</p>",
        "<speak><break time='soon'/></speak>",
        "<speak><break strength='huge'/></speak>",
        '<!DOCTYPE speak [<!ENTITY a "가가가가">]><speak>&a;&a;</speak>',
    ],
)
def test_malformed_ssml_is_refused(ssml: str) -> None:
    with pytest.raises(BadRequest, match="Invalid SSML"):
        read_ssml(ssml)


@pytest.mark.parametrize(
    ("encoding", "subtype"),
    [(AudioEncoding.LINEAR16, "PCM_16"), (AudioEncoding.MULAW, "ULAW"), (AudioEncoding.ALAW, "ALAW")],
)
def test_wav_encodings_come_with_their_header(encoding: AudioEncoding, subtype: str) -> None:
    info = soundfile.info(io.BytesIO(synthesize(request("안녕하세요", audio_encoding=encoding, sample_rate_hertz=8000))))
    assert (info.format, info.subtype, info.samplerate, info.channels) == ("WAV", subtype, 8000, 1)


def test_pcm_comes_without_a_header() -> None:
    raw = synthesize(request("안녕하세요", audio_encoding=AudioEncoding.PCM))
    assert not raw.startswith(b"RIFF")
    assert len(raw) / 2 / 24_000 > 0.5


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (request("가" * 1667), "limit of 5000 bytes"),
        (request("가", voice="ko-KR-Wavenet-Z"), "does not exist"),
        (request("가", voice="en-US-Wavenet-A"), "does not exist"),
        (request(ssml="<speak>가</speak>", voice="ko-KR-Chirp3-HD-Kore"), "SSML or pitch"),
        (request("가", voice="ko-KR-Chirp3-HD-Kore", pitch=2.0), "SSML or pitch"),
        (request("가", speaking_rate=3.0), "Speaking rate"),
        (request("가", pitch=30.0), "Pitch"),
        (request("가", audio_encoding=AudioEncoding.MP3), "LINEAR16"),
        (request(""), "Neither"),
    ],
)
def test_what_google_refuses_is_refused(bad: SynthesizeSpeechRequest, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        synthesize(bad)


def test_no_word_of_the_largest_text_is_left_out() -> None:
    sound, rate = soundfile.read(io.BytesIO(synthesize(request("보험금 청구 " * 263))))
    assert len(sound) / rate > 200


def test_the_books_count_what_was_spoken_and_refused() -> None:
    with stand_in("sandbox.google_tts", "--latency-seconds", "0") as (address, child):
        with grpc.insecure_channel(address["endpoint"]) as channel:
            call = channel.unary_unary(
                f"/{SERVICE}/SynthesizeSpeech", SynthesizeSpeechRequest.serialize, SynthesizeSpeechResponse.deserialize
            )
            for text in ("가", "가", "나"):
                call(request(text), timeout=60)
            with pytest.raises(grpc.RpcError, match="Invalid SSML"):
                call(request(ssml="<speak>"), timeout=60)
        books = requests.get(address["url"] + "/sandbox/counters").json()
        child.stop()
    assert books.pop("seconds") > 0
    assert books == {
        "requests": 4,
        "spoken": 3,
        "spoken_inputs": 2,
        "most_often_spoken": 2,
        "refused": {"INVALID_ARGUMENT": 1},
        "faults": {},
    }
    assert child.process.returncode == 0
