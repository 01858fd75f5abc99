"""A canary: a challenger answers a share of the calls, and callers decide between it and the champion."""

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
    most_answers: int = Field(ge=1, description="Answers about the challenger after which one that is not surely better is withdrawn")
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

        >>> from datetime import UTC
        >>> at = datetime(2026, 1, 1, tzinfo=UTC)
        >>> canary = Canary(challenger="b", champion="a", share=0.25, most_answers=9, by="", reason="", began_at=at)
        >>> [canary.speaks_for(call_id * 32) for call_id in "3456f"]
        [True, False, False, False, False]
        """
        return self.active and int(call_id[:8], 16) < self.share * 2**32


def judge(champion: Acceptance, challenger: Acceptance, *, most_answers: int, error: float = 0.05) -> Verdict:
    """Promote who is surely better, withdraw who is surely worse or has had its chance; sure at every look at once.

    Each side's interval errs in ``error / 2`` of all worlds at most, so both hold together in all but ``error``.
    """
    low, high = anytime_interval(challenger, error=error / 2)
    champion_low, champion_high = anytime_interval(champion, error=error / 2)
    if low > champion_high:
        return Verdict.PROMOTED
    if high < champion_low or challenger.answers >= most_answers:
        return Verdict.WITHDRAWN
    return Verdict.GOES_ON
