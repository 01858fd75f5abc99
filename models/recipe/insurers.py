"""What finding and refusing are learnt from: terms of invented insurers and questions about them, each by a writer of its own.

``models/recipe/answers/writers/<writer>/terms.md`` and ``questions.tsv`` (``models.answers.questions``); ``near.tsv`` has questions by a
later hand, for each that is answered one nearly like it that is not, and ``short.tsv`` by a third one, that tell what happened and seldom
name it: reading side by side learns of both, the encoder does not. ``phrasings.csv`` has how callers ask for each passage, by a hand
that saw none of the questions (``models.answers.phrasings``). One writer is kept aside (``DEVELOPMENT``): what is learnt is watched
and the threshold is chosen on its questions.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.answers.chunks import Chunk, chunks_of
from models.answers.document import Document
from models.answers.formats import read_document
from models.answers.phrasings import Asked, placed, read_phrasings
from models.answers.questions import GoldQuestion, read_questions
from models.errors import ConfigurationError

WRITERS = Path(__file__).parent / "answers" / "writers"
DEVELOPMENT = "w5"
PHRASINGS = "phrasings.csv"


@dataclass(frozen=True)
class Insurer:
    """One writer's document and questions."""

    name: str
    document: Document
    questions: list[GoldQuestion]
    near: list[GoldQuestion]
    short: list[GoldQuestion]
    asked: Asked

    @classmethod
    def of(cls, folder: Path) -> "Insurer":
        """Read a writer's folder."""
        document = read_document(f"{folder.name}.md", (folder / "terms.md").read_bytes())
        later = (folder / "near.tsv", folder / "short.tsv")
        near, short = (read_questions(path) if path.is_file() else [] for path in later)
        return cls(folder.name, document, read_questions(folder / "questions.tsv"), near, short, asked_of(folder, [document]))

    @property
    def all_questions(self) -> list[GoldQuestion]:
        """Of all hands."""
        return [*self.questions, *self.near, *self.short]

    @property
    def chunks(self) -> list[Chunk]:
        """The document's passages."""
        return chunks_of(self.document)


def asked_of(folder: Path, documents: Sequence[Document]) -> Asked:
    """The phrasings of a folder, by their passages; none where there are none. ConfigurationError where one fits no passage."""
    path = folder / PHRASINGS
    if not path.is_file():
        return {}
    read, incomplete = read_phrasings(path.name, path.read_bytes())
    found = placed(read, documents)
    if aside := [*incomplete, *found.set_aside]:
        raise ConfigurationError(f"{folder}: {aside[0].said}", remedy="Write the words of a passage as they stand in the document")
    return found.asked


def learnt_from() -> list[Insurer]:
    """The writers that weights are learnt from."""
    return [Insurer.of(folder) for folder in sorted(WRITERS.iterdir()) if folder.is_dir() and folder.name != DEVELOPMENT]


def development() -> Insurer:
    """The writer kept aside."""
    return Insurer.of(WRITERS / DEVELOPMENT)


def later_questions() -> list[Path]:
    """The files of the later hands."""
    return sorted([*WRITERS.glob("*/near.tsv"), *WRITERS.glob("*/short.tsv")])


def fingerprint(*others: Path) -> str:
    """Of everything that the writers wrote, and of other files: weights name it, so that a test finds out what has changed since."""
    found = hashlib.sha256()
    for path in [*sorted(WRITERS.glob("*/terms.md")), *sorted(WRITERS.glob("*/questions.tsv")), *others]:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
