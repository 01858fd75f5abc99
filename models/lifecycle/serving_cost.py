"""What serving a model costs: its answers to given texts, their seconds and the memory.

Figures of two models compare only when each was measured in a process of its own (``wiring/measure.py``): a process that has
loaded other models keeps some of their memory and frees some for the next.
"""

import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import BaseModel

from models.lifecycle.line import Device, Line, LoadedModel
from models.lifecycle.truth import Told

ALONE = 20
DRIVER = Path("/dev/nvidiactl")  # without it torch, a second and 200 MiB, would be loaded to hear that there is no GPU


class ServingCost(BaseModel):
    """What serving costs. Answers come in the order of the texts, empty where the model found none.

    Seconds for one text by itself (median of 20), seconds a text of the whole batch, MiB; tokens and won an answer where somebody else
    computes it. ``truth`` holds answers that cost nothing: they are asked for when the measuring is over.
    """

    answers: list[Told]
    truth: list[Told]
    seconds_alone: float
    seconds_batched: float
    memory_mib: float
    device: str
    tokens: float = 0.0
    won: float = 0.0


def measure_here(line: Line[Any], folder: Path, device: Device, texts: Sequence[str], truth: Sequence[str] = ()) -> ServingCost:
    """Measure in this process on ``texts``; answer ``truth`` as well."""
    line.prepare(folder)
    with MemoryMeter(device) as memory:
        model = line.load(folder, device, folder.name)
        model.attempts(texts[:1])
        alone = [_seconds(model, [text]) for text in texts[:: max(1, len(texts) // ALONE)][:ALONE]]
        begun = time.perf_counter()
        answers = model.attempts(texts)
        batched = (time.perf_counter() - begun) / len(texts)
    spent = [line.spent(answer) for answer in answers]
    return ServingCost(
        answers=[line.told(answer) for answer in answers],
        truth=[line.told(answer) for answer in (model.attempts(truth) if truth else ())],
        seconds_alone=statistics.median(alone),
        seconds_batched=batched,
        memory_mib=memory.peak_mib,
        device=model.device,
        tokens=sum(one.tokens for one in spent) / len(texts),
        won=sum(one.won for one in spent) / len(texts),
    )


def _seconds(model: LoadedModel[Any], texts: Sequence[str]) -> float:
    begun = time.perf_counter()
    model.attempts(texts)
    return time.perf_counter() - begun


class MemoryMeter:
    """Highest memory above that at the start, MiB: of this process, and of the GPU where there is one.

    Looks every 10 ms and once more at the end: a small model is loaded and has answered before the first 10 ms are over.
    """

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
        self._peak = max(self._peak, self._now())

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self._peak = max(self._peak, self._now())

    def _now(self) -> float:
        gpu = self._gpu_mib()  # first: it loads torch, which is no part of the model
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * 4096 / 2**20 + gpu

    def _gpu_mib(self) -> float:
        if self._device == "cpu" or not DRIVER.exists():
            return 0.0
        import torch

        if not torch.cuda.is_available():
            return 0.0
        free, total = torch.cuda.mem_get_info()  # counts CTranslate2's memory too, which torch's own statistics do not
        return (total - free) / 2**20
