"""Every benchmark, one after the other: ``python -m benchmarks`` (``make bench``); results in ``benchmarks/results.json``.

Each measures its opponent in the same run, so a ratio holds on a busy machine where seconds do not. All together end within fifteen
minutes: those that can do less are given what is left of them. Some are run only where they are named (``--only``).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
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
# Run only where they are named: more of the product's stacks than fifteen minutes hold, or what not every host has.
NAMED = ("servers", "slow_host", "interpreters")
# What a benchmark does that takes long, as its option and its usual amount; where time is short it does less of it (``amounts``).
LONG = {
    "statements": {"--rows": 60},
    "training": {"--steps": 1000},
    "evaluation": {"--rows": 60},
    "comparison": {"--recordings": 12},
    "correction": {"--rows": 400},
    "calls": {"--crowd": 300, "--polled": 20},
    "growth": {"--behind": 10_000, "--setup-seconds": 100},
    "console": {"--calls": 10_000},
}


@dataclass(frozen=True)
class Takes:
    """Seconds that a benchmark takes: those in which it waits for a clock, and on a host of ``QUICK_MS`` those in which it works in any
    case and those that its usual amount adds."""

    waits: float
    works: float
    more: float = 0.0


SECONDS = {
    "conversion": Takes(0, 1),
    "summaries": Takes(0, 25),
    "statements": Takes(0, 10, 110),
    "actions": Takes(0, 6),
    "answers": Takes(0, 45),
    "training": Takes(0, 10, 55),
    "evaluation": Takes(0, 15, 20),
    "start": Takes(16, 30),
    "comparison": Takes(0, 4, 24),
    "correction": Takes(0, 15, 105),
    "calls": Takes(50, 45, 110),
    "growth": Takes(70, 35, 90),
    "console": Takes(0, 6, 44),
}
QUICK_MS = 8.0
LONGEST_SECONDS = 840.0  # all together; fifteen minutes less one, for what a host does besides
RESULTS = ROOT / "benchmarks" / "results.json"


def share_of(names: Sequence[str], speed: float, seconds: float) -> float:
    """Which share of their usual amounts lets these benchmarks end within so many seconds, on a host of this speed; a tenth at least.

    >>> share_of(["statements", "training"], 4.0, 300.0)
    1.0
    >>> share_of(["statements", "training"], 16.0, 205.0)
    0.5
    """
    takes, slower = [SECONDS[name] for name in names], speed / QUICK_MS
    fixed = sum(each.waits + slower * each.works for each in takes)
    more = slower * sum(each.more for each in takes)
    return min(1.0, max(0.1, (seconds - fixed) / more)) if more else 1.0


def amounts(name: str, share: float) -> list[str]:
    """Options that let a benchmark do this share of its usual amounts; what was done stands in its row.

    >>> amounts("calls", 0.5)
    ['--crowd', '150', '--polled', '10']
    """
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


def write(rows: Sequence[dict[str, Any]], results: Path) -> None:
    """Put each row in the place of the last one of its benchmark."""
    known = json.loads(results.read_text("utf-8"))["rows"] if results.exists() else []
    latest = {row["benchmark"]: row for row in [*known, *rows]}
    report = {"rows": [latest[name] for name in (*BENCHMARKS, *NAMED) if name in latest]}
    results.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"\nWritten to {results}")


def main() -> None:
    """Run them all and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run every benchmark and write benchmarks/results.json.")
    parser.add_argument("--only", choices=(*BENCHMARKS, *NAMED), action="append", help="one of them, its row alone is written; repeatable")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the rows are written, benchmarks/results.json by default")
    chosen = parser.parse_args()
    machine = {"python": platform.python_version(), "machine": platform.machine(), "processors": os.cpu_count()}
    rows, begun = [], time.monotonic()
    names = chosen.only or BENCHMARKS
    for number, name in enumerate(names):
        at, speed, began = datetime.now(UTC).isoformat(timespec="seconds"), host_ms(), time.monotonic()
        print(f"\n== {name} (this machine takes {speed} ms for a fixed piece of Python now)", flush=True)
        left = [other for other in names[number:] if other in SECONDS]
        row = measure(name, amounts(name, share_of(left, speed, LONGEST_SECONDS - (began - begun))))
        took = round(time.monotonic() - began, 1)
        print(f"{name} took {took:.0f} s", flush=True)
        rows.append(row | {"took_s": took, "at": at, "on": machine | {"host_ms": speed}})
    write(rows, chosen.results.resolve())
    print("Seconds: " + ", ".join(f"{row['benchmark']} {row['took_s']:.0f}" for row in rows))
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    print(f"All together {minutes} min {seconds} s")
    sys.exit(1 if any("failed" in row for row in rows) else 0)


if __name__ == "__main__":
    main()
