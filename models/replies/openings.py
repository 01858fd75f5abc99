"""Approved openings: what may be said first to a caller who feels so and wants that. A table that staff edit, in versions.

    choose(table, "불안", "사고 접수 요청")            → the first opening that fits best
    choose(table, "불안", "사고 접수 요청", again=1)   → another, and after the last the first

The group of an emotion is the centre's own (``READBACK_EMOTION_GROUPS``) or one of AI-Hub's six; ``없음`` is for callers whose emotion is
not sure. ``request`` holds words, bars between them, one of which the request must hold; empty fits any.
"""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from models.errors import ConfigurationError
from models.signals.labels import NO_EMOTION
from models.versioned import Versioned

TABLE = Path(__file__).with_name("openings.csv")
LONGEST = 80  # characters; an opening is one breath
_HEAD = ["감정", "요청", "말"]
_SPOKEN = re.compile(r"[가-힣 .,?!~]*[가-힣][.?!]?")


class Opening(BaseModel):
    """One approved opening."""

    model_config = ConfigDict(frozen=True)

    emotion: str = Field(title="감정", description="감정 묶음 (분노, 슬픔, 불안, 상처, 당황, 기쁨, 없음 또는 센터의 묶음)", min_length=1)
    request: str = Field("", title="요청", description="요청에 들어 있어야 할 말, 여럿이면 | 로 나눔; 비우면 모든 요청")
    text: str = Field(title="말", description="승인된 첫마디, 한글로 80자 안")

    def fits(self, emotion: str, request: str) -> bool:
        """Whether it may be said to a caller who feels so and wants that."""
        return self.emotion == emotion and (not self.request or any(word.strip() in request for word in self.request.split("|")))


class OpeningTable(Versioned):
    """All approved openings of one version."""

    openings: tuple[Opening, ...]


@cache
def shipped() -> OpeningTable:
    """The Korean table that ships."""
    return OpeningTable(openings=tuple(read_table(TABLE.read_text("utf-8"))))


def read_table(text: str) -> list[Opening]:
    """Openings of a CSV with the columns 감정, 요청, 말; ConfigurationError names the line that cannot be approved."""
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    if not rows or [cell.strip() for cell in rows[0]] != _HEAD:
        raise ConfigurationError("the table of openings has other columns", remedy=f"Begin it with {','.join(_HEAD)}")
    found = []
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(_HEAD):
            raise ConfigurationError(f"line {number} of the openings has {len(row)} cells, not 3", remedy="Quote words that hold a comma")
        emotion, request, said = (cell.strip() for cell in row)
        found.append(approved(Opening(emotion=emotion or NO_EMOTION, request=request, text=said), f"line {number} of the openings"))
    return found


def approved(opening: Opening, place: str) -> Opening:
    """An opening that a voice can speak; ConfigurationError where it is too long, or holds numbers, markup or another script."""
    if len(opening.text) > LONGEST or not _SPOKEN.fullmatch(opening.text):
        raise ConfigurationError(
            f"{place} cannot be spoken as an opening",
            remedy=f"Write it in Hangul without numbers or signs, in at most {LONGEST} characters",
        )
    return opening


def edited(table: OpeningTable, add: Sequence[Opening], remove: Sequence[str], *, by: str, at: datetime) -> OpeningTable:
    """The table with some openings more and some fewer, by their words; ConfigurationError where none is left for calls without emotion."""
    known = {opening.text for opening in table.openings}
    if missing := [text for text in remove if text not in known]:
        raise ConfigurationError(
            f"{len(missing)} of the openings to remove are not in the table", remedy="Copy them from the table as they stand"
        )
    added = [approved(opening, f"opening {number} to add") for number, opening in enumerate(add, 1)]
    kept = [opening for opening in table.openings if opening.text not in set(remove) and opening not in added]
    openings = (*kept, *added)
    if not any(opening.fits(NO_EMOTION, "") for opening in openings):
        raise ConfigurationError(f"no opening is left for {NO_EMOTION}", remedy=f"Keep one with emotion {NO_EMOTION} and no request")
    return OpeningTable(version=table.version + 1, openings=openings, edited_by=" ".join(by.split())[:100], edited_at=at)


def choose(table: OpeningTable, emotion: str, request: str, *, again: int = 0) -> Opening:
    """The opening for a caller: of those that fit, the ones that name the request first; ``again`` times another."""
    fitting = [opening for opening in table.openings if opening.fits(emotion, request)]
    fitting = fitting or [opening for opening in table.openings if opening.fits(NO_EMOTION, request)]
    ordered = sorted(fitting, key=lambda opening: not opening.request)
    return ordered[again % len(ordered)]
