"""What every speech-to-text vendor's client must do, whichever it is. A new vendor is one line in ``VENDORS``."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import numpy as np
import pytest
from sounds import wav

from clients.returnzero import ReturnZero
from clients.speech_to_text import JobStatus, SpeechToText
from models.call.record import Utterance
from models.errors import BadRecording, JobFailed, JobGone
from sandbox.make_recordings import RECORDINGS
from sandbox.stand_in import stand_in
from tests.in_memory import FakeSpeechToText

WAV = sorted(RECORDINGS.glob("*.wav"))[2]
AUDIO = WAV.read_bytes()
SAID = json.loads(WAV.with_suffix(".json").read_text(encoding="utf-8"))["utterances"]


@dataclass
class Bench:
    """Two clients of a vendor that knows ``AUDIO``: one whose jobs are done at once, one whose jobs take their time."""

    quick: SpeechToText
    slow: SpeechToText


@contextmanager
def returnzero() -> Iterator[Bench]:
    """ReturnZero's client at its stand-in."""
    arguments = ("--transcripts", str(RECORDINGS), "--client", "ours:secret", "--concurrency", "0", "--latency-seconds")
    with stand_in("sandbox.returnzero", *arguments, "0") as (quick, _), stand_in("sandbox.returnzero", *arguments, "600") as (slow, _):
        bench = Bench(ReturnZero(quick["url"], "ours", "secret"), ReturnZero(slow["url"], "ours", "secret"))
        yield bench
        bench.quick.close()
        bench.slow.close()


@contextmanager
def in_memory() -> Iterator[Bench]:
    """The fake that fast tests use."""
    words = [Utterance(label=u["spk"], start_ms=u["start_at"], duration_ms=u["duration"], text=u["msg"]) for u in SAID]
    yield Bench(FakeSpeechToText({AUDIO: words}), FakeSpeechToText({AUDIO: words}, polls_until_done=10**9))


VENDORS: dict[str, Callable[[], AbstractContextManager[Bench]]] = {"returnzero": returnzero, "in memory": in_memory}


@pytest.fixture(scope="module", params=VENDORS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with VENDORS[request.param]() as vendor:
        yield vendor


def test_a_recording_becomes_utterances_that_say_when_and_in_which_voice(bench: Bench) -> None:
    job_id = bench.quick.submit(AUDIO, "통화 1.wav")
    job = bench.quick.poll(job_id)
    assert (job.id, job.status, job.completed) == (job_id, JobStatus.COMPLETED, True)
    assert [(u.text, u.start_ms, u.duration_ms) for u in job.utterances] == [(s["msg"], s["start_at"], s["duration"]) for s in SAID]
    assert len({u.label for u in job.utterances}) == 2


def test_a_finished_job_may_be_asked_again(bench: Bench) -> None:
    job_id = bench.quick.submit(AUDIO, "a.wav")
    assert bench.quick.poll(job_id) == bench.quick.poll(job_id)


def test_a_job_that_is_not_finished_says_nothing_yet(bench: Bench) -> None:
    job = bench.slow.poll(bench.slow.submit(AUDIO, "a.wav"))
    assert (job.status, job.completed, job.utterances) == (JobStatus.IN_PROGRESS, False, ())


def test_an_unknown_job_is_gone(bench: Bench) -> None:
    with pytest.raises(JobGone):
        bench.quick.poll("no/such job")


def test_what_is_no_sound_is_a_bad_recording_and_starts_no_job(bench: Bench) -> None:
    with pytest.raises(BadRecording):
        bench.quick.submit(b"no sound at all" * 100, "a.wav")


def test_a_job_that_failed_says_so_when_it_is_asked(bench: Bench) -> None:
    noise = wav(np.random.default_rng(1).normal(0, 0.1, 8000))
    job_id = bench.quick.submit(noise, "a.wav")
    with pytest.raises(JobFailed, match=job_id):
        bench.quick.poll(job_id)


def test_threads_share_a_client(bench: Bench) -> None:
    with ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(lambda _: bench.quick.submit(AUDIO, "a.wav"), range(8)))
        assert len(set(jobs)) == 8
        assert all(job.completed for job in threads.map(bench.quick.poll, jobs))


def test_the_vendor_has_a_name_for_the_records(bench: Bench) -> None:
    assert bench.quick.provider == bench.quick.provider.lower().strip()
    assert bench.quick.provider
