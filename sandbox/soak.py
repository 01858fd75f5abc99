"""``make soak``: hundreds of calls through the whole product while everything around it fails, then an audit with figures.

    python -m sandbox.soak --calls 1000 --seed 7 --fault-rate 0.2 --minutes 5

Recordings arrive in random order with duplicated, shuffled and late notifications; a share of all requests to S3, ReturnZero
and Google goes wrong; the call worker, the summarizer, the listener and Prefect's server are killed with -9 and restarted, in an
order that the seed decides, each kill after so many recordings have landed and calls have ended: a slow host is killed as often as a
quick one, and at work. The product has to bring every call to its end, with vendors that still fail. The exit code is 0 only when the
audit finds nothing lost, doubled, paid twice or unexplained.
"""

import argparse
import contextlib
import csv
import json
import random
import shutil
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import requests
import soundfile
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from models.call.record import CallRecord, Outcome
from models.keys import StorageKeys
from models.summarizer import SHIPPED_MODEL
from sandbox.audit import Expected, Report, audit, gather, runs_of, show
from sandbox.demo import connect_key
from sandbox.faults import FaultPlan
from sandbox.known_sounds import identify
from sandbox.many import ManyStack
from sandbox.processes import ProcessFailed
from sandbox.stack import BUCKET, RECORDINGS, ROOT, Stack, StackOptions

INQUIRIES = ROOT / "models" / "recipe" / "free_form.csv"
SAMPLE_RATE = 8_000
UTTERANCE_SECONDS = 1.2
# A share of the notifications comes twice at once, another share again after everything else.
TWICE, LATE = 0.3, 0.2
_SYLLABLES = "가나다라마바사아자차"

UNDERWAY = ["PENDING", "RUNNING"]
UNFINISHED = ["SCHEDULED", *UNDERWAY, "PAUSED", "CANCELLING"]
HEALERS = ("reap/reap", "reconcile/reconcile")
SLOW_SECONDS = 1.0
LOOK_SECONDS = 5.0
LINE_SECONDS = 30.0
# A bad day in minutes: what waits for minutes in service waits for seconds here.
SHORTENED = {
    "READBACK_EMBED_AUDIO": "none",
    "READBACK_HTTP_TIMEOUT_SECONDS": "10",
    "READBACK_DEAD_AFTER_SECONDS": "75",
    "READBACK_CRASHED_PAUSE_SECONDS": "1",
    "READBACK_PENDING_SECONDS": "20",
    "READBACK_RECONCILE_GRACE_SECONDS": "20",
    "READBACK_SUMMARY_PATIENCE_SECONDS": "20",
    "READBACK_PROBE_SECONDS": "5",
}

console = Console()


@dataclass(frozen=True)
class SoakOptions:
    """``minutes``: how long recordings arrive; ``kills``: how many in all; ``quiet_minutes``: without any progress, the soak gives up.

    With ``many`` the parts are those of many machines, and each is killed once and cut off once.
    """

    calls: int = 1000
    seed: int = 7
    fault_rate: float = 0.2
    minutes: float = 3.0
    kills: int = 15
    quiet_minutes: float = 10.0
    call_limit: int = 100
    many: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """A recording before it is put to S3."""

    name: str
    wav: bytes
    transcript: str
    sound: str


def make_calls(count: int, seed: int, folder: Path) -> list[Call]:
    """Recordings of a few seconds, no two alike: voices of the bundled ones under a noise of their own, words of the inquiries.

    The agent gives a name that no other agent has, so that a transcript in the wrong place is seen.
    """
    chance = random.Random(seed)
    with INQUIRIES.open(encoding="utf-8", newline="") as file:
        inquiries = [row["input"] for row in csv.DictReader(file)]
    voices = [_excerpts(soundfile.read(wav, dtype="float32", always_2d=True)[0]) for wav in sorted(RECORDINGS.glob("*.wav"))]
    folder.mkdir(parents=True)
    calls = []
    for index in range(count):
        agent = "".join(_SYLLABLES[int(digit)] for digit in f"{index:04d}")
        said = [f"안녕하세요, 상담원 {agent}입니다.", chance.choice(inquiries)]
        calls.append(_make_call(index, said, chance.choice(voices), chance, folder))
    return calls


