"""Amazon Transcribe: a job is paid once however often its request is sent, and every error of the service is one of ours."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import requests
from sounds import wav

from clients.amazon_transcribe import AmazonTranscribe, read_transcript
from clients.s3 import ObjectStore
from models.errors import (
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

REGION = "ap-northeast-2"
AUDIO = sorted(RECORDINGS.glob("*.wav"))[0].read_bytes()


@pytest.fixture(scope="module")
def store(s3_server: str) -> Iterator[ObjectStore]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "sandbox")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
        bucket = ObjectStore("aicc-transcribe", region=REGION, endpoint_url=s3_server)
        bucket._s3.create_bucket(Bucket=bucket.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield bucket


@pytest.fixture(scope="module")
def service(store: ObjectStore, s3_server: str) -> Iterator[str]:
    arguments = ("--transcripts", str(RECORDINGS), "--s3", s3_server, "--latency-seconds", "0")
    with stand_in("sandbox.amazon_transcribe", *arguments) as (address, _):
        yield address["url"]


@pytest.fixture
def spoil(service: str) -> Iterator[Callable[..., None]]:
    def plan(*kinds: str) -> None:
        body = {"rate": 1.0 if kinds else 0.0, "kinds": kinds, "latency_seconds": 0.0}
        requests.post(f"{service}/sandbox/faults", json=body, timeout=5).raise_for_status()

    yield plan
    plan()


@pytest.fixture
def vendor(service: str) -> Iterator[AmazonTranscribe]:
    client = AmazonTranscribe(region=REGION, endpoint_url=service)
    yield client
    client.close()


def put(store: ObjectStore, audio: bytes = AUDIO) -> str:
    key = f"connect/{hashlib.md5(audio).hexdigest()}.wav"
    store.put(key, audio)
    return f"s3://{store.bucket}/{key}"


def books(service: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{service}/sandbox/counters", timeout=5).json()
    return found


def test_a_request_whose_answer_was_lost_is_sent_again_and_paid_once(
    vendor: AmazonTranscribe, store: ObjectStore, service: str, spoil: Callable[..., None]
) -> None:
    place, before = put(store), books(service)["jobs_accepted"]
    spoil("reset_after")
    with pytest.raises(AnswerLost, match="same name"):
        vendor.submit(AUDIO, "a.wav", location=place, request="lost")
    spoil()
    job = vendor.submit(AUDIO, "a.wav", location=place, request="lost")
    assert vendor.poll(job).completed
    assert books(service)["jobs_accepted"] == before + 1


def test_a_request_that_nobody_took_may_go_to_another_vendor(store: ObjectStore) -> None:
    away = AmazonTranscribe(region=REGION, endpoint_url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(VendorUnreachable):
        away.submit(AUDIO, "a.wav", location=put(store), request="nobody")


def test_as_many_jobs_as_the_account_may_have_ask_for_a_slower_pace(
    vendor: AmazonTranscribe, store: ObjectStore, spoil: Callable[..., None]
) -> None:
    spoil("LimitExceededException")
    with pytest.raises(TooManyRequests, match="as many jobs"):
        vendor.submit(AUDIO, "a.wav", location=put(store))
    with pytest.raises(TooManyRequests):
        vendor.poll("readback-x")


def test_a_fault_of_the_service_is_in_doubt_when_sent_and_asked_again_when_polled(
    vendor: AmazonTranscribe, store: ObjectStore, spoil: Callable[..., None]
) -> None:
    spoil("InternalFailureException")
    with pytest.raises(AnswerLost):
        vendor.submit(AUDIO, "a.wav", location=put(store))
    with pytest.raises(VendorUnavailable):
        vendor.poll("readback-x")


def test_a_recording_that_the_service_may_not_read_is_a_matter_of_our_settings(vendor: AmazonTranscribe, store: ObjectStore) -> None:
    with pytest.raises(ConfigurationError, match="may not read"):
        vendor.submit(AUDIO, "a.wav", location=f"s3://{store.bucket}/connect/missing.wav")
    with pytest.raises(ConfigurationError, match="was told of none"):
        vendor.submit(AUDIO, "a.wav")


def test_a_vocabulary_that_is_not_there_is_refused(service: str, store: ObjectStore) -> None:
    client = AmazonTranscribe(region=REGION, endpoint_url=service, vocabulary="unknown")
    with pytest.raises(VendorRefused, match="vocabulary doesn't exist"):
        client.submit(AUDIO, "a.wav", location=put(store))


def test_a_sound_too_short_for_the_service_is_a_bad_recording(vendor: AmazonTranscribe, store: ObjectStore) -> None:
    short = wav(np.random.default_rng(1).normal(0, 0.1, 3200))
    with pytest.raises(BadRecording, match="and more"):
        vendor.submit(short, "a.wav", location=put(store, short))


def test_the_reason_of_a_failed_job_is_told(vendor: AmazonTranscribe, store: ObjectStore, spoil: Callable[..., None]) -> None:
    spoil("failed_job")
    job = vendor.submit(AUDIO, "a.wav", location=put(store))
    spoil()
    with pytest.raises(JobFailed, match="injected failure"):
        vendor.poll(job)


def test_a_finished_jobs_nonsense_is_a_bad_transcript(vendor: AmazonTranscribe, store: ObjectStore, spoil: Callable[..., None]) -> None:
    job = vendor.submit(AUDIO, "a.wav", location=put(store))
    spoil("nonsense")
    with pytest.raises(BadTranscript, match=job):
        vendor.poll(job)


def test_a_job_that_aws_has_forgotten_is_gone(vendor: AmazonTranscribe) -> None:
    with pytest.raises(JobGone, match="kept for 90 days"):
        vendor.poll("readback-forgotten")


def test_words_without_segments_are_joined_by_side_and_pause() -> None:
    def word(text: str, start: float, end: float, side: int) -> dict[str, Any]:
        times = {"start_time": f"{start}", "end_time": f"{end}"}
        return {"type": "pronunciation", "channel_label": f"ch_{side}", "alternatives": [{"content": text}], **times}

    mark = {"type": "punctuation", "channel_label": "ch_0", "alternatives": [{"content": "."}]}
    items = [word("해지", 0, 0.5, 0), word("네", 0.2, 0.4, 1), word("할게요", 0.6, 1.0, 0), mark, word("감사합니다", 4.0, 5.0, 0)]
    found = read_transcript({"results": {"items": items}})
    assert [(u.label, u.start_ms, u.duration_ms, u.text) for u in found] == [
        (0, 0, 1000, "해지 할게요."),
        (1, 200, 200, "네"),
        (0, 4000, 1000, "감사합니다"),
    ]


def test_a_job_that_cannot_be_deleted_now_is_deleted_later(
    vendor: AmazonTranscribe, store: ObjectStore, spoil: Callable[..., None]
) -> None:
    job = vendor.submit(AUDIO, "a.wav", location=put(store))
    spoil("InternalFailureException")
    with pytest.raises(VendorUnavailable):
        vendor.forget(job)
    spoil()
    vendor.forget(job)
    with pytest.raises(JobGone):
        vendor.poll(job)
