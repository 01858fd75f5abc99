"""The pictures of a training run, as small PNGs that an artifact can carry. Labels are English: not every machine has a Korean font."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from models.training.config import HistoryRow
from models.training.data.pair import Pair
from reports import embedding

_INCHES = (6.4, 3.6)
_DPI = 80


def losses(history: Sequence[HistoryRow]) -> bytes:
    """Training and validation loss over steps, PNG."""
    series = {
        "training loss": [(row.step, row.train_loss) for row in history if row.train_loss is not None],
        "validation loss": [(row.step, row.validation_loss) for row in history if row.validation_loss is not None],
    }
    return _lines(series, "loss")


def losses_of_runs(histories: Mapping[str, Sequence[HistoryRow]]) -> bytes:
    """Validation loss over epochs, solid, and training loss, dashed, of several runs in a colour each, PNG."""
    figure, axes = _figure()
    for number, (run, history) in enumerate(histories.items()):
        for kind, style, label in (("train_loss", "--", "_"), ("validation_loss", "-", run)):
            points = [(row.epoch, getattr(row, kind)) for row in history if getattr(row, kind) is not None]
            axes.plot(*zip(*points, strict=True), style, color=f"C{number}", marker="." if style == "-" else "", label=label)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss (dashed: training)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=7)
    return png(figure)


def scores(history: Sequence[HistoryRow], encoders: Mapping[str, str]) -> bytes:
    """BERTScore F1 and STS over steps, PNG; the legend names the encoders."""
    series = {
        f"BERTScore F1 ({encoders.get('bertscore_f1', 'not scored')})": [
            (row.step, row.bertscore_f1) for row in history if row.bertscore_f1 is not None
        ],
        f"STS ({encoders.get('sts', 'not scored')})": [(row.step, row.sts) for row in history if row.sts is not None],
    }
    return _lines(series, "score")


def lengths(pairs: Sequence[Pair]) -> bytes:
    """Histogram of input lengths in characters, PNG."""
    figure, axes = _figure()
    axes.hist([len(pair.input) for pair in pairs], bins=40, color="#3b6ea5")
    axes.set_xlabel("characters in an inquiry")
    axes.set_ylabel("rows")
    return png(figure)


def data_uri(png: bytes) -> str:
    """A PNG as a picture inside Markdown."""
    return embedding.data_uri(png, "image/png")


def metrics_csv(history: Sequence[HistoryRow], encoders: Mapping[str, str]) -> str:
    """Everything measured, a line a step; a score's column names the encoder that gave it."""
    columns = [name for name in HistoryRow.model_fields if name != "samples"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"{name} [{encoders[name]}]" if name in encoders else name for name in columns])
    for row in history:
        values = row.model_dump()
        writer.writerow(["" if values[name] is None else values[name] for name in columns])
    return out.getvalue()


def _lines(series: Mapping[str, Sequence[tuple[int, float | None]]], label: str) -> bytes:
    figure, axes = _figure()
    for name, points in series.items():
        if points:
            axes.plot([step for step, _ in points], [value for _, value in points], marker=".", label=name)
    axes.set_xlabel("step")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(fontsize=8)
    return png(figure)


def _figure() -> tuple[Any, Any]:
    # Not pyplot: it keeps every figure of the process and is not made for threads.
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, dpi=_DPI, layout="tight")
    return figure, figure.subplots()


def png(figure: Any) -> bytes:
    """A matplotlib Figure as PNG."""
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def confusion(matrix: Sequence[Sequence[int]]) -> bytes:
    """Rows by right (down) and told (across) label, each row as shares of its sum, PNG."""
    from matplotlib.figure import Figure

    shares = [[count / max(1, sum(row)) for count in row] for row in matrix]
    figure = Figure(figsize=(6.4, 6.0), dpi=_DPI, layout="tight")
    axes = figure.subplots()
    picture = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xlabel("told (number of the label)")
    axes.set_ylabel("right (number of the label)")
    figure.colorbar(picture, fraction=0.046)
    return png(figure)


def calibration(bins: Sequence[tuple[float, float, int]]) -> bytes:
    """How often answers of like confidence are right, PNG; a bin is confidence, share right, rows."""
    figure, axes = _figure()
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    axes.plot([confidence for confidence, _, _ in bins], [right for _, right, _ in bins], marker="o", color="#3b6ea5")
    for confidence, right, rows in bins:
        axes.annotate(f"{rows:,}", (confidence, right), textcoords="offset points", xytext=(4, -10), fontsize=7)
    axes.set_xlabel("confidence")
    axes.set_ylabel("share right (number: rows)")
    axes.grid(alpha=0.3)
    return png(figure)
