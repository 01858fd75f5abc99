"""Choosing among a line's candidates: how true they are, scores with their uncertainty, the best four.

Truth comes first: of two candidates the one that misleads callers less often is the better one, then the one that is right more often,
then the one with the better score. The score is the mean, over the rows of the held-out test set, of the line's primary metric.
Uncertainty comes from the bootstrap: rows are drawn again with replacement, the same rows for every candidate, so that the difference
between two candidates is judged on what both were asked.
"""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.errors import ConfigurationError
from models.lifecycle.bars import Bar, keeps
from models.lifecycle.line import Metric
from models.lifecycle.truth import TruthAnswer, TruthCount, TruthRow, counted
from models.summarizer.condensing import split_sentences
from models.training.data.pair import Pair, normalized

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
    truth: list[TruthAnswer] = Field(default_factory=list, description="Answers to the rows that tell what would mislead")
    suspects: dict[int, str] = Field(default_factory=dict, description="Rows whose answer looks untrue, with the reason in Korean")
    measures: dict[str, float] = Field(default_factory=dict, description="What the line's bars are held against, by name")
    rows: dict[str, list[float]] = Field(description="By metric, the primary one among them")
    overall: dict[str, float] = Field(default_factory=dict, description="Metrics of all rows together that are no mean over rows")
    encoders: dict[str, str] = Field(default_factory=dict, description="The models that judged, by metric")
    seconds_alone: float = Field(0.0, description="Seconds for one answer by itself, median")
    seconds_batched: float = Field(0.0, description="Seconds an answer when the whole test set is answered at once")
    memory_mib: float = Field(0.0, description="Memory that the loaded model and its work took at their highest, MiB")
    device: str = ""
    tokens: float = Field(0.0, description="Tokens an answer that a vendor counts, mean")
    won: float = Field(0.0, description="What an answer costs at a vendor, mean")

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

    def rights(self) -> Scores:
        """1 for every row of the truth set that was answered rightly, 0 for any other, shape (rows,)."""
        return np.array([answer.verdict == "right" for answer in self.truth], dtype=np.float64)

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
    truth: TruthCount | None = Field(default=None, description="How true its answers are; None where the line is not judged so")
    right_against_champion: Interval | None = Field(default=None, description="Difference of the right answers' share to the champion")
    suspects: int = 0
    measures: dict[str, float] = Field(default_factory=dict, description="What bars are held against, by name")
    seconds_alone: float
    seconds_batched: float
    memory_mib: float
    tokens: float = 0.0
    won: float = 0.0
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


class Doubt(BaseModel):
    """An answer that misleads, or looks as if it did; ``about`` is what was asked for, or why it looks so."""

    inquiry: str
    about: str
    answer: str


@dataclass(frozen=True)
class Examples:
    """Rows of one candidate that people read: its worst and best, those that mislead, and those that look as if they did."""

    worst: Sequence[Example]
    best: Sequence[Example]
    misleading: Sequence[Doubt]
    suspected: Sequence[Doubt]


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
    scored: Sequence[CandidateScores],
    champion: str,
    metrics: Sequence[Metric],
    bars: Sequence[Bar] = (),
    *,
    seed: int = 42,
    rounds: int = ROUNDS,
) -> list[Standing]:
    """The leaderboard, best first: by how few answers mislead, by how many are right, by the first metric, the last, seconds and name.

    A candidate that breaks a bar of its line stands below all that keep them: a model that says nothing misleads nobody.
    ConfigurationError when the champion is missing, or when candidates were judged on different rows or by different encoders:
    such scores do not compare.
    """
    _check_comparable(scored, champion)
    primary, tie_break = metrics[0], metrics[-1]
    rows = {one.candidate: one.values(primary) for one in scored}
    right = {one.candidate: one.rights() for one in scored}
    draws, of_truth = _draws(len(rows[champion]), rounds, seed), _draws(len(right[champion]), rounds, seed)
    decile = _lowest_tenth(rows[champion])

    def standing(one: CandidateScores) -> Standing:
        own = rows[one.candidate]
        return Standing(
            rank=0,
            candidate=one.candidate,
            score=_interval(own, draws),
            metrics={metric.name: one.figure(metric) for metric in metrics},
            against_champion=_interval(own - rows[champion], draws),
            truth=counted(one.truth),
            right_against_champion=_interval(right[one.candidate] - right[champion], of_truth) if one.truth else None,
            suspects=len(one.suspects),
            measures={**one.measures, "test_rows": len(own), "worst_decile": _lowest_tenth(own) - decile},
            seconds_alone=one.seconds_alone,
            seconds_batched=one.seconds_batched,
            memory_mib=one.memory_mib,
            tokens=one.tokens,
            won=one.won,
            is_champion=one.candidate == champion,
        )

    def place(one: Standing) -> tuple[Any, ...]:
        misleading, rightly = (one.truth.misleading, one.truth.right) if one.truth else (0, 0)
        figures = (one.score.mean, one.metrics[tie_break.name])
        return not keeps(bars, one.measures), misleading, -rightly, *(-figure for figure in figures), one.seconds_batched, one.candidate

    ordered = sorted(map(standing, scored), key=place)
    return [one.model_copy(update={"rank": number}) for number, one in enumerate(ordered, start=1)]


