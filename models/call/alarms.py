"""What people are told of, by events whose names and resources automations match: alarms that stand, and signs of life.

An alarm is raised once and stands until it is cleared. A process whose sign of life is missing raises none: who would? Prefect's
server misses the event.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

RAISED, CLEARED = "readback.alarm.raised", "readback.alarm.cleared"
DANGER_FOUND, DANGER = "readback.call.danger-found", "readback.danger"  # an event about one call, whose id is all that it tells
ALIVE, EXPECTED, BACK = "readback.process.alive", "readback.process.expected", "readback.process.back"


class Alarm(StrEnum):
    """What may be wrong with the calls as a whole."""

    CALLS_PAUSED = "calls-paused"
    QUARANTINE = "quarantine"
    PROMPTS = "prompts"

    @property
    def resource(self) -> str:
        """The resource that its events are about."""
        return f"readback.alarm.{self}"


class Watched(StrEnum):
    """A process whose silence people are told of."""

    LISTENER = "listener"
    REAPER = "reaper"

    @property
    def resource(self) -> str:
        """The resource that its events are about."""
        return f"readback.process.{self}"


class Standing(BaseModel):
    """An alarm that stands: why, since when, and since when its cause seems to be gone."""

    cause: str = ""
    since: datetime
    gone_since: datetime | None = None


@dataclass(frozen=True)
class QuarantineRules:
    """When too many calls go to quarantine: so many, and so large a share of those that ended."""

    calls: int
    percent: float


def too_many_quarantined(quarantined: int, ended: int, rules: QuarantineRules, *, stands: bool) -> bool:
    """Whether so many of the calls that ended went to quarantine that people are to be told.

    A share alone would ring for one bad recording at night, a number alone for every busy noon. An alarm that stands falls at half the
    share, so that it does not come and go about the limit.

    >>> rules = QuarantineRules(calls=5, percent=20)
    >>> [too_many_quarantined(n, 20, rules, stands=False) for n in (3, 4, 5)], too_many_quarantined(2, 20, rules, stands=True)
    ([False, False, True], True)
    """
    share = 100 * quarantined / ended if ended else 0.0
    if stands:
        return share >= rules.percent / 2
    return quarantined >= rules.calls and share >= rules.percent
