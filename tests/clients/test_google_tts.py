"""The client against the stand-in over gRPC."""

import io
import logging
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import grpc
import pytest
import requests
import soundfile
from google.cloud.texttospeech_v1 import AudioEncoding, SynthesizeSpeechRequest, SynthesizeSpeechResponse
from hypothesis import example, given
from hypothesis import strategies as st

from clients.google_tts import SAMPLE_RATE, GoogleTts, takes_ssml, to_ssml
from models.call.read_back import Pronunciation, Pronunciations, speakable, spoken_readings
from models.errors import AccessRefused, ConfigurationError, ReadbackError, TooManyRequests, VendorRefused, VendorUnavailable
from sandbox.google_tts import SERVICE
from sandbox.stand_in import stand_in

VOICE = "ko-KR-Wavenet-A"
CHIRP = "ko-KR-Chirp3-HD-Kore"
TEXT = "문의하신 내용이 자동차 사고 보험 확인 요청이 맞으신가요?"
DICTIONARY = Pronunciations((Pronunciation("문의", "무니"), Pronunciation("신문의", "신무늬"), Pronunciation("CT", "씨티")))


@pytest.fixture(scope="module")
def vendor() -> Iterator[dict[str, str]]:
    with stand_in("sandbox.google_tts", "--latency-seconds", "0") as (address, _):
        yield address


@pytest.fixture
def endpoint(vendor: dict[str, str]) -> str:
    requests.post(vendor["url"] + "/sandbox/faults", json={})
    return vendor["endpoint"]


def say(endpoint: str, text: str = TEXT, voice: str = VOICE, rate: float = 1.0, timeout: float = 5) -> bytes:
    client = GoogleTts(voice, lambda: DICTIONARY, speaking_rate=rate, timeout=timeout, endpoint=endpoint)
    try:
        return client.synthesize(text)
    finally:
        client.close()


def seconds(wav: bytes) -> float:
    return soundfile.info(io.BytesIO(wav)).duration


class OneAnswer:
    """A gRPC server that keeps the request and answers with one status."""

    def __init__(self, code: grpc.StatusCode | None, details: str = "no") -> None:
        self.requests: list[SynthesizeSpeechRequest] = []
        self._code, self._details = code, details

    def __enter__(self) -> "OneAnswer":
        from concurrent.futures import ThreadPoolExecutor

        self._server = grpc.server(ThreadPoolExecutor(1))
        handler = grpc.unary_unary_rpc_method_handler(self._answer, SynthesizeSpeechRequest.deserialize, SynthesizeSpeechResponse.serialize)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {"SynthesizeSpeech": handler}),))
        self.endpoint = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(0)

    def _answer(self, request: SynthesizeSpeechRequest, context: grpc.ServicerContext) -> SynthesizeSpeechResponse:
        self.requests.append(request)
        if self._code is not None:
            context.abort(self._code, self._details)
        return SynthesizeSpeechResponse(audio_content=b"RIFF" + bytes(100))


def test_text_becomes_a_24_khz_wav_that_somebody_speaks(endpoint: str) -> None:
    sound, rate = soundfile.read(io.BytesIO(say(endpoint)))
    info = soundfile.info(io.BytesIO(say(endpoint)))
    assert (rate, info.channels, info.subtype) == (SAMPLE_RATE, 1, "PCM_16")
    assert 3 < len(sound) / rate < 8
    assert abs(sound).max() > 0.3


def test_the_dictionary_is_heard(endpoint: str) -> None:
    client = GoogleTts(VOICE, lambda: Pronunciations((Pronunciation("주민", "주민등록번호 확인"),)), endpoint=endpoint)
    assert seconds(client.synthesize("주민")) > seconds(say(endpoint, "주민")) + 0.5


def test_the_rate_changes_the_length(endpoint: str) -> None:
    assert seconds(say(endpoint, rate=0.7)) > seconds(say(endpoint, rate=1.4)) * 1.4


def test_dictionary_words_are_respelled_in_markup_and_the_rest_is_left() -> None:
    assert (
        to_ssml("문의 CT CTX 3개월 보험", DICTIONARY) == '<speak><sub alias="무니">문의</sub> <sub alias="씨티">CT</sub> '
        '<sub alias="씨티엑스">CTX</sub> <sub alias="삼 ">3</sub>개월 보험</speak>'
    )
    assert to_ssml("신문의", DICTIONARY) == '<speak><sub alias="신무늬">신문의</sub></speak>'


hostile = [
    '<break time="9s"/>',
    "</speak><speak>",
    "]]>",
    "<![CDATA[",
    "&amp;",
    "&#0;",
    "<!--",
    "{{ 7*7 }}",
    '"',
    "'",
    "\ud800",
    "\x00",
    "문의",
]


@pytest.mark.slow
@given(st.lists(st.sampled_from(hostile) | st.text(), max_size=8).map("".join))
@example("<sub alias='문의'>문의</sub>")
@example("\ufffe\uffff\x0b\x85\u2028")
def test_no_text_can_add_markup_and_none_of_its_words_is_lost(text: str) -> None:
    root = ET.fromstring(to_ssml(text, DICTIONARY))
    assert root.tag == "speak"
    assert {element.tag for element in root} <= {"sub"}
    assert all(set(element.attrib) == {"alias"} for element in root)
    told = {one.spoken for one in spoken_readings(speakable(text), DICTIONARY)}
    assert {element.attrib["alias"] for element in root} == told
    assert "".join(root.itertext()) == speakable(text)


