"""From nothing to the first call: ``python -m benchmarks.start``.

The whole product on this machine is started, its database made anew, and calls follow one after another: the first should wait no longer
than the others. The processor seconds of all processes stand beside the wait: what two cores cannot do in less than half of them.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.calls import LONGEST_WAIT, STT_SECONDS, processor_seconds, put
from benchmarks.host import measured
from benchmarks.s3_clock import s3_clock
from models.keys import StorageKeys
from sandbox.soak import make_calls
from sandbox.stack import BUCKET, Stack, StackOptions


def measure(calls: int) -> dict[str, Any]:
    """Start the stack and send calls, each when the one before has ended."""
    with tempfile.TemporaryDirectory(prefix="readback-bench-") as folder:
        work = Path(folder)
        made = make_calls(calls, 3, work / "recordings")
        steps: list[tuple[str, float]] = []
        stack = Stack(StackOptions(work_dir=work / "stack", transcripts=[work / "recordings"], stt_seconds=STT_SECONDS))
        stack.options.work_dir.mkdir()
        speeds = [measured().processor_ms]
        begun = time.monotonic()
        try:
            stack.start(lambda step: steps.append((step, time.monotonic())))
            started = time.monotonic()
            used = processor_seconds(stack)
            speeds.append(measured().processor_ms)
            s3 = stack.client("s3")
            seconds = []
            for number, call in enumerate(made, start=1):
                with s3_clock(stack, BUCKET) as clock:
                    etags = put(s3, BUCKET, [call], per_second=0.0)
                    clock.wait_for(StorageKeys.DAYS, 1, LONGEST_WAIT)
                    times = clock.times()
                ended = next(at for key, at in times.items() if key.startswith(StorageKeys.DAYS))
                seconds.append((ended - times[next(iter(etags))]).total_seconds())
                print(f"call {number}: {seconds[-1]:.1f} s from its recording to its end", flush=True)
        finally:
            stack.stop()
    ends = [at for _, at in steps[1:]] + [started]
    took = {step: round(end - at, 1) for (step, at), end in zip(steps, ends, strict=True)}
    first, *others = seconds
    pieces = round(1000 * sum(used.values()) / statistics.mean(speeds))
    print(f"started in {started - begun:.1f} s, {sum(used.values()):.1f} processor seconds ({pieces} fixed pieces of Python): {took}")
    return {
        "benchmark": "start",
        "start_s": round(started - begun, 1),
        "steps_s": took,
        "processor_seconds": {name: round(value, 2) for name, value in sorted(used.items())},
        "pieces": pieces,
        "first_call_s": round(first, 2),
        "later_calls_s": round(statistics.median(others), 2),
    }


def main() -> None:
    """Measure and print, a JSON object last."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=4, help="calls, one after another (two or more)")
    print(json.dumps(measure(parser.parse_args().calls), ensure_ascii=False))


if __name__ == "__main__":
    main()
