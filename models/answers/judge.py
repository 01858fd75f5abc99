"""Which passage answers, and whether any does: two logistic regressions over signs, their weights learnt on calibration questions.

``relevance`` orders the passages that were found. ``held`` tells how likely it is that the first of them answers, by what reading it side
by side with the question and together with it say, and nothing else: other signs tell near misses no better. Below ``threshold`` the
documents do not hold it. Passages with enough phrasings have weights of their own, which see how callers ask for them as well; the others
are judged as if there were no such thing.
``models.recipe.answers_recipe`` makes the weights.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.answers.signs import ASKED_TOGETHER, SIDE_BY_SIDE, TOGETHER, Candidate, Signs
from models.errors import ConfigurationError

WEIGHTS = Path(__file__).parent / "weights.json"
RELEVANCE = (SIDE_BY_SIDE, "cosine", "nearer than others", "word rank", "sense rank", "same words")
HELD = (SIDE_BY_SIDE, TOGETHER)
ASKED_RELEVANCE = (*RELEVANCE, "asked word rank", "asked sense rank", "asked same words")
ASKED_HELD = (*HELD, ASKED_TOGETHER)


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
class Weights:
    """What one kind of passages is judged by."""

    relevance: Logistic
    held: Logistic
    threshold: float

    @classmethod
    def of(cls, read: Mapping[str, Any]) -> "Weights":
        """As they are written."""
        return cls(Logistic(**read["relevance"]), Logistic(**read["held"]), float(read["threshold"]))


@dataclass(frozen=True)
class Judge:
    """The weights in use: for passages without enough phrasings, and for the others. Both tell log-odds, so both kinds compare."""

    plain: Weights
    asked: Weights

    @classmethod
    def of(cls, path: Path) -> "Judge":
        """Read a file of weights; ConfigurationError where it is damaged."""
        try:
            read = json.loads(path.read_text(encoding="utf-8"))
            return cls(Weights.of(read["plain"]), Weights.of(read["asked"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(f"{path} holds no weights ({error})", remedy="python -m models.recipe.answers_recipe") from error

    def ordered(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """The likeliest first."""
        return sorted(candidates, key=lambda one: -self._for(one).relevance.margin(one.signs))

    def confidence(self, ordered: Sequence[Candidate]) -> float:
        """How likely it is that the documents hold the answer; 0 where nothing was found. The first was read together with the question."""
        return self._for(ordered[0]).held.likelihood(ordered[0].signs) if ordered else 0.0

    def holds(self, ordered: Sequence[Candidate]) -> bool:
        """Whether that is likely enough."""
        return bool(ordered) and self.confidence(ordered) >= self._for(ordered[0]).threshold

    def _for(self, candidate: Candidate) -> Weights:
        return self.asked if candidate.asked else self.plain


@cache
def shipped() -> Judge:
    """The weights that ship."""
    return Judge.of(WEIGHTS)
