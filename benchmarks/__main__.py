"""Every benchmark, one after the other: ``python -m benchmarks`` (``make bench``); results in ``benchmarks/results.json``.

Each measures its opponent in the same run, so a ratio holds on a busy machine where seconds do not.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

from sandbox.stack import ROOT

BENCHMARKS = ("conversion", "summaries", "training", "evaluation", "calls", "growth")
RESULTS = ROOT / "benchmarks" / "results.json"


def measure(name: str) -> dict[str, Any]:
    """Run one benchmark, its table shown as it comes; returns the JSON of its last line."""
    quiet = os.environ | {"TQDM_DISABLE": "1"}  # a bar for every model that is loaded
    process = subprocess.Popen([sys.executable, "-m", f"benchmarks.{name}"], stdout=subprocess.PIPE, text=True, cwd=ROOT, env=quiet)
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


def main() -> None:
    """Run them all and write the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Run every benchmark and write benchmarks/results.json.")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="one of them; repeatable")
    chosen = parser.parse_args()
    rows = []
    for name in chosen.only or BENCHMARKS:
        print(f"\n== {name}", flush=True)
        rows.append(measure(name))
    machine = {"python": platform.python_version(), "machine": platform.machine(), "processors": os.cpu_count()}
    report = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "on": machine, "rows": rows}
    RESULTS.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(f"\nWritten to {RESULTS.relative_to(ROOT)}")
    sys.exit(1 if any("failed" in row for row in rows) else 0)


if __name__ == "__main__":
    main()
