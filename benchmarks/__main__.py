"""Every benchmark, one after the other: ``python -m benchmarks`` (``make bench``); results in ``benchmarks/results.json``.

Each measures its opponent in the same run, so a ratio holds on a busy machine where seconds do not.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from benchmarks.host import host_ms
from sandbox.stack import ROOT

BENCHMARKS = (
    "conversion",
    "summaries",
    "statements",
    "actions",
    "answers",
    "training",
    "evaluation",
    "start",
    "comparison",
    "correction",
    "calls",
    "growth",
    "console",
)
# What a benchmark does that takes long, as its option and its usual amount; a slow machine does less of it (``amounts``).
LONG = {
    "statements": {"--rows": 60},
    "training": {"--steps": 1000},
    "evaluation": {"--rows": 60},
    "calls": {"--crowd": 300, "--polled": 20},
    "growth": {"--behind": 10_000},
    "console": {"--calls": 10_000},
}
QUICK_MS = 8.0  # `host_ms` of a machine on which the usual amounts take less than fifteen minutes
RESULTS = ROOT / "benchmarks" / "results.json"


def amounts(name: str, speed: float) -> list[str]:
    """Options that let a benchmark take no longer on a slow machine than on a quick one; what was done stands in its row.

    >>> amounts("calls", 16.0)
    ['--crowd', '150', '--polled', '10']
    >>> amounts("calls", 4.0)
    ['--crowd', '300', '--polled', '20']
    """
    share = min(1.0, QUICK_MS / speed)
    return [argument for option, usual in LONG.get(name, {}).items() for argument in (option, str(max(1, round(usual * share))))]


def measure(name: str, options: Sequence[str]) -> dict[str, Any]:
    """Run one benchmark, its table shown as it comes; returns the JSON of its last line."""
    quiet = os.environ | {"TQDM_DISABLE": "1"}  # a bar for every model that is loaded
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", *options], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=quiet
    )
    assert process.stdout is not None
    found: dict[str, Any] = {}
    for line in process.stdout:
        if line.startswith("{"):
            found = json.loads(line)
        else:
            print(line, end="", flush=True)
    if process.wait() != 0:
        return {"benchmark": name, "failed": f"exit code {process.returncode}; run python -m benchmarks.{name} to see why"}
    return found


def write(rows: Sequence[dict[str, Any]]) -> None:
    """Put each row in the place of the last one of its benchmark."""
    known = json.loads(RESULTS.read_text("utf-8"))["rows"] if RESULTS.exists() else []
    latest = {row["benchmark"]: row for row in [*known, *rows]}
    report = {"rows": [latest[name] for name in BENCHMARKS if name in latest]}
    RESULTS.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"\nWritten to {RESULTS.relative_to(ROOT)}")


def main() -> None:
    """Run them all and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run every benchmark and write benchmarks/results.json.")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="one of them, its row alone is written anew; repeatable")
    chosen = parser.parse_args()
    machine = {"python": platform.python_version(), "machine": platform.machine(), "processors": os.cpu_count()}
    rows = []
    for name in chosen.only or BENCHMARKS:
        at, speed = datetime.now(UTC).isoformat(timespec="seconds"), host_ms()
        print(f"\n== {name} (this machine takes {speed} ms for a fixed piece of Python now)", flush=True)
        rows.append(measure(name, amounts(name, speed)) | {"at": at, "on": machine | {"host_ms": speed}})
    write(rows)
    sys.exit(1 if any("failed" in row for row in rows) else 0)


if __name__ == "__main__":
    main()
