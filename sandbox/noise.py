"""What a speech recognizer makes of Korean on a telephone line: a seeded model of its errors, for stand-ins and quality figures.

It knows nothing of the term list or of the correction that is measured with it. What it does to a text: sounds that are near (평음, 격음,
경음, vowels that have merged, codas that are lost), real words that sound alike, particles, numbers, spaces, words lost or cut off where an
utterance begins, and speakers swapped. How often is one figure, the character error rate (without spaces) that a vendor's published ones
set; words that the recognizer was told to expect go wrong less often.

It also tells what a vendor tells beside its text: how sure the recognizer is of each word, and other readings. Neither is an oracle: words
that were heard right are doubted as well, other readings have errors of their own, and what was said stands in them only now and then
(``RIGHT_AMONG_OTHERS``).
"""

import hashlib
import random
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import extract

from models.call.jamo import is_hangul, jamo
from models.recipe import WRITERS
from models.summarizer.written import everything

# Published character error rates of spoken Korean, percent (April 2025, 3,000 sentences a set): on average, in counselling, on a poor line.
PUBLISHED: Mapping[str, tuple[float, float, float]] = {
    "returnzero-sommers": (5.91, 3.51, 4.40),
    "returnzero-whisper": (6.59, 4.1, 4.26),
    "naver": (7.52, 4.91, 6.49),
    "openai-whisper": (11.39, 7.51, 17.27),
    "google-v2": (11.50, 8.37, 14.11),
}
# Nobody publishes how much boosting helps; this is our assumption, and the figures that rest on it say so.
EXPECTED_SHARE = 0.4
SWAPPED_SPEAKERS = 0.02
# What ``utterances`` adds to ReturnZero's fields, for vendors that tell it.
DOUBTS = ("sure", "readings")
# How often a misheard word stands rightly in another reading, how many readings are told, and how many words heard right have a wrong
# rival there. What the best of a list takes off the error rate is published for English (HyPoradise, arXiv 2309.15701, whose table could
# not be read here), for Korean telephone lines nowhere: a third is our assumption.
RIGHT_AMONG_OTHERS = 0.33
READINGS = 3
RIVALS = 0.06
# Confidence of words heard right and wrong, as two Beta distributions that overlap (area under the curve 0.86): our assumption as well.
_SURE_OF_RIGHT, _SURE_OF_WRONG = (7.0, 1.2), (3.0, 2.2)
CUT_BEGINNING = 0.03
_SPACING = 0.06  # an eojeol is joined to the next or split: no character is wrong, a dictionary lookup is

_ONSETS = ["ㄱㅋㄲ", "ㄷㅌㄸ", "ㅂㅍㅃ", "ㅈㅊㅉ", "ㅅㅆ", "ㄴㄹ", "ㄴㅁ", "ㅎㅇ", "ㅂㅁ", "ㄱㄷ"]
_VOWELS = ["ㅐㅔ", "ㅓㅗ", "ㅗㅜ", "ㅡㅜ", "ㅡㅓ", "ㅣㅔ", "ㅑㅏ", "ㅕㅓ", "ㅛㅗ", "ㅠㅜ", "ㅘㅏ", "ㅚㅙㅞㅔ", "ㅢㅣ", "ㅟㅣ"]
_CODAS = ["ㄴㅇㅁ", "ㄱㄷㅂ", "ㄹ ", "ㄴ ", "ㅇ ", "ㄱ ", "ㅅㄷ", "ㅆㅅ", "ㅎ "]
_LEAD = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_MIDDLE = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAIL = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_PARTICLES = [("은", "는"), ("이", "가"), ("을", "를"), ("에", "의"), ("로", "으로"), ("도", "로"), ("에서", "에")]
_DIGITS = {"1": "27", "2": "1", "3": "4", "4": "3", "5": "9", "6": "9", "7": "1", "8": "5", "9": "5", "0": "5"}
_SINO = {"일": "이칠", "이": "일", "삼": "사", "사": "삼", "오": "구", "육": "유", "칠": "일", "팔": "파", "구": "오", "공": "영"}
_NUMBER = re.compile(r"\d|(?<=[일이삼사오육칠팔구공십백천만])[일이삼사오육칠팔구공](?=[일이삼사오육칠팔구공십백천만원])")


@dataclass(frozen=True)
class Misheard:
    """What is heard of an utterance: its text, how sure the recognizer is of each of its words (between spaces), and other readings."""

    text: str
    sure: Sequence[float] = ()
    readings: Sequence[str] = ()


@dataclass(frozen=True)
class _Drawn:
    """Words as they were said and, each in its place, as they were heard; the text that they make, and whose word each letter is of."""

    said: Sequence[str]
    heard: Sequence[str]
    text: str
    owners: Sequence[int]


