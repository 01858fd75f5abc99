"""What a caller asks for, told to the small summarizer by a mark before the inquiry.

    [refund] 종신보험을 지금 그만두면 얼마를 돌려받을 수 있는지 궁금합니다.

A network of a few million parameters that learns from ten thousand inquiries knows fewer wordings than a linear classifier over
character n-grams does, which cannot write. So the classifier tells the kind of request, and the network, which has learnt to obey
the mark, reads the inquiry for its product and its subject and writes the phrase. Only a model whose folder holds
``request_classifier.npz`` gets marks; a fine-tuned KoBART reads the inquiry alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from models.summarizer import SHIPPED_MODEL
from models.summarizer.ngrams import WeightedNgrams, ngrams

FILE = "request_classifier.npz"
PENALTY = 0.5  # C of the linear support vector machine; 0.25 to 1 came out alike


def mark(kind: str) -> str:
    """The mark of a kind of request, one token of the model's vocabulary."""
    return f"[{kind}]"


def marked(text: str, kind: str) -> str:
    """An inquiry as the summarizer reads it."""
    return f"{mark(kind)} {text}"


@dataclass(frozen=True)
class RequestKind:
    """The kind of request of one inquiry, and the version of the classifier that told it, empty where it came with the summarizer."""

    kind: str
    version: str = ""


class RequestClassifier:
    """A linear classifier of the kind of request. Weights are kept as 8-bit integers with one scale a kind. Safe between threads."""

    def __init__(self, kinds: Sequence[str], weighted: WeightedNgrams, offsets: npt.NDArray[np.float32]) -> None:
        """``weighted`` and ``offsets`` have a row for each kind."""
        self.kinds = tuple(kinds)
        self._weighted, self._offsets = weighted, offsets

    @classmethod
    def fit(cls, texts: Sequence[str], kinds: Sequence[str], *, penalty: float = PENALTY) -> Self:
        """Learn from inquiries and their kinds of request; ``penalty`` is C of the support vector machine."""
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.svm import LinearSVC

        weighting = TfidfTransformer(sublinear_tf=True)
        classifier = LinearSVC(C=penalty).fit(weighting.fit_transform(ngrams().transform(texts)), list(kinds))
        coefficients, offsets = classifier.coef_, classifier.intercept_
        if len(coefficients) == 1:  # of two kinds only what speaks for the second is kept
            coefficients, offsets = np.vstack([-coefficients, coefficients]), np.concatenate([-offsets, offsets])
        weighted = WeightedNgrams.of(weighting.idf_, coefficients)
        return cls([str(kind) for kind in classifier.classes_], weighted, offsets.astype(np.float32))

    def scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Decision scores, shape (texts, kinds)."""
        return np.array([self._weighted.score(text) + self._offsets for text in texts])

    def kinds_of(self, texts: Sequence[str]) -> list[str]:
        """The likeliest kind of each text."""
        return [self.kinds[best] for best in self.scores(texts).argmax(axis=1)] if texts else []

    def save(self, folder: Path) -> None:
        """Write ``request_classifier.npz``."""
        np.savez_compressed(
            folder / FILE,
            allow_pickle=False,
            kinds=np.array(self.kinds),
            rarity=self._weighted.rarity,
            weights=self._weighted.weights,
            scales=self._weighted.scales,
            offsets=self._offsets,
        )

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """The classifier of a model's folder, None where it has none."""
        path = folder / FILE
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as stored:
            kinds = [str(kind) for kind in stored["kinds"]]
            return cls(kinds, WeightedNgrams(stored["rarity"], stored["weights"], stored["scales"]), stored["offsets"])


@cache
def marked_kinds() -> frozenset[str]:
    """The kinds of request for which the summarizer that ships has learnt marks: those that its own classifier tells."""
    with np.load(SHIPPED_MODEL / FILE, allow_pickle=False) as stored:
        return frozenset(str(kind) for kind in stored["kinds"])
