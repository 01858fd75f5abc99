"""An index of passages: found by words (BM25 over Kiwi's morphemes) and by sense (vectors), ranked together.

    index.json     the encoder's name, the documents, the passages with their words
    vectors.npz    rows (float16): of each passage, then of its sentences; the middle of questions; the pieces of each passage
                   (int8, ``PIECE_SCALE`` times as long as they are) and how many its headings and each of its sentences have

Rankings are fused by reciprocal rank (Cormack and others, 2009): a passage's score is the sum over both of 1 / (offset + rank). A passage
is as near to a question as the nearest of its rows. Vectors are taken from the middle of their kind: callers ask in another style than
terms are written in, and without this the style decides (right passage among the first three by vectors alone: 0.56, with it 0.82).
"""

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from models.answers.chunks import Chunk, chunks_of
from models.answers.document import Document
from models.answers.encoder import Encoder, Vectors, of_length_one
from models.answers.questions import calibration
from models.answers.told import Place
from models.answers.version import IndexedDocument
from models.answers.words import AskedWords, asked_words, words_of
from models.errors import ModelRefused

INDEX, VECTORS = "index.json", "vectors.npz"
POOL = 50  # of each ranking, what is fused
RANK_OFFSET = 10
K1, B = 1.2, 0.4
PIECE_SCALE = 127
MEANT = 0.7  # what a word counts that documents use for the caller's, against the caller's own
_AGAIN = "Run index-documents again"


class _Passage(BaseModel):
    place: Place
    sentences: tuple[str, ...]
    found_by: str
    words: list[str]
    lead: str = ""


class _Written(BaseModel):
    encoder: str
    documents: list[IndexedDocument]
    passages: list[_Passage]


class Nearest(Protocol):
    """Where the passages' vectors lie: in memory, or in PostgreSQL."""

    def nearest(self, question: Vectors, most: int) -> Sequence[tuple[int, float]]:
        """Up to ``most`` passages by their number with their cosine, the nearest first; ``question`` is one vector."""

    def sentences(self, question: Vectors, number: int) -> Sequence[float]:
        """The cosine of each of a passage's sentences."""


@dataclass(frozen=True)
class InMemory:
    """Every row compared with the question. ``starts`` is the first row of each passage, and behind the last one the number of rows."""

    vectors: Vectors
    starts: npt.NDArray[np.int64]

    def nearest(self, question: Vectors, most: int) -> Sequence[tuple[int, float]]:
        """By exact search."""
        if not len(self.vectors):
            return []
        best = np.maximum.reduceat(self.vectors @ question, self.starts[:-1])
        return [(int(number), float(best[number])) for number in np.argsort(-best, kind="stable")[:most]]

    def sentences(self, question: Vectors, number: int) -> Sequence[float]:
        """The cosine of each of a passage's sentences."""
        rows = self.vectors[self.starts[number] + 1 : self.starts[number + 1]]
        return [float(cosine) for cosine in rows @ question]


@dataclass(frozen=True)
class Kept:
    """The vectors of an index. ``rows`` are of length 1, taken from their middle."""

    rows: Vectors
    of_questions: Vectors
    pieces: npt.NDArray[np.int8]  # of all passages, one after another
    piece_counts: npt.NDArray[np.int64]  # of a passage's headings, then of each of its sentences


@dataclass(frozen=True)
class Found:
    """A passage found for a question, by its number. ``bm25`` and ``cosine`` are 0, a rank None, where it is not among the first."""

    number: int
    score: float
    bm25: float
    cosine: float
    word_rank: int | None
    sense_rank: int | None


@dataclass(frozen=True)
class Question:
    """A question as it is looked for; ``pieces`` has a row for each of the encoder's."""

    text: str
    words: AskedWords
    vector: Vectors
    pieces: Vectors


