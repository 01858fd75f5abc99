"""Choosing among a line's candidates: scores with their uncertainty, the best four, the gate before promotion.

A candidate's score is the mean, over the rows of the held-out test set, of the line's primary metric. Uncertainty comes from the
bootstrap: the test rows are drawn again with replacement, the same rows for every candidate, so that the difference between two
candidates is judged on what both were asked.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import ConfigurationError
from models.lifecycle.line import Metric
from models.summarizer.condensing import split_sentences
from models.training.data.pair import Pair

CONFIDENCE = 0.95
ROUNDS = 2000
FINALISTS = 4
SHORT_SENTENCES = 2

Length = Literal["short", "long"]
Scores = NDArray[np.float64]


class Interval(BaseModel):
    """A mean and the ends of its 95 % bootstrap interval."""

    model_config = ConfigDict(frozen=True)

    mean: float
    low: float
    high: float


class CandidateScores(BaseModel):
    """What one candidate did on the test set; lists have one entry a row, in the order of the test set."""

    candidate: str = Field(description="Name on the leaderboard: the training run, or the registered version")
    answers: list[str]
    rows: dict[str, list[float]] = Field(description="By metric, the primary one among them")
    overall: dict[str, float] = Field(default_factory=dict, description="Metrics of all rows together that are no mean over rows")
    encoders: dict[str, str] = Field(default_factory=dict, description="The models that judged, by metric")
    seconds_alone: float = Field(0.0, description="Seconds for one answer by itself, median")
    seconds_batched: float = Field(0.0, description="Seconds an answer when the whole test set is answered at once")
    memory_mib: float = Field(0.0, description="Memory that the loaded model and its work took at their highest, MiB")
    device: str = ""

    @model_validator(mode="before")
    @classmethod
    def _as_kept_before_there_were_lines(cls, kept: Any) -> Any:
        """Scores of earlier versions have a list of their own for each of two metrics, whose mean was the score."""
        if not isinstance(kept, dict) or "summaries" not in kept:
            return kept
        rows = {name: values for name, values in kept.items() if name not in cls.model_fields and name != "summaries"}
        score = [sum(values) / len(values) for values in zip(*rows.values(), strict=True)]
        own = {name: value for name, value in kept.items() if name in cls.model_fields}
        return {**own, "answers": kept["summaries"], "rows": {"score": score, **rows}}

    def values(self, metric: Metric) -> Scores:
        """A metric's value of every row, shape (rows,)."""
        return np.array(self.rows[metric.name], dtype=np.float64)

    def figure(self, metric: Metric) -> float:
        """A metric over all rows."""
        return self.overall[metric.name] if metric.name in self.overall else float(np.mean(self.rows[metric.name]))


class Standing(BaseModel):
    """One row of the leaderboard."""

    rank: int
    candidate: str
    score: Interval = Field(description="The primary metric")
    metrics: dict[str, float] = Field(description="Every metric of the line over all rows, by name")
    against_champion: Interval = Field(description="Difference to the champion over the same rows; zero for the champion itself")
    seconds_alone: float
    seconds_batched: float
    memory_mib: float
    is_champion: bool = False

    @model_validator(mode="before")
    @classmethod
    def _as_kept_before_there_were_lines(cls, kept: Any) -> Any:
        """Leaderboards of earlier versions have a field of its own for each metric beside the score."""
        if not isinstance(kept, dict) or "metrics" in kept:
            return kept
        metrics = {name: value for name, value in kept.items() if name not in cls.model_fields}
        own = {name: value for name, value in kept.items() if name in cls.model_fields}
        return {**own, "metrics": {"score": kept["score"]["mean"], **metrics}}


class Example(BaseModel):
    """One row of the test set as a candidate answered it."""

    inquiry: str
    reference: str
    answer: str
    score: float


class GateResult(BaseModel):
    """Whether a candidate may replace the champion, and why, in a sentence."""

    passed: bool
    sentence: str


class Inquiry(BaseModel):
    """One question of the vote: ``short`` is one or two sentences, ``long`` three or more."""

    model_config = ConfigDict(frozen=True)

    id: str
    text: str
    length: Length


