"""What is left to say of a finished fine-tuning run, and how runs are named."""

import csv
import hashlib
import io
import re
from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from models.training.config import FinetuneConfig, FinetuneResult
from models.training.data.pair import Pair
from models.training.data.version import DatasetVersion
from models.training.metrics import Scores

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


def checked_name(name: str) -> str:
    """A name as a folder of the bucket may have it; empty stays empty. The form has no pattern: it would show people the expression."""
    if name and not _NAME.fullmatch(name):
        raise ValueError(f"이름 {name!r}: 영문자, 숫자, '.', '_', '-'만 60자까지 쓰고 영문자나 숫자로 시작하세요.")
    return name


RunName = Annotated[str, AfterValidator(checked_name)]


class RunSummary(BaseModel):
    """What is left to say of a finished run."""

    run: str
    prefix: str
    config: FinetuneConfig
    result: FinetuneResult
    test_scores: Scores | None = Field(None, description="The best checkpoint on the test rows, as it is served")
    base_test_scores: Scores | None = Field(None, description="The base on the same rows, where it is a folder that can be served")
    versions: list[DatasetVersion] = Field(default_factory=list, description="The contents that it was trained on")
    won: float = Field(0.0, description="What the machine cost meanwhile; 0: not told")
    flow_run_id: str = Field("", description="The flow run that trained it")
    tracking: str = Field("", description="Its page on MLflow; empty where it was not tracked")

    @property
    def is_worse(self) -> bool:
        """Whether the run is worse than the base that it started from: as served on the test rows where both were, else on validation."""
        if self.test_scores is not None and self.base_test_scores is not None:
            return self.test_scores.score < self.base_test_scores.score
        return self.result.gain is not None and self.result.gain < 0

    @property
    def serving_prefix(self) -> str:
        """S3 prefix of the folder that a summarizer can load."""
        return f"{self.prefix}{'merged' if self.result.merged_dir else 'model'}/"


class SweepRow(BaseModel):
    """One row of a sweep and what became of it."""

    run: str
    config: FinetuneConfig
    state: str = Field("Pending", description="Finished, Known (finished in an earlier sweep), Pending, or the child run's last state")
    reason: str = ""
    progress: str = Field("", description="What its progress bar said last")
    flow_run_id: str = ""
    summary: RunSummary | None = None

    @property
    def rank(self) -> tuple[float, float]:
        """Higher is better: score on the test rows, else on validation, else the negative validation loss."""
        if self.summary is None:
            return (float("-inf"), 0.0)
        best, test = self.summary.result.best, self.summary.test_scores
        loss = -(best.validation_loss if best.validation_loss is not None else float("inf"))
        score = test.score if test else best.score
        return (score, loss) if score is not None else (0.0, loss)


def run_name(config: FinetuneConfig, data: str) -> str:
    """A name that says what a run is and is the same whenever the same is learnt from the same data (``data``: its fingerprint)."""
    digest = hashlib.sha256(f"{config.fingerprint()} {data}".encode()).hexdigest()[:10]
    rank = f"-r{config.lora_rank}" if config.method != "full" else ""
    return f"{config.method}{rank}-lr{config.learning_rate:g}-e{config.epochs:g}-{digest}"


def pairs_csv(pairs: Sequence[Pair], reference: str = "summary") -> str:
    """Pairs as the CSV contract has them, with their row ids; ``reference`` is the column of the right answers."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["input", reference, "row"])
    writer.writerows([pair.input, pair.summary, pair.row] for pair in pairs)
    return out.getvalue()
