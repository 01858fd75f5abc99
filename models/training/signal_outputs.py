"""What is left to say of a finished training of a classifier of emotions or dangers."""

import csv
import io
from collections.abc import Sequence

from pydantic import BaseModel, Field

from models.training.config import HistoryRow
from models.training.data.pair import Pair
from models.training.signal_scores import DangerScores, EmotionScores
from models.training.signal_task import SignalConfig


class SignalSummary(BaseModel):
    """A finished run: scores on the test rows, as it serves."""

    run: str
    prefix: str
    config: SignalConfig
    train_rows: int
    made_rows: int = Field(description="Rows that augmentation added to the training rows")
    seconds: float
    device: str
    history: list[HistoryRow] = []
    emotion: EmotionScores | None = None
    danger: DangerScores | None = None

    @property
    def score(self) -> float:
        """What rows of a sweep are ranked by: accuracy, or recall (which counts for nothing beyond the alarms that the run allowed)."""
        if self.emotion is not None:
            return self.emotion.accuracy
        return 0.0 if self.danger is None else self.danger.recall - max(0.0, self.danger.alarm_rate - self.config.alarms)


class SignalSweepRow(BaseModel):
    """One row of a sweep and what became of it."""

    run: str
    config: SignalConfig
    state: str = "Pending"
    reason: str = ""
    flow_run_id: str = ""
    summary: SignalSummary | None = None

    @property
    def rank(self) -> float:
        """Higher is better."""
        return self.summary.score if self.summary else float("-inf")


def made_csv(made: Sequence[Pair]) -> str:
    """The rows that augmentation made, with the operation and the row that each comes from."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["input", "danger", "row", "operation"])
    writer.writerows([pair.input, pair.summary, pair.row, pair.style] for pair in made)
    return out.getvalue()
