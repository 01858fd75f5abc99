"""What the voice is asked to say: the read-back sentence, its pronunciation, and pieces of a limited size."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from models.call.transcript import clean_text
from models.errors import BadTranscript, ConfigurationError
from models.summarizer.outcome import Kind

PRONUNCIATIONS = Path(__file__).parent / "pronunciations.csv"

_COLUMNS = ["표기", "발음", "ipa"]
_HANGUL = re.compile(r"[가-힣 ]+")
_IPA = re.compile(r"[^\W\d_A-Z]([^\W\d_A-Z]|[\u0300-\u036f. ˈˌːʰʷʲ])*")
# A voice reads an emoji's English name aloud or falls silent: neither is what the caller asked.
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\ufe0e\ufe0f\u20e3]+")
_BREAKS = (re.compile(r"[.!?。…]+[\"')\]]*\s+"), re.compile(r"[,;:、]\s+"), re.compile(r"\s+"))


@dataclass(frozen=True)
class Pronunciation:
    """One row of the dictionary: how a word is written, how it sounds in Hangul, and optionally in IPA."""

    spelling: str
    reading: str
    ipa: str = ""


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


def load_pronunciations(path: Path) -> Pronunciations:
    """Read the dictionary that staff edit: CSV in UTF-8 or, as Excel in Korea saves it, CP949; columns 표기, 발음, ipa.

    Raises ConfigurationError naming the file, the line, and what to write instead.
    """
    rows = csv.reader(io.StringIO(_read_text(path), newline=""))
    header = [cell.strip() for cell in next(rows, [])]
    if header not in (_COLUMNS, _COLUMNS[:2]):
        raise ConfigurationError(
            f"{path}:1: the columns are {','.join(header) or 'missing'}", remedy=f"Begin with the line {','.join(_COLUMNS)}"
        )
    entries: dict[str, Pronunciation] = {}
    try:
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells) or cells[0].startswith("#"):
                continue
            entry = _read_entry(cells, f"{path}:{rows.line_num}")
            if entry.spelling in entries:
                raise ConfigurationError(f"{path}:{rows.line_num}: {entry.spelling} is there twice", remedy="Remove one of the lines")
            entries[entry.spelling] = entry
    except csv.Error as error:
        raise ConfigurationError(f"{path}:{rows.line_num}: {error}", remedy="Save the table as CSV again") from error
    return Pronunciations(tuple(entries.values()))


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


def respell(text: str, pronunciations: Pronunciations) -> str:
    """Write the words of the dictionary as they sound, for voices that take no markup."""
    return pronunciations.pattern.sub(lambda match: pronunciations.by_spelling[match[0]].reading, speakable(text))


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


def _read_text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The pronunciation dictionary {path} cannot be read: {error}", remedy="Check READBACK_PRONUNCIATIONS_FILE"
        ) from error
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ConfigurationError(f"The pronunciation dictionary {path} is neither UTF-8 nor CP949", remedy="Save it as UTF-8 CSV")


def _read_entry(cells: list[str], where: str) -> Pronunciation:
    if len(cells) not in (2, 3):
        raise ConfigurationError(f"{where}: {len(cells)} columns", remedy=f"Write {', '.join(_COLUMNS)}; ipa may stay empty")
    spelling, reading, ipa = (*cells, "")[:3]
    if not spelling or spelling != speakable(spelling):
        raise ConfigurationError(
            f"{where}: 표기 {spelling!r} can never be found in a text", remedy="Write the word as it appears in summaries"
        )
    if not _HANGUL.fullmatch(reading):
        raise ConfigurationError(f"{where}: 발음 {reading!r} is not Hangul", remedy="Write how the word sounds, such as 씨티 for CT")
    if ipa and not _IPA.fullmatch(ipa):
        raise ConfigurationError(f"{where}: ipa {ipa!r} is no phonetic spelling", remedy="Write IPA such as muni, or leave it empty")
    return Pronunciation(spelling, reading, ipa)