@pytest.mark.parametrize(
    ("voice", "answer"),
    [("ko-KR-Wavenet-A", True), ("ko-KR-Standard-D", True), ("ko-KR-Neural2-C", True), ("ko-KR-Chirp3-HD-Kore", False)],
)
def test_chirp_voices_take_no_ssml(voice: str, answer: bool) -> None:
    assert takes_ssml(voice) is answer


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize("voice", [VOICE, CHIRP])
def test_a_hundred_kilobytes_are_cut_to_googles_limit_at_sentences(endpoint: str, voice: str) -> None:
    client = GoogleTts(voice, lambda: DICTIONARY, endpoint=endpoint)
    pieces = client.split("보험료 문의 CT & <검사>를 받았어요. " * 2200)
    assert max(len(client._renderer()(piece).encode()) for piece in pieces) <= 5000
    assert all(piece.endswith(".") for piece in pieces)


def test_the_request_is_what_google_documents_for_a_telephone_line() -> None:
    with OneAnswer(None) as server:
        say(server.endpoint, voice="ko-KR-Neural2-B", rate=1.1)
        say(server.endpoint, voice=CHIRP)
    request = server.requests[0]
    assert request.input.ssml == to_ssml(TEXT, DICTIONARY)
    assert server.requests[1].input.text == TEXT.replace("문의", "무니")
    assert (request.voice.language_code, request.voice.name) == ("ko-KR", "ko-KR-Neural2-B")
    config = request.audio_config
    assert (config.audio_encoding, config.sample_rate_hertz, config.pitch) == (AudioEncoding.LINEAR16, 24_000, 0.0)
    assert config.speaking_rate == 1.1
    assert list(config.effects_profile_id) == ["telephony-class-application"]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, VendorUnavailable),
        (grpc.StatusCode.DEADLINE_EXCEEDED, VendorUnavailable),
        (grpc.StatusCode.INTERNAL, VendorUnavailable),
        (grpc.StatusCode.ABORTED, VendorUnavailable),
        (grpc.StatusCode.CANCELLED, VendorUnavailable),
        (grpc.StatusCode.UNKNOWN, VendorUnavailable),
        (grpc.StatusCode.DATA_LOSS, VendorUnavailable),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, TooManyRequests),
        (grpc.StatusCode.INVALID_ARGUMENT, VendorRefused),
        (grpc.StatusCode.FAILED_PRECONDITION, VendorRefused),
        (grpc.StatusCode.OUT_OF_RANGE, VendorRefused),
        (grpc.StatusCode.NOT_FOUND, VendorRefused),
        (grpc.StatusCode.UNIMPLEMENTED, VendorRefused),
        (grpc.StatusCode.PERMISSION_DENIED, AccessRefused),
        (grpc.StatusCode.UNAUTHENTICATED, AccessRefused),
    ],
)
def test_every_status_is_exactly_one_class_and_nothing_is_asked_twice(code: grpc.StatusCode, kind: type[ReadbackError]) -> None:
    with OneAnswer(code) as server, pytest.raises(ReadbackError, match=code.name) as caught:
        say(server.endpoint)
    assert type(caught.value) is kind
    assert caught.value.remedy
    assert len(server.requests) == 1


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("UNAVAILABLE", VendorUnavailable),
        ("RESOURCE_EXHAUSTED", TooManyRequests),
        ("DEADLINE", VendorUnavailable),
        ("empty", VendorUnavailable),
    ],
)
def test_injected_faults_are_transient(vendor: dict[str, str], endpoint: str, kind: str, error: type[ReadbackError]) -> None:
    requests.post(vendor["url"] + "/sandbox/faults", json={"rate": 1, "kinds": [kind], "latency_seconds": 600}).raise_for_status()
    with pytest.raises(error):
        say(endpoint, timeout=0.5 if kind == "DEADLINE" else 60.0)


@pytest.mark.parametrize(
    ("text", "voice", "reason"), [("가" * 1667, CHIRP, "5001 bytes"), ("가" * 1663, VOICE, "bytes"), (" \n", VOICE, "0 bytes")]
)
def test_what_google_will_never_speak_is_refused(endpoint: str, text: str, voice: str, reason: str) -> None:
    with pytest.raises(VendorRefused, match=reason):
        say(endpoint, text, voice)


def test_a_voice_without_ssml_speaks_text(endpoint: str) -> None:
    assert seconds(say(endpoint, voice=CHIRP)) > 3


@pytest.mark.parametrize("voice", ["ko-KR-Wavenet-E", "ko-KR-Wavenet-a", "ko-KR-Chirp3-HD-Nobody", "en-US-Wavenet-A", "Wavenet"])
def test_a_mistyped_or_retired_voice_is_a_matter_of_configuration_and_similar_ones_are_named(endpoint: str, voice: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no Korean voice .*READBACK_TTS_VOICE .*ko-KR-.*flows\.say"):
        GoogleTts(voice, endpoint=endpoint).check_voice()
    with pytest.raises(ConfigurationError, match="no Korean voice"):
        say(endpoint, voice=voice)


def test_a_voice_that_is_there_passes(endpoint: str) -> None:
    GoogleTts(VOICE, endpoint=endpoint).check_voice()
    GoogleTts(CHIRP, endpoint=endpoint).check_voice()


def test_an_unreachable_endpoint_is_unavailable() -> None:
    with pytest.raises(VendorUnavailable, match="UNAVAILABLE"):
        say("127.0.0.1:1", timeout=2)


def test_without_credentials_the_settings_are_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(AccessRefused, match="GOOGLE_APPLICATION_CREDENTIALS"):
        GoogleTts(VOICE)


def test_the_spoken_text_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with OneAnswer(grpc.StatusCode.INVALID_ARGUMENT, f'The text "{TEXT}" is odd') as server, pytest.raises(VendorRefused) as caught:
        say(server.endpoint)
    assert "자동차" not in str(caught.value) + repr(vars(caught.value)) + caplog.text
    assert caught.value.__suppress_context__