def finalists(leaderboard: Sequence[Standing], count: int = FINALISTS) -> list[str]:
    """The names that go on to the vote: the best ``count``."""
    return [standing.candidate for standing in leaderboard[:count]]


def examples_of(scored: CandidateScores, primary: Metric, test: Sequence[Pair], truth: Sequence[TruthRow], count: int = 3) -> Examples:
    """Up to ``count`` rows of each sort; none that is set aside for votes."""
    worst, best = worst_and_best(scored, primary, test, count)
    inquiries = {row.name: row.text for row in truth}
    misleading = [
        Doubt(inquiry=inquiries[answer.row], about=answer.row, answer=answer.text)
        for answer in scored.truth
        if answer.verdict == "misleading" and not is_for_votes(inquiries[answer.row])
    ]
    suspected = [
        Doubt(inquiry=test[row].input, about=why, answer=scored.answers[row])
        for row, why in scored.suspects.items()
        if not is_for_votes(test[row].input)
    ]
    return Examples(worst, best, misleading[:count], suspected[:count])


def worst_and_best(scored: CandidateScores, primary: Metric, test: Sequence[Pair], count: int = 3) -> tuple[list[Example], list[Example]]:
    """A candidate's worst rows and its best, each ``count`` long, the extreme one first; none that is set aside for votes."""
    values = scored.values(primary)
    order = [row for row in np.argsort(values, kind="stable") if not is_for_votes(test[int(row)].input)]

    def example(row: int) -> Example:
        pair = test[row]
        return Example(inquiry=pair.input, reference=pair.summary, answer=scored.answers[row], score=float(values[row]))

    return [example(int(row)) for row in order[:count]], [example(int(row)) for row in order[::-1][:count]]


def inquiry_length(text: str) -> Length:
    """``short`` for one or two sentences, ``long`` for three or more."""
    return "short" if len(split_sentences(text)) <= SHORT_SENTENCES else "long"


def is_for_votes(text: str) -> bool:
    """Whether a row is set aside for votes: half of all rows, told by their words alone.

    Its answers stand beside no model's name in any artifact, whichever flow, selection or seed made it, so that votes stay blind.
    """
    return hashlib.sha256(normalized(text).encode("utf-8", "surrogatepass")).digest()[0] % 2 == 0


def choose_inquiries(test: Sequence[Pair], typed: Sequence[str], *, short: int, long: int, seed: int) -> list[Inquiry]:
    """The questions of the vote: what staff typed in, then test rows drawn at random until there are ``short`` and ``long``.

    Only rows are drawn that are set aside for votes. Short ones come first. ConfigurationError when the test set has too few of a
    kind, or when a typed one may stand on a leaderboard.
    """
    texts = list(dict.fromkeys(" ".join(text.split()) for text in typed if text.strip()))
    shown = {normalized(pair.input) for pair in test if not is_for_votes(pair.input)}
    if known := [text for text in texts if normalized(text) in shown]:
        raise ConfigurationError(
            f"{len(known)} of the typed inquiries may stand on a leaderboard, with each model's answer", remedy="Type inquiries of your own"
        )
    drawn = [pair.input for pair in test if is_for_votes(pair.input) and pair.input not in texts]
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
    if len({tuple(answer.row for answer in one.truth) for one in scored}) > 1:
        raise ConfigurationError("the candidates were judged by different truth sets", remedy="Score all of them with one truth set")
    if len({tuple(sorted(one.encoders.items())) for one in scored}) > 1:
        raise ConfigurationError("the candidates were judged by different encoders", remedy="Score all of them with one metric setting")


def _draws(rows: int, rounds: int, seed: int) -> NDArray[np.int64]:
    """Row numbers drawn with replacement, shape (rounds, rows)."""
    return np.random.default_rng(seed).integers(0, max(1, rows), size=(rounds, rows))


def _lowest_tenth(values: Scores) -> float:
    """Mean of the lowest tenth of the rows, of one row at least."""
    return float(np.sort(values)[: max(1, len(values) // 10)].mean())


def _interval(values: Scores, draws: NDArray[np.int64]) -> Interval:
    means = values[draws].mean(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(mean=float(values.mean()), low=float(low), high=float(high))
