"""Korean as it sounds, letter by letter: syllables taken apart into jamo (NFD), so that near sounds are near strings."""

import unicodedata
from collections.abc import Sequence

from models.summarizer.syllables import FIRST, LAST

_SILENT = "\u110b"  # ㅇ at the beginning of a syllable has no sound of its own


def jamo(text: str) -> str:
    """The letters of a text, without spaces and signs; a syllable's silent ㅇ is left out, so that 산해 and 상해 differ in one letter.

    >>> len(jamo("보험")), len(jamo("실손 보험")), jamo("A/S 접수") == jamo("as접수")
    (5, 11, True)
    """
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in letters if letter.isalnum() and letter != _SILENT)


def is_hangul(text: str) -> bool:
    """Whether every letter is a Hangul syllable."""
    return bool(text) and all(FIRST <= ord(letter) <= LAST for letter in text if not letter.isspace())


# Sounds that are taken for each other: leads by place of articulation, vowels by neighbourhood (some have merged), tails as they are said.
_LEADS = (
    ("ㄱ", "ㄲ", "ㅋ"),
    ("ㄷ", "ㄸ", "ㅌ"),
    ("ㅂ", "ㅃ", "ㅍ"),
    ("ㅈ", "ㅉ", "ㅊ"),
    ("ㅅ", "ㅆ"),
    ("ㅁ", "ㄴ"),
    ("ㄴ", "ㄹ"),
    ("ㅎ", "ㅇ"),
)
_VOWELS = ("ㅐㅔㅒㅖ", "ㅓㅗ", "ㅗㅜ", "ㅜㅡ", "ㅓㅡ", "ㅣㅔ", "ㅣㅢㅟ", "ㅏㅑ", "ㅓㅕㅝ", "ㅗㅛ", "ㅜㅠ", "ㅏㅘ", "ㅚㅙㅞㅔ")
_STOPS, _NASALS = ("ㄱㄲㅋㄳㄺ", "ㄷㅅㅆㅈㅊㅌㅎ", "ㅂㅍㅄㄿ"), "ㄴㅁㅇㄵㄶㄻ"
_LEAD = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWEL = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAIL = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_NEAR = 0.3


def syllable(letter: str) -> tuple[str, str, str]:
    """A Hangul syllable's lead, vowel and tail (a space for none).

    >>> syllable("험")
    ('ㅎ', 'ㅓ', 'ㅁ')
    """
    code = ord(letter) - FIRST
    return _LEAD[code // 588], _VOWEL[code % 588 // 28], _TAIL[code % 28]


def unlikeness(one: str, other: str) -> float:
    """How unlike two runs of as many Hangul syllables sound: 0 the same, about 0.3 a near sound in every syllable, 1 and more another word.

    >>> round(unlikeness("실손보험", "실선보험"), 3), round(unlikeness("암보험", "제보험"), 3)
    (0.075, 0.767)
    """
    pairs = list(zip(one, other, strict=True))
    return sum(_between(syllable(a), syllable(b)) for a, b in pairs if a != b) / len(pairs)


def _between(one: tuple[str, str, str], other: tuple[str, str, str]) -> float:
    lead = _cost(one[0], other[0], _LEADS)
    vowel = _cost(one[1], other[1], _VOWELS)
    return lead + vowel + _between_tails(one[2], other[2])


def _cost(one: str, other: str, classes: Sequence[Sequence[str]]) -> float:
    if one == other:
        return 0.0
    return _NEAR if any(one in near and other in near for near in classes) else 1.0


def _between_tails(one: str, other: str) -> float:
    if one == other:
        return 0.0
    if any(one in stops and other in stops for stops in _STOPS):
        return 0.1
    if (one in _NASALS and other in _NASALS) or " " in (one, other):
        return _NEAR
    return 0.6