def fingerprint(*parts: str) -> str:
    """32 hexadecimal digits that change with any part: the name under which a scoring is kept."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def rank(
    scored: Sequence[CandidateScores], champion: str, metrics: Sequence[Metric], *, seed: int = 42, rounds: int = ROUNDS
) -> list[Standing]:
    """The leaderboard, best first: by the first metric, then by the last, then by seconds, then by name.

    ConfigurationError when the champion is missing, or when candidates were judged on different rows or by different encoders:
    such scores do not compare.
    """
    _check_comparable(scored, champion)
    primary, tie_break = metrics[0], metrics[-1]
    rows = {one.candidate: one.values(primary) for one in scored}
    draws = _draws(len(rows[champion]), rounds, seed)
    own = {name: _interval(values, draws) for name, values in rows.items()}
    against = {name: _interval(values - rows[champion], draws) for name, values in rows.items()}
    ordered = sorted(scored, key=lambda one: (-own[one.candidate].mean, -one.figure(tie_break), one.seconds_batched, one.candidate))
    return [
        Standing(
            rank=place,
            candidate=one.candidate,
            score=own[one.candidate],
            metrics={metric.name: one.figure(metric) for metric in metrics},
            against_champion=against[one.candidate],
            seconds_alone=one.seconds_alone,
            seconds_batched=one.seconds_batched,
            memory_mib=one.memory_mib,
            is_champion=one.candidate == champion,
        )
        for place, one in enumerate(ordered, start=1)
    ]


def finalists(leaderboard: Sequence[Standing], count: int = FINALISTS) -> list[str]:
    """The names that go on to the vote: the best ``count``."""
    return [standing.candidate for standing in leaderboard[:count]]


def gate(standing: Standing, margin: float) -> GateResult:
    """Whether a candidate is not worse than the champion beyond ``margin``.

    The low end of the 95 % interval of the paired difference must not lie below ``-margin``: it is not enough that a small test
    set failed to show the loss.
    """
    difference = standing.against_champion
    told = (
        f"{standing.candidate} against the champion: {difference.mean:+.4f}, 95 % between {difference.low:+.4f} and {difference.high:+.4f}"
    )
    if standing.is_champion:
        return GateResult(passed=True, sentence=f"{standing.candidate} is the champion")
    if difference.low >= -margin:
        return GateResult(passed=True, sentence=f"{told}; not worse beyond the margin of {margin:g}")
    return GateResult(passed=False, sentence=f"{told}; it may be worse by more than the margin of {margin:g}")


def worst_and_best(scored: CandidateScores, primary: Metric, test: Sequence[Pair], count: int = 3) -> tuple[list[Example], list[Example]]:
    """A candidate's worst rows and its best, each ``count`` long, the extreme one first."""
    values = scored.values(primary)
    order = np.argsort(values, kind="stable")

    def example(row: int) -> Example:
        pair = test[row]
        return Example(inquiry=pair.input, reference=pair.summary, answer=scored.answers[row], score=float(values[row]))

    return [example(int(row)) for row in order[:count]], [example(int(row)) for row in order[::-1][:count]]


def inquiry_length(text: str) -> Length:
    """``short`` for one or two sentences, ``long`` for three or more."""
    return "short" if len(split_sentences(text)) <= SHORT_SENTENCES else "long"


def choose_inquiries(test: Sequence[Pair], typed: Sequence[str], *, short: int, long: int, seed: int) -> list[Inquiry]:
    """The questions of the vote: what staff typed in, then test rows drawn at random until there are ``short`` and ``long``.

    Short ones come first. ConfigurationError when the test set has too few of a kind.
    """
    texts = list(dict.fromkeys(" ".join(text.split()) for text in typed if text.strip()))
    drawn = [pair.input for pair in test if pair.input not in texts]
    random.Random(seed).shuffle(drawn)
    wanted: Mapping[Length, int] = {"short": short, "long": long}
    chosen: list[Inquiry] = []
    for length, count in wanted.items():
        own = [text for text in texts if inquiry_length(text) == length]
        own += [text for text in dict.fromkeys(drawn) if inquiry_length(text) == length][: max(0, count - len(own))]
        if len(own) < count:
            raise ConfigurationError(
                f"there are only {len(own)} {length} inquiries and {count} are wanted", remedy="Ask for fewer or type some in"
            )
        chosen += [Inquiry(id=f"{length}-{number}", text=text, length=length) for number, text in enumerate(own, start=1)]
    if not chosen:
        raise ConfigurationError("the vote has no inquiries", remedy="Ask for at least one short or long inquiry")
    return chosen


def _check_comparable(scored: Sequence[CandidateScores], champion: str) -> None:
    if champion not in {one.candidate for one in scored}:
        raise ConfigurationError(
            f"the champion {champion} has no score", remedy="Without it nothing can be compared; see why its scoring failed"
        )
    if len({len(one.answers) for one in scored}) > 1 or any(not one.answers for one in scored):
        raise ConfigurationError("the candidates were judged on different test rows", remedy="Score all of them on one test set")
    if len({tuple(sorted(one.encoders.items())) for one in scored}) > 1:
        raise ConfigurationError("the candidates were judged by different encoders", remedy="Score all of them with one metric setting")


def _draws(rows: int, rounds: int, seed: int) -> NDArray[np.int64]:
    """Row numbers drawn with replacement, shape (rounds, rows)."""
    return np.random.default_rng(seed).integers(0, rows, size=(rounds, rows))


def _interval(values: Scores, draws: NDArray[np.int64]) -> Interval:
    means = values[draws].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))
