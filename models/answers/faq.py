"""Tables of questions and answers: ``id, 질문_1, 질문_2, category, 답변_1 … 답변_5``, and their expansion into pairs.

Each phrasing of a question goes with each of its answers, so a row of two phrasings and five answers is ten pairs; empty cells make none.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.errors import ConfigurationError

ID, CATEGORY, QUESTION, ANSWER = "id", "category", "질문_", "답변_"
SHAPE = "id, 질문_1, 질문_2, category, 답변_1 … 답변_5"


@dataclass(frozen=True)
class FaqRow:
    """One matter: phrasings of a question and wordings of its answer, at least one of each; ``line`` in the file counts from 1."""

    id: str
    category: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    line: int

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every phrasing with every answer."""
        return ((question, answer) for question in self.questions for answer in self.answers)


def is_faq(header: Sequence[str]) -> bool:
    """Whether a table's header means the shape, be it that columns of it are missing.

    >>> is_faq(["id", "질문_1", "질문_2", "category", "답변_1"]), is_faq(["id", "질문_1"]), is_faq(["input", "summary"])
    (True, True, False)
    """
    return any(name.strip().startswith((QUESTION, ANSWER)) for name in header)


def check_header(header: Sequence[str], name: str) -> None:
    """ConfigurationError where a table has no column of questions, or none of answers."""
    missing = [f"{kind}1" for kind in (QUESTION, ANSWER) if not any(column.startswith(kind) for column in header)]
    if missing:
        raise ConfigurationError(
            f"{name} has no column {' and no column '.join(missing)}; its columns are {', '.join(header) or 'none'}",
            remedy=f"Name them {SHAPE}",
        )


def read_faq(text: str, name: str) -> list[FaqRow]:
    """The rows that have a question and an answer; ConfigurationError where the columns are others or no row is usable."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        header = [field.strip() for field in reader.fieldnames or []]
        check_header(header, name)
        reader.fieldnames = header
        rows = [row for row in (faq_row(fields, reader.line_num) for fields in reader) if row.questions and row.answers]
    except csv.Error as error:
        raise ConfigurationError(f"{name} is no valid CSV at line {reader.line_num}: {error}", remedy="Close every quote") from error
    if not rows:
        raise without_rows(name)
    return rows


def without_rows(name: str) -> ConfigurationError:
    """What is to be said of a table in which no row can be used."""
    return ConfigurationError(f"{name} holds no question with an answer", remedy=f"Fill the columns {SHAPE}")


def faq_row(fields: Mapping[str, str], line: int) -> FaqRow:
    """A row by its columns' names; phrasings and answers of which there are none are empty."""

    def cells(of: str) -> tuple[str, ...]:
        return tuple(" ".join(cell.split()) for name, cell in fields.items() if name and name.startswith(of) and cell and cell.strip())

    return FaqRow((fields.get(ID) or "").strip(), (fields.get(CATEGORY) or "").strip(), cells(QUESTION), cells(ANSWER), line)


def faq_csv(rows: Iterable[FaqRow]) -> str:
    """Rows as a table of the shape, with as many columns as the longest needs."""
    kept = list(rows)
    questions = max((len(row.questions) for row in kept), default=1)
    answers = max((len(row.answers) for row in kept), default=1)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([ID, *_numbered(QUESTION, questions), CATEGORY, *_numbered(ANSWER, answers)])
    for row in kept:
        writer.writerow([row.id, *_filled(row.questions, questions), row.category, *_filled(row.answers, answers)])
    return out.getvalue()


def _numbered(column: str, count: int) -> list[str]:
    return [f"{column}{number}" for number in range(1, count + 1)]


def _filled(cells: Sequence[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]
