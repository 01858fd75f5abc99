"""Which passage answers, and whether any does: two logistic regressions over signs, their weights learnt on calibration questions.

``relevance`` orders the passages that were found. ``held`` tells how likely it is that the first of them answers, by what reading it side
by side with the question and together with it say, and nothing else: other signs tell near misses no better. Below ``threshold`` the
documents do not hold it.
``models.recipe.answers_recipe`` makes the weights.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from models.answers.signs import SIDE_BY_SIDE, TOGETHER, Candidate, Signs
from models.errors import ConfigurationError

WEIGHTS = Path(__file__).parent / "weights.json"
RELEVANCE = (SIDE_BY_SIDE, "cosine", "nearer than others", "word rank", "sense rank", "same words")
HELD = (SIDE_BY_SIDE, TOGETHER)


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
        """How likely it is that the documents hold the answer; 0 where nothing was found. The first was read together with the question."""
        return self.held.likelihood(ordered[0].signs) if ordered else 0.0


@cache
def shipped() -> Judge:
    """The weights that ship."""
    return Judge.of(WEIGHTS)
