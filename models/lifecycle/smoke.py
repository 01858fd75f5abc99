"""The smoke test: whether a model may meet callers at all, whatever its scores say."""

import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from models.errors import ModelRefused, ReadbackError
from models.lifecycle.line import Device, Line


class Smoke(BaseModel):
    """What the serving engine made of the smoke texts."""

    answers: list[str]
    seconds: float


def smoke_test(line: Line[Any], folder: Path, name: str, device: Device, longest_seconds: float, *, returning: bool = False) -> Smoke:
    """Load a folder as it is served and have it answer the line's smoke texts; ModelRefused, with the reason, where it must not serve.

    It must load, answer every text, alone as in a batch, satisfy its line, not say the same to every text, and need no more than
    ``longest_seconds`` for all once it is loaded. A model that is ``returning`` has met callers before: it must only work.
    """
    texts = line.smoke_texts
    try:
        model = line.load(folder, device, name)
        begun = time.perf_counter()  # loading converts a model once for its machine: nobody who calls waits for that
        answers = model.answers(texts)
        alone = model.answers(texts[:1])
        seconds = time.perf_counter() - begun
        model.close()
    except (ReadbackError, RuntimeError, ValueError, OSError) as error:
        raise ModelRefused(
            f"{name} fails in the serving engine: {error}", remedy="The champion stays; see how the run was trained", case="smoke"
        ) from error
    told = [line.text_of(answer) for answer in answers]
    faults = line.faults(texts, answers)
    faults += ["one and the same answer to every text"] if len(set(told)) == 1 and not returning else []
    faults += ["no answer to a text by itself"] if not line.text_of(alone[0]) else []
    faults += [f"{seconds:.1f} s for {len(texts)} texts"] if seconds > longest_seconds else []
    if faults:
        raise ModelRefused(
            f"{name} fails the smoke test: {'; '.join(faults)}", remedy="The champion stays; see how the run was trained", case="smoke"
        )
    return Smoke(answers=told, seconds=seconds)
