"""What a caller asks for, told to the small summarizer by a mark before the inquiry.

    [refund] 종신보험을 지금 그만두면 얼마를 돌려받을 수 있는지 궁금합니다.

A network of a few million parameters that learns from ten thousand inquiries knows fewer wordings than a linear classifier over
character n-grams does, which cannot write. So the classifier tells the kind of request, and the network, which has learnt to obey
the mark, reads the inquiry for its product and its subject and writes the phrase. Only a model whose folder holds
``request_classifier.npz`` gets marks; a fine-tuned KoBART reads the inquiry alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.summarizer import SHIPPED_MODEL

FILE = "request_classifier.npz"
_FEATURES = 2**16
_WORDS = 2**15  # that are kept taken apart, 8 MB
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

    def __init__(
        self,
        kinds: Sequence[str],
        rarity: npt.NDArray[np.float32],
        weights: npt.NDArray[np.int8],
        scales: npt.NDArray[np.float32],
        offsets: npt.NDArray[np.float32],
    ) -> None:
        """``rarity`` is the inverse document frequency of each of the hashed n-grams, ``weights`` has a row a kind."""
        self.kinds = tuple(kinds)
        self._rarity, self._weights, self._scales, self._offsets = rarity, weights, scales, offsets
        self._dense = np.ascontiguousarray((weights * scales[:, None] * rarity).T, dtype=np.float32)
        self._counted = _counting()

    @classmethod
    def fit(cls, texts: Sequence[str], kinds: Sequence[str], *, penalty: float = PENALTY) -> Self:
        """Learn from inquiries and their kinds of request; ``penalty`` is C of the support vector machine."""
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.svm import LinearSVC

        weighting = TfidfTransformer(sublinear_tf=True)
        classifier = LinearSVC(C=penalty).fit(weighting.fit_transform(_ngrams().transform(texts)), list(kinds))
        coefficients, offsets = classifier.coef_, classifier.intercept_
        if len(coefficients) == 1:  # of two kinds only what speaks for the second is kept
            coefficients, offsets = np.vstack([-coefficients, coefficients]), np.concatenate([-offsets, offsets])
        scales = np.abs(coefficients).max(axis=1) / 127
        return cls(
            [str(kind) for kind in classifier.classes_],
            weighting.idf_.astype(np.float32),
            np.round(coefficients / scales[:, None]).astype(np.int8),
            scales.astype(np.float32),
            offsets.astype(np.float32),
        )

    def scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Decision scores, shape (texts, kinds)."""
        return np.array([self._scores(text) for text in texts])

    def _scores(self, text: str) -> npt.NDArray[np.float32]:
        columns, counts = self._counted(text)
        damped = 1 + np.log(counts, dtype=np.float32)
        length = float(np.linalg.norm(damped * self._rarity[columns]))
        return np.asarray(damped @ self._dense[columns] / max(length, 1e-9) + self._offsets, dtype=np.float32)

    def kinds_of(self, texts: Sequence[str]) -> list[str]:
        """The likeliest kind of each text."""
        return [self.kinds[best] for best in self.scores(texts).argmax(axis=1)] if texts else []

    def save(self, folder: Path) -> None:
        """Write ``request_classifier.npz``."""
        np.savez_compressed(
            folder / FILE,
            allow_pickle=False,
            kinds=np.array(self.kinds),
            rarity=self._rarity,
            weights=self._weights,
            scales=self._scales,
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
            return cls(kinds, stored["rarity"], stored["weights"], stored["scales"], stored["offsets"])


@cache
def marked_kinds() -> frozenset[str]:
    """The kinds of request for which the summarizer that ships has learnt marks: those that its own classifier tells."""
    with np.load(SHIPPED_MODEL / FILE, allow_pickle=False) as stored:
        return frozenset(str(kind) for kind in stored["kinds"])


def _ngrams() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(
        analyzer="char_wb", ngram_range=(1, 4), n_features=_FEATURES, alternate_sign=False, norm=None, dtype=np.float32
    )


def _counting() -> Callable[[str], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """A function that gives the columns of a text's n-grams and how often each occurs, as ``_ngrams().transform`` does.

    No n-gram reaches over a space, and callers say the same words again and again (of the words of the 200 held-out inquiries 87 %
    are among those of the 10,638 others), so each word is taken apart once: a third of the time.
    """
    from sklearn.utils import murmurhash3_32

    ngrams = _ngrams().build_analyzer()

    @lru_cache(maxsize=_WORDS)
    def columns_of(word: str) -> npt.NDArray[np.int64]:
        return np.abs(np.array([murmurhash3_32(ngram) for ngram in ngrams(word)], dtype=np.int64)) % _FEATURES

    def counted(text: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        found = [columns_of(word) for word in text.split()]
        return np.unique(np.concatenate(found) if found else np.empty(0, dtype=np.int64), return_counts=True)

    return counted
