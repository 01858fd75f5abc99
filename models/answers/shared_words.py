"""Which texts share words with a question: BM25 (Robertson and others, 1994), and how rare a word is among them."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from models.answers.words import AskedWords

K1, B = 1.2, 0.4
MEANT = 0.7  # what a word counts that documents use for the caller's, against the caller's own


class Rarity:
    """Inverse document frequencies."""

    def __init__(self, texts: Iterable[frozenset[str]]) -> None:
        """Of these texts' words."""
        several = list(texts)
        self._count = len(several)
        self._frequency = Counter(word for words in several for word in words)

    def of(self, word: str) -> float:
        """A word's; of one that no text has, the highest."""
        seen = self._frequency[word]
        return math.log(1 + (self._count - seen + 0.5) / (seen + 0.5))

    def share(self, asked: Sequence[str], held: frozenset[str]) -> float:
        """How much of a question's words a text has, each by its rarity."""
        rarity = {word: self.of(word) for word in asked}
        return sum(rarity[word] for word in rarity.keys() & held) / (sum(rarity.values()) or 1.0)


class SharedWords:
    """Texts by the words that they share with questions. Thread-safe."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        """Over the words of each text; one may have none."""
        self._texts = texts
        self._known = {word for words in texts for word in words}

    def first(self, words: AskedWords, most: int) -> list[tuple[int, float]]:
        """Up to ``most`` texts that share words with a question, by their number with their score, the highest first."""
        scores = self._scores(words.own) + MEANT * self._scores(words.meant)
        for word, counts in words.likely.items():
            scores += counts * self._scores([word])
        order = np.argsort(-scores, kind="stable")[:most]
        return [(int(number), float(scores[number])) for number in order if scores[number] > 0]

    def _scores(self, words: Sequence[str]) -> npt.NDArray[np.float64]:
        known = [word for word in words if word in self._known]
        if not known:
            return np.zeros(len(self._texts))
        return np.asarray(self._bm25.get_scores(known), dtype=np.float64)

    @cached_property
    def _bm25(self) -> Any:
        import bm25s

        retriever = bm25s.BM25(k1=K1, b=B, method="lucene")
        retriever.index([words or [""] for words in self._texts], show_progress=False)
        return retriever
