"""How callers ask for what a passage says, as staff write it down: a table ``문서, 구절, 질문`` beside the documents, a question a row.

``구절`` is the passage's heading, or else words of it, letter by letter: what names exactly one passage of the document. A passage is
found by its phrasings too, and whether it answers is told by them as well; they are never quoted. A row that no longer fits the documents
is set aside with its reason, and the others count.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from models.answers.chunks import Chunk, chunks_of
from models.answers.document import LARGEST, Document
from models.answers.formats import text_of
from models.answers.told import Place
from models.answers.version import SetAside
from models.errors import DocumentRefused

DOCUMENT, PASSAGE, QUESTION = "문서", "구절", "질문"
COLUMNS = (DOCUMENT, PASSAGE, QUESTION)
ENOUGH = 2  # phrasings of a passage from which on they count: one alone seldom comes near enough, so what is held would be refused
_LONGEST_SHOWN = 40  # characters of a passage's words that a reason repeats
_LONGEST_HEADER = 200  # characters of a header that a reason repeats
_LONGEST_NAME, _FIRST_WORDS = 80, 20  # characters of a row's document and passage by which it is told from others
_HEAD = 2**16  # bytes in which a header is looked for
_LINES_LOOKED_AT = 3  # that hold anything: a title may stand above the header
_PARTED = re.compile("[,;\t，]")
_NAMES_SEPARATOR = "sep="  # Excel's first line, which is no row

Asked = Mapping[Place, tuple[str, ...]]  # the phrasings of each passage that has such, by its place


@dataclass(frozen=True)
class Phrasing:
    """A row: the passage that is meant, and a question that it answers. ``line`` in ``file`` counts from 1."""

    document: str
    passage: str
    question: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Placed:
    """Phrasings by their passages, and those that belong to none."""

    asked: Asked
    set_aside: tuple[SetAside, ...]


def is_phrasings(name: str, body: bytes) -> bool:
    """Whether a table means phrasings, be it that a column is missing or misspelt, or that it is not parted by commas.

    The lines are not read as CSV: whatever is wrong with a table, asking what it means raises nothing.

    >>> is_phrasings("a.csv", "문서,구절,질문\\n".encode()), is_phrasings("a.csv", "id,질문_1,답변_1\\n".encode())
    (True, False)
    """
    if not name.lower().endswith(".csv") or len(body) > LARGEST:
        return False
    return any(_means_phrasings(body[:_HEAD].decode(encoding, errors="replace")) for encoding in ("utf-8-sig", "cp949"))


def read_phrasings(name: str, body: bytes) -> tuple[list[Phrasing], list[SetAside]]:
    """The rows, and those that are not as they were meant; DocumentRefused where the table is damaged or a column is missing."""
    rows = _rows(name, body)
    header = next(([cell.strip() for cell in row] for _, row in rows if not row[0].startswith(_NAMES_SEPARATOR)), [])
    if missing := [column for column in COLUMNS if column not in header]:
        said = f"{name} has no column {' and no column '.join(missing)}; its columns are {', '.join(header)[:_LONGEST_HEADER]}"
        raise DocumentRefused(said, remedy=f"Name them {', '.join(COLUMNS)}, parted by commas, in the first line", case="phrasings")
    read, set_aside = list[Phrasing](), list[SetAside]()
    for line, row in rows:
        cells = dict(zip(header, (" ".join(cell.split()) for cell in row), strict=False))
        document, passage, question = (cells.get(column, "") for column in COLUMNS)
        one = Phrasing(document, passage, question, name, line)
        if fault := _fault(one, header, row):
            set_aside.append(_aside(one, *fault))
        else:
            read.append(one)
    return read, set_aside


def placed(phrasings: Iterable[Phrasing], documents: Sequence[Document]) -> Placed:
    """Each phrasing at the passage that it belongs to; those of a passage that differ in signs and spaces alone count once."""
    passages = dict[str, list[_Named]]()
    for document in documents:
        passages.setdefault(_as_named(document.name), []).extend(map(_Named.of, chunks_of(document)))
    asked, set_aside = dict[Place, dict[str, str]](), list[SetAside]()
    for one in phrasings:
        if (named := passages.get(_as_named(one.document))) is None:
            set_aside.append(_aside(one, "phrasing_document", f"names {one.document}, which is not indexed"))
            continue
        meant = _meant(one.passage, named)
        if len(meant) == 1:
            asked.setdefault(meant[0], {}).setdefault(_letters(one.question), one.question)
        else:
            words = f"{one.passage[:_LONGEST_SHOWN]!r} stands in {len(meant) or 'no'} passage{'s' if meant else ''} of {one.document}"
            set_aside.append(_aside(one, "phrasing_several" if meant else "phrasing_passage", words))
    return Placed({place: tuple(questions.values()) for place, questions in asked.items()}, tuple(set_aside))


@dataclass(frozen=True)
class _Named:
    """A passage with what may name it, without spaces."""

    place: Place
    text: str
    headings: tuple[str, str]

    @classmethod
    def of(cls, chunk: Chunk) -> "_Named":
        heading = chunk.place.heading
        return cls(chunk.place, _squeezed(chunk.text), (_squeezed(heading), _squeezed(heading.rpartition(" › ")[2])))


def _meant(words: str, passages: Sequence[_Named]) -> list[Place]:
    """The passages that stand under the words as their heading, or else hold them: a heading is often a word of its neighbours too."""
    wanted = _squeezed(words)
    under = [one.place for one in passages if wanted in one.headings]
    return under or [one.place for one in passages if wanted in one.text]


def _means_phrasings(head: str) -> bool:
    """By a header with ``구절``, or by two of the columns in one of the first three lines, whatever parts them."""
    lines = ({_squeezed(cell.strip(' "')) for cell in _PARTED.split(line)} for line in head.splitlines())
    first = list(islice((cells for cells in lines if any(cells)), _LINES_LOOKED_AT))
    return any(PASSAGE in cells for cells in first[:1]) or any(len(cells.intersection(COLUMNS)) >= 2 for cells in first)


def _rows(name: str, body: bytes) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold anything, with the line at which each begins; DocumentRefused where the table is no CSV."""
    rows = csv.reader(io.StringIO(unicodedata.normalize("NFC", text_of(name, body)), newline=None), strict=True)
    begins = 1
    try:
        for row in rows:
            if any(map(str.strip, row)):
                yield begins, row
            begins = rows.line_num + 1
    except csv.Error as error:
        said = f"{name} is no valid CSV at line {begins}: {error}"
        raise DocumentRefused(said, remedy="Close every quote", case="phrasings") from error


