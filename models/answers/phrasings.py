"""How callers ask for what a passage says, as staff write it down: a table ``문서, 구절, 질문`` beside the documents, a question a row.

``구절`` are words of the passage, letter by letter, or its heading: what names exactly one passage of the document. A passage is found by
its phrasings too, and whether it answers is told by them as well; they are never quoted. A row that no longer fits the documents is set
aside with its reason, and the others count.
"""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.answers.chunks import Chunk, chunks_of
from models.answers.document import LARGEST, Document
from models.answers.formats import text_of
from models.answers.told import Place
from models.answers.version import SetAside
from models.errors import DocumentRefused

DOCUMENT, PASSAGE, QUESTION = "문서", "구절", "질문"
COLUMNS = (DOCUMENT, PASSAGE, QUESTION)
_LONGEST_SHOWN = 40  # characters of a passage's words that a reason repeats

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
    """Whether a table's header means phrasings, be it that another of their columns is missing.

    >>> is_phrasings("a.csv", "문서,구절,질문\\n".encode()), is_phrasings("a.csv", "id,질문_1,답변_1\\n".encode())
    (True, False)
    """
    if not name.lower().endswith(".csv") or len(body) > LARGEST:
        return False
    head = body.partition(b"\n")[0]
    return any(PASSAGE in _cells(head.decode(encoding, errors="replace")) for encoding in ("utf-8-sig", "cp949"))


def read_phrasings(name: str, body: bytes) -> tuple[list[Phrasing], list[SetAside]]:
    """The rows, and those with an empty cell; DocumentRefused where the table is damaged or a column is missing."""
    rows = csv.reader(io.StringIO(unicodedata.normalize("NFC", text_of(name, body)), newline=""), strict=True)
    read, set_aside = list[Phrasing](), list[SetAside]()
    try:
        header = [cell.strip() for cell in next(rows)]
        if missing := [column for column in COLUMNS if column not in header]:
            said = f"{name} has no column {' and no column '.join(missing)}; its columns are {', '.join(header)}"
            raise DocumentRefused(said, remedy=f"Name them {', '.join(COLUMNS)}", case="phrasings")
        for row in rows:
            cells = dict(zip(header, (" ".join(cell.split()) for cell in row), strict=False))
            document, passage, question = (cells.get(column, "") for column in COLUMNS)
            if all(any(map(str.isalnum, cell)) for cell in (document, passage, question)):
                read.append(Phrasing(document, passage, question, name, rows.line_num))
            elif any(cells.values()):
                set_aside.append(_aside(name, rows.line_num, "phrasing_incomplete", "has an empty cell"))
    except csv.Error as error:
        said = f"{name} is no valid CSV at line {rows.line_num}: {error}"
        raise DocumentRefused(said, remedy="Close every quote", case="phrasings") from error
    return read, set_aside


def placed(phrasings: Iterable[Phrasing], documents: Sequence[Document]) -> Placed:
    """Each phrasing at the passage that it belongs to; one that is there twice counts once."""
    passages = {document.name: [_Named.of(chunk) for chunk in chunks_of(document)] for document in documents}
    asked, set_aside = dict[Place, dict[str, None]](), list[SetAside]()
    for one in phrasings:
        if one.document not in passages:
            set_aside.append(_aside(one.file, one.line, "phrasing_document", f"names {one.document}, which is not indexed"))
            continue
        meant = list(_meant(one.passage, passages[one.document]))
        if len(meant) == 1:
            asked.setdefault(meant[0], {})[one.question] = None
        else:
            words = f"{one.passage[:_LONGEST_SHOWN]!r} stands in {len(meant) or 'no'} passage{'s' if meant else ''} of {one.document}"
            set_aside.append(_aside(one.file, one.line, "phrasing_several" if meant else "phrasing_passage", words))
    return Placed({place: tuple(questions) for place, questions in asked.items()}, tuple(set_aside))


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


def _meant(words: str, passages: Sequence[_Named]) -> Iterator[Place]:
    """The passages that hold the words, or else that stand under them as their heading."""
    wanted = _squeezed(words)
    holding = [one.place for one in passages if wanted in one.text]
    yield from holding or (one.place for one in passages if wanted in one.headings)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([unicodedata.normalize("NFC", line)]), [])]


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())


def _aside(file: str, line: int, case: str, said: str) -> SetAside:
    return SetAside(name=f"{file}:{line}", case=case, said=f"line {line} of {file} {said}")
