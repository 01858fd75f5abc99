"""A first guess of what a caller asks for, put before the inquiry as marks that the small summarizer has learnt to read.

    [refund] [cancel] 종신보험을 지금 그만두면 얼마를 돌려받을 수 있는지 궁금합니다.

A network of a few million parameters that learns from ten thousand inquiries knows less of wordings than a linear classifier over
character n-grams does, which knows nothing of order and cannot write. So the classifier names the likeliest kinds, more of them
the less sure it is, and the network, which reads the whole inquiry, decides. A model's folder with ``hints.npz`` wants marks; one
without, such as a fine-tuned KoBART's, reads the inquiry alone.
"""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

FILE = "hints.npz"
MOST = 3  # marks before one inquiry
_FEATURES = 2**16
_NEAR = 0.7  # in the classifier's scores, whose margin is 1: a kind this close to the likeliest is named as well
_PENALTY = 0.5  # C of the linear support vector machine; 0.25 to 1 came out alike
_FOLDS = 5


def mark(kind: str) -> str:
    """The mark of a kind of request, one token of the model's vocabulary."""
    return f"[{kind}]"


class RequestHints:
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
        self._arrays = {"rarity": rarity, "weights": weights, "scales": scales, "offsets": offsets}
        self._dense = np.ascontiguousarray((weights * scales[:, None] * rarity).T, dtype=np.float32)
        self._offsets = offsets
        self._counting = _ngrams()

    @classmethod
    def fit(cls, texts: Sequence[str], kinds: Sequence[str]) -> Self:
        """Learn from inquiries and their kinds of request."""
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.svm import LinearSVC

        weighting = TfidfTransformer(sublinear_tf=True)
        classifier = LinearSVC(C=_PENALTY).fit(weighting.fit_transform(_ngrams().transform(texts)), list(kinds))
        scales = np.abs(classifier.coef_).max(axis=1) / 127
        weights = np.round(classifier.coef_ / scales[:, None]).astype(np.int8)
        return cls(
            [str(kind) for kind in classifier.classes_],
            weighting.idf_.astype(np.float32),
            weights,
            scales.astype(np.float32),
            classifier.intercept_.astype(np.float32),
        )

    def scores(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """How much speaks for each kind, a row a text."""
        counts = self._counting.transform(texts).astype(np.float32)
        counts.data = 1 + np.log(counts.data)
        weighted = counts.multiply(self._arrays["rarity"])
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)))
        found: npt.NDArray[np.float32] = np.asarray(counts @ self._dense) / np.maximum(lengths, 1e-9) + self._offsets
        return found

    def before(self, texts: Sequence[str]) -> list[str]:
        """The texts with the marks of their likeliest kinds before them."""
        if not texts:
            return []
        marked = []
        for text, row in zip(texts, self.scores(texts), strict=True):
            likeliest = np.argsort(-row)[:MOST]
            named = [mark(self.kinds[kind]) for kind in likeliest if row[kind] > row[likeliest[0]] - _NEAR]
            marked.append(" ".join([*named, text]))
        return marked

    def save(self, folder: Path) -> None:
        """Write ``hints.npz``."""
        stored: dict[str, Any] = {"kinds": np.array(self.kinds), **self._arrays}
        np.savez_compressed(folder / FILE, allow_pickle=False, **stored)

    @classmethod
    def load(cls, folder: Path) -> Self | None:
        """The hints of a model's folder, None where it has none."""
        path = folder / FILE
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as stored:
            kinds = [str(kind) for kind in stored["kinds"]]
            return cls(kinds, stored["rarity"], stored["weights"], stored["scales"], stored["offsets"])


class UnseenHints:
    """Hints for texts to train on, each from a classifier that did not learn from that text's group.

    A classifier knows what it has learnt by heart: its guesses there are far better than those that the network will get in
    service, and the network would learn to trust them blindly. ``groups`` keeps variants of one inquiry together.
    """

    def __init__(self, texts: Sequence[str], kinds: Sequence[str], groups: Sequence[int], seed: int) -> None:
        rng = random.Random(seed)
        self._fold_of = {group: rng.randrange(_FOLDS) for group in sorted(set(groups))}
        self._folds = []
        for fold in range(_FOLDS):
            kept = [i for i, group in enumerate(groups) if self._fold_of[group] != fold]
            self._folds.append(RequestHints.fit([texts[i] for i in kept], [kinds[i] for i in kept]))

    def before(self, texts: Sequence[str], groups: Sequence[int]) -> list[str]:
        """The texts with their marks; a group that no classifier learnt from may be any number."""
        marked = [""] * len(texts)
        for fold, hints in enumerate(self._folds):
            mine = [i for i, group in enumerate(groups) if self._fold_of.get(group, group % _FOLDS) == fold]
            for i, text in zip(mine, hints.before([texts[i] for i in mine]), strict=True):
                marked[i] = text
        return marked


def _ngrams() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(analyzer="char_wb", ngram_range=(1, 4), n_features=_FEATURES, alternate_sign=False, norm=None)
