"""How well labels say what their references say: accuracy, F1 per label, and its mean over labels (macro F1)."""

from collections.abc import Sequence
from typing import Self

from pydantic import BaseModel


class LabelScores(BaseModel):
    """How one label was told. Zero where its denominator is: a label that was never told has precision 0."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class LabelledScores(BaseModel):
    """How well labels were told on rows that were not learnt from."""

    rows: int
    accuracy: float
    macro_f1: float
    labels: list[LabelScores]

    @classmethod
    def of(cls, answers: Sequence[str], references: Sequence[str]) -> Self:
        """Hold at least one answer against its reference."""
        labels = scores_by_label(answers, references)
        right = sum(answer == reference for answer, reference in zip(answers, references, strict=True))
        return cls(rows=len(references), accuracy=right / len(references), macro_f1=macro_f1(answers, references), labels=labels)


def scores_by_label(answers: Sequence[str], references: Sequence[str]) -> list[LabelScores]:
    """Every label that is a reference of some row, in alphabetical order."""
    found = []
    for label in sorted(set(references)):
        right = sum(answer == reference == label for answer, reference in zip(answers, references, strict=True))
        said, support = list(answers).count(label), list(references).count(label)
        f1 = 2 * right / (said + support)
        found.append(LabelScores(label=label, precision=right / said if said else 0.0, recall=right / support, f1=f1, support=support))
    return found


def macro_f1(answers: Sequence[str], references: Sequence[str]) -> float:
    """Mean of F1 over the labels that occur among the references."""
    scores = scores_by_label(answers, references)
    return sum(score.f1 for score in scores) / len(scores)
