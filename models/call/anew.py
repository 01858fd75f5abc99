"""The archive summarized anew: what becomes of each call, and a day's calls as one list. No caller's words: these lie in the records.

A call is done when its record's summary is by the model that serves now, so whoever stops and begins again does none twice. What a
person has judged stays: a person's word outranks a model's.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

from models.call.record import CallRecord, Outcome, Summary
from models.call.review import Review, names_version
from models.summarizer.faithfulness import squeeze


class Fate(StrEnum):
    """What became of a call."""

    SAME = "same"
    REWORDED = "reworded"
    CHANGED = "changed"
    ALREADY = "already"
    JUDGED = "judged"
    WORDLESS = "wordless"
    GONE = "gone"
    FAILED = "failed"

    @property
    def looked_at(self) -> bool:
        """Whether the model was asked and answered."""
        return self in (Fate.SAME, Fate.REWORDED, Fate.CHANGED)


@dataclass(frozen=True)
class How:
    """What a run does: with whose summaries, whether these take the records' place, are spoken, and are told to the contacts."""

    champion: str
    replace: bool
    speak: bool
    tell_contacts: bool


class CallAnew(BaseModel):
    """One call: from which version and kind of statement to which, and in what the sense differs (Korean, no word of a caller's)."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    fate: Fate
    difference: str = ""
    before: str = ""
    after: str = ""
    before_kind: str = ""
    after_kind: str = ""
    replaced: bool = False
    spoken: bool = False
    failure: str = ""

    @classmethod
    def of(cls, review: Review, *, replaced: bool, spoken: bool) -> Self:
        """What a second look came to."""
        then, now = review.then, review.now
        same = then.kind is now.kind and squeeze(then.text) == squeeze(now.text)
        return cls(
            call_id=review.call_id,
            fate=Fate.CHANGED if review.changed else Fate.SAME if same else Fate.REWORDED,
            difference=review.changed,
            before=then.told_by,
            after=now.told_by,
            before_kind=then.kind.value,
            after_kind=now.kind.value,
            replaced=replaced,
            spoken=spoken,
        )


class DayAnew(BaseModel):
    """The calls that ended on a day in Korea, and what the run did: the file of the differences, and the mark that the day is done."""

    model_config = ConfigDict(frozen=True)

    day: date
    champion: str
    replaced: bool
    spoken: bool
    at: datetime
    calls: list[CallAnew]

    def covers(self, how: How) -> bool:
        """Whether another run with this purpose has nothing to do on this day."""
        failed = any(call.fate is Fate.FAILED for call in self.calls)
        return not failed and self.champion == how.champion and self.replaced >= how.replace and self.spoken >= how.speak


@dataclass(frozen=True)
class Figures:
    """What many calls come to."""

    by_fate: Counter[Fate]
    by_difference: Counter[str]
    replaced: int
    spoken: int

    @classmethod
    def of(cls, calls: Iterable[CallAnew]) -> Self:
        """Counted."""
        listed = list(calls)
        return cls(
            by_fate=Counter(call.fate for call in listed),
            by_difference=Counter(call.difference for call in listed if call.difference),
            replaced=sum(call.replaced for call in listed),
            spoken=sum(call.spoken for call in listed),
        )


def by_champion(summary: Summary, champion: str) -> bool:
    """Whether the model in service told a summary itself, and no other one in its place."""
    return names_version(summary.told_by, champion) and not summary.instead


def settled(record: CallRecord | None, champion: str) -> Fate | None:
    """What becomes of a call without the model being asked; None where it is to be asked."""
    if record is None or record.outcome is not Outcome.READ_BACK or record.summary is None:
        return Fate.GONE
    if record.review.verdict is not None:
        return Fate.JUDGED
    if by_champion(record.summary, champion):
        return Fate.ALREADY
    return Fate.WORDLESS if record.words_removed_at is not None else None


def holds(review: Review | None, record: CallRecord, champion: str) -> bool:
    """Whether an earlier second look still stands: at the summary that the record has, by the model in service."""
    return review is not None and review.then == record.summary and by_champion(review.now, champion)
