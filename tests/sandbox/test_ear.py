"""The sandbox's own ear: it hears what the stand-in's voice says, and tells a prompt that says something else."""

import io
from pathlib import Path

import pytest
import soundfile
from google.cloud.texttospeech_v1 import AudioConfig, AudioEncoding, SynthesisInput, SynthesizeSpeechRequest, VoiceSelectionParams

from clients.google_tts import to_ssml
from clients.returnzero import ReturnZero
from models.call.terms import TermList
from models.sound.prompt import join_wavs, to_prompt
from sandbox.ear import decode, hear, spoken_in
from sandbox.google_tts import synthesize
from sandbox.stand_in import stand_in

SAYS = "문의하신 내용이 4세대 실손 1,200,000원 청구 2건 문의"


def prompt(ssml: str) -> bytes:
    request = SynthesizeSpeechRequest(
        input=SynthesisInput(ssml=ssml),
        voice=VoiceSelectionParams(language_code="ko-KR", name="ko-KR-Wavenet-A"),
        audio_config=AudioConfig(audio_encoding=AudioEncoding.LINEAR16, sample_rate_hertz=24_000, speaking_rate=1.0),
    )
    return to_prompt(synthesize(request))


def spoken(text: str) -> bytes:
    return prompt(to_ssml(text, TermList.shipped().pronunciations))


@pytest.mark.parametrize("text", [SAYS, "말씀하신 내용은 “뒤에서 박힌 거 어떻게 하는지”로 들었습니다"])
def test_a_prompt_that_says_its_text_is_heard_as_such(text: str) -> None:
    assert hear(spoken(text), text).says_it


def write_down(folder: Path, *texts: str) -> None:
    for number, text in enumerate(texts):
        request = SynthesizeSpeechRequest(
            input=SynthesisInput(ssml=to_ssml(text, TermList.shipped().pronunciations)),
            voice=VoiceSelectionParams(language_code="ko-KR", name="ko-KR-Wavenet-A"),
            audio_config=AudioConfig(audio_encoding=AudioEncoding.LINEAR16, sample_rate_hertz=24_000, speaking_rate=1.0),
        )
        (folder / f"{number}.wav").write_bytes(synthesize(request))
        (folder / f"{number}.txt").write_text(text, "utf-8")


def test_a_prompt_is_decoded_into_what_was_really_spoken(tmp_path: Path) -> None:
    others = ["문의하신 내용이 암보험 해지 요청", "문의하신 내용이 암보험 해지 취소 요청", "확인해 드리겠습니다."]
    write_down(tmp_path, SAYS, *others)
    known = spoken_in(tmp_path)
    assert [decode(spoken(text), known) for text in (SAYS, *others)] == [SAYS, *others]
    both = to_prompt(join_wavs([(tmp_path / f"{number}.wav").read_bytes() for number in (2, 3)]))
    assert decode(both, known) == f"{others[1]} {others[2]}"
    cut = io.BytesIO()
    samples, rate = soundfile.read(io.BytesIO(spoken(SAYS)))
    soundfile.write(cut, samples[: len(samples) // 2], rate, format="WAV", subtype="ULAW")
    half = decode(cut.getvalue(), known)
    assert SAYS.startswith(half)
    assert 0.3 < len(half) / len(SAYS) < 0.7
    assert decode(spoken("자동차 사고 접수 요청드립니다"), known) == ""


def test_another_text_is_heard_and_from_where_on() -> None:
    heard = hear(spoken("문의하신 내용이 암보험 해지 취소 요청"), "문의하신 내용이 암보험 해지 요청")
    assert not heard.says_it
    assert heard.differs_at is not None
    assert heard.differs_at > 1.5


def test_a_prompt_that_was_cut_off_is_heard() -> None:
    assert not hear(spoken(SAYS[:15]), SAYS).says_it


def test_numbers_that_the_voice_had_to_guess_are_heard() -> None:
    assert not hear(prompt(f"<speak>{SAYS}</speak>"), SAYS).says_it


@pytest.mark.slow
def test_a_vendors_stand_in_hears_a_prompt_of_the_voice_by_its_protocol(tmp_path: Path) -> None:
    write_down(tmp_path, SAYS, "문의하신 내용이 암보험 해지 요청")
    with stand_in("sandbox.returnzero", "--spoken", str(tmp_path), "--latency-seconds", "0") as (address, _):
        vendor = ReturnZero(address["url"], "sandbox", "sandbox-secret")
        (heard,) = vendor.poll(vendor.submit(spoken(SAYS), "prompt.wav")).utterances
        vendor.close()
    assert heard.text == SAYS
