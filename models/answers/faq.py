"""Tables of questions and answers: ``id, 질문_1, 질문_2, category, 답변_1 … 답변_5``, and their expansion into pairs.

Each phrasing of a question goes with each of its answers, so a row of two phrasings and five answers is ten pairs; empty cells make none.
"""

import csv
import io
from collections.abc import Iterator
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


def is_faq(header: list[str]) -> bool:
    """Whether a table's header has the shape.

    >>> is_faq(["id", "질문_1", "질문_2", "category", "답변_1"]), is_faq(["input", "summary"])
    (True, False)
    """
    names = [name.strip() for name in header]
    return any(name.startswith(QUESTION) for name in names) and any(name.startswith(ANSWER) for name in names)


def read_faq(text: str, name: str) -> list[FaqRow]:
    """The rows that have a question and an answer; ConfigurationError where the columns are others or no row is usable."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    try:
        header = [field.strip() for field in reader.fieldnames or []]
        if not is_faq(header):
            raise ConfigurationError(f"{name} has the columns {', '.join(header) or 'none'}", remedy=f"Name them {SHAPE}")
        reader.fieldnames = header
        rows = [row for row in (_row(fields, reader.line_num) for fields in reader) if row.questions and row.answers]
    except csv.Error as error:
        raise ConfigurationError(f"{name} is no valid CSV at line {reader.line_num}: {error}", remedy="Close every quote") from error
    if not rows:
        raise ConfigurationError(f"{name} holds no question with an answer", remedy=f"Fill the columns {SHAPE}")
    return rows


def _row(fields: dict[str, str], line: int) -> FaqRow:
    def cells(of: str) -> tuple[str, ...]:
        return tuple(" ".join(cell.split()) for name, cell in fields.items() if name and name.startswith(of) and cell and cell.strip())

    return FaqRow((fields.get(ID) or "").strip(), (fields.get(CATEGORY) or "").strip(), cells(QUESTION), cells(ANSWER), line)
