"""What a call waits for us, and how many calls go through, beside the polling scripts: ``python -m benchmarks.calls``.

The whole product on this machine, its vendors' stand-ins included: a speech-to-text job takes 3 s, speech is really made. A call's
time runs from the recording's arrival in S3 to its prompt's, both by S3's own notifications; our share is what is left when the job's 3 s
and the mean time of the speech are taken off. One call a second first; then many at once. The polling scripts (``benchmarks/polling.py``)
get the same recordings, the same stand-ins and the same machine, after the product's own processes have been stopped. What a call costs is
told in processor seconds, stand-ins included, and as a multiple of what a fixed piece of Python (``benchmarks.host``) takes of a processor,
which on a slow host is as much longer.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.host import Host, host_ms, measured
from benchmarks.s3_clock import S3Clock, s3_clock
from models.call.record import CallRecord, Outcome
from models.keys import StorageKeys, call_id
from sandbox.demo import connect_key
from sandbox.soak import Call, make_calls
from sandbox.stack import BUCKET, REGION, ROOT, Stack, StackOptions

STT_SECONDS = 3.0
LONGEST_WAIT = 300.0
SCRIPTS = ("stt", "nlp", "tts")


@dataclass(frozen=True)
class Passage:
    """One call's way: when its recording and its prompt lay in S3."""

    arrived: datetime
    prompt: datetime

    @property
    def seconds(self) -> float:
        """The whole way."""
        return (self.prompt - self.arrived).total_seconds()


def put(s3: Any, bucket: str, calls: Sequence[Call], per_second: float) -> dict[str, str]:
    """Put recordings at an even pace, 0: as fast as they go; returns their entity tags by key."""
    begun, etags = time.monotonic(), {}
    for index, call in enumerate(calls):
        if per_second:
            time.sleep(max(0.0, begun + index / per_second - time.monotonic()))
        key = connect_key(call.name)
        etags[key] = s3.put_object(Bucket=bucket, Key=key, Body=call.wav, ContentType="audio/wav")["ETag"]
    return etags


def passages(s3: Any, etags: Mapping[str, str], times: Mapping[str, datetime]) -> list[Passage]:
    """Each recording's way, by the call records; of calls that were read back, for those that ask for nothing have no prompt."""
    ways = []
    for key, etag in etags.items():
        prompt = closed_record(s3, call_id(BUCKET, key, etag)).prompt
        if prompt is not None:
            ways.append(Passage(times[key], times[prompt.key]))
    return ways


def closed_record(s3: Any, call: str) -> CallRecord:
    """A call's record, once it is closed: its end is filed a moment before."""
    while True:
        record = CallRecord.model_validate_json(s3.get_object(Bucket=BUCKET, Key=StorageKeys.call_record(call))["Body"].read())
        if record.outcome is not Outcome.IN_PROGRESS:
            return record
        time.sleep(0.2)


def polled_passages(s3: Any, bucket: str, times: Mapping[str, datetime]) -> list[Passage]:
    """Each recording's way through the scripts, by the source that they note."""
    found = []
    for entry in s3.list_objects_v2(Bucket=bucket, Prefix="stt/")["Contents"]:
        key = entry["Key"]
        source = s3.head_object(Bucket=bucket, Key=key)["Metadata"]["source"]
        found.append(Passage(times[source], times[key.replace("stt/stt", "tts/tts").replace(".txt", ".wav")]))
    return found


def waits(ways: Sequence[Passage], vendors: float) -> dict[str, float]:
    """Median and 95th percentile of our share, in seconds."""
    shares = [way.seconds - vendors for way in ways]
    return {"median_s": round(float(np.median(shares)), 2), "p95_s": round(float(np.percentile(shares, 95)), 2)}


def calls_an_hour(ways: Sequence[Passage]) -> int:
    """The rate between the first arrival and the last prompt."""
    seconds = (max(way.prompt for way in ways) - min(way.arrived for way in ways)).total_seconds()
    return round(3600 * len(ways) / seconds)


