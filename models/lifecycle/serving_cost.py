"""What serving a model costs: its summaries of given texts, their seconds and the memory, measured in a process of its own.

    python -m models.lifecycle.serving_cost <model folder> <device> < texts.json > figures.json

A process that has loaded other models keeps some of their memory and frees some for the next, so figures of two models from
one process do not compare. A model that kills its process kills this one only.
"""

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, TypeAdapter

from models.errors import ModelRefused
from models.summarizer.conversion import converted_form
from models.summarizer.engine import Device
from models.summarizer.summarizer import Summarizer

ROOT = Path(__file__).resolve().parent.parent
ALONE = 20
_TEXTS = TypeAdapter(list[str])


class ServingCost(BaseModel):
    """What serving costs. Summaries come in the order of the texts, empty where the model found no words.

    Seconds for one text by itself (median of 20), seconds a text of the whole batch, MiB.
    """

    summaries: list[str]
    seconds_alone: float
    seconds_batched: float
    memory_mib: float
    device: str


def serving_cost(folder: Path, device: Device, texts: Sequence[str]) -> ServingCost:
    """Measure in a new process; ModelRefused, with its last words, where it fails."""
    converted_form(folder)  # what derives the serving form is no part of what serving costs
    command = [sys.executable, "-m", "models.lifecycle.serving_cost", str(folder.resolve()), device]
    done = subprocess.run(command, cwd=ROOT, input=_TEXTS.dump_json(list(texts)), capture_output=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"])[-1]
        raise ModelRefused(f"the model in {folder} cannot be served (exit {done.returncode}): {last}", remedy="See how it was trained")
    return ServingCost.model_validate_json(done.stdout.splitlines()[-1])


def measure(folder: Path, device: Device, texts: Sequence[str]) -> ServingCost:
    """Measure in this process."""
    import ctranslate2  # noqa: F401 - libraries are no part of what one model takes

    with MemoryMeter(device) as memory:
        summarizer = Summarizer.load(folder, device)
        summarizer.attempts(texts[:1])
        alone = [_seconds(summarizer, [text]) for text in texts[:: max(1, len(texts) // ALONE)][:ALONE]]
        begun = time.perf_counter()
        summaries = [result.text for result in summarizer.attempts(texts)]
        batched = (time.perf_counter() - begun) / len(texts)
    return ServingCost(
        summaries=summaries,
        seconds_alone=statistics.median(alone),
        seconds_batched=batched,
        memory_mib=memory.peak_mib,
        device=summarizer.engine.device,
    )


def _seconds(summarizer: Summarizer, texts: Sequence[str]) -> float:
    begun = time.perf_counter()
    summarizer.attempts(texts)
    return time.perf_counter() - begun


class MemoryMeter:
    """Highest memory above that at the start, MiB: of this process, and of the GPU where there is one. Looks every 10 ms."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory-meter", daemon=True)
        self._first = self._peak = 0.0

    @property
    def peak_mib(self) -> float:
        """Highest use seen above the start."""
        return max(0.0, self._peak - self._first)

    def __enter__(self) -> Self:
        self._first = self._peak = self._now()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self._peak = max(self._peak, self._now())

    def _now(self) -> float:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * 4096 / 2**20 + self._gpu_mib()

    def _gpu_mib(self) -> float:
        if self._device == "cpu":
            return 0.0
        import torch

        if not torch.cuda.is_available():
            return 0.0
        free, total = torch.cuda.mem_get_info()  # counts CTranslate2's memory too, which torch's own statistics do not
        return (total - free) / 2**20


if __name__ == "__main__":
    chosen: Device = "cuda" if sys.argv[2] == "cuda" else "cpu" if sys.argv[2] == "cpu" else "auto"
    print(measure(Path(sys.argv[1]), chosen, json.load(sys.stdin)).model_dump_json())
