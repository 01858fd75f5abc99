"""Every bad end of a whole call, vendor by vendor: real clients, the sandbox's stand-ins, a bucket in memory, and no Prefect server.

A call either waits, and is read back once the fault has passed, or is set aside with a reason; either way it is paid for once at most and
its recording stays. What ``tests/flows/test_process_call.py`` shows of the engine (repeating, waiting, pausing) is left out: tasks are
called as the functions that they are.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import requests
from numpy.typing import NDArray
from prefect import Task
from prefect.logging import disable_run_logger
from sounds import tone, wav

import flows.process_call
import tasks.call.hand_over
import tasks.call.pace
import tasks.call.report
import tasks.call.speak
import tasks.call.summarize
import tasks.call.take_up
import tasks.call.transcribe
import wiring
from clients.amazon_transcribe import AmazonTranscribe
from clients.google_stt import GoogleStt
from clients.google_tts import GoogleTts
from clients.local_whisper import Heard, LocalWhisper
from clients.returnzero import ReturnZero
from clients.s3 import ObjectStore
from clients.speech_to_text import SpeechToText
from clients.text_to_speech import TextToSpeech
from models.call.record import CallRecord, Failure, Outcome, Recording, Summary
from models.errors import ReadbackError
from models.keys import StorageKeys
from sandbox.make_recordings import RECORDINGS
from sandbox.processes import free_port
from sandbox.stand_in import stand_in
from stores.call_records import CallRecords
from tasks.call.write_summary import create_summary
from tests.in_memory import FakeTextToSpeech, InMemoryStore

pytestmark = pytest.mark.slow  # starts the vendors' stand-ins

BUCKET, REGION = "aicc-bad-ends", "ap-northeast-2"
PAGE = b"<html><body>Sign in to the network</body></html>"
GOOD = sorted(RECORDINGS.glob("*.wav"))[2].read_bytes()
NOBODY, ODD = wav(tone(1, hertz=300)), wav(tone(1, hertz=500))  # recordings of which a stand-in answers no words, and nonsense
SUMMARY = Summary(text="자동차보험 해지 요청", model="tiny", version="1")
BAD_SOUNDS = {
    "no byte": (b"", "empty"),
    "half of its sound": (GOOD[: len(GOOD) // 2], "truncated"),
    "six channels": (wav(np.column_stack([tone(1)] * 6)), "channels"),
    "a page": (PAGE, "no_wav"),
}


class Front(ThreadingHTTPServer):
    """Stands between a client and ``behind``; what matches ``spoils`` (a part of method, path and AWS target) is answered with ``body``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.behind, self.spoils, self.body = "", "", PAGE
        self.url = f"http://127.0.0.1:{self.server_port}"

    def spoil(self, what: str, body: bytes = PAGE) -> None:
        self.spoils, self.body = what, body


class _Answers(BaseHTTPRequestHandler):
    server: Front

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers.get("content-length", 0)))
        front, asked = self.server, f"{self.command} {self.path} {self.headers.get('x-amz-target', '')}"
        status, kind, body = 200, "text/html", front.body
        if not front.spoils or front.spoils not in asked:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            whole = requests.request(self.command, front.behind + self.path, headers=headers, data=sent, timeout=10)
            status, kind, body = whole.status_code, whole.headers.get("content-type", ""), whole.content
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@dataclass
class Vendor:
    """One vendor's stand-in: how its client is made, what it was paid for, and the faults it can be given by name."""

    client: Callable[[], Any]
    paid: Callable[[], int]
    faults: dict[str, Callable[[], None]]
    heal: Callable[[], None]
    locate: Callable[[str, bytes], None] = field(default=lambda key, sound: None)