@dataclass(frozen=True)
class Noise:
    """Errors at one rate: ``rate`` is the share of characters (without spaces) that come out wrong, ``seed`` names the drawing.

    ``expected`` are words that the recognizer was told to expect.
    """

    rate: float
    seed: int = 0
    expected: Sequence[str] = ()

    def text(self, said: str, name: str = "") -> str:
        """What is heard of one utterance; the same ``name`` and words always give the same."""
        return self._drawn(said, name).text or said

    def hear(self, said: str, name: str = "") -> Misheard:
        """The same with what a recognizer tells of its doubts."""
        drawn = self._drawn(said, name)
        if not drawn.text:
            return Misheard(said, [1.0] * len(said.split()))
        draw = random.Random(f"{self.seed} {name} {said} doubts")
        wrong = [heard != was for heard, was in zip(drawn.heard, drawn.said, strict=True)]
        sure = [draw.betavariate(*(_SURE_OF_WRONG if one else _SURE_OF_RIGHT)) for one in wrong]
        owners = iter(drawn.owners)
        of_words = [min(sure[next(owners)] for _ in word) for word in drawn.text.split()]
        return Misheard(drawn.text, [round(one, 3) for one in of_words], self._readings(drawn, draw))

    def _drawn(self, said: str, name: str) -> _Drawn:
        draw = random.Random(hashlib.sha256(f"{self.seed}\0{name}\0{said}".encode()).digest())
        words = _words(said)
        if not words:
            return _Drawn([], [], "", [])
        heard = self._heard(words, draw)
        if draw.random() < CUT_BEGINNING * min(1.0, self.rate / 0.05) and len(heard[0]) > 1:
            heard[0] = heard[0][draw.randint(1, min(2, len(heard[0]) - 1)) :]
        text, owners = _spaced(heard, draw, _SPACING * min(2.0, self.rate / 0.05))
        return _Drawn(words, heard, text, owners)

    def _readings(self, drawn: _Drawn, draw: random.Random) -> list[str]:
        """Other readings: each misheard word once more misheard, rightly in one of them at times; now and then a right one misheard."""
        if not self.rate:
            return []
        readings = [list(drawn.heard) for _ in range(READINGS)]
        for place, (was, heard) in enumerate(zip(drawn.said, drawn.heard, strict=True)):
            if was == heard and draw.random() >= RIVALS:
                continue
            right = draw.randrange(READINGS) if was != heard and draw.random() < RIGHT_AMONG_OTHERS else None
            for number, reading in enumerate(readings):
                if draw.random() < 0.5 or number == right:
                    reading[place] = was if number == right else self._wrong(was, draw)
        share = _SPACING * min(2.0, self.rate / 0.05)
        return [text for reading in readings if (text := _spaced(reading, draw, share)[0])]

    def utterances(self, said: Sequence[Mapping[str, Any]], name: str = "") -> list[dict[str, Any]]:
        """A whole transcript in ReturnZero's shape (``msg``, ``spk``): every utterance, and now and then the other speaker's label.

        ``sure`` and ``readings`` are added, which ReturnZero tells nobody.
        """
        draw = random.Random(f"{self.seed} {name} speakers")
        speakers = sorted({one.get("spk", 0) for one in said})
        heard = []
        for number, one in enumerate(said):
            speaker = one.get("spk", 0)
            if len(speakers) == 2 and draw.random() < SWAPPED_SPEAKERS * min(2.0, self.rate / 0.05):
                speaker = speakers[1 - speakers.index(speaker)]
            found = self.hear(one["msg"], f"{name} {number}")
            heard.append({**one, "msg": found.text, "sure": list(found.sure), "readings": list(found.readings), "spk": speaker})
        return heard

    def _heard(self, words: list[str], draw: random.Random) -> list[str]:
        """Spend the errors that the rate allows, word by word: long words, which rare and compound nouns are, go wrong first."""
        weights = [self._weight(word, words, place) for place, word in enumerate(words)]
        letters = sum(map(_letters, words))
        left = _drawn(letters * self.rate, draw)
        heard = list(words)
        for _ in range(4 * left):
            if left <= 0 or not any(weights):
                break
            place = draw.choices(range(len(words)), weights)[0]
            wrong = self._wrong(words[place], draw)
            cost = Levenshtein.distance(words[place], wrong)
            if 0 < cost <= left + 1:
                heard[place], left, weights[place] = wrong, left - cost, 0.0
        return heard

    def _weight(self, word: str, words: Sequence[str], place: int) -> float:
        size = _letters(word)
        weight = size * (1.6 if size >= 4 else 1.0)
        around = "".join(words[max(0, place - 1) : place + 2])
        return weight * (EXPECTED_SHARE if any(one in around and (one in word or word[:2] in one) for one in self.expected) else 1.0)

    def _wrong(self, word: str, draw: random.Random) -> str:
        if _NUMBER.search(word) and draw.random() < 0.5:
            return _NUMBER.sub(lambda found: draw.choice(_DIGITS.get(found[0]) or _SINO[found[0]]), word, count=1)
        what = draw.random()
        if what < 0.30 and (alike := _alike(word, real_words(), draw)):
            return alike
        if what < 0.42 and (particle := _other_particle(word, draw)):
            return particle
        if what < 0.47 and _letters(word) <= 2:
            return ""
        return _near(word, draw)


