"""A likelihood from what can be seen: the weights of a logistic regression, as ``models.recipe.actions_recipe`` makes them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Weighed:
    """Weights of signs, and from which likelihood on something counts."""

    bias: float
    threshold: float
    weights: Mapping[str, float]

    def likelihood(self, signs: Iterable[str]) -> float:
        """How likely it is, given its signs; one that was not learnt says nothing."""
        score = self.bias + sum(self.weights.get(sign, 0.0) for sign in signs)
        return 1.0 / (1.0 + math.exp(-score))
