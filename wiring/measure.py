"""What serving a model of any line costs, measured in a process of its own.

    python -m wiring.measure <line> <model folder> <device> < texts.json > figures.json

A model that kills its process kills this one only.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from models.errors import ModelRefused
from models.lifecycle.line import Device, Line
from models.lifecycle.serving_cost import ServingCost, measure_here
from models.lines import NAMES
from wiring.lines import LINES

ROOT = Path(__file__).resolve().parents[1]
_TEXTS = TypeAdapter(tuple[list[str], list[str]])


def serving_cost(line: Line[Any], folder: Path, device: Device, texts: Sequence[str], truth: Sequence[str] = ()) -> ServingCost:
    """Measure in a new process on ``texts``, and answer ``truth`` there as well; ModelRefused, with its last words, where it fails."""
    line.prepare(folder)
    command = [sys.executable, "-m", "wiring.measure", line.name, str(folder.resolve()), device]
    done = subprocess.run(command, cwd=ROOT, input=_TEXTS.dump_json((list(texts), list(truth))), capture_output=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
        raise ModelRefused(f"the model in {folder} cannot be served (exit {done.returncode}): {last}", remedy="See how it was trained")
    return ServingCost.model_validate_json(done.stdout.splitlines()[-1])


def main(line: str, folder: str, device: str) -> None:
    """Measure the texts on standard input, two lists of them."""
    name = next(name for name in NAMES if name == line)
    where: Device = "cuda" if device == "cuda" else "cpu" if device == "cpu" else "auto"
    texts, truth = _TEXTS.validate_json(sys.stdin.buffer.read())
    print(measure_here(LINES[name], Path(folder), where, texts, truth).model_dump_json())


if __name__ == "__main__":
    main(*sys.argv[1:])
