"""Bytes to text: UTF-8 or Korean in CP949, told apart without guessing; a byte that is no character is named with its row."""

import csv
import io
import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass

from models.errors import ConfigurationError

BOM = "\ufeff"
# Callers' texts in Korean: nearly all that is not ASCII is Hangul, and nearly all Hangul is among the 2,350 syllables of KS X 1001.
_HANGUL_SHARE = 0.9
_COMMON_SHARE = 0.95
_TYPOGRAPHY = set("‘’“”…·•～–—₩％℃㎡×÷→★※「」『』《》〈〉￦。、！？，．　")
_NO_CHARACTER = "\ufffd"
# The two rows of CP949 that every machine may fill with characters of its own.
_USER_DEFINED = re.compile(rb"[\xc9\xfe][\xa1-\xfe]")
# Unicode's Default_Ignorable_Code_Points (zero width, BOM, direction marks, Hangul fillers) and control characters but white space.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def decode(body: bytes, name: str) -> tuple[str, str]:
    """Text and encoding of a file: strict UTF-8 first, which Korean text in another encoding never satisfies, then CP949.

    CP949 accepts most byte pairs, so its result counts only if it reads like Korean. ConfigurationError otherwise: where the rest reads
    like Korean in one of the two, it names the first byte that does not.
    """
    if b"\0" in body:
        raise ConfigurationError(f"{name} holds NUL bytes: it is UTF-16 or no text", remedy="Save it as CSV in UTF-8")
    broken: list[_Broken] = []
    for encoding in ("utf-8", "cp949"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError as error:
            broken.append(_Broken.of(body, error))
        else:
            if encoding == "utf-8":
                return text.removeprefix(BOM), "utf-8 with BOM" if text.startswith(BOM) else encoding
            if reads_like_korean(text):
                return text, encoding
    likely = [reading for reading in broken if reading.characters < reading.hangul and reads_like_korean(reading.rest)]
    if likely:
        raise min(likely, key=lambda reading: reading.characters).error(body, name)
    raise ConfigurationError(
        f"{name} is neither UTF-8 (byte {broken[0].start} breaks it) nor Korean in EUC-KR/CP949", remedy="Save it as CSV in UTF-8"
    )


@dataclass(frozen=True)
class _Broken:
    """A reading that some bytes break: the first one's place, how many in how many lines, and the text without them."""

    encoding: str
    start: int
    at_the_end: bool
    characters: int
    lines: int
    rest: str

    @classmethod
    def of(cls, body: bytes, error: UnicodeDecodeError) -> "_Broken":
        text = body.decode(error.encoding, "replace")
        cut = error.end == len(body) and ("incomplete" in error.reason or "unexpected end" in error.reason)
        lines = sum(_NO_CHARACTER in line for line in text.split("\n"))
        return cls(error.encoding, error.start, cut, text.count(_NO_CHARACTER), lines, text.replace(_NO_CHARACTER, ""))

    @property
    def hangul(self) -> int:
        return sum("가" <= character <= "힣" for character in unicodedata.normalize("NFC", self.rest))

    def error(self, body: bytes, name: str) -> ConfigurationError:
        """Names the row, the line, the place and the value of the first byte that is no character."""
        before = body[: self.start].decode(self.encoding, "replace")
        row, pair = row_reached(before + "?"), body[self.start : self.start + 2]
        where = f"{name}:{row} (line {before.count(chr(10)) + 1}), byte {self.start} (0x{pair[:1].hex().upper()})"
        if self.at_the_end:
            remedy = f"Copy the whole file again; row {row} and what follows it are missing"
            return ConfigurationError(f"{where}: the file ends within a character, it was cut", remedy=remedy)
        what = f"is no character in {self.encoding.upper()}"
        if self.encoding == "cp949" and _USER_DEFINED.fullmatch(pair):
            what = f"begins the user-defined character 0x{pair.hex().upper()}, which only the machine that wrote it knows"
        more = f"; {self.lines - 1} more lines are broken" if self.lines > 1 else ""
        return ConfigurationError(f"{where} {what}{more}", remedy=f"Correct row {row} and save the file as CSV in UTF-8")


def row_reached(text: str) -> int:
    """The data row, counted from 1, in which a CSV text ends or breaks the rules of quoting; 0 is the header.

    >>> row_reached('input,summary\\n"two\\nlines",x\\ny')
    2
    """
    rows, (text, delimiter) = 0, without_separator_line(text)
    with suppress(csv.Error):
        for _ in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            rows += 1
        return max(0, rows - 1)
    return rows


_SEPARATOR_LINE = re.compile(r'"?sep=([^\r\n"])"?[^\r\n]*', re.IGNORECASE)


def without_separator_line(text: str) -> tuple[str, str]:
    """A text without the line ``sep=;`` that Excel puts first, and the delimiter that it names.

    >>> without_separator_line("sep=;\\r\\na;b")
    ('a;b', ';')
    """
    first, end, rest = text.partition("\n")
    named = _SEPARATOR_LINE.fullmatch(first.removesuffix("\r"))
    return (rest, named[1]) if named and end else (text, ",")


def without_invisible(text: str) -> tuple[str, int]:
    """A text without what nobody sees, and how many characters that were.

    >>> without_invisible("\\ufeff보험\\u200b 해지")
    ('보험 해지', 2)
    """
    return _INVISIBLE.subn("", text)


def is_damaged(text: str) -> bool:
    """Whether a character was lost before: a replacement character, or one of the private use area, which means nothing elsewhere."""
    return any(character == _NO_CHARACTER or unicodedata.category(character) == "Co" for character in text)


def reads_like_korean(text: str) -> bool:
    """Whether what is not ASCII is nearly all Hangul, and that nearly all of the common syllables."""
    composed = unicodedata.normalize("NFC", text)
    foreign = [character for character in composed if not character.isascii() and character not in _TYPOGRAPHY]
    hangul = [character for character in foreign if "가" <= character <= "힣"]
    common = sum(1 for character in hangul if _in_ks_x_1001(character))
    return bool(hangul) and len(hangul) >= _HANGUL_SHARE * len(foreign) and common >= _COMMON_SHARE * len(hangul)


def _in_ks_x_1001(character: str) -> bool:
    try:
        return len(character.encode("euc_kr")) == 2
    except UnicodeEncodeError:
        return False