@contextmanager
def front() -> Iterator[Front]:
    with Front() as http:
        Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield http
        http.shutdown()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Beside the bundled recordings: one in which nobody speaks, and one whose transcript is nonsense."""
    folder = tmp_path_factory.mktemp("known")
    for name, sound, said in (("nobody", NOBODY, []), ("odd", ODD, [{"start_at": -7, "duration": 1, "msg": None, "spk": 0}])):
        (folder / f"{name}.wav").write_bytes(sound)
        (folder / f"{name}.json").write_text(json.dumps({"utterances": said}))
    return folder


def _plan(url: str, *kinds: str, seconds: float = 0.0) -> None:
    body = {"rate": 1.0 if kinds else 0.0, "kinds": kinds, "latency_seconds": seconds}
    requests.post(f"{url}/sandbox/faults", json=body, timeout=10).raise_for_status()


def _paid(url: str) -> int:
    return sum(requests.get(f"{url}/sandbox/counters", timeout=10).json()["paid"].values())


def _stand_in(stack: ExitStack, module: str, *arguments: str) -> dict[str, Any]:
    return stack.enter_context(stand_in(module, *arguments))[0]


def returnzero(stack: ExitStack, known: Sequence[str]) -> Vendor:
    url = _stand_in(stack, "sandbox.returnzero", *known, "--concurrency", "0")["url"]
    between = stack.enter_context(front())
    between.behind, away = url, [""]

    def heal() -> None:
        between.spoil("")
        away[0] = ""
        _plan(url)

    return Vendor(
        lambda: ReturnZero(away[0] or between.url, "sandbox", "sandbox-secret", timeout=2),
        lambda: _paid(url),
        {
            "away": lambda: away.__setitem__(0, f"http://127.0.0.1:{free_port()}"),
            "quota": lambda: _plan(url, "A0001"),
            "busy": lambda: _plan(url, "A0002"),
            "job fails": lambda: _plan(url, "failed_job"),
            "page for a token": lambda: between.spoil("/v1/authenticate"),
            "page for a job": lambda: between.spoil("POST /v1/transcribe"),
            "page for a state": lambda: between.spoil("GET /v1/transcribe"),
            "nonsense for a job": lambda: between.spoil("POST /v1/transcribe", b'{"id": 7}'),
            "nonsense for a state": lambda: between.spoil("GET /v1/transcribe", b"[1, 2]"),
        },
        heal,
    )


def google(stack: ExitStack, known: Sequence[str]) -> Vendor:
    at = _stand_in(stack, "sandbox.google_stt", *known)
    between = stack.enter_context(front())
    between.behind, elsewhere = at["url"], [""]

    def heal() -> None:
        between.spoil("")
        elsewhere[0] = ""
        _plan(at["url"])

    return Vendor(
        lambda: GoogleStt("project", "sounds", endpoint=elsewhere[0] or at["endpoint"], storage_url=between.url, timeout=0.5),
        lambda: _paid(at["url"]),
        {
            "away": lambda: elsewhere.__setitem__(0, f"127.0.0.1:{free_port()}"),
            "page for everything": lambda: elsewhere.__setitem__(0, between.url.removeprefix("http://")),
            "page for the sound": lambda: between.spoil("POST /upload"),
            "storage away": lambda: _plan(at["url"], "storage_503"),
            "storage refuses": lambda: _plan(at["url"], "storage_403"),
            "quota": lambda: _plan(at["url"], "RESOURCE_EXHAUSTED"),
            "access": lambda: _plan(at["url"], "PERMISSION_DENIED"),
            "silence": lambda: _plan(at["url"], "silence", seconds=0.6),
            "job fails": lambda: _plan(at["url"], "failed_job"),
            "nonsense": lambda: _plan(at["url"], "nonsense"),
        },
        heal,
    )


def transcribe(stack: ExitStack, known: Sequence[str]) -> Vendor:
    s3 = _stand_in(stack, "sandbox.s3")["url"]
    url = _stand_in(stack, "sandbox.amazon_transcribe", *known, "--s3", s3)["url"]
    store = ObjectStore(BUCKET, region=REGION, endpoint_url=s3)
    store._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    between = stack.enter_context(front())
    between.behind, away = url, [""]

    def heal() -> None:
        between.spoil("")
        away[0] = ""
        _plan(url)

    def put(key: str, sound: bytes) -> None:
        store.put(key, sound)

    return Vendor(
        lambda: AmazonTranscribe(region=REGION, endpoint_url=away[0] or between.url, timeout=2),
        lambda: _paid(url),
        {
            "away": lambda: away.__setitem__(0, f"http://127.0.0.1:{free_port()}"),
            "busy": lambda: _plan(url, "LimitExceededException"),
            "answer lost": lambda: _plan(url, "reset_after"),
            "job fails": lambda: _plan(url, "failed_job"),
            "page for a job": lambda: between.spoil("StartTranscriptionJob"),
            "page for a state": lambda: between.spoil("GetTranscriptionJob"),
            "nonsense for a state": lambda: between.spoil("GetTranscriptionJob", b"{}"),
            "nonsense": lambda: _plan(url, "nonsense"),
        },
        heal,
        put,
    )


def whisper(stack: ExitStack, known: Sequence[str]) -> Vendor:
    """Whisper's client with an ear that is told what to hear: weights that understand these recordings do not fit into a test."""
    heard: list[Heard | Exception] = []
    weights = ["known"]

    def hear(samples: NDArray[np.float32], keywords: Sequence[str]) -> list[Heard]:
        (found,) = heard
        if isinstance(found, Exception):
            raise found
        return [found] if found.text else []

    def heal() -> None:
        heard[:], weights[0] = [Heard(0, 1, "자동차 보험을 해지하고 싶어요")], "known"

    def hears(what: Heard | Exception) -> Callable[[], None]:
        return lambda: heard.__setitem__(slice(None), [what])

    return Vendor(
        lambda: LocalWhisper(weights[0], recognizer=lambda: hear, poll_seconds=5),
        lambda: 0,  # nothing is billed
        {
            "no weights": lambda: weights.__setitem__(0, ""),
            "job fails": hears(RuntimeError("CUDA out of memory")),
            "nonsense": hears(Heard(0, 1, "네 네 네 네 네 네 네 네", compression=4.0)),
            "nobody speaks": hears(Heard(0, 1, "")),
        },
        heal,
    )


