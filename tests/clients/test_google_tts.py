"""The client against the stand-in over gRPC."""

import io
import logging
from collections.abc import Iterator

import grpc
import pytest
import requests
import soundfile
from google.cloud.texttospeech_v1 import AudioEncoding, SynthesizeSpeechRequest, SynthesizeSpeechResponse

from clients.google_tts import SAMPLE_RATE, GoogleTts
from models.errors import ConfigurationError, ReadbackError, TooManyRequests, VendorRefused, VendorUnavailable
from sandbox.google_tts import SERVICE
from sandbox.stand_in import stand_in

VOICE = "ko-KR-Wavenet-A"
TEXT = "문의하신 내용이 자동차 사고 보험 확인 요청이 맞으신가요?"


@pytest.fixture(scope="module")
def vendor() -> Iterator[dict[str, str]]:
    with stand_in("sandbox.google_tts", "--latency-seconds", "0") as (address, _):
        yield address


@pytest.fixture
def tts(vendor: dict[str, str]) -> Iterator[GoogleTts]:
    requests.post(vendor["url"] + "/sandbox/faults", json={})
    client = GoogleTts(vendor["endpoint"])
    yield client
    client.close()


def say(
    tts: GoogleTts, text: str | None = TEXT, ssml: str | None = None, voice: str = VOICE, rate: float = 1.0, timeout: float = 5
) -> bytes:
    return tts.synthesize(ssml=ssml, text=text, voice=voice, speaking_rate=rate, timeout=timeout)


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


def test_text_becomes_a_24_khz_wav_that_somebody_speaks(tts: GoogleTts) -> None:
    sound, rate = soundfile.read(io.BytesIO(say(tts)))
    info = soundfile.info(io.BytesIO(say(tts)))
    assert (rate, info.channels, info.subtype) == (SAMPLE_RATE, 1, "PCM_16")
    assert 3 < len(sound) / rate < 8
    assert abs(sound).max() > 0.3


def test_ssml_is_obeyed(tts: GoogleTts) -> None:
    plain = seconds(say(tts, None, "<speak>고객 &amp; 문의</speak>"))
    assert seconds(say(tts, None, '<speak>고객 &amp; <break time="2s"/>문의</speak>')) == pytest.approx(plain + 2, abs=0.6)
    replaced = seconds(say(tts, None, '<speak><sub alias="주민등록번호 확인">주민</sub></speak>'))
    assert replaced == pytest.approx(seconds(say(tts, None, "<speak>주민등록번호 확인</speak>")), abs=0.05)
    assert replaced > seconds(say(tts, None, "<speak>주민</speak>")) + 0.5


def test_the_rate_changes_the_length(tts: GoogleTts) -> None:
    assert seconds(say(tts, rate=0.7)) > seconds(say(tts, rate=1.4)) * 1.4


def test_the_request_is_what_google_documents_for_a_telephone_line() -> None:
    with OneAnswer(None) as server:
        say(GoogleTts(server.endpoint), voice="ko-KR-Neural2-B", rate=1.1)
    request = server.requests[0]
    assert request.input.text == TEXT
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
        (grpc.StatusCode.PERMISSION_DENIED, ConfigurationError),
        (grpc.StatusCode.UNAUTHENTICATED, ConfigurationError),
    ],
)
def test_every_status_is_exactly_one_class_and_nothing_is_asked_twice(code: grpc.StatusCode, kind: type[ReadbackError]) -> None:
    with OneAnswer(code) as server, pytest.raises(ReadbackError, match=code.name) as caught:
        say(GoogleTts(server.endpoint))
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
def test_injected_faults_are_transient(vendor: dict[str, str], tts: GoogleTts, kind: str, error: type[ReadbackError]) -> None:
    requests.post(vendor["url"] + "/sandbox/faults", json={"rate": 1, "kinds": [kind], "latency_seconds": 600}).raise_for_status()
    with pytest.raises(error):
        say(tts, timeout=0.5)


@pytest.mark.parametrize(
    ("ssml", "text", "voice", "reason"),
    [
        ("<speak>열림", None, VOICE, "Invalid SSML"),
        ("<speak>&unknown;</speak>", None, VOICE, "Invalid SSML"),
        ("<p>뿌리</p>", None, VOICE, "root element"),
        (None, TEXT, "ko-KR-Nope-A", "does not exist"),
        ("<speak>가</speak>", None, "ko-KR-Chirp3-HD-Kore", "does not support SSML"),
        (None, "가" * 1667, VOICE, "5001 bytes"),
        (None, "", VOICE, "0 bytes"),
    ],
)
def test_what_google_will_never_speak_is_refused(tts: GoogleTts, ssml: str | None, text: str | None, voice: str, reason: str) -> None:
    with pytest.raises(VendorRefused, match=reason):
        say(tts, text, ssml, voice)


def test_a_voice_without_ssml_speaks_text(tts: GoogleTts) -> None:
    assert seconds(say(tts, voice="ko-KR-Chirp3-HD-Kore")) > 3


@pytest.mark.parametrize(("ssml", "text"), [(None, None), ("<speak>가</speak>", "가")])
def test_one_of_ssml_and_text_is_given(tts: GoogleTts, ssml: str | None, text: str | None) -> None:
    with pytest.raises(ValueError, match="one of them"):
        say(tts, text, ssml)


def test_an_unreachable_endpoint_is_unavailable() -> None:
    with pytest.raises(VendorUnavailable, match="UNAVAILABLE"):
        say(GoogleTts("127.0.0.1:1"), timeout=2)


def test_without_credentials_the_settings_are_wrong(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(ConfigurationError, match="GOOGLE_APPLICATION_CREDENTIALS"):
        GoogleTts()


def test_the_spoken_text_is_in_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with OneAnswer(grpc.StatusCode.INVALID_ARGUMENT, f'The text "{TEXT}" is odd') as server, pytest.raises(VendorRefused) as caught:
        say(GoogleTts(server.endpoint))
    assert "자동차" not in str(caught.value) + repr(vars(caught.value)) + caplog.text
    assert caught.value.__suppress_context__
