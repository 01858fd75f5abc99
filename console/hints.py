"""Where a line seems to name somebody or an address: hints for people, by the rules of ``ko-pii``, which mask nothing.

Its rules were made for forms and letters. Of names it takes those that stand beside what makes them one (성명: …, … 씨); what scores lower
was, on the bundled recordings, insurance words without exception. Names as people say them (성함이 … 맞으세요) it does not find.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

_SURE_NAME = 0.8
ADDRESS, NAME = "주소로 보임", "이름으로 보임"
_KINDS: Final = {"ADDRESS": ADDRESS, "PERSON": NAME}


@dataclass(frozen=True)
class Hint:
    """Characters ``start`` to ``end`` of a line, and what they seem to be."""

    start: int
    end: int
    kind: str


def hints(text: str) -> list[Hint]:
    """The hints of one line, none over another, in order.

    >>> hints("서울시 강남구 테헤란로 152로 보내 주세요")
    [Hint(start=0, end=16, kind='주소로 보임')]
    """
    found = [one for detect in load() for one in detect(text) if one.label == "ADDRESS" or one.confidence >= _SURE_NAME]
    kept: list[Hint] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if one.label in _KINDS and (not kept or one.start >= kept[-1].end):
            kept.append(Hint(one.start, one.end, _KINDS[one.label]))
    return kept


@cache
def load() -> tuple[Callable[[str], Iterable[Any]], ...]:
    """The rules with their dictionaries, a second the first time."""
    from ko_pii.patterns import address, person

    return address.detect, person.detect