VENDORS: dict[str, Callable[[ExitStack, Sequence[str]], Vendor]] = {
    "returnzero": returnzero,
    "google": google,
    "transcribe": transcribe,
    "whisper": whisper,
}

# What a vendor's fault comes to, and how many jobs were paid for when the call ended so; a call that waits is then run again without it.
ENDS: dict[str, dict[str, tuple[str, int]]] = {
    "returnzero": {
        "away": ("waits: vendor_unavailable", 0),
        "quota": ("waits: quota_exhausted", 0),
        "busy": ("waits: too_many_requests", 0),
        "job fails": ("set aside: job_failed", 1),
        "page for a token": ("waits: vendor_unavailable", 0),
        "page for a job": ("set aside: answer_lost", 0),
        "page for a state": ("waits: vendor_unavailable", 1),
        "nonsense for a job": ("set aside: answer_lost", 0),
        "nonsense for a state": ("waits: vendor_unavailable", 1),
        "nobody speaks": ("set aside: no_speech", 1),
        "nonsense": ("set aside: bad_transcript", 1),
    },
    "google": {
        "away": ("waits: vendor_unreachable", 0),
        "page for everything": ("waits: vendor_unreachable", 0),
        "page for the sound": ("waits: vendor_unreachable", 0),
        "storage away": ("waits: vendor_unavailable", 0),
        "storage refuses": ("waits: access_refused", 0),
        "quota": ("waits: too_many_requests", 0),
        "access": ("waits: access_refused", 0),
        "silence": ("set aside: answer_lost", 1),
        "job fails": ("set aside: job_failed", 1),
        "nobody speaks": ("set aside: no_speech", 1),
        "nonsense": ("set aside: bad_transcript", 1),
    },
    "transcribe": {
        "away": ("waits: vendor_unreachable", 0),
        "busy": ("waits: too_many_requests", 0),
        "answer lost": ("waits: vendor_unavailable", 1),
        "job fails": ("set aside: job_failed", 1),
        "page for a job": ("waits: vendor_unavailable", 0),
        "page for a state": ("waits: vendor_unavailable", 1),
        "nonsense for a state": ("waits: vendor_unavailable", 1),
        "nobody speaks": ("set aside: no_speech", 1),
        "nonsense": ("set aside: bad_transcript", 1),
    },
    "whisper": {
        "no weights": ("waits: model_unavailable", 0),
        "job fails": ("set aside: job_failed", 0),
        "nobody speaks": ("set aside: no_speech", 0),
        "nonsense": ("set aside: bad_transcript", 0),
    },
}
SOUND_OF = {("", "nobody speaks"): NOBODY, ("returnzero", "nonsense"): ODD}
CASES = [(vendor, fault) for vendor, faults in ENDS.items() for fault in faults]