def cost_of(used: Mapping[str, float], before: Mapping[str, float], calls: int, host: Sequence[Host]) -> dict[str, Any]:
    """What a call has cost: processor seconds by process, all together, and how many fixed pieces of Python they are.

    >>> cost_of({"server": 30.0, "s3": 8.0}, {"server": 10.0}, 100, [Host(4.0, 4.2, 4.0), Host(18.0, 20.2, 6.0)])["pieces_a_call"]
    56
    """
    piece_ms = float(np.mean([each.processor_ms for each in host]))
    share = {name: (seconds - before.get(name, 0.0)) / calls for name, seconds in used.items()}
    return {
        "host_ms": round(float(np.mean([each.median_ms for each in host])), 1),
        "piece_ms": round(piece_ms, 2),
        "processor_seconds_a_call": {name: round(seconds, 3) for name, seconds in share.items() if seconds >= 0.0005},
        "all_a_call": round(sum(share.values()), 3),
        "pieces_a_call": round(1000 * sum(share.values()) / piece_ms),
    }


@contextmanager
def polling_scripts(stack: Stack, bucket: str) -> Iterator[Callable[[], dict[str, float]]]:
    """The three scripts on a bucket of their own, all loaded before the first recording arrives; gives what they have used so far."""
    environment = stack.environment | {"READBACK_BUCKET": bucket}
    command = [sys.executable, "-m", "benchmarks.polling"]
    started = [subprocess.Popen([*command, name], env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT) for name in SCRIPTS]
    try:
        for script in started:
            assert script.stdout is not None
            if script.stdout.readline().strip() != "ready":
                raise SystemExit("a polling script did not start; see its error above")
        yield lambda: processor_seconds(stack) | _used_by({script.pid: name for script, name in zip(started, SCRIPTS, strict=True)})
    finally:
        for script in started:
            script.kill()
            script.wait()


def google_seconds(stack: Stack) -> float:
    """Mean seconds that the stand-in took to speak, all requests so far."""
    books = stack.counters("google-tts")
    return float(books["seconds"] / max(1, books["spoken"]))


def processor_seconds(stack: Stack) -> dict[str, float]:
    """Processor time that each process of the stack and its children, living and ended, have used."""
    return _used_by({child.process.pid: name for name, child in stack.children.items()})


