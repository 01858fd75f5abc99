"""What every speech-to-text vendor's client must do, whichever it is. A new vendor is one line in ``VENDORS``."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from sounds import wav

from clients.amazon_transcribe import AmazonTranscribe
from clients.google_stt import GoogleStt
from clients.local_whisper import Heard, LocalWhisper
from clients.returnzero import ReturnZero, TranscribeConfig
from clients.s3 import ObjectStore
from clients.speech_to_text import JobStatus, SpeechToText
from models.call.ledger import Unit
from models.call.prices import PRICES, load_prices
from models.call.record import Utterance
from models.errors import BadRecording, JobFailed, JobGone, PermanentError
from models.sound.wav import read_layout, wav_blocks
from sandbox.make_recordings import RECORDINGS
from sandbox.stand_in import stand_in
from tests.in_memory import FakeSpeechToText

WAV = sorted(RECORDINGS.glob("*.wav"))[2]
AUDIO = WAV.read_bytes()
REGION = "ap-northeast-2"
SAID = json.loads(WAV.with_suffix(".json").read_text(encoding="utf-8"))["utterances"]


@dataclass
class Bench:
    """Two clients of a vendor that knows ``AUDIO``: one whose jobs are done at once, one whose jobs take their time.

    ``locate`` puts a sound where a vendor reads it that does not take it along with the request.
    """

    quick: SpeechToText
    slow: SpeechToText
    locate: Callable[[bytes], str] = field(default=lambda audio: "")

    def submit(self, audio: bytes, filename: str = "a.wav", *, request: str = "") -> str:
        return self.quick.submit(audio, filename, location=self.locate(audio), request=request)


@contextmanager
def returnzero(config: TranscribeConfig | None = None) -> Iterator[Bench]:
    """ReturnZero's client at its stand-in."""
    arguments = ("--transcripts", str(RECORDINGS), "--client", "ours:secret", "--concurrency", "0", "--latency-seconds")
    with stand_in("sandbox.returnzero", *arguments, "0") as (quick, _), stand_in("sandbox.returnzero", *arguments, "600") as (slow, _):
        bench = Bench(*(ReturnZero(address["url"], "ours", "secret", config=config) for address in (quick, slow)))
        yield bench
        bench.quick.close()
        bench.slow.close()


@contextmanager
def in_memory() -> Iterator[Bench]:
    """The fake that fast tests use."""
    words = [Utterance(label=u["spk"], start_ms=u["start_at"], duration_ms=u["duration"], text=u["msg"]) for u in SAID]
    yield Bench(FakeSpeechToText({AUDIO: words}), FakeSpeechToText({AUDIO: words}, polls_until_done=10**9))


@contextmanager
def amazon_transcribe() -> Iterator[Bench]:
    """Amazon Transcribe's client at its stand-in, which reads recordings from the stand-in of S3."""
    with pytest.MonkeyPatch.context() as environment, stand_in("sandbox.s3") as (s3, _):
        environment.setenv("AWS_ACCESS_KEY_ID", "sandbox")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
        store = ObjectStore("aicc-heard", region=REGION, endpoint_url=s3["url"])
        store._s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        arguments = ("--transcripts", str(RECORDINGS), "--s3", s3["url"], "--latency-seconds")
        with (
            stand_in("sandbox.amazon_transcribe", *arguments, "0") as (quick, _),
            stand_in("sandbox.amazon_transcribe", *arguments, "600") as (slow, _),
        ):

            def locate(audio: bytes) -> str:
                key = f"connect/{hashlib.md5(audio).hexdigest()}_20261118T01:12_UTC.wav"
                store.put(key, audio)
                return f"s3://{store.bucket}/{key}"

            clients = [AmazonTranscribe(region=REGION, endpoint_url=address["url"]) for address in (quick, slow)]
            yield Bench(*clients, locate)
            for client in clients:
                client.close()


@contextmanager
def google() -> Iterator[Bench]:
    """Google's client at its stand-in, which has the bucket as well."""
    arguments = ("--transcripts", str(RECORDINGS), "--latency-seconds")
    with stand_in("sandbox.google_stt", *arguments, "0") as (quick, _), stand_in("sandbox.google_stt", *arguments, "600") as (slow, _):
        places = [(address["endpoint"], address["url"]) for address in (quick, slow)]
        bench = Bench(*(GoogleStt("project", "sounds", endpoint=endpoint, storage_url=url) for endpoint, url in places))
        yield bench
        bench.quick.close()
        bench.slow.close()


