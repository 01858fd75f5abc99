"""What one more API server buys: ``python -m benchmarks.servers``.

The parts of many machines (``sandbox.many``) with one API server and with two, the same calls at once. Each server is a process on one
core, so the busiest one's processor seconds a call say how many calls a second go through; the wait on this machine, which all of
them share, would not. Each call is summarized in its own run.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.calls import LONGEST_WAIT, cost_of, processor_seconds, put
from benchmarks.host import measured
from benchmarks.s3_clock import s3_clock
from models.keys import StorageKeys
from sandbox.many import ManyStack
from sandbox.soak import make_calls
from sandbox.stack import BUCKET, StackOptions

WARM_UP = 6
# What a process writes down after a call's end.
AFTERWARDS_SECONDS = 3.0


def measure(servers: int, crowd: int) -> dict[str, Any]:
    """Start the stack with so many servers, send ``WARM_UP`` calls and then ``crowd`` at once."""
    with tempfile.TemporaryDirectory(prefix="readback-bench-") as folder:
        work = Path(folder)
        calls = make_calls(WARM_UP + crowd, 5, work / "recordings")
        options = StackOptions(
            work_dir=work / "stack",
            transcripts=[work / "recordings"],
            stt_poll_seconds=0.5,
            stt_concurrency=crowd,
            call_limit=crowd,
            settings={"READBACK_EMBED_AUDIO": "prompt"},
        )
        with ManyStack(options, servers) as stack, s3_clock(stack, BUCKET) as clock:
            s3 = stack.client("s3")
            put(s3, BUCKET, calls[:WARM_UP], per_second=1.0)
            clock.wait_for(StorageKeys.DAYS, WARM_UP, LONGEST_WAIT)
            speed, before = measured(), processor_seconds(stack)
            put(s3, BUCKET, calls[WARM_UP:], per_second=0.0)
            clock.wait_for(StorageKeys.DAYS, WARM_UP + crowd, LONGEST_WAIT)
            time.sleep(AFTERWARDS_SECONDS)
            cost = cost_of(processor_seconds(stack), before, crowd, [speed, measured()])
    shares = cost["processor_seconds_a_call"]
    busiest = max(share for name, share in shares.items() if name.startswith("server-") or name == "services")
    return {"servers": servers, **cost, "busiest_server": busiest, "calls_a_second_of_the_servers": round(1 / busiest, 1)}


def main() -> None:
    """Measure and print, a JSON object last."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.servers", description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--crowd", type=int, default=60, help="calls at once")
    crowd = parser.parse_args().crowd
    rows = [measure(servers, crowd) for servers in (1, 2)]
    for row in rows:
        print(f"{row['servers']} API servers: {row}", flush=True)
    print(json.dumps({"benchmark": "servers", "calls": crowd, "rows": rows}))


if __name__ == "__main__":
    main()
