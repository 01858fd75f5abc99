"""Google Speech-to-Text v2: what was refused is known to be refused, what may have begun is in doubt, and no sound stays in the bucket."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import requests
from google.cloud import speech_v2
from google.longrunning import operations_pb2
from google.protobuf.any_pb2 import Any as Any_
from sounds import wav

from clients.google_stt import GoogleStt, read_results
from models.errors import (
    AccessRefused,
    AnswerLost,
    BadRecording,
    BadTranscript,
    ConfigurationError,
    JobFailed,
    JobGone,
    TooManyRequests,
    VendorRefused,
    VendorUnavailable,
    VendorUnreachable,
)
from sandbox.make_recordings import RECORDINGS
from sandbox.processes import free_port
from sandbox.stand_in import stand_in

AUDIO = sorted(RECORDINGS.glob("*.wav"))[0].read_bytes()


@pytest.fixture(scope="module")
def service() -> Iterator[dict[str, str]]:
    with stand_in("sandbox.google_stt", "--transcripts", str(RECORDINGS), "--latency-seconds", "0") as (address, _):
        yield address


@pytest.fixture
def spoil(service: dict[str, str]) -> Iterator[Callable[..., None]]:
    def plan(*kinds: str) -> None:
        body = {"rate": 1.0 if kinds else 0.0, "kinds": kinds, "latency_seconds": 3.0}
        requests.post(f"{service['url']}/sandbox/faults", json=body, timeout=5).raise_for_status()

    yield plan
    plan()


def google(service: dict[str, str], **options: Any) -> GoogleStt:
    return GoogleStt("project", "sounds", endpoint=service["endpoint"], storage_url=service["url"], **options)


@pytest.fixture
def vendor(service: dict[str, str]) -> Iterator[GoogleStt]:
    client = google(service)
    yield client
    client.close()


def books(service: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{service['url']}/sandbox/counters", timeout=5).json()
    return found


def test_the_sound_is_deleted_once_it_was_heard(vendor: GoogleStt, service: dict[str, str]) -> None:
    job = vendor.submit(AUDIO, "a.wav")
    assert books(service)["objects"] == 1
    assert vendor.poll(job).completed
    assert books(service)["objects"] == 0
    assert vendor.poll(job).completed


@pytest.mark.parametrize(
    ("fault", "kind"), [("UNAVAILABLE", VendorUnreachable), ("RESOURCE_EXHAUSTED", TooManyRequests), ("PERMISSION_DENIED", AccessRefused)]
)
def test_what_google_itself_refused_began_nothing_and_leaves_no_sound(
    vendor: GoogleStt, service: dict[str, str], spoil: Callable[..., None], fault: str, kind: type[Exception]
) -> None:
    before = books(service)["jobs_accepted"]
    spoil(fault)
    with pytest.raises(kind, match="Google STT refused"):
        vendor.submit(AUDIO, "a.wav")
    spoil()
    after = books(service)
    assert (after["jobs_accepted"], after["objects"]) == (before, 0)


def test_silence_after_the_request_leaves_it_in_doubt(service: dict[str, str], spoil: Callable[..., None]) -> None:
    before = books(service)["jobs_accepted"]
    impatient = google(service, timeout=1.0)
    spoil("silence")
    with pytest.raises(AnswerLost, match="may have begun"):
        impatient.submit(AUDIO, "a.wav")
    assert books(service)["jobs_accepted"] == before + 1
    impatient.close()


def test_a_request_is_not_sent_where_nobody_listens(service: dict[str, str]) -> None:
    away = GoogleStt("project", "sounds", endpoint=f"127.0.0.1:{free_port()}", storage_url=service["url"], timeout=1.0)
    with pytest.raises(VendorUnreachable, match="failed to connect"):
        away.submit(AUDIO, "a.wav")
    away.close()


@pytest.mark.parametrize(("fault", "kind"), [("storage_503", VendorUnavailable), ("storage_403", AccessRefused)])
def test_a_bucket_that_does_not_take_the_sound_costs_nothing(
    vendor: GoogleStt, service: dict[str, str], spoil: Callable[..., None], fault: str, kind: type[Exception]
) -> None:
    before = books(service)["submits"]
    spoil(fault)
    with pytest.raises(kind, match="could not store the sound"):
        vendor.submit(AUDIO, "a.wav")
    assert books(service)["submits"] == before


def test_the_reason_of_a_failed_operation_is_told(vendor: GoogleStt, spoil: Callable[..., None]) -> None:
    spoil("failed_job")
    job = vendor.submit(AUDIO, "a.wav")
    spoil()
    with pytest.raises(JobFailed, match="injected failure"):
        vendor.poll(job)


def test_an_operations_nonsense_is_a_bad_transcript(vendor: GoogleStt, spoil: Callable[..., None]) -> None:
    job = vendor.submit(AUDIO, "a.wav")
    spoil("nonsense")
    with pytest.raises(BadTranscript, match=job):
        vendor.poll(job)


def test_a_poll_without_an_answer_says_nothing_of_the_operation(vendor: GoogleStt, spoil: Callable[..., None]) -> None:
    job = vendor.submit(AUDIO, "a.wav")
    spoil("UNAVAILABLE")
    with pytest.raises(VendorUnavailable):
        vendor.poll(job)
    spoil()
    assert vendor.poll(job).completed


def test_an_operation_that_google_has_forgotten_is_gone(vendor: GoogleStt) -> None:
    with pytest.raises(JobGone, match="about 5 days"):
        vendor.poll("projects/project/locations/asia-northeast1/operations/1")


def test_a_model_that_knows_no_korean_is_refused(service: dict[str, str]) -> None:
    client = google(service, model="medical")
    with pytest.raises(VendorRefused, match="not supported in the location"):
        client.submit(AUDIO, "a.wav")
    client.close()


def test_keywords_go_along_and_change_what_is_asked(service: dict[str, str]) -> None:
    words = ["실손보험"]
    client = google(service, keywords=lambda: words)
    asked = client.asks
    assert client.poll(client.submit(AUDIO, "a.wav")).completed
    words.append("가" * 101)
    assert client.asks != asked
    with pytest.raises(VendorRefused, match="too long"):
        client.submit(AUDIO, "a.wav")
    client.close()


def test_a_mono_recording_is_diarized(vendor: GoogleStt) -> None:
    mono = wav(np.random.default_rng(1).normal(0, 0.1, 8000))
    with pytest.raises(JobFailed, match="no transcript known"):
        vendor.poll(vendor.submit(mono, "a.wav"))


def test_what_is_no_wav_is_not_sent(vendor: GoogleStt, service: dict[str, str]) -> None:
    before = books(service)["objects"]
    with pytest.raises(BadRecording):
        vendor.submit(b"RIFF no sound", "a.wav")
    assert books(service)["objects"] == before


def test_without_a_project_or_a_bucket_there_is_no_client() -> None:
    with pytest.raises(ConfigurationError, match="a project and a bucket"):
        GoogleStt("", "sounds")


def test_a_result_is_cut_where_the_speaker_changes_and_one_without_words_ends_when_it_ended() -> None:
    def word(text: str, start: float, end: float, speaker: str) -> speech_v2.WordInfo:
        return speech_v2.WordInfo(
            word=text, start_offset=timedelta(seconds=start), end_offset=timedelta(seconds=end), speaker_label=speaker
        )

    def result(text: str, end: float, words: list[speech_v2.WordInfo]) -> speech_v2.SpeechRecognitionResult:
        best = speech_v2.SpeechRecognitionAlternative(transcript=text, words=words)
        return speech_v2.SpeechRecognitionResult(alternatives=[best], result_end_offset=timedelta(seconds=end))

    two_voices = [word("해지", 0, 0.5, "1"), word("할게요", 0.5, 1, "1"), word("네", 1.2, 1.4, "2")]
    found = read_results([result("해지 할게요 네", 1.5, two_voices), speech_v2.SpeechRecognitionResult(), result("감사합니다", 3, [])])
    assert [(u.label, u.start_ms, u.duration_ms, u.text) for u in found] == [
        (1, 0, 1000, "해지 할게요"),
        (2, 1200, 200, "네"),
        (None, 1500, 1500, "감사합니다"),
    ]


def test_an_answer_that_names_no_operation_is_in_doubt_and_never_an_empty_id(vendor: GoogleStt, monkeypatch: pytest.MonkeyPatch) -> None:
    nameless = SimpleNamespace(operation=operations_pb2.Operation())
    monkeypatch.setattr(vendor._client, "batch_recognize", lambda *_, **__: nameless)
    with pytest.raises(AnswerLost, match="names no operation"):
        vendor.submit(AUDIO, "a.wav")


def test_bytes_that_are_no_answer_are_a_bad_transcript(vendor: GoogleStt, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = operations_pb2.Operation(name="operation", done=True, response=Any_(value=b"\xff\xff<html>"))
    monkeypatch.setattr(vendor._client, "get_operation", lambda *_, **__: odd)
    with pytest.raises(BadTranscript, match="operation operation cannot be read"):
        vendor.poll("operation")
