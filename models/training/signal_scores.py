"""How well emotions and dangers are told on rows that were not learnt from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from pydantic import BaseModel, Field

from models.signals.classifier import Classifier, Floats
from models.signals.labels import EMOTIONS, NO_DANGER, NO_EMOTION, Danger, read_dangers, read_groups
from models.training.classification import LabelScores, macro_f1, scores_by_label
from models.training.data.pair import Pair

TOP = 5
BINS = 10
BETWEEN = " > "
CONFUSIONS = 20
MISSED = 40


def ranked(answer: str) -> list[str]:
    """The emotions of an answer as it is scored (``models.lines.signals``), likeliest first.

    >>> ranked("없음 > 분노 > 짜증내는")
    ['분노', '짜증내는']
    """
    return [label for label in answer.split(BETWEEN) if label != NO_EMOTION]


class Bin(BaseModel):
    """Rows of like confidence: how sure the model was, and how often it was right."""

    rows: int
    confidence: float
    right: float


class EmotionScores(BaseModel):
    """Of rows with an emotion: the likeliest of the 58 against the right one, whatever the bound; then what the bound makes of it."""

    rows: int
    accuracy: float
    top5: float
    macro_f1: float
    weighted_f1: float
    six: float = Field(description="Share of rows whose AI-Hub group is right")
    own_groups: float = Field(description="The same for the centre's own groups")
    labels: list[LabelScores]
    told: float = Field(description="Share of rows about which the model is sure")
    told_right: float = Field(description="Share of these that is right")
    silent: float | None = Field(None, description="Of rows without an emotion, the share about which the model says nothing")
    calibration_error: float
    calibration: list[Bin]
    confusions: list[tuple[str, str, int]] = Field(description="Right emotion, told emotion, rows; the commonest mistakes")
    matrix: list[list[int]] = Field(default_factory=list, description="Rows by right (down) and told (across) emotion, in AI-Hub's order")

    @classmethod
    def of(cls, classifier: Classifier, pairs: Sequence[Pair], groups: str = "") -> Self:
        """Score at least one row with an emotion; ``groups`` is the centre's own (``read_groups``)."""
        labels, bound = classifier.settings.labels, classifier.settings.bounds[0]
        likelihoods = classifier.likelihoods([pair.input for pair in pairs])
        sure = [labels[row.argmax()] != NO_EMOTION and row.max() >= bound for row in likelihoods]
        emotional = [i for i, pair in enumerate(pairs) if pair.summary != NO_EMOTION]
        forced = _among_emotions(likelihoods[emotional], labels)
        right = [pairs[i].summary for i in emotional]
        told = [EMOTIONS[best] for best in forced.argmax(axis=1)]
        hits = [one == other for one, other in zip(told, right, strict=True)]
        by_label = scores_by_label(told, right)
        sure_hits = [hits[place] for place, i in enumerate(emotional) if sure[i]]
        quiet = [not sure[i] for i, pair in enumerate(pairs) if pair.summary == NO_EMOTION]
        bins = calibration_of(forced.max(axis=1), np.array(hits))
        return cls(
            rows=len(emotional),
            accuracy=_mean(hits),
            top5=_mean(top_hits(forced, right)),
            macro_f1=macro_f1(told, right),
            weighted_f1=sum(score.f1 * score.support for score in by_label) / len(right),
            six=_mean(same_group(told, right, read_groups(""))),
            own_groups=_mean(same_group(told, right, read_groups(groups))),
            labels=by_label,
            told=len(sure_hits) / len(emotional),
            told_right=_mean(sure_hits),
            silent=_mean(quiet) if quiet else None,
            calibration_error=sum(one.rows * abs(one.right - one.confidence) for one in bins) / len(hits),
            calibration=bins,
            confusions=[
                (*pair, count) for pair, count in Counter(p for p in zip(right, told, strict=True) if p[0] != p[1]).most_common(CONFUSIONS)
            ],
            matrix=_matrix(right, told),
        )


def _among_emotions(likelihoods: Floats, labels: Sequence[str]) -> Floats:
    """Likelihoods of the 58 emotions in AI-Hub's order, as shares of what is likely at all."""
    places = [labels.index(emotion) for emotion in EMOTIONS]
    found = likelihoods[:, places]
    return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12), dtype=np.float32)


def top_hits(likelihoods: Floats, right: Sequence[str]) -> list[bool]:
    """Whether the right emotion is among the five likeliest."""
    best = np.argsort(-likelihoods, axis=1, kind="stable")[:, :TOP]
    return [EMOTIONS.index(label) in row for label, row in zip(right, best, strict=True)]