def _excerpts(voice: Any) -> dict[int, Any]:
    """The loudest ``UTTERANCE_SECONDS`` of each channel."""
    frames = int(UTTERANCE_SECONDS * SAMPLE_RATE)
    energy = np.cumsum(np.vstack([np.zeros(2), voice**2]), axis=0)
    begins = np.argmax(energy[frames:] - energy[:-frames], axis=0)
    return {channel: voice[begin : begin + frames, channel] for channel, begin in enumerate(begins)}


def _make_call(index: int, said: list[str], voice: Mapping[int, Any], chance: random.Random, folder: Path) -> Call:
    noise = np.random.default_rng(chance.getrandbits(32))
    frames = len(voice[0])
    sound = noise.normal(0.0, 0.001, (2 * frames, 2)).astype(np.float32)
    sound[:frames, 1] += voice[1]
    sound[frames:, 0] += voice[0]
    contact = uuid.UUID(int=chance.getrandbits(128), version=4)
    path = folder / f"{contact}_{datetime.now(UTC):%Y%m%d}T{index // 60 % 24:02d}:{index % 60:02d}_UTC.wav"
    soundfile.write(path, np.clip(sound, -1.0, 1.0), SAMPLE_RATE, subtype="ULAW")
    milliseconds = int(1000 * UTTERANCE_SECONDS)
    utterances = [
        {"start_at": speaker * milliseconds, "duration": milliseconds, "msg": words, "spk": speaker, "lang": "ko"}
        for speaker, words in enumerate(said)
    ]
    path.with_suffix(".json").write_text(json.dumps({"utterances": utterances}, ensure_ascii=False), encoding="utf-8")
    wav = path.read_bytes()
    return Call(path.name, wav, "".join(f"{words}\n" for words in said), identify(wav).sha256)


@dataclass
class Arrivals:
    """Plays Amazon Connect and a careless S3: recordings in random order, their notifications doubled, shuffled and late."""

    stack: Stack
    chance: random.Random
    expected: list[Expected] = field(default_factory=list)
    notifications: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._s3, self._sqs = self.stack.client("s3"), self.stack.client("sqs")

    def put(self, call: Call) -> None:
        """Write one recording; S3 announces it, and perhaps we do as well."""
        key = connect_key(call.name)
        etag = self._s3.put_object(Bucket=BUCKET, Key=key, Body=call.wav, ContentType="audio/wav")["ETag"].strip('"')
        self.expected.append(Expected(key, etag, call.transcript, call.sound))
        self.notifications["first"] += 1
        if self.chance.random() < TWICE:
            self._announce(self.expected[-1], "at once")

    def announce_late(self) -> None:
        """Send old notifications again."""
        for recording in self.chance.sample(self.expected, int(LATE * len(self.expected))):
            self._announce(recording, "late")

    def _announce(self, recording: Expected, when: str) -> None:
        item = {"key": quote_plus(recording.key), "size": 1, "eTag": recording.etag}
        body = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": item}}]}
        self._sqs.send_message(QueueUrl=self.stack.environment["READBACK_QUEUE_URL"], MessageBody=json.dumps(body))
        self.notifications[when] += 1


def kill_plan(calls: int, kills: int, chance: random.Random, victims: Sequence[str]) -> list[tuple[int, str]]:
    """Who is killed after how many events, in order; an event is a recording that lands or a call that ends.

    Everybody is killed once before anybody is killed again. The last kill comes before three quarters of the events: at work.
    """
    plan: list[tuple[int, str]] = []
    left: list[str] = []
    for number in range(kills):
        left = left or chance.sample(victims, len(victims))
        plan.append((1 + int((number + chance.random()) * 1.5 * calls / kills), left.pop()))
    return plan


@dataclass
class Killer:
    """Kills and restarts processes by a plan, one at a time."""

    stack: Stack
    plan: list[tuple[int, str]]
    kills: Counter[str] = field(default_factory=Counter)

    def kill_when_due(self, events: int) -> None:
        """Kill the next process of the plan if so much has happened, and what was done to another one is over."""
        if self.plan and events >= self.plan[0][0] and not self.stack.in_trouble:
            _, victim = self.plan.pop(0)
            self.stack.crash(victim)
            self.kills[victim] += 1


