"""What a caller does with a sentence, learnt from sentences that people read: asks, wants, means to, tells, reproaches.

    SpeechActs.load(SHIPPED_SPEECH_ACTS).shares(tokens, ".", Around())[SpeechAct.ASKS]

An ending alone does not tell: "무슨 합의예요" asks nothing, "위임장 필요해요" may ask or state. A note in other words (``…지 문의``,
``… 요청``, ``… 희망``) is written only where what was learnt agrees with what the ending says (``sentence``); else a sentence is told as
it was said, which is true whatever it does. ``models.recipe.speech_acts_recipe`` makes the weights.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any

from models.summarizer.linear import Linear, columns

WEIGHTS = "speech_acts.safetensors"
_LONGEST_END = 8  # letters
_LAST_TOKENS = 6
_SIGNS = " .?!…~,"


class SpeechAct(StrEnum):
    """What a sentence does; the value is its letter in ``models/recipe/speech_acts/``."""

    ASKS = "A"
    WANTS_OF_US = "R"
    MEANS_TO = "W"
    WILL = "P"  # a deed of his own that asks nothing of us
    TELLS = "S"
    EXCLAIMS = "E"  # reproaches, threats, questions that nobody is to answer
    REPORTS = "O"  # what somebody else says or wants
    NAMES = "X"


@dataclass(frozen=True)
class Around:
    """What is said before and after a sentence (empty where nothing is), and whether somebody else says it."""

    before: str = ""
    after: str = ""
    other_before: bool = False
    other_after: bool = False


def features(tokens: Sequence[Any], sign: str, around: Around) -> Iterator[str]:
    """What is seen of a sentence: its morphemes (Kiwi's), the sign at its end, empty where it has none, and what is said around it."""
    forms = [token.form for token in tokens]
    yield from _of_the_sentence(tokens, forms, sign)
    yield from _of_what_is_around(around, forms[-2:])


def _of_the_sentence(tokens: Sequence[Any], forms: Sequence[str], sign: str) -> Iterator[str]:
    letters = "".join(forms)
    yield f"s{sign}"
    for length in range(1, _LONGEST_END + 1):
        yield f"e{letters[-length:]}"
        yield f"E{sign}{letters[-length:]}"
    for count in range(1, _LAST_TOKENS + 1):
        yield f"t{' '.join(f'{token.form}/{token.tag}' for token in tokens[-count:])}"
        yield f"T{sign}{' '.join(forms[-count:])}"
        yield f"k{' '.join(token.tag for token in tokens[-count:])}"
    yield from (f"m{form}" for form in forms)
    yield from (f"b{one} {two}" for one, two in pairwise(forms))
    yield from (f"c{one} {two} {three}" for one, two, three in zip(forms, forms[1:], forms[2:], strict=False))
    yield f"f{' '.join(forms[:2])}"
    yield f"n{min(len(forms) // 3, 8)}|{' '.join(forms[-2:])}"


def _of_what_is_around(around: Around, end: Sequence[str]) -> Iterator[str]:
    """The agent's answer tells most: "네 앞면만 올리시면 됩니다" answers a question."""
    last = end[-1] if end else ""
    before, after = around.before.rstrip(_SIGNS), around.after.rstrip(_SIGNS)
    who_before = _who(before, other=around.other_before)
    who = _who(after, other=around.other_after)
    words = after.split()[:3]
    yield from (f"xb{who_before}", f"xB{who_before}{before[-2:]}", f"xC{who_before}{before[-3:]}|{last}")
    yield from (f"xa{who}", f"xA{who}{after[-2:]}", f"xD{who}{after[-3:]}", f"xl{who}{after[-2:]}|{last}")
    yield from (f"xw{who}{word}" for word in words)
    yield f"xf{who}{words[0] if words else ''}|{last}"
    yield f"xq{'?' in around.before}|{'?' in around.after}"
    yield f"xt{who}|{' '.join(end)}"


def _who(said: str, *, other: bool) -> str:
    return ("other" if other else "caller") if said else "nobody"


class SpeechActs:
    """Tells what sentences do. Safe between threads."""

    def __init__(self, linear: Linear) -> None:
        """``linear`` has the classes in the order of ``SpeechAct``."""
        self._linear = linear

    @classmethod
    def load(cls, folder: Path) -> "SpeechActs":
        """Read the weights; ConfigurationError where they are missing."""
        return cls(Linear.load(folder / WEIGHTS, "python -m models.recipe.speech_acts_recipe"))

    def shares(self, tokens: Sequence[Any], sign: str, around: Around) -> Mapping[SpeechAct, float]:
        """How likely a sentence does what."""
        shares = self._linear.shares(columns(set(features(tokens, sign, around))))
        return dict(zip(SpeechAct, map(float, shares), strict=True))