def _fault(one: Phrasing, header: Sequence[str], row: Sequence[str]) -> tuple[str, str] | None:
    """Why a row is not as it was meant: its case, and what is said of it."""
    if any("\n" in cell for cell in row):  # a quote that was left open takes the rows up to the next one with it
        return "phrasing_lines", "has a line break in a cell"
    if any(cell.strip() and not column for column, cell in zip_longest(header, row, fillvalue="")):
        return "phrasing_cells", "has more cells than the header"  # a comma without quotes: what is before it is cut
    if not all((one.document, one.passage, one.question)):
        return "phrasing_incomplete", "has an empty cell"
    return None if _letters(one.question) else ("phrasing_wordless", "has a question without a letter")


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _as_named(document: str) -> str:
    """A document's name as it is compared: macOS decomposes Hangul in names, and cells have single spaces."""
    return " ".join(unicodedata.normalize("NFC", document).split())


def _aside(one: Phrasing, case: str, said: str) -> SetAside:
    about = ", ".join(_cut(words, longest) for words, longest in ((one.document, _LONGEST_NAME), (one.passage, _FIRST_WORDS)) if words)
    return SetAside(name=f"{one.file}:{one.line}", case=case, said=f"line {one.line} of {one.file} {said}", about=about)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest].rstrip()}…"
