"""Which passages are nearest to a question by their vectors: in this process's memory, or wherever else they lie."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.answers.encoder import Vectors

Near = Sequence[tuple[int, float]]  # passages by their number with their cosine, the nearest first


class Nearest(Protocol):
    """Where the vectors of passages and of their phrasings lie: in memory, or in PostgreSQL. ``question`` is one vector."""

    def nearest(self, question: Vectors, most: int) -> Near:
        """Up to ``most`` passages by what they say."""

    def sentences(self, question: Vectors, number: int) -> Sequence[float]:
        """The cosine of each of a passage's sentences."""

    def asked(self, question: Vectors, most: int) -> Near:
        """Up to ``most`` passages by how callers ask for them; those without phrasings are not among them."""

    def phrasings(self, question: Vectors, number: int) -> Sequence[float]:
        """The cosine of each of a passage's phrasings."""


@dataclass(frozen=True)
class Rows:
    """Vectors of passages, one after another. ``starts`` is the first row of each, and behind the last one the number of rows."""

    vectors: Vectors
    starts: npt.NDArray[np.int64]

    def nearest(self, question: Vectors, most: int) -> Near:
        """By exact search; a passage is as near as its nearest row."""
        there = np.flatnonzero(np.diff(self.starts))
        if not len(there):
            return []
        best = np.maximum.reduceat(self.vectors @ question, self.starts[there])
        return [(int(there[at]), float(best[at])) for at in np.argsort(-best, kind="stable")[:most]]

    def of(self, question: Vectors, number: int) -> list[float]:
        """The cosine of each of a passage's rows."""
        rows = self.vectors[self.starts[number] : self.starts[number + 1]]
        return [float(cosine) for cosine in rows @ question]


@dataclass(frozen=True)
class InMemory:
    """Every row compared with the question; the first one of a passage that says something is the whole passage's."""

    said: Rows
    asked_for: Rows

    def nearest(self, question: Vectors, most: int) -> Near:
        """By what passages say."""
        return self.said.nearest(question, most)

    def sentences(self, question: Vectors, number: int) -> Sequence[float]:
        """The cosine of each of a passage's sentences."""
        return self.said.of(question, number)[1:]

    def asked(self, question: Vectors, most: int) -> Near:
        """By how callers ask for them."""
        return self.asked_for.nearest(question, most)

    def phrasings(self, question: Vectors, number: int) -> Sequence[float]:
        """The cosine of each of a passage's phrasings."""
        return self.asked_for.of(question, number)