def same_group(told: Sequence[str], right: Sequence[str], groups: Mapping[str, str]) -> list[bool]:
    """Whether two emotions are of one group."""
    return [groups[one] == groups[other] for one, other in zip(told, right, strict=True)]


def calibration_of(confidence: Floats, hits: Sequence[bool] | np.ndarray) -> list[Bin]:
    """Ten bins of confidence, those with rows."""
    found = []
    values = np.asarray(hits, dtype=float)
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    for number in range(BINS):
        inside = place == number
        if inside.any():
            found.append(Bin(rows=int(inside.sum()), confidence=float(confidence[inside].mean()), right=float(values[inside].mean())))
    return found


def _matrix(right: Sequence[str], told: Sequence[str]) -> list[list[int]]:
    counts = Counter(zip(right, told, strict=True))
    return [[counts[one, other] for other in EMOTIONS] for one in EMOTIONS]


class KindScores(BaseModel):
    """How one kind of danger was told."""

    kind: Danger
    rows: int
    found: int = Field(description="Rows of the kind that were flagged, as whatever kind")
    named: int = Field(description="Rows of the kind that were flagged as this kind")
    wrong: int = Field(description="Rows that were flagged as this kind and are not")


class DangerScores(BaseModel):
    """Recall at the alarm rate that the bound gives, and what was missed (the rows, not their words)."""

    rows: int
    dangerous: int
    recall: float = Field(description="Share of dangerous rows that are flagged")
    harmless_calls: int = Field(description="Harmless rows, or calls where rows name theirs")
    alarm_rate: float = Field(description="Share of these that alarm")
    bounds: list[float] = Field(description="Likelihood from which each kind counts")
    kinds: list[KindScores]
    missed: list[str]
    false_alarms: list[str]

    @classmethod
    def of(cls, classifier: Classifier, pairs: Sequence[Pair]) -> Self:
        """Score rows, at least one dangerous and one harmless."""
        likelihoods = classifier.likelihoods([pair.input for pair in pairs])
        flagged = likelihoods >= np.asarray(classifier.settings.bounds_by_label, dtype=np.float32)
        right = [read_dangers(pair.summary) for pair in pairs]
        dangerous_calls = {pair.dialogue or pair.row for pair, kinds in zip(pairs, right, strict=True) if kinds}
        harmless = {pair.dialogue or pair.row for pair in pairs} - dangerous_calls
        alarms = {pair.dialogue or pair.row for pair, row in zip(pairs, flagged, strict=True) if row.any()} & harmless
        return cls(
            rows=len(pairs),
            dangerous=sum(map(bool, right)),
            recall=_mean([bool(row.any()) for row, kinds in zip(flagged, right, strict=True) if kinds]),
            harmless_calls=len(harmless),
            alarm_rate=len(alarms) / max(1, len(harmless)),
            bounds=list(classifier.settings.bounds_by_label),
            kinds=[_kind(kind, place, flagged, right) for place, kind in enumerate(map(Danger, classifier.settings.labels))],
            missed=[pair.row for pair, row, kinds in zip(pairs, flagged, right, strict=True) if kinds and not row.any()][:MISSED],
            false_alarms=sorted(alarms)[:MISSED],
        )


def _kind(kind: Danger, place: int, flagged: np.ndarray, right: Sequence[frozenset[Danger]]) -> KindScores:
    rows = [row for row, kinds in zip(flagged, right, strict=True) if kind in kinds]
    wrong = sum(bool(row[place]) for row, kinds in zip(flagged, right, strict=True) if kind not in kinds)
    return KindScores(
        kind=kind, rows=len(rows), found=sum(bool(row.any()) for row in rows), named=sum(bool(row[place]) for row in rows), wrong=wrong
    )


def danger_answers(answers: Sequence[str], references: Sequence[str]) -> tuple[list[float], float, float]:
    """Of answers as they are scored: whether each row is rightly flagged or not; recall; the share of harmless rows that alarm."""
    flagged = [answer != NO_DANGER for answer in answers]
    wanted = [bool(read_dangers(reference)) for reference in references]
    hits = [float(one == other) for one, other in zip(flagged, wanted, strict=True)]
    return (
        hits,
        _mean([flag for flag, want in zip(flagged, wanted, strict=True) if want]),
        _mean([flag for flag, want in zip(flagged, wanted, strict=True) if not want]),
    )


def _mean(values: Sequence[bool | float]) -> float:
    return float(sum(values) / len(values)) if values else 0.0
