"""Character error rate of Korean transcripts: spaces, signs and letters' case do not count, as the published rates have it."""

import re
import unicodedata
from collections.abc import Sequence

_SAID = re.compile(r"[^\w]|_")


def normalized(text: str) -> str:
    """What counts of a text: its letters and digits, in one run.

    >>> normalized("네, 3 개월요!") == normalized("네 3개월 요")
    True
    """
    return _SAID.sub("", unicodedata.normalize("NFC", text)).casefold()


def character_error_rate(said: Sequence[str], heard: Sequence[str]) -> float:
    """Wrong, missing and added characters over the characters that were said, of all texts together."""
    from rapidfuzz.distance import Levenshtein

    pairs = [(reference, normalized(other)) for text, other in zip(said, heard, strict=True) if (reference := normalized(text))]
    characters = sum(len(reference) for reference, _ in pairs)
    return sum(Levenshtein.distance(reference, normalized(other)) for reference, other in pairs) / characters if characters else 0.0
