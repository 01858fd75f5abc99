"""What the voice is asked to say: the read-back sentence, its pronunciation, and pieces of a limited size."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from models.call.reading import Reading, readings
from models.call.transcript import clean_text
from models.errors import BadTranscript, ConfigurationError
from models.summarizer.outcome import Kind

# A voice reads an emoji's English name aloud or falls silent: neither is what the caller asked.
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u20e3]+")
_BREAKS = (re.compile(r"[.!?。…]+[\"')\]]*\s+"), re.compile(r"[,;:、]\s+"), re.compile(r"\s+"))


@dataclass(frozen=True)
class Pronunciation:
    """One word of the dictionary: how it is written, and how it sounds in Hangul."""

    spelling: str
    reading: str


@dataclass(frozen=True)
class Pronunciations:
    """The dictionary. The longest spelling wins; abbreviations in Latin letters match as whole words only."""

    entries: tuple[Pronunciation, ...] = ()

    @cached_property
    def by_spelling(self) -> dict[str, Pronunciation]:
        """Entries under their spelling."""
        return {entry.spelling: entry for entry in self.entries}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Match any spelling, the longest first; nothing at all when the dictionary is empty."""
        spellings = sorted(self.by_spelling, key=len, reverse=True)
        return re.compile("|".join(_whole_word(spelling) for spelling in spellings) or r"(?!)")


def read_back_sentence(summary: str, kind: Kind = Kind.SUMMARY) -> str:
    """Say what the caller asked, on one line, without emoji: a summary as one, the caller's own words as such.

    Raises BadTranscript when the summary holds no letter or digit, for there would be nothing to read back.

    >>> read_back_sentence("자동차 사고 보험 여부 확인 요청")
    '문의하신 내용이 자동차 사고 보험 여부 확인 요청'
    >>> read_back_sentence("뒤에서 박힌 거 어떻게 하는지", Kind.OWN_WORDS)
    '말씀하신 내용은 “뒤에서 박힌 거 어떻게 하는지”로 들었습니다'
    """
    spoken = speakable(summary)
    if not any(map(str.isalnum, spoken)):
        raise BadTranscript("The summary holds no words to read back", remedy="Read the transcript; redrive the call from its summary")
    return f"말씀하신 내용은 “{spoken}”로 들었습니다" if kind is Kind.OWN_WORDS else f"문의하신 내용이 {spoken}"


def speakable(text: str) -> str:
    """Keep what a voice can say: one line, no control characters, no lone surrogates, no emoji."""
    return clean_text(_EMOJI.sub(" ", text))


def spoken_readings(text: str, pronunciations: Pronunciations) -> list[Reading]:
    """What of a text is spoken otherwise than it is written: the dictionary's words, and numbers and letters around them."""
    words = [
        Reading(match.start(), match.end(), pronunciations.by_spelling[match[0]].reading) for match in pronunciations.pattern.finditer(text)
    ]
    others = [one for one in readings(text) if not any(one.start < word.end and word.start < one.end for word in words)]
    return sorted((*words, *others), key=lambda one: one.start)


def respell(text: str, pronunciations: Pronunciations) -> str:
    """Write a text as it sounds, for voices that take no markup."""
    text = speakable(text)
    pieces, done = [], 0
    for one in spoken_readings(text, pronunciations):
        pieces += [text[done : one.start], one.spoken]
        done = one.end
    return "".join(pieces) + text[done:]


def split_for_synthesis(text: str, limit_bytes: int, render: Callable[[str], str] = str) -> list[str]:
    """Cut a text into pieces whose rendered request has at most ``limit_bytes`` of UTF-8.

    ``render`` makes the vendor's request of a piece, such as its SSML; left out for plain text. Pieces end after a sentence where one
    ends, else after a clause, else between words, and within a word only when it alone is too long.
    """
    pieces, rest = [], speakable(text)
    while rest:
        cut = _longest_fitting(rest, limit_bytes, render)
        pieces.append(rest[:cut].strip())
        rest = rest[cut:].lstrip()
    return pieces


def _longest_fitting(text: str, limit: int, render: Callable[[str], str]) -> int:
    """Number of characters to take: the last good break up to which the rendered text fits."""

    def fits(cut: int) -> bool:
        return len(render(text[:cut].strip()).encode("utf-8")) <= limit

    low, high = 0, min(len(text), limit)
    if high == len(text) and fits(high):
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    for pattern in _BREAKS:
        ends = [match.end() for match in pattern.finditer(text, 0, low + 1) if match.end() <= low]
        for end in reversed(ends):
            if fits(end):  # a shorter text can be the longer request: "CT" is respelled, the cut-off "CTX" was not
                return end
    while low > 0 and not fits(low):
        low -= 1
    if low == 0:
        raise ConfigurationError(f"Not even {text[0]!r} fits into a request of {limit} bytes", remedy="Raise the limit")
    return low


def _whole_word(spelling: str) -> str:
    before = r"(?<![A-Za-z0-9])" if spelling[0].isascii() and spelling[0].isalnum() else ""
    after = r"(?![A-Za-z0-9])" if spelling[-1].isascii() and spelling[-1].isalnum() else ""
    return f"{before}{re.escape(spelling)}{after}"
