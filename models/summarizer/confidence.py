"""How likely a statement is right: a logistic regression on what can be seen of it, fitted on the calibration writers."""

import math
from collections.abc import Sequence

from models.summarizer.marks import Passage, Reading

FEATURES = ("best passage", "weakest passage", "passages", "nothing asked", "subjects named", "turns of others", "length")


def features(reading: Reading, told: Sequence[Passage], named: int, others: int, text: str) -> list[float]:
    """One value for each of ``FEATURES``, all about 0 to 1."""
    return [
        max(passage.score for passage in told),
        min(passage.score for passage in told),
        len(told) / 3,
        reading.nothing_asked,
        named / 2,
        float(others > 0),
        min(len(text), 100) / 100,
    ]


def likelihood(values: Sequence[float], weights: Sequence[float], bias: float) -> float:
    """The calibrated likelihood; the best passage's own where there is no calibration."""
    if not weights:
        return values[0]
    return 1 / (1 + math.exp(-(bias + sum(weight * value for weight, value in zip(weights, values, strict=True)))))
