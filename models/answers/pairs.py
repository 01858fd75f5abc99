"""How much a passage says to a question, piece by piece: decomposable attention (Parikh and others, 2016) over an encoder's states.

Each piece of the question looks for its like in one sentence of the passage and its headings; what it finds there, beside itself, tells how
well it is answered, and the pieces together, each with its weight, how well the question is. A passage answers as well as its best sentence
does: what nearly answers has the words too, but no sentence has them together. Passages' pieces lie in the index, so that a question costs
one pass of the encoder, however many passages are looked at. ``models.recipe.answers_pairs_recipe`` makes the weights, in ``PAIRS``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from models.answers.encoder import Vectors
from models.errors import ConfigurationError

PAIRS = Path(__file__).parent / "pairs.safetensors"


@dataclass(frozen=True)
class Pairs:
    """The weights. ``width`` is a piece's, ``hidden`` what is made of a piece and of what it found."""

    weight: Vectors  # (width,): of a piece in the whole
    sharpness: Vectors  # (): of looking
    likeness: Vectors  # (): what the nearest piece counts
    common: Vectors  # (width, hidden): where both point
    apart: Vectors  # (width, hidden): where they differ
    own: Vectors  # (width, hidden)
    most: Vectors  # (hidden,): by how near the nearest is
    first: Vectors  # (hidden,)
    last: Vectors  # (hidden,)
    bias: Vectors  # ()

    @classmethod
    def of(cls, path: Path) -> "Pairs":
        """Read a file of weights; ConfigurationError where it is damaged."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            loaded = load_file(path)
            stored = {one.name: loaded[one.name].astype(np.float32) for one in fields(cls)}
            if not all(np.isfinite(numbers).all() for numbers in stored.values()):
                raise ValueError("not every weight is a number")  # one that is none would make every answer a sure one
            return cls(**stored)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise ConfigurationError(f"{path} holds no weights ({error})", remedy="python -m models.recipe.answers_pairs_recipe") from error

    def scores(self, question: Vectors, passages: Sequence[Sequence[Vectors]]) -> list[float]:
        """The log-odds that each passage answers: those of its best sentence. Pieces are of length 1, shapes (pieces, width)."""
        if not passages:
            return []
        of_sentences = self._of_each(question, [sentence for passage in passages for sentence in passage])
        best = np.maximum.reduceat(of_sentences, np.cumsum([0, *map(len, passages)])[:-1])
        return [float(score) for score in best]

    def _of_each(self, question: Vectors, sentences: Sequence[Vectors]) -> Vectors:
        pieces, starts = np.concatenate(sentences), np.cumsum([0, *map(len, sentences)])
        alike = question @ pieces.T
        nearest = np.maximum.reduceat(alike, starts[:-1], axis=1)  # (pieces of the question, sentences)
        looked = np.exp(self.sharpness * (alike - np.repeat(nearest, np.diff(starts), axis=1)))
        pairs = pairwise(starts)
        found = np.stack([looked[:, a:b] @ pieces[a:b] / looked[:, a:b].sum(axis=1, keepdims=True) for a, b in pairs], axis=1)
        beside = question[:, None]
        hidden = (beside * found) @ self.common + np.abs(beside - found) @ self.apart + (question @ self.own + self.first)[:, None]
        told = np.maximum(hidden + nearest[..., None] * self.most, 0.0) @ self.last + self.likeness * nearest
        raised = np.exp(question @ self.weight - (question @ self.weight).max())
        return np.asarray((raised / raised.sum()) @ told + self.bias, dtype=np.float32)


@cache
def shipped() -> Pairs:
    """The weights that ship."""
    return Pairs.of(PAIRS)