@contextmanager
def whisper() -> Iterator[Bench]:
    """Whisper's client with an ear that knows ``AUDIO``: weights that understand it do not fit into a test."""
    layout = read_layout(AUDIO, "a.wav", PermanentError)
    sound = np.concatenate(list(wav_blocks(AUDIO, layout)))
    sides: dict[int, list[Heard]] = {0: [], 1: []}
    for said in SAID:
        begins, ends = said["start_at"], said["start_at"] + said["duration"]
        louder = int(np.square(sound[begins * 8 : ends * 8]).mean(axis=0).argmax())
        sides[louder].append(Heard(begins / 1000, ends / 1000, said["msg"]))
    never = threading.Event()

    def hear(samples: NDArray[np.float32], keywords: Sequence[str]) -> list[Heard]:
        for side, heard in sides.items():
            if len(samples) == len(sound) * 2 and np.corrcoef(samples[::2], sound[:, side])[0, 1] > 0.9:
                return heard
        raise ValueError("these samples are not known")

    def hear_for_ever(samples: NDArray[np.float32], keywords: Sequence[str]) -> list[Heard]:
        never.wait()
        return []

    bench = Bench(
        LocalWhisper("known", recognizer=lambda: hear, poll_seconds=60),
        LocalWhisper("known", recognizer=lambda: hear_for_ever, poll_seconds=0),
    )
    yield bench
    never.set()
    bench.quick.close()
    bench.slow.close()


VENDORS: dict[str, Callable[[], AbstractContextManager[Bench]]] = {
    "returnzero": returnzero,
    "returnzero/whisper": partial(returnzero, TranscribeConfig(model_name="whisper")),
    "google": google,
    "transcribe": amazon_transcribe,
    "whisper": whisper,
    "in memory": in_memory,
}


@pytest.fixture(scope="module", params=VENDORS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with VENDORS[request.param]() as vendor:
        yield vendor


def test_a_recording_becomes_utterances_that_say_when_and_in_which_voice(bench: Bench) -> None:
    job_id = bench.submit(AUDIO, "통화 1.wav")
    job = bench.quick.poll(job_id)
    assert (job.id, job.status, job.completed) == (job_id, JobStatus.COMPLETED, True)
    assert [(u.text, u.start_ms, u.duration_ms) for u in job.utterances] == [(s["msg"], s["start_at"], s["duration"]) for s in SAID]
    assert len({u.label for u in job.utterances}) == 2


def test_a_finished_job_may_be_asked_again(bench: Bench) -> None:
    job_id = bench.submit(AUDIO)
    assert bench.quick.poll(job_id) == bench.quick.poll(job_id)


def test_a_job_that_is_not_finished_says_nothing_yet(bench: Bench) -> None:
    job = bench.slow.poll(bench.slow.submit(AUDIO, "a.wav", location=bench.locate(AUDIO)))
    assert (job.status, job.completed, job.utterances) == (JobStatus.IN_PROGRESS, False, ())


def test_an_unknown_job_is_gone(bench: Bench) -> None:
    with pytest.raises(JobGone):
        bench.quick.poll("no/such job")


def test_what_is_no_sound_is_a_bad_recording_and_starts_no_job(bench: Bench) -> None:
    with pytest.raises(BadRecording):
        bench.submit(b"no sound at all" * 100)


def test_a_job_that_failed_says_so_when_it_is_asked(bench: Bench) -> None:
    noise = wav(np.random.default_rng(1).normal(0, 0.1, 8000))
    job_id = bench.submit(noise)
    with pytest.raises(JobFailed, match=job_id):
        bench.quick.poll(job_id)


def test_threads_share_a_client(bench: Bench) -> None:
    with ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(lambda _: bench.submit(AUDIO), range(8)))
        assert len(set(jobs)) == 8
        assert all(job.completed for job in threads.map(bench.quick.poll, jobs))


def test_the_vendor_has_a_name_for_the_records(bench: Bench) -> None:
    assert bench.quick.provider == bench.quick.provider.lower().strip()
    assert bench.quick.provider


def test_a_request_sent_again_is_one_job_where_the_vendor_says_so(bench: Bench) -> None:
    first, second = bench.submit(AUDIO, request="request-1"), bench.submit(AUDIO, request="request-1")
    assert (first == second) is bench.quick.offer.repeatable
    assert bench.submit(AUDIO, request="request-2") not in (first, second)


def test_a_vendor_tells_what_it_can_do_and_what_a_minute_costs(bench: Bench) -> None:
    offer = bench.quick.offer
    assert "wav" in offer.formats
    assert any(language.startswith("ko") for language in offer.languages)
    assert offer.diarization or offer.channels
    assert offer.max_seconds >= 3600
    price = load_prices(PRICES).on(bench.quick.provider, Unit.STT_SECONDS, date(2026, 11, 29))
    assert price
    assert price.source
    assert bool(price.price) is offer.billed


def test_what_is_asked_for_is_told_for_the_results_key(bench: Bench) -> None:
    assert bench.quick.asks == bench.slow.asks != ""


def test_a_vendor_that_forgets_knows_a_forgotten_job_no_more(bench: Bench) -> None:
    job_id = bench.submit(AUDIO)
    assert bench.quick.poll(job_id).completed
    for _ in range(2):
        bench.quick.forget(job_id)
    if bench.quick.offer.forgets:
        with pytest.raises(JobGone):
            bench.quick.poll(job_id)
    else:
        assert bench.quick.poll(job_id).completed
