"""Acceptance: of the callers who were asked, and of the calls that people reviewed, how many were told right."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from models.call.caller_said import Answer
from models.call.editing import Verdict


class AnsweredCall(BaseModel):
    """One call's answer, as the figures of acceptance need it: nothing of the caller."""

    call_id: str
    answer: Answer
    at: datetime
    model: str
    kind: str


class ReviewedCall(BaseModel):
    """What a person found of one call's summary, as the figures need it. ``at`` is when the call ended, ``model`` whose summary it was."""

    call_id: str
    verdict: Verdict
    at: datetime
    model: str


@dataclass(frozen=True)
class Acceptance:
    """How many said that what a model version told was right, and how many that it was wrong: callers, or people who review."""

    right: int
    wrong: int

    @property
    def answers(self) -> int:
        """Both."""
        return self.right + self.wrong

    @property
    def share(self) -> float:
        """Share of right ones; 0 without answers."""
        return self.right / self.answers if self.answers else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share (Wilson)."""
        return wilson(self.right, self.answers)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % Wilson interval of a share.

    >>> tuple(round(end, 3) for end in wilson(9, 10))
    (0.596, 0.982)
    """
    if not trials:
        return 0.0, 1.0
    z, share = 1.959964, successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def acceptance_by_model(calls: Iterable[AnsweredCall]) -> dict[str, Acceptance]:
    """Acceptance of each model version, the most answered first."""
    found: dict[str, Acceptance] = {}
    for call in calls:
        so_far = found.get(call.model, Acceptance(0, 0))
        right = call.answer is Answer.RIGHT
        found[call.model] = Acceptance(so_far.right + right, so_far.wrong + (not right))
    return dict(sorted(found.items(), key=lambda item: -item[1].answers))


def acceptance_of(reviews: Iterable[ReviewedCall]) -> Acceptance:
    """How many of these calls people found right, and how many wrong."""
    verdicts = [one.verdict for one in reviews]
    right = verdicts.count(Verdict.RIGHT)
    return Acceptance(right, len(verdicts) - right)


def anytime_interval(acceptance: Acceptance, *, error: float = 0.05) -> tuple[float, float]:
    """An interval that holds the true share at all times at once with probability ``1 - error``, however often one looks.

    A confidence sequence of shares with a uniform mixture: a share stays inside while the mixture of all shares explains the answers less
    than ``1 / error`` times better than it does. Wilson's interval is for one look; looked at after each answer it errs far more often.

    >>> tuple(round(end, 2) for end in anytime_interval(Acceptance(90, 10)))
    (0.77, 0.97)
    """
    right, wrong = acceptance.right, acceptance.wrong
    mixture = math.lgamma(right + 1) + math.lgamma(wrong + 1) - math.lgamma(right + wrong + 2)

    def outside(share: float) -> bool:
        likelihood = (right * math.log(share) if right else 0.0) + (wrong * math.log1p(-share) if wrong else 0.0)
        return mixture - likelihood > -math.log(error)

    middle = min(max(acceptance.share, 1e-9), 1 - 1e-9)
    return _edge(outside, 1e-12, middle), _edge(outside, 1 - 1e-12, middle)


def _edge(outside: Callable[[float], bool], beyond: float, within: float) -> float:
    """Where one leaves the interval on the way from a share within to one beyond."""
    if not outside(beyond):
        return round(beyond)
    for _ in range(60):
        middle = (beyond + within) / 2
        beyond, within = (middle, within) if outside(middle) else (beyond, middle)
    return within
