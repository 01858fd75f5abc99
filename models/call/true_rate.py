"""How often sure summaries are wrong, told by people who judged a random sample of them: a share and its interval.

Only the sample tells it: calls that people look at because they are doubtful are wrong more often than others. Which calls are in it is
decided by the call's id, a hash, so nobody chooses and everybody finds the same ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from models.call.acceptance import wilson
from models.call.editing import Verdict


def first_digits(percent: float) -> str:
    """Ids whose first two digits are below these make up so many per cent of all calls.

    >>> first_digits(5), first_digits(0), first_digits(100)
    ('0d', '00', 'gg')
    """
    share = round(256 * percent / 100)
    return "gg" if share >= 256 else f"{share:02x}"


@dataclass(frozen=True)
class TrueRate:
    """One week and model version: how many of the sample were judged, how many of those were wrong, how many wait."""

    model: str
    week: datetime
    judged: int
    wrong: int
    waiting: int

    @property
    def share(self) -> float | None:
        """The share that was wrong, None where nothing was judged."""
        return self.wrong / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Its 95 % interval."""
        return wilson(self.wrong, self.judged)


def true_rates(counts: Iterable[tuple[str, datetime, str, int]]) -> list[TrueRate]:
    """The figures from counts by model version, week and verdict, in the order in which they come."""
    found: dict[tuple[str, datetime], dict[str, int]] = {}
    for model, week, verdict, calls in counts:
        found.setdefault((model, week), {})[verdict] = calls
    return [
        TrueRate(model, week, by.get(Verdict.RIGHT, 0) + by.get(Verdict.WRONG, 0), by.get(Verdict.WRONG, 0), by.get("", 0))
        for (model, week), by in found.items()
    ]
