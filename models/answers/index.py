"""An index of passages: found by words (BM25 over Kiwi's morphemes) and by sense (vectors), ranked together.

    index.json     the encoder's name, the documents, the passages with their words
    vectors.npy    float16, a row for each passage, each of its sentences and each question that it answers

Ranks are fused by reciprocal rank (Cormack and others, 2009): a passage's score is the sum over both rankings of weight / (60 + rank).
A passage is as near to a question as the nearest of its rows.
"""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from models.answers.chunks import Chunk, chunks_of
from models.answers.document import Document
from models.answers.encoder import Encoder, Vectors
from models.answers.told import Place
from models.answers.words import words_of
from models.errors import ModelRefused

INDEX, VECTORS = "index.json", "vectors.npy"
POOL = 50  # of each ranking, what is fused
RANK_OFFSET = 60
K1, B = 1.2, 0.6

Scores = npt.NDArray[np.float32]  # one a passage


class IndexedDocument(BaseModel):
    """A document as an index tells of it."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    version: str
    chunks: int


class _Passage(BaseModel):
    place: Place
    sentences: tuple[str, ...]
    found_by: str
    words: list[str]


class _Written(BaseModel):
    encoder: str
    documents: list[IndexedDocument]
    passages: list[_Passage]


class Nearest(Protocol):
    """Where the vectors lie: in memory, or in PostgreSQL."""

    def nearest(self, question: Vectors, most: int) -> Sequence[tuple[int, float]]:
        """Up to ``most`` passages by their number with their cosine, the nearest first; ``question`` is one vector."""


@dataclass(frozen=True)
class InMemory:
    """Every row compared with the question: 10 ms for 50,000 rows of width 384."""

    vectors: Vectors
    owners: npt.NDArray[np.int32]  # the passage of each row, ascending

    def nearest(self, question: Vectors, most: int) -> Sequence[tuple[int, float]]:
        """By exact search."""
        if not len(self.owners):
            return []
        starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        best = np.maximum.reduceat(self.vectors @ question, starts)
        order = np.argsort(-best, kind="stable")[:most]
        return [(int(self.owners[starts[at]]), float(best[at])) for at in order]


@dataclass(frozen=True)
class Weights:
    """What each ranking counts in the fused one, chosen on calibration questions."""

    words: float = 1.0
    sense: float = 1.0


@dataclass(frozen=True)
class Found:
    """A passage found for a question, by its number; ``bm25`` and ``cosine`` are 0 where it is not among the first of that ranking."""

    number: int
    score: float
    bm25: float
    cosine: float
    word_rank: int | None
    sense_rank: int | None


@dataclass(frozen=True)
class Question:
    """A question as it is looked for."""

    text: str
    words: tuple[str, ...]
    vector: Vectors


class Index:
    """The passages of a collection of documents. Safe to use from several threads."""

    def __init__(
        self, encoder: str, documents: Sequence[IndexedDocument], chunks: Sequence[Chunk], words: Sequence[list[str]], vectors: Vectors
    ) -> None:
        """``vectors`` has the rows of ``rows_of`` for each passage in turn."""
        self.encoder, self.documents, self.chunks, self.words = encoder, list(documents), list(chunks), list(words)
        counts = [len(rows_of(chunk)) for chunk in self.chunks]
        self.vectors = vectors
        self.owners = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        self.near: Nearest = InMemory(vectors, self.owners)

    @classmethod
    def build(cls, documents: Sequence[Document], encoder: Encoder) -> "Index":
        """Cut documents into passages and index them."""
        pairs = [(document, chunks_of(document)) for document in documents]
        chunks = [chunk for _, several in pairs for chunk in several]
        told = [IndexedDocument(name=d.name, title=d.title, version=d.version, chunks=len(c)) for d, c in pairs]
        rows = [row for chunk in chunks for row in rows_of(chunk)]
        vectors = encoder.passages(rows) if rows else np.zeros((0, 1), np.float32)
        # As they are kept, so that an index answers the same before and after it was written.
        return cls(encoder.name, told, chunks, words_of([chunk.sought for chunk in chunks]), vectors.astype(np.float16).astype(np.float32))

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        passages = [
            _Passage(place=chunk.place, sentences=chunk.sentences, found_by=chunk.found_by, words=words)
            for chunk, words in zip(self.chunks, self.words, strict=True)
        ]
        written = _Written(encoder=self.encoder, documents=self.documents, passages=passages)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).write_text(written.model_dump_json(), encoding="utf-8")
        np.save(folder / VECTORS, self.vectors.astype(np.float16))

    @classmethod
    def load(cls, folder: Path) -> "Index":
        """Read a folder; ModelRefused where it is damaged."""
        try:
            read = _Written.model_validate_json((folder / INDEX).read_text(encoding="utf-8"))
            vectors = np.load(folder / VECTORS, allow_pickle=False).astype(np.float32)
            chunks = [Chunk(one.place, one.sentences, one.found_by) for one in read.passages]
            if len(vectors) != sum(len(rows_of(chunk)) for chunk in chunks):
                raise ValueError(f"{len(vectors)} vectors for {len(chunks)} passages")
        except (OSError, ValueError) as error:
            raise ModelRefused(
                f"the index in {folder} cannot be read ({type(error).__name__})", remedy="Run index-documents again"
            ) from error
        return cls(read.encoder, read.documents, chunks, [one.words for one in read.passages], vectors)

    def question(self, text: str, encoder: Encoder) -> Question:
        """A question as it is looked for; ModelRefused where the encoder is another than the passages'."""
        if encoder.name != self.encoder:
            raise ModelRefused(
                f"the index was made with the encoder {self.encoder}, this process has {encoder.name}", remedy="Run index-documents again"
            )
        return Question(text, tuple(words_of([text])[0]), encoder.questions([text])[0])

    def by_words(self, question: Question) -> list[tuple[int, float]]:
        """Passages that share words with the question, with their BM25 score, the highest first."""
        if not question.words or not self.chunks:
            return []
        scores = np.asarray(self._bm25.get_scores(list(question.words)))
        order = np.argsort(-scores, kind="stable")[:POOL]
        return [(int(number), float(scores[number])) for number in order if scores[number] > 0]

    def by_sense(self, question: Question) -> list[tuple[int, float]]:
        """Passages near to the question, with their cosine, the nearest first."""
        return list(self.near.nearest(question.vector, POOL))

    def find(self, question: Question, weights: Weights) -> list[Found]:
        """Both rankings fused, the best first."""
        words, sense = self.by_words(question), self.by_sense(question)
        word_ranks = {number: (rank, score) for rank, (number, score) in enumerate(words)}
        sense_ranks = {number: (rank, score) for rank, (number, score) in enumerate(sense)}
        found = []
        for number in word_ranks.keys() | sense_ranks.keys():
            word_rank, bm25 = word_ranks.get(number, (None, 0.0))
            sense_rank, cosine = sense_ranks.get(number, (None, 0.0))
            score = weights.words * _reciprocal(word_rank) + weights.sense * _reciprocal(sense_rank)
            found.append(Found(number, score, bm25, cosine, word_rank, sense_rank))
        return sorted(found, key=lambda one: (-one.score, one.number))

    def sentence_cosines(self, number: int, question: Question) -> list[float]:
        """How near each sentence of a passage is to the question."""
        first = int(self.starts[number]) + 1
        return [float(value) for value in self.vectors[first : first + len(self.chunks[number].sentences)] @ question.vector]

    def rarity(self, word: str) -> float:
        """A word's inverse document frequency; of one that no passage has, the highest."""
        return math.log(1 + (len(self.chunks) - self._frequency[word] + 0.5) / (self._frequency[word] + 0.5))

    def knows(self, word: str) -> bool:
        """Whether any passage has the word."""
        return word in self._frequency

    @cached_property
    def _frequency(self) -> Counter[str]:
        return Counter(word for words in self.words for word in set(words))

    @cached_property
    def word_sets(self) -> list[frozenset[str]]:
        """The words of each passage."""
        return [frozenset(words) for words in self.words]

    @cached_property
    def _bm25(self) -> Any:
        import bm25s

        retriever = bm25s.BM25(k1=K1, b=B, method="lucene")
        retriever.index([words or [""] for words in self.words], show_progress=False)
        return retriever


def rows_of(chunk: Chunk) -> list[str]:
    """The texts whose vectors stand for a passage: the whole, each sentence, each question; all but questions led by the heading."""
    head = chunk.place.heading.rpartition(" › ")[2] or chunk.place.title
    whole = " ".join(filter(None, (chunk.place.title, chunk.place.heading, chunk.text)))
    return [whole, *(f"{head} {sentence}" for sentence in chunk.sentences), *chunk.found_by.splitlines()]


def _reciprocal(rank: int | None) -> float:
    return 0.0 if rank is None else 1.0 / (RANK_OFFSET + 1 + rank)


def digest_of(folder: Path) -> str:
    """16 hexadecimal digits of what an index holds."""
    digest = hashlib.sha256()
    for name in (INDEX, VECTORS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


def places(chunks: Sequence[Chunk]) -> tuple[Place, ...]:
    """Where passages stand."""
    return tuple(chunk.place for chunk in chunks)