def _used_by(names: Mapping[int, str]) -> dict[str, float]:
    ticks = os.sysconf("SC_CLK_TCK")
    used: dict[str, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        parent, group, own = int(fields[1]), int(fields[2]), sum(int(field) for field in fields[11:15])
        name = names.get(int(path.parent.name)) or names.get(group) or names.get(parent)
        if name:
            used[name] = used.get(name, 0.0) + own / ticks
    return used


def memory_mb(stack: Stack, name: str) -> int:
    """The most memory that a process of the stack has held."""
    status = Path(f"/proc/{stack.children[name].process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def seconds_to_start(stack: Stack, name: str, start: Callable[[], None]) -> float:
    """Start a worker, in the place of one that is killed first, and wait until it takes runs."""
    if name in stack.children:
        stack.children.pop(name).kill()
    begun = time.monotonic()
    start()
    stack.wait_for_worker(name)
    return round(time.monotonic() - begun, 2)


def one_a_second(stack: Stack, clock: S3Clock, calls: Sequence[Call]) -> dict[str, float]:
    """What calls wait for us that come one a second."""
    s3, speed = stack.client("s3"), host_ms()
    etags = put(s3, BUCKET, calls, per_second=1.0)
    clock.wait_for(StorageKeys.DAYS, len(calls), LONGEST_WAIT)
    found = waits(passages(s3, etags, clock.times()), STT_SECONDS + google_seconds(stack)) | {"host_ms": speed}
    print(f"one call a second: ours {found}", flush=True)
    return found


def at_once(stack: Stack, clock: S3Clock, calls: Sequence[Call], ended: int) -> dict[str, Any]:
    """How many calls an hour go through, and what one costs, when they come at once; so many had ended before."""
    s3, speed, before = stack.client("s3"), measured(), processor_seconds(stack)
    etags = put(s3, BUCKET, calls, per_second=0.0)
    clock.wait_for(StorageKeys.DAYS, ended + len(calls), LONGEST_WAIT)
    ways = passages(s3, etags, clock.times())
    cost = cost_of(processor_seconds(stack), before, len(calls), [speed, measured()])
    print(f"{len(calls)} at once: {calls_an_hour(ways):,} calls an hour; {cost}", flush=True)
    return {"calls": len(calls), "calls_an_hour": calls_an_hour(ways), **cost}


def starts(stack: Stack) -> dict[str, Any]:
    """Seconds that a worker of ours and one of Prefect's take to start, and the most memory that the processes have held."""
    memory = {name: memory_mb(stack, name) for name in ("call-worker", "summarizer", "prefect-server") if name in stack.children}
    ours = seconds_to_start(stack, "call-worker", stack.start_call_worker)
    prefects = seconds_to_start(stack, "training-worker", stack.start_training_worker)
    print(f"the call worker starts in {ours} s, Prefect's process worker in {prefects} s; most memory, MB: {memory}", flush=True)
    return {"call_worker_start_s": ours, "process_worker_start_s": prefects, "memory_mb": memory}


def polled_calls(stack: Stack, calls: Sequence[Call]) -> dict[str, Any]:
    """The same of the polling scripts, calls one a second, after the product's own processes have been stopped."""
    for name in (*stack.crashable, "training-worker"):
        stack.children.pop(name).kill()
    s3, bucket = stack.client("s3"), "polling"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    with s3_clock(stack, bucket) as clock, polling_scripts(stack, bucket) as used:
        speed, before = measured(), used()
        put(s3, bucket, calls, per_second=1.0)
        clock.wait_for(StorageKeys.PROMPTS, len(calls), LONGEST_WAIT)
        cost = cost_of(used(), before, len(calls), [speed, measured()])
        ways = polled_passages(s3, bucket, clock.times())
    polling = waits(ways, STT_SECONDS + google_seconds(stack))
    print(f"the polling scripts at one call a second: {polling}, {calls_an_hour(ways):,} calls an hour; {cost}", flush=True)
    return {"calls": len(calls), **polling, "calls_an_hour": calls_an_hour(ways), **cost}


def measure(paced: int, crowd: int, polled: int, poll_seconds: float, *, linked: bool) -> dict[str, Any]:
    """Run everything; ``paced`` calls at one a second, ``crowd`` at once, ``polled`` for the scripts, none of them for 0."""
    row: dict[str, Any] = {"benchmark": "calls", "poll_seconds": poll_seconds, "linked_summaries": linked}
    with tempfile.TemporaryDirectory(prefix="readback-bench-") as folder:
        work = Path(folder)
        calls = make_calls(paced + crowd + polled, 1, work / "recordings")
        options = StackOptions(
            work_dir=work / "stack",
            transcripts=[work / "recordings"],
            stt_seconds=STT_SECONDS,
            stt_poll_seconds=poll_seconds,
            stt_concurrency=max(crowd, 1),
            call_limit=max(crowd, 1),
            linked_summaries=linked,
            settings={"READBACK_EMBED_AUDIO": "prompt", "READBACK_SUMMARY_PATIENCE_SECONDS": "120"},
        )
        with Stack(options) as stack:
            with s3_clock(stack, BUCKET) as clock:
                if paced:
                    row["one_a_second"] = one_a_second(stack, clock, calls[:paced])
                row["at_once"] = at_once(stack, clock, calls[paced : paced + crowd], paced)
            row |= starts(stack)
            if polled:
                row["polling_scripts"] = polled_calls(stack, calls[paced + crowd :])
    return row | ratios(row)


def ratios(row: Mapping[str, Any]) -> dict[str, float]:
    """The polling scripts' figures by ours, as far as both were measured."""
    ours, theirs = row["at_once"], row.get("polling_scripts")
    if theirs is None:
        return {}
    found = {
        "ratio_calls_an_hour": round(ours["calls_an_hour"] / theirs["calls_an_hour"], 1),
        "ratio_pieces": round(theirs["pieces_a_call"] / ours["pieces_a_call"], 2),
    }
    if paced := row.get("one_a_second"):
        found["ratio_median_wait"] = round(theirs["median_s"] / max(0.01, paced["median_s"]), 1)
    return found


def main() -> None:
    """Measure and print, a JSON object last."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__.partition("\n")[0])
    parser.add_argument("--paced", type=int, default=40, help="calls at one a second; 0: none")
    parser.add_argument("--crowd", type=int, default=300, help="calls at once")
    parser.add_argument("--polled", type=int, default=20, help="calls for the polling scripts, at one a second; 0: none")
    parser.add_argument("--poll-seconds", type=float, default=0.5, help="between two polls of a speech-to-text job, for both sides")
    parser.add_argument("--linked", action="store_true", help="a worker of its own summarizes, in a linked run")
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.paced, chosen.crowd, chosen.polled, chosen.poll_seconds, linked=chosen.linked)))


if __name__ == "__main__":
    main()
