"""Which passage answers, and whether any does: two logistic regressions over signs, their weights learnt on calibration questions.

``relevance`` orders the passages that were found; ``held`` looks at the likeliest one and tells whether the documents hold the answer at
all. Below ``threshold`` they do not. ``models.recipe.answers_recipe`` makes the weights.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.answers.signs import Candidate, Signs
from models.errors import ConfigurationError

WEIGHTS = Path(__file__).parent / "weights.json"
RELEVANCE = (
    "cosine",
    "nearer than others",
    "word rank",
    "sense rank",
    "same words or said otherwise",
    "like words",
    "words in one sentence",
    "is an answer of a table",
)
HELD = (
    "relevance",
    "ahead of the next",
    "highest cosine",
    "highest bm25",
    "cosine",
    "nearer than others",
    "same words or said otherwise",
    "like words",
    "like nouns",
    "least like noun",
    "words in one sentence",
    "words known",
    "least known noun",
)


@dataclass(frozen=True)
class Logistic:
    """A logistic regression over named signs."""

    bias: float
    weights: Mapping[str, float]

    def margin(self, signs: Signs) -> float:
        """The log-odds."""
        return self.bias + sum(weight * signs[name] for name, weight in self.weights.items())

    def likelihood(self, signs: Signs) -> float:
        """Between 0 and 1."""
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.margin(signs)))))


@dataclass(frozen=True)
class Judge:
    """The weights in use."""

    relevance: Logistic
    held: Logistic
    threshold: float

    @classmethod
    def of(cls, path: Path) -> "Judge":
        """Read a file of weights; ConfigurationError where it is damaged."""
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            return cls(Logistic(**read["relevance"]), Logistic(**read["held"]), float(read["threshold"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{path} holds no weights ({error})", remedy="python -m models.recipe.answers_recipe") from error

    def ordered(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The likeliest first."""
        return sorted(candidates, key=lambda one: -self.relevance.margin(one.signs))

    def confidence(self, ordered: Sequence[Candidate]) -> float:
        """How likely it is that the documents hold the answer; 0 where nothing was found."""
        return self.held.likelihood(held_signs(self.relevance, ordered)) if ordered else 0.0


def held_signs(relevance: Logistic, ordered: Sequence[Candidate]) -> Signs:
    """The signs of the likeliest passage, and how it stands out among the others."""
    margins = [relevance.margin(one.signs) for one in ordered]
    return ordered[0].signs | {
        "relevance": margins[0],
        "ahead of the next": margins[0] - margins[1] if len(margins) > 1 else 0.0,
        "highest cosine": max(one.signs["cosine"] for one in ordered),
        "highest bm25": max(one.signs["bm25"] for one in ordered),
    }


@cache
def shipped() -> Judge:
    """The weights that ship."""
    return Judge.of(WEIGHTS)
