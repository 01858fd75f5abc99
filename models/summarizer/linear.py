"""A linear classifier over what is seen of a word or a sentence, each thing seen hashed to a column that is there or not.

8 bits a weight, a scale and an offset for each class; ``models.recipe.linear`` makes the weights.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self
from zlib import crc32

from models.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

FEATURES = 2**16


def columns(seen: Iterable[str]) -> list[int]:
    """What is seen as columns of the weights (CRC 32)."""
    return [crc32(one.encode()) % FEATURES for one in seen]


class Linear:
    """Loaded weights. Safe between threads."""

    def __init__(self, weights: "npt.NDArray[np.int8]", scales: "Floats", offsets: "Floats") -> None:
        """``weights`` has a row for each column and a column for each class."""
        import numpy as np  # with the weights and not before: a call worker that writes no summary loads neither

        self._weights = np.ascontiguousarray(weights * scales, dtype=np.float32)
        self._offsets = offsets

    @classmethod
    def load(cls, path: Path, made_by: str) -> Self:
        """Read the weights; ConfigurationError where they are missing, naming the command that makes them."""
        from safetensors.numpy import load_file

        if not path.is_file():
            raise ConfigurationError(f"{path} is missing", remedy=f"Make it: {made_by}")
        found = load_file(path)
        return cls(found["weights"], found["scales"], found["offsets"])

    def shares(self, seen: Sequence[int]) -> "Floats":
        """How likely each class is by the columns of what is seen, together 1."""
        scores = self._weights[seen].sum(axis=0) + self._offsets
        powers = math.e ** (scores - scores.max())
        shares: Floats = powers / powers.sum()
        return shares