class Index:
    """The passages of a collection of documents. Safe to use from several threads."""

    def __init__(
        self, encoder: str, documents: Sequence[IndexedDocument], chunks: Sequence[Chunk], words: Sequence[list[str]], kept: Kept
    ) -> None:
        self.encoder, self.documents, self.chunks, self.words, self.kept = encoder, list(documents), list(chunks), list(words), kept
        self.starts = np.cumsum([0, *(len(rows_of(chunk)) for chunk in self.chunks)])
        self._piece_starts = np.cumsum([0, *kept.piece_counts])
        self.near: Nearest = InMemory(kept.rows, self.starts)
        self.word_sets = [frozenset(several) for several in self.words]
        self._sentence_words = dict[int, list[frozenset[str]]]()
        self._frequency = Counter(word for several in self.word_sets for word in several)

    @classmethod
    def build(cls, documents: Sequence[Document], encoder: Encoder) -> "Index":
        """Cut documents into passages and index them."""
        pairs = [(document, chunks_of(document)) for document in documents]
        chunks = [chunk for _, several in pairs for chunk in several]
        told = [IndexedDocument(name=d.name, title=d.title, version=d.version, chunks=len(c)) for d, c in pairs]
        words = words_of([chunk.sought for chunk in chunks])
        rows = encoder.passages([row for chunk in chunks for row in rows_of(chunk)])
        pieces = [part for parts in encoder.passage_pieces([parts_of(chunk) for chunk in chunks]) for part in parts]
        kept = Kept(
            rows=_as_kept(of_length_one(rows - rows.mean(axis=0))),
            of_questions=encoder.questions([one.text for one in calibration()]).mean(axis=0),
            pieces=np.rint(PIECE_SCALE * np.concatenate(pieces)).astype(np.int8),
            piece_counts=np.array([len(one) for one in pieces], dtype=np.int64),
        )
        return cls(encoder.name, told, chunks, words, kept)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        passages = [
            _Passage(place=chunk.place, sentences=chunk.sentences, found_by=chunk.found_by, words=words, lead=chunk.lead)
            for chunk, words in zip(self.chunks, self.words, strict=True)
        ]
        written = _Written(encoder=self.encoder, documents=self.documents, passages=passages)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).write_text(written.model_dump_json(), encoding="utf-8")
        np.savez(folder / VECTORS, **(vars(self.kept) | {"rows": self.kept.rows.astype(np.float16)}))

    @classmethod
    def load(cls, folder: Path) -> "Index":
        """Read a folder; ModelRefused where it is damaged."""
        try:
            read = _Written.model_validate_json((folder / INDEX).read_text(encoding="utf-8"))
            with np.load(folder / VECTORS, allow_pickle=False) as arrays:
                if "pieces" not in arrays:
                    raise ModelRefused(f"the index in {folder} was made before passages had pieces, with {read.encoder}", remedy=_AGAIN)
                kept = Kept(**{one.name: arrays[one.name] for one in fields(Kept)} | {"rows": arrays["rows"].astype(np.float32)})
            chunks = [Chunk(one.place, one.sentences, one.found_by, one.lead) for one in read.passages]
            index = cls(read.encoder, read.documents, chunks, [one.words for one in read.passages], kept)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise ModelRefused(f"the index in {folder} cannot be read ({type(error).__name__})", remedy=_AGAIN) from error
        sizes = (len(kept.rows), len(kept.piece_counts), len(kept.pieces))
        if sizes != (index.starts[-1], index.starts[-1], kept.piece_counts.sum()):
            raise ModelRefused(f"the index in {folder} has not the vectors of its passages", remedy=_AGAIN)
        return index

    def question(self, text: str, encoder: Encoder) -> Question:
        """A question as it is looked for; ModelRefused where the encoder is another than the passages'."""
        if encoder.name != self.encoder:
            raise ModelRefused(f"the index was made with encoder {self.encoder}, this process has {encoder.name}", remedy=_AGAIN)
        words = asked_words(text)
        vector = of_length_one(encoder.questions([text]) - self.kept.of_questions)[0]
        return Question(text, words, vector, encoder.question_pieces([text])[0])

    def by_words(self, question: Question) -> list[tuple[int, float]]:
        """Passages that share words with the question, with their BM25 score, the highest first."""
        words = question.words
        scores = self._scores(words.own) + MEANT * self._scores(words.meant)
        for word, counts in words.likely.items():
            scores += counts * self._scores([word])
        order = np.argsort(-scores, kind="stable")[:POOL]
        return [(int(number), float(scores[number])) for number in order if scores[number] > 0]

    def by_sense(self, question: Question) -> list[tuple[int, float]]:
        """Passages near to the question, with their cosine, the nearest first."""
        return list(self.near.nearest(question.vector, POOL))

    def find(self, question: Question) -> list[Found]:
        """Both rankings fused, the best first."""
        by_words = {number: (rank, score) for rank, (number, score) in enumerate(self.by_words(question))}
        by_sense = {number: (rank, score) for rank, (number, score) in enumerate(self.by_sense(question))}
        found = []
        for number in by_words.keys() | by_sense.keys():
            word_rank, bm25 = by_words.get(number, (None, 0.0))
            sense_rank, cosine = by_sense.get(number, (None, 0.0))
            found.append(Found(number, _reciprocal(word_rank) + _reciprocal(sense_rank), bm25, cosine, word_rank, sense_rank))
        return sorted(found, key=lambda one: (-one.score, one.number))

    def sentence_pieces(self, number: int) -> list[Vectors]:
        """The pieces of each of a passage's sentences, led by those of its headings, shape (pieces, width)."""
        starts = self._piece_starts[self.starts[number] : self.starts[number + 1] + 1]
        headings, *sentences = (self.kept.pieces[a:b] / np.float32(PIECE_SCALE) for a, b in pairwise(starts))
        return [np.concatenate([headings, one]) for one in sentences if len(one)] or [headings]

    def sentence_words(self, number: int) -> list[frozenset[str]]:
        """The words of each of a passage's sentences."""
        known = self._sentence_words.get(number)
        if known is None:
            known = [frozenset(words) for words in words_of(self.chunks[number].sentences)]
            self._sentence_words[number] = known
        return known

    def rarity(self, word: str) -> float:
        """A word's inverse document frequency; of one that no passage has, the highest."""
        seen = self._frequency[word]
        return math.log(1 + (len(self.chunks) - seen + 0.5) / (seen + 0.5))

    def _scores(self, words: Sequence[str]) -> npt.NDArray[np.float64]:
        known = [word for word in words if word in self._frequency]
        if not known:
            return np.zeros(len(self.chunks))
        return np.asarray(self._bm25.get_scores(known), dtype=np.float64)

    @cached_property
    def _bm25(self) -> Any:
        import bm25s

        retriever = bm25s.BM25(k1=K1, b=B, method="lucene")
        retriever.index([words or [""] for words in self.words], show_progress=False)
        return retriever


def parts_of(chunk: Chunk) -> list[str]:
    """A passage with its headings, as it is read side by side with questions: these, then each sentence."""
    return [" ".join(filter(None, (chunk.place.title, chunk.place.heading))), *chunk.sentences]


def rows_of(chunk: Chunk) -> list[str]:
    """The texts whose vectors stand for a passage: the whole with its headings, then each sentence with the innermost one."""
    head = chunk.place.heading.rpartition(" › ")[2] or chunk.place.title
    return [" ".join(parts_of(chunk)), *(f"{head} {sentence}" for sentence in chunk.sentences)]


def digest_of(folder: Path) -> str:
    """16 hexadecimal digits of what an index holds."""
    digest = hashlib.sha256()
    for name in (INDEX, VECTORS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()[:16]


def _as_kept(vectors: Vectors) -> Vectors:
    """As they will be read again, so that an index answers the same before and after it was written."""
    return vectors.astype(np.float16).astype(np.float32)


def _reciprocal(rank: int | None) -> float:
    return 0.0 if rank is None else 1.0 / (RANK_OFFSET + 1 + rank)