@dataclass
class World:
    """Everything outside the call, and the way to run it."""

    store: InMemoryStore = field(default_factory=lambda: InMemoryStore(BUCKET))
    vendor: Vendor | None = None
    voice: TextToSpeech = field(default_factory=FakeTextToSpeech)
    clients: list[SpeechToText] = field(default_factory=list)

    def client(self, provider: str = "") -> SpeechToText:
        assert self.vendor is not None
        self.clients.append(self.vendor.client())
        return self.clients[-1]

    def upload(self, sound: bytes) -> Recording:
        assert self.vendor is not None
        key = "connect/acme/CallRecordings/2026/11/20/c-1_20261120T01:30_UTC.wav"
        self.vendor.locate(key, sound)
        return Recording(bucket=BUCKET, key=key, etag=self.store.put(key, sound), size=len(sound))

    def record(self, recording: Recording) -> CallRecord:
        return CallRecords(self.store).read(recording.call_id).record  # type: ignore[arg-type]

    async def run(self, recording: Recording, number: int = 1) -> str:
        """How an attempt of the call's run ends."""
        try:
            with disable_run_logger(), pytest.MonkeyPatch.context() as environment:
                environment.setenv("PREFECT__RUNTIME__FLOW_RUN__ID", "run-1")
                environment.setenv("PREFECT__RUNTIME__FLOW_RUN__RUN_COUNT", str(number))
                await flows.process_call.process_call.fn(**recording.model_dump())
        except ReadbackError as error:
            return f"waits: {error.code}"
        record = self.record(recording)
        return "read back" if record.outcome is Outcome.READ_BACK else f"set aside: {record.failure.error if record.failure else None}"


def without_engine(modules: Sequence[ModuleType], patched: pytest.MonkeyPatch) -> None:
    """Call tasks as the functions that they are."""
    for module in modules:
        for name, value in list(vars(module).items()):
            if isinstance(value, Task):
                patched.setattr(module, name, value.fn)


async def nothing(*args: Any, **options: Any) -> None:
    """What Prefect's server would do."""


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name, value in {
        "READBACK_BUCKET": BUCKET,
        "READBACK_STT_POLL_SECONDS": "0.01",
        "READBACK_STT_DEADLINE_SECONDS": "0.2",
        "READBACK_SUMMARIZE_IN_CALL": "false",
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
    }.items():
        monkeypatch.setenv(name, value)
    wiring.forget_clients()
    made = World()

    async def on_the_gpu_pool(record: CallRecord, **options: Any) -> None:
        create_summary(made.store, record, SUMMARY, condensed=False)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(wiring, "object_store", lambda: made.store)
        patched.setattr(wiring, "call_records", lambda: CallRecords(made.store))  # type: ignore[arg-type]
        patched.setattr(wiring, "speech_to_text", made.client)
        patched.setattr(wiring, "text_to_speech", lambda: made.voice)
        patched.setattr(tasks.call.summarize, "run_on_gpu_pool", on_the_gpu_pool)
        patched.setattr(tasks.call.transcribe, "concurrency", lambda *args, **options: nullcontext())
        for module, name in (
            (tasks.call.pace, "rate_limit"),
            (tasks.call.take_up, "name_run"),
            (tasks.call.report, "acreate_markdown_artifact"),
        ):
            patched.setattr(module, name, nothing)
        without_engine([flows.process_call, tasks.call.speak], patched)
        yield made
    for client in made.clients:
        client.close()
    wiring.forget_clients()


@pytest.fixture(scope="module")
def vendors(library: Path) -> Iterator[Callable[[str], Vendor]]:
    """Each vendor's stand-in, started when it is first asked for."""
    known = ["--transcripts", str(RECORDINGS), "--transcripts", str(library), "--latency-seconds", "0"]
    with ExitStack() as stack, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "sandbox")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
        started: dict[str, Vendor] = {}

        def vendor(name: str) -> Vendor:
            if name not in started:
                started[name] = VENDORS[name](stack, known)
            started[name].heal()
            return started[name]

        yield vendor


