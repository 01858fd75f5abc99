"""Acceptance: of the callers who were asked, how many said that what was read back is right."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from models.call.caller_said import Answer


class AnsweredCall(BaseModel):
    """One call's answer, as the figures of acceptance need it: nothing of the caller."""

    call_id: str
    answer: Answer
    at: datetime
    model: str
    kind: str


@dataclass(frozen=True)
class Acceptance:
    """How many callers said that a model version's read-backs were right, and how many that they were wrong."""

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
