"""Training a request classifier: inquiries and their kinds of request in, a folder that serves out. Seconds on one core."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from models.errors import ConfigurationError
from models.summarizer.classifier import PENALTY, RequestClassifier, marked_kinds
from models.training.classification import LabelledScores
from models.training.data.pair import Pair
from models.training.data.split import Split

FAMILY = "svm"


class ClassifierConfig(BaseModel):
    """Everything beside the data that decides what a request classifier learns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    penalty: float = Field(PENALTY, gt=0, description="C of the linear support vector machine: the larger, the closer it keeps to its rows")


class ClassifierSummary(BaseModel):
    """What is left to say of a finished training of the request classifier."""

    run: str
    prefix: str
    config: ClassifierConfig
    train_rows: int
    seconds: float
    validation: LabelledScores
    test: LabelledScores


def classifier_run_name(config: ClassifierConfig, data: str) -> str:
    """A name that says what a run is and is the same whenever the same is learnt from the same data (``data``: its fingerprint)."""
    digest = hashlib.sha256(f"{config.model_dump_json()} {data}".encode()).hexdigest()[:10]
    return f"c{config.penalty:g}-{digest}"


def check_kinds(pairs: Sequence[Pair]) -> None:
    """ConfigurationError where rows name fewer than two kinds, or one for which the summarizer that ships has no mark."""
    kinds = {pair.summary: pair.row for pair in reversed(pairs)}
    if unknown := {kind: row for kind, row in kinds.items() if kind not in marked_kinds()}:
        told = ", ".join(f"{kind!r} ({row})" for kind, row in sorted(unknown.items()))
        raise ConfigurationError(
            f"the column request names kinds for which the summarizer has no mark: {told}",
            remedy=f"Correct the rows; the kinds are {', '.join(sorted(marked_kinds()))}",
        )
    if len(kinds) < 2:
        raise ConfigurationError("all rows are of one kind of request", remedy="Give rows of at least two kinds")


def train_classifier(config: ClassifierConfig, split: Split, folder: Path) -> tuple[int, float, LabelledScores, LabelledScores]:
    """Learn from the training rows and save into ``folder``; training rows, seconds, and scores on the validation and the test rows."""
    begun = time.monotonic()
    classifier = RequestClassifier.fit([pair.input for pair in split.train], [pair.summary for pair in split.train], penalty=config.penalty)
    folder.mkdir(parents=True, exist_ok=True)
    classifier.save(folder)
    seconds = time.monotonic() - begun
    return len(split.train), seconds, _scores(classifier, split.validation), _scores(classifier, split.test)


def _scores(classifier: RequestClassifier, rows: Sequence[Pair]) -> LabelledScores:
    return LabelledScores.of(classifier.kinds_of([row.input for row in rows]), [row.summary for row in rows])
