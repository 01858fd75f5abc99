"""A document as blocks of text, each with its place: what the readers of formats make and passages are cut from."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.errors import DocumentRefused

LARGEST = 50 * 2**20  # bytes; terms of several hundred pages have 10 MiB as PDF
FEWEST_LETTERS = 20
_KOREAN_SHARE = 0.3  # of the letters; Korean terms full of drug names and abbreviations stay above a half
_ISSUED = re.compile(r"(?:시행일|개정일|작성일|기준일)\s*[:：]?\s*(\d{4})\s*[-.년]\s*(\d{1,2})\s*[-.월]\s*(\d{1,2})")
_HEAD = 600  # characters in which a date of issue is looked for


@dataclass(frozen=True)
class Block:
    """A paragraph, list item, table or answer; lines within it stand apart. ``line`` and ``page`` count from 1.

    ``found_by`` are words that it is also found by and that are never quoted: the questions that an answer belongs to.
    """

    text: str
    heading: tuple[str, ...] = ()
    page: int | None = None
    line: int | None = None
    found_by: str = ""


@dataclass(frozen=True)
class Document:
    """``name`` is the key below the documents' prefix; ``version`` the date of issue it states, else the head of its hash."""

    name: str
    title: str
    version: str
    blocks: tuple[Block, ...]


def document_of(name: str, body: bytes, title: str, blocks: Iterable[Block]) -> Document:
    """Put a document together; DocumentRefused where it holds too little, or is in another language."""
    kept = tuple(block for block in blocks if block.text)
    text = "\n".join(block.text for block in kept)
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) < FEWEST_LETTERS:
        raise DocumentRefused(f"{name} holds no text", remedy="Upload it with its text; a scan has to be read by OCR first", case="empty")
    korean = sum("가" <= letter <= "힣" for letter in letters)
    if korean < _KOREAN_SHARE * len(letters):
        share = f"{100 * korean / len(letters):.0f} % of its letters are Hangul"
        raise DocumentRefused(f"{name} is not in Korean ({share})", remedy="Upload its Korean version", case="foreign")
    return Document(name, tidy(title) or name.rpartition("/")[2], _version(text, body), kept)


def _version(text: str, body: bytes) -> str:
    stated = _ISSUED.search(text[:_HEAD])
    return f"{stated[1]}-{int(stated[2]):02}-{int(stated[3]):02}" if stated else hashlib.sha256(body).hexdigest()[:8]


def tidy(text: str) -> str:
    """Composed Hangul, single spaces, lines kept.

    >>> tidy("  제1조   (목적) \\n\\n 이 약관은 ")
    '제1조 (목적)\\n이 약관은'
    """
    lines = (" ".join(line.split()) for line in unicodedata.normalize("NFC", text).splitlines())
    return "\n".join(filter(None, lines))


def table_text(rows: Sequence[Sequence[str]]) -> str:
    """A table as a line a row, each cell led by its column's name, so that a row says by itself what it is about.

    >>> table_text([["지난 기간", "요율"], ["1개월까지", "20%"]])
    '지난 기간: 1개월까지, 요율: 20%'
    """
    cells = [[" ".join(cell.split()) for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if len(cells) < 2 or any(len(row) != len(cells[0]) for row in cells):
        return "\n".join(", ".join(filter(None, row)) for row in cells)
    head = cells[0]
    return "\n".join(
        ", ".join(f"{name}: {cell}" if name else cell for name, cell in zip(head, row, strict=True) if cell) for row in cells[1:]
    )


class Headings:
    """The headings that hold at a place, by their depth."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, depth: int, text: str) -> None:
        """A heading begins; those as deep or deeper end."""
        self._open = [one for one in self._open if one[0] < depth]
        self._open.append((depth, tidy(text).replace("\n", " ")))

    @property
    def path(self) -> tuple[str, ...]:
        """From the outermost inwards."""
        return tuple(text for _, text in self._open)
