"""A canary: a challenger answers a share of the calls, and callers and reviewers decide between it and the champion.

What callers press and what people find are two tests, for they err differently: callers press 1 for what sounds right, people have
heard the call. Added up, the share of right ones would move with how many were reviewed. So each test compares like with like, and either
may decide.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from models.call.acceptance import Acceptance, anytime_interval


class Verdict(StrEnum):
    """What the answers so far come to."""

    GOES_ON = "goes on"
    PROMOTED = "promoted"
    WITHDRAWN = "withdrawn"


class Canary(BaseModel):
    """One canary of a line, and how it ended."""

    model_config = ConfigDict(frozen=True)

    challenger: str
    champion: str
    share: float = Field(gt=0, le=0.5)
    most_answers: int = Field(
        ge=1, description="Answers and reviews of the challenger after which one that is not surely better is withdrawn"
    )
    by: str
    reason: str
    began_at: datetime
    verdict: Verdict = Verdict.GOES_ON
    ended_at: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether calls are given to the challenger."""
        return self.verdict is Verdict.GOES_ON

    def speaks_for(self, call_id: str) -> bool:
        """Whether the challenger has this call: by its id, so a call that is repeated is told by the same model.

        Not by the id's first digits: those choose the calls that people review, and the champion would have none of them.

        >>> from datetime import UTC
        >>> at = datetime(2026, 1, 1, tzinfo=UTC)
        >>> canary = Canary(challenger="b", champion="a", share=0.25, most_answers=9, by="", reason="", began_at=at)
        >>> [canary.speaks_for(call_id * 32) for call_id in "3456f"]
        [True, False, False, False, False]
        """
        return self.active and int(call_id[8:16], 16) < self.share * 2**32


NOBODY = Acceptance(0, 0)


@dataclass(frozen=True)
class Heard:
    """What was said of one side: by callers, and by people of the random sample. A call that people judged is in ``reviews`` alone."""

    answers: Acceptance
    reviews: Acceptance = NOBODY

    @property
    def count(self) -> int:
        """Calls about which anybody said something."""
        return self.answers.answers + self.reviews.answers


# In one of so many worlds a decision may be wrong, and the intervals that must hold together for that: two tests with two sides each.
ERROR = 0.05
INTERVALS = 4


def judge(champion: Heard, challenger: Heard, *, most_answers: int, error: float = ERROR) -> Verdict:
    """Withdraw who is surely worse in either test, promote who is surely better in one, withdraw who has had its chance.

    Sure at every look at once: each of the four intervals errs in ``error / 4`` of all worlds at most, so all hold together in all but
    ``error``. Where the two tests contradict each other, the challenger goes: the champion is known.
    """
    told = judge_tests(champion, challenger, error=error)
    if Verdict.WITHDRAWN in told:
        return Verdict.WITHDRAWN
    if Verdict.PROMOTED in told:
        return Verdict.PROMOTED
    return Verdict.WITHDRAWN if challenger.count >= most_answers else Verdict.GOES_ON


def judge_tests(champion: Heard, challenger: Heard, *, error: float = ERROR) -> tuple[Verdict, Verdict]:
    """What each test by itself comes to: callers' answers, then people's reviews.

    >>> judge_tests(Heard(Acceptance(50, 50)), Heard(Acceptance(100, 0)))
    (<Verdict.PROMOTED: 'promoted'>, <Verdict.GOES_ON: 'goes on'>)
    """
    return (
        _compare(challenger.answers, champion.answers, error / INTERVALS),
        _compare(challenger.reviews, champion.reviews, error / INTERVALS),
    )


def _compare(challenger: Acceptance, champion: Acceptance, error: float) -> Verdict:
    low, high = anytime_interval(challenger, error=error)
    champion_low, champion_high = anytime_interval(champion, error=error)
    if low > champion_high:
        return Verdict.PROMOTED
    return Verdict.WITHDRAWN if high < champion_low else Verdict.GOES_ON
