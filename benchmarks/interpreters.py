"""What a call costs with another Python beside this one: ``python -m benchmarks.interpreters --other PYTHON``.

A Python that was built without optimization takes longer for everything. The other gets a virtual environment of its own that names
this one's packages, so that nothing but the interpreter differs; both must be of the same minor version. The whole product runs
with each in turn, as ``benchmarks.calls`` runs it. Pieces (``benchmarks.host``) are those of the Python that runs this, so that both
calls stand in one unit, and beside them those of each.
"""

import argparse
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from sandbox.interpreter import HERE, Build, others, this_build
from sandbox.stack import ROOT

ROUNDS = 2


def other_build() -> Path | None:
    """A Python of this version that was built without optimization, of those that pyenv keeps or PATH names."""
    kept = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin"), reverse=True)
    folders = [*map(str, kept), *os.environ.get("PATH", os.defpath).split(os.pathsep)]
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return next((Path(build.path) for build in others(version, folders) if build.version == version and not build.optimized), None)


def beside(python: Path, folder: Path) -> Path:
    """A virtual environment of another Python with the packages of this one; returns its Python."""
    subprocess.run([str(python), "-m", "venv", "--without-pip", str(folder)], check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    here = Path(site.getsitepackages()[0])
    if packages.parent.name != here.parent.name:
        raise SystemExit(f"{python} is {packages.parent.name}, and the packages are those of {here.parent.name}")
    # Not a mere path: what lies in the packages' own .pth files counts as well.
    (packages / "packages_of_the_other.pth").write_text(f"import site; site.addsitedir({str(here)!r})\n")
    for program in ("caddy", "redis-server"):  # found beside the interpreter
        if found := shutil.which(program, path=str(Path(sys.executable).parent)):
            (folder / "bin" / program).symlink_to(found)
    return folder / "bin" / "python"


def calls_with(python: Path, options: Sequence[str]) -> dict[str, Any]:
    """The row of ``benchmarks.calls`` with this Python."""
    done = subprocess.run([str(python), "-m", "benchmarks.calls", *options], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{python}: {row['at_once']}", flush=True)
    return {**row["at_once"], "call_worker_start_s": row["call_worker_start_s"]}


def build_with(python: Path) -> Build:
    """How a Python was built, by its own word."""
    said = subprocess.run([str(python), "-m", "sandbox.interpreter", "--json"], cwd=HERE, stdout=subprocess.PIPE, text=True, check=True)
    return Build(**json.loads(said.stdout))


def measure(other: Path, crowd: int) -> dict[str, Any]:
    """Both by turns, the order turned round each time."""
    options = ("--paced", "0", "--polled", "0", "--crowd", str(crowd))
    with tempfile.TemporaryDirectory(prefix="readback-python-") as folder:
        pythons = {"this": Path(sys.executable), "other": beside(other, Path(folder) / "venv")}
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in pythons}
        for turn in range(ROUNDS):
            for name in sorted(pythons, reverse=turn % 2 == 0):
                found[name].append(calls_with(pythons[name], options))
    builds = {"this": this_build(), "other": build_with(other)}
    unit = mean(row["piece_ms"] for row in found["this"])
    rows = {
        name: {
            "version": builds[name].version,
            "optimized": builds[name].optimized,
            "piece_ms": [row["piece_ms"] for row in made],
            "processor_seconds_a_call": [row["all_a_call"] for row in made],
            "pieces_a_call": round(1000 * mean(row["all_a_call"] for row in made) / unit),
            "its_own_pieces_a_call": [row["pieces_a_call"] for row in made],
            "calls_an_hour": [row["calls_an_hour"] for row in made],
            "call_worker_start_s": [row["call_worker_start_s"] for row in made],
        }
        for name, made in found.items()
    }
    times = mean(rows["other"]["processor_seconds_a_call"]) / mean(rows["this"]["processor_seconds_a_call"])
    return {"benchmark": "interpreters", "calls": crowd, **rows, "other_by_this": round(times, 2)}


def main() -> None:
    """Measure and print both beside each other, a JSON object last."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.interpreters", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--other", type=Path, help="the other Python; by default one that was built without optimization, of pyenv's or PATH's"
    )
    parser.add_argument("--crowd", type=int, default=100, help="calls at once, in each of two turns of each Python")
    options = parser.parse_args()
    other = options.other or other_build()
    if other is None:
        raise SystemExit("no other Python of this version was found: name one with --other")
    row = measure(other, options.crowd)
    for name in ("this", "other"):
        print(f"{name:6} optimized: {row[name]['optimized']}; {row[name]['pieces_a_call']} pieces a call of this Python; {row[name]}")
    print(json.dumps(row))


if __name__ == "__main__":
    main()
