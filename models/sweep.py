"""What lies in the bucket, counted by kind and day: held against the sweep before, it tells what went, and by its days what lies too long.

A sweep holds counts and one key for each kind, so it can be kept: a receipt for what S3's own rules removed, who tell nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from models.keys import shown_key
from models.retention import GRACE_DAYS, OLD_VERSIONS_DAYS, By, Kind, kind_of, last_kept

OLD_VERSIONS, UNKNOWN = "old-versions", "unknown"


class Seen(BaseModel):
    """Objects of one kind and day: how many and how large, and the first of them by key, as messages may tell it."""

    objects: int = 0
    size: int = 0
    example: str = ""

    def joined(self, key: str, size: int) -> "Seen":
        """With one more."""
        return Seen(objects=self.objects + 1, size=self.size + size, example=self.example or shown_key(key))


class Removed(BaseModel):
    """What went: how much of which kind, of which days, and by which rule."""

    model_config = ConfigDict(frozen=True)

    kind: str
    by: By
    count: int
    size: int = 0
    since: date
    until: date
    days: int = Field(description="The term")


class Overdue(BaseModel):
    """What lies longer than its term: how much of which kind, since when, an example, and what is to be done."""

    model_config = ConfigDict(frozen=True)

    kind: str
    count: int
    oldest: date
    example: str
    remedy: str


class Sweep(BaseModel):
    """What lay in the bucket at one time. ``seen`` is by kind and by the day (UTC) of the last change, or of the end of an old version."""

    at: datetime
    seen: dict[str, dict[date, Seen]] = {}

    def add(self, kind: str, day: date, key: str, size: int) -> None:
        """Count one object."""
        days = self.seen.setdefault(kind, {})
        days[day] = days.get(day, Seen()).joined(key, size)


def swept_as(key: str, *, current: bool, table: Iterable[Kind]) -> str:
    """Under which name an object is counted: its kind, unknown, or old versions whatever kind they were."""
    if not current:
        return OLD_VERSIONS
    kind = kind_of(key, table)
    return kind.name if kind else UNKNOWN


def removed_between(before: Sweep, now: Sweep, table: Sequence[Kind]) -> list[Removed]:
    """What S3's rules removed between two sweeps: of days past their term, as many as there are fewer now."""
    found = []
    for name, days in _terms(table).items():
        bound = last_kept(now.at.date(), days)
        later = now.seen.get(name, {})
        gone = {
            day: (seen.objects - later.get(day, Seen()).objects, seen.size - later.get(day, Seen()).size)
            for day, seen in before.seen.get(name, {}).items()
            if day < bound
        }
        gone = {day: counts for day, counts in gone.items() if counts[0] > 0}
        if gone:
            count, size = (sum(counts[at] for counts in gone.values()) for at in (0, 1))
            found.append(Removed(kind=name, by=By.LIFECYCLE, count=count, size=size, since=min(gone), until=max(gone), days=days))
    return found


def overdue_in(sweep: Sweep, table: Sequence[Kind]) -> list[Overdue]:
    """What lies longer than its term and the grace, and what no term is given for."""
    found = []
    for name, days in _terms(table).items():
        bound = last_kept(sweep.at.date(), days, grace=GRACE_DAYS)
        late = {day: seen for day, seen in sweep.seen.get(name, {}).items() if day < bound}
        if late:
            remedy = "Put the rules on the bucket with python -m deployments.retention, or look why S3 does not follow them"
            found.append(_overdue(name, late, remedy))
    if unknown := sweep.seen.get(UNKNOWN):
        found.append(_overdue(UNKNOWN, unknown, "Say in models/retention.py how long it is kept, or delete it"))
    return found


def _overdue(name: str, seen: dict[date, Seen], remedy: str) -> Overdue:
    oldest = min(seen)
    count = sum(one.objects for one in seen.values())
    return Overdue(kind=name, count=count, oldest=oldest, example=seen[oldest].example, remedy=remedy)


def _terms(table: Sequence[Kind]) -> dict[str, int]:
    terms = {kind.name: kind.days for kind in table if kind.prefix and kind.days is not None}
    return {**terms, OLD_VERSIONS: OLD_VERSIONS_DAYS}