@cache
def real_words() -> tuple[str, ...]:
    """Words that callers and agents say, from the writers of the training texts: what a recognizer hears instead is mostly a word."""
    words = {word for row in everything(WRITERS) for turn in row.conversation for word in re.findall(r"[가-힣]+", turn.text)}
    return tuple(sorted(word for word in words if 2 <= len(word) <= 8))


@cache
def _sounds(words: tuple[str, ...]) -> dict[str, str]:
    return {word: jamo(word) for word in words}


@cache
def _all_alike(word: str, words: tuple[str, ...]) -> tuple[str, ...]:
    if not is_hangul(word) or len(word) < 2:
        return ()
    found = extract(jamo(word), _sounds(words), scorer=Levenshtein.distance, score_cutoff=2, limit=8)
    return tuple(str(other) for _, distance, other in found if distance and abs(len(str(other)) - len(word)) <= 1)


def _alike(word: str, words: tuple[str, ...], draw: random.Random) -> str:
    core = re.match(r"[가-힣]+", word)
    found = _all_alike(core[0], words) if core else ()
    return draw.choice(found) + word[len(core[0]) :] if core and found else ""


def _other_particle(word: str, draw: random.Random) -> str:
    core = re.match(r"[가-힣]+", word)
    for pair in draw.sample(_PARTICLES, len(_PARTICLES)):
        for mine, other in (pair, pair[::-1]):
            if core and len(core[0]) > len(mine) + 1 and core[0].endswith(mine):
                return core[0][: -len(mine)] + (other if draw.random() < 0.6 else "") + word[len(core[0]) :]
    return ""


def _near(word: str, draw: random.Random) -> str:
    """One syllable with a near sound, chosen anew until one has one."""
    places = [place for place, letter in enumerate(word) if is_hangul(letter)]
    for place in draw.sample(places, len(places)):
        lead, middle, tail = _apart(word[place])
        part = draw.choices(("lead", "middle", "tail"), (4, 3, 4))[0]
        lead = _other(lead, _ONSETS, draw) if part == "lead" else lead
        middle = _other(middle, _VOWELS, draw) if part == "middle" else middle
        tail = _other(tail, _CODAS, draw) if part == "tail" else tail
        syllable = _together(lead, middle, tail)
        if syllable != word[place]:
            return word[:place] + syllable + word[place + 1 :]
    return word


def _other(letter: str, classes: Sequence[str], draw: random.Random) -> str:
    near = [other for one in classes if letter in one for other in one if other != letter]
    return draw.choice(near) if near else letter


def _apart(syllable: str) -> tuple[str, str, str]:
    code = ord(syllable) - 0xAC00
    return _LEAD[code // 588], _MIDDLE[code % 588 // 28], _TAIL[code % 28]


def _together(lead: str, middle: str, tail: str) -> str:
    return chr(0xAC00 + (_LEAD.index(lead) * 21 + _MIDDLE.index(middle)) * 28 + _TAIL.index(tail))


def _words(said: str) -> list[str]:
    return unicodedata.normalize("NFC", said).split()


def _letters(word: str) -> int:
    return sum(map(str.isalnum, word))


def _drawn(expected: float, draw: random.Random) -> int:
    """A whole number with this mean, as uneven as errors are: some utterances have none, some are badly heard."""
    mean = draw.gammavariate(1.0, expected) if expected > 0 else 0.0
    return int(mean) + (draw.random() < mean - int(mean))


def _spaced(words: Sequence[str], draw: random.Random, share: float) -> tuple[str, list[int]]:
    """Join the words, some without their space, some with one too many; and the number of each letter's word, spaces left out."""
    text, owners = "", list[int]()
    for number, word in enumerate(words):
        if not word:
            continue
        owners += [number] * len(word)
        joined = text and draw.random() < share and not text.endswith((".", "?", "!", ","))
        cut = draw.randint(2, len(word) - 2) if len(word) >= 4 and draw.random() < share else 0
        text += ("" if not text or joined else " ") + (f"{word[:cut]} {word[cut:]}" if cut else word)
    return text, owners
