"""Whether a statement is true to its call: what a right one must hold, and what would mislead.

BERTScore and STS do not see a misleading word. Writers of tests therefore name groups of words, of which a right statement holds one
each, and a pattern that only a misleading one matches. Rough, and generous: lines are read by people as well.
"""

import re
from enum import StrEnum

from models.summarizer.outcome import Kind


class Verdict(StrEnum):
    """What a statement is worth to the caller."""

    RIGHT = "right"
    WRONG = "wrong"
    MISLEADING = "misleading"


def judge(kind: Kind, text: str, *, must: str, wrong: str, asked: bool = True) -> Verdict:
    """Hold a statement against its call; ``must`` has groups between commas and alternatives between bars, white space aside.

    >>> judge(Kind.SUMMARY, "자동이체 계좌 변경 요청", must="자동이체|출금,변경|바꾸", wrong="해지").value
    'right'
    >>> judge(Kind.SUMMARY, "해지 요청", must="", wrong=".", asked=False).value
    'misleading'
    """
    if not asked:
        return Verdict.RIGHT if kind is Kind.NO_REQUEST else Verdict.MISLEADING if kind is Kind.SUMMARY else Verdict.WRONG
    if kind is Kind.NO_REQUEST:
        return Verdict.WRONG
    if kind is Kind.SUMMARY and wrong and re.search(wrong, text):
        return Verdict.MISLEADING
    said = _squeezed(text)
    held = all(any(_squeezed(word) in said for word in group.split("|")) for group in must.split(","))
    return Verdict.RIGHT if held else Verdict.WRONG


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
