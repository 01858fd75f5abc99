"""What a fine-tuning came to, as reports and cards are tested with: two rows of history and figures that nobody looks at."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.training.config import FinetuneConfig, FinetuneResult, HistoryRow
from models.training.outputs import RunSummary


def a_run(history: Sequence[HistoryRow], *, result: dict[str, Any] | None = None, **known: Any) -> RunSummary:
    """Run ``minji-1`` of a base called ``shipped``, at its best in its last row; ``result`` and ``known`` say what else."""
    values: dict[str, Any] = {
        "family": "bart",
        "method": "full",
        "base": "shipped",
        "model_dir": Path("model"),
        "merged_dir": None,
        "criterion": "lowest validation loss",
        "best_step": history[-1].step,
        "best": history[-1],
        "steps": history[-1].step,
        "history": list(history),
        "precision": "fp32",
        "device": "cpu",
        "parameters": 1,
        "trained_parameters": 1,
        "train_rows": 86,
        "validation_rows": 9,
        "truncated_rows": 0,
        "seconds": 1.0,
        "samples_per_second": 4.0,
    }
    finetuned = FinetuneResult(**(values | (result or {})))
    return RunSummary(run="minji-1", prefix="models/bart/minji-1/", config=FinetuneConfig(), result=finetuned, **known)