def is_set_aside_clearly(world: World, recording: Recording) -> bool:
    """The record says why, the note under quarantine/ says the same, the recording lies where it lay, and nobody is read anything."""
    failure = world.record(recording).failure
    note = Failure.model_validate_json(world.store.get(StorageKeys.quarantine_note(recording.call_id)).body)
    there = world.store.find(recording.key) is not None and world.store.find("tts/tts_1.wav") is None
    return failure is not None and note == failure and bool(failure.reason and failure.step) and there


@pytest.mark.parametrize(("name", "fault"), CASES, ids=[f"{vendor}: {fault}" for vendor, fault in CASES])
async def test_what_goes_wrong_at_a_vendor_ends_clearly_and_is_paid_once(
    world: World, vendors: Callable[[str], Vendor], name: str, fault: str
) -> None:
    end, paid = ENDS[name][fault]
    vendor = world.vendor = vendors(name)
    if fault in vendor.faults:
        vendor.faults[fault]()
    sound = SOUND_OF.get((name, fault), SOUND_OF.get(("", fault), GOOD))
    recording, before = world.upload(sound), vendor.paid()
    assert (await world.run(recording), vendor.paid() - before) == (end, paid)
    vendor.heal()
    if end.startswith("set aside"):
        assert is_set_aside_clearly(world, recording)
        return
    assert world.record(recording).outcome is Outcome.IN_PROGRESS
    assert (await world.run(recording, 2), vendor.paid() - before) == ("read back", 0 if name == "whisper" else 1)


@pytest.mark.parametrize("name", VENDORS)
@pytest.mark.parametrize("what", BAD_SOUNDS)
async def test_what_is_no_sound_of_a_call_is_set_aside_and_no_vendor_is_paid(
    world: World, vendors: Callable[[str], Vendor], name: str, what: str
) -> None:
    sound, case = BAD_SOUNDS[what]
    vendor = world.vendor = vendors(name)
    recording, before = world.upload(sound), vendor.paid()
    assert (await world.run(recording), vendor.paid() - before) == ("set aside: bad_recording", 0)
    assert is_set_aside_clearly(world, recording)
    failure = world.record(recording).failure
    assert failure is not None
    assert failure.case == case


@pytest.fixture(scope="module")
def voice() -> Iterator[dict[str, str]]:
    with stand_in("sandbox.google_tts", "--latency-seconds", "0") as (address, _):
        yield address


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ("UNAVAILABLE", "waits: vendor_unavailable"),
        ("RESOURCE_EXHAUSTED", "waits: too_many_requests"),
        ("DEADLINE", "waits: vendor_unavailable"),
        ("empty", "waits: vendor_unavailable"),
        ("away", "waits: vendor_unavailable"),
        ("page", "waits: vendor_unavailable"),
    ],
)
async def test_a_voice_that_fails_keeps_the_call_and_its_transcript_is_paid_once(
    world: World, voice: dict[str, str], vendors: Callable[[str], Vendor], fault: str, end: str
) -> None:
    _plan(voice["url"], *({fault} & {"UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE", "empty"}), seconds=0.6)
    vendor = world.vendor = vendors("returnzero")
    recording, before = world.upload(GOOD), vendor.paid()
    with front() as page:
        elsewhere = {"away": f"127.0.0.1:{free_port()}", "page": page.url.removeprefix("http://")}
        world.voice = GoogleTts("ko-KR-Wavenet-A", endpoint=elsewhere.get(fault, voice["endpoint"]), timeout=0.5)
        assert (await world.run(recording), vendor.paid() - before) == (end, 1)
        world.voice.close()
    record = world.record(recording)
    assert (record.outcome, record.transcription.done, record.prompt) == (Outcome.IN_PROGRESS, True, None)
    _plan(voice["url"])
    world.voice = GoogleTts("ko-KR-Wavenet-A", endpoint=voice["endpoint"])
    assert (await world.run(recording, 2), vendor.paid() - before) == ("read back", 1)
    world.voice.close()