@dataclass
class Watch:
    """How far the calls are: records that have ended are not read again."""

    stack: Stack
    calls: int
    ended: dict[str, str] = field(default_factory=dict)
    _next: float = 0.0

    def __post_init__(self) -> None:
        self._s3 = self.stack.client("s3")

    def look(self) -> int:
        """Count the calls that are read back or in quarantine; asked often, looks now and then."""
        if time.monotonic() < self._next:
            return len(self.ended)
        self._next = time.monotonic() + LOOK_SECONDS
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=StorageKeys.CALLS)
        for key in [entry["Key"] for page in pages for entry in page.get("Contents", []) if entry["Key"] not in self.ended]:
            record = CallRecord.model_validate_json(self._s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
            if record.outcome is not Outcome.IN_PROGRESS:
                self.ended[key] = record.outcome.value
        return len(self.ended)

    def settled(self) -> bool:
        """Whether every call and every run has ended."""
        with contextlib.suppress(requests.RequestException):  # a server that has just been started again
            return len(self.ended) >= self.calls and not runs_of(self.stack, UNFINISHED)
        return False


@dataclass
class Healers:
    """Starts the flows that heal (reap, reconcile) more often than their schedules do, one run of each at a time."""

    stack: Stack
    every_seconds: float = 15.0
    started: Counter[str] = field(default_factory=Counter)
    _last: float = 0.0

    def nudge(self) -> None:
        """Start them when it is time again; while the server is down, later."""
        if time.monotonic() - self._last < self.every_seconds:
            return
        self._last = time.monotonic()
        for name in HEALERS:
            with contextlib.suppress(requests.RequestException):
                if self._start(name):
                    self.started[name] += 1

    def _start(self, name: str) -> bool:
        api = f"{self.stack.ui_url}/api"
        deployment = requests.get(f"{api}/deployments/name/{name}", timeout=5)
        deployment.raise_for_status()
        question = {"deployments": {"id": {"any_": [deployment.json()["id"]]}}, "flow_runs": {"state": {"type": {"any_": UNDERWAY}}}}
        if requests.post(f"{api}/flow_runs/count", json=question, timeout=5).json():
            return False
        requests.post(f"{api}/deployments/{deployment.json()['id']}/create_flow_run", json={}, timeout=5).raise_for_status()
        return True


def soak(options: SoakOptions, work: Path) -> tuple[Report, dict[str, Any]]:
    """One soak; returns the audit and the figures around it."""
    calls = make_calls(options.calls, options.seed, work / "recordings")
    with (ManyStack if options.many else Stack)(_stack_options(options, work)) as stack:
        begun = time.monotonic()
        arrivals = Arrivals(stack, random.Random(options.seed))
        kills = len(stack.victims) if options.many else options.kills
        killer = Killer(stack, kill_plan(options.calls, kills, random.Random(options.seed + 1), stack.victims))
        healers, watch, restarted = Healers(stack), Watch(stack, options.calls), Counter[str]()
        with _progress(options.calls) as tell:

            def look_after() -> None:
                restarted.update(stack.keep_up())
                healers.nudge()
                tell(watch, killer)
                killer.kill_when_due(len(arrivals.expected) + len(watch.ended))

            for vendor in stack.vendors:
                stack.inject(vendor, FaultPlan(seed=options.seed, rate=options.fault_rate, latency_seconds=SLOW_SECONDS))
            _arrive(calls, arrivals, options.minutes, look_after)
            arrivals.announce_late()
            look_after()
            stood = (len(killer.plan), len(watch.ended))
            deadline = time.monotonic() + 60 * options.quiet_minutes
            while time.monotonic() < deadline and (killer.plan or stack.in_trouble or not watch.settled()):
                time.sleep(2)
                look_after()
                if stood != (stood := (len(killer.plan), len(watch.ended))):
                    deadline = time.monotonic() + 60 * options.quiet_minutes
        figures = {
            "notifications": dict(arrivals.notifications),
            "killed": dict(killer.kills),
            "restarted after giving up": dict(restarted),
            "healing runs": dict(healers.started),
            "faults": {vendor: stack.counters(vendor)["faults"] for vendor in stack.vendors},
            "seconds": round(time.monotonic() - begun),
        }
        return audit(arrivals.expected, gather(stack)), figures


def _stack_options(options: SoakOptions, work: Path) -> StackOptions:
    return StackOptions(
        work_dir=work / "stack",
        transcripts=[work / "recordings"],
        stt_seconds=1.0,
        stt_poll_seconds=0.5,
        stt_concurrency=50,
        call_limit=options.call_limit,
        faulty_s3=True,
        linked_summaries=options.many,
        console=not options.many,  # those who look at calls come and go; no call may notice
        settings={**SHORTENED, **options.settings},
    )


def _arrive(calls: Sequence[Call], arrivals: Arrivals, minutes: float, meanwhile: Callable[[], None]) -> None:
    """Put the recordings in random order, evenly over the time or as fast as the host can; look after the stack after each."""
    begun = time.monotonic()
    shuffled = arrivals.chance.sample(list(calls), len(calls))
    for index, call in enumerate(shuffled):
        while time.monotonic() < begun + 60 * minutes * index / len(shuffled):
            meanwhile()
            time.sleep(0.2)
        arrivals.put(call)
        meanwhile()


@contextmanager
def _progress(calls: int) -> Iterator[Callable[[Watch, Killer], None]]:
    """Show how far the calls are: a bar on a terminal, elsewhere a line now and then."""
    if not console.is_terminal:
        yield _tell_by_lines(calls)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("Calls ended", total=calls)

        def tell(watch: Watch, killer: Killer) -> None:
            progress.update(bar, completed=watch.look(), description=f"Calls ended ({killer.kills.total()} kills)")

        yield tell


def _tell_by_lines(calls: int) -> Callable[[Watch, Killer], None]:
    begun, told = time.monotonic(), -LINE_SECONDS

    def tell(watch: Watch, killer: Killer) -> None:
        nonlocal told
        ended, seconds = watch.look(), time.monotonic() - begun
        if seconds - told >= LINE_SECONDS:
            told = seconds
            console.print(f"{seconds:4.0f} s  {ended} of {calls} calls ended, {killer.kills.total()} kills", highlight=False)

    return tell


def main() -> None:
    """Read the command line, soak, print the audit."""
    defaults = SoakOptions()
    parser = argparse.ArgumentParser(prog="python -m sandbox.soak", description="Hundreds of calls while everything fails, then an audit.")
    parser.add_argument("--calls", type=int, default=defaults.calls)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--fault-rate", type=float, default=defaults.fault_rate, help="share of the requests to each vendor that go wrong")
    parser.add_argument("--minutes", type=float, default=defaults.minutes, help="how long recordings arrive")
    parser.add_argument("--kills", type=int, default=defaults.kills, help="how many in all, spread over what happens; 0: none")
    parser.add_argument("--quiet-minutes", type=float, default=defaults.quiet_minutes, help="give up when no call has ended for so long")
    parser.add_argument("--many", action="store_true", help="on the parts of many machines, each killed once and cut off once")
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL, help="the summarizer's folder (default: the shipped one)")
    parser.add_argument("--out", type=Path, default=Path("out/soak"), help="folder for the logs and the figures; emptied first")
    chosen = parser.parse_args()
    names = ("calls", "seed", "fault_rate", "minutes", "kills", "quiet_minutes", "many")
    settings = {"READBACK_MODEL_DIR": str(chosen.model.resolve())}
    options = SoakOptions(**{name: getattr(chosen, name) for name in names}, settings=settings)
    shutil.rmtree(chosen.out, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="readback-soak-") as work:
        try:
            report, figures = soak(options, Path(work))
        except ProcessFailed as failure:
            raise SystemExit(str(failure)) from failure
        finally:
            shutil.copytree(Path(work) / "stack" / "logs", chosen.out / "logs")
    show(report, console)
    for name, figure in figures.items():
        console.print(f"{name}: {figure}", highlight=False)
    sys.exit(0 if report.faultless else 1)


if __name__ == "__main__":
    main()
