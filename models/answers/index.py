"""An index of passages: found by words (BM25 over Kiwi's morphemes) and by sense (vectors), ranked together.

    index.json     the encoder's name, the documents, the passages and their phrasings (``models.answers.phrasings``) with their words
    vectors.npz    rows (float16): of each passage, then of its sentences; those of the phrasings; the middle of questions; the pieces of
                   each passage (int8, ``PIECE_SCALE`` times as long as they are) and how many its headings and each of its sentences have

Rankings are fused by reciprocal rank (Cormack and others, 2009): a passage's score is the sum of 1 / (offset + rank) over both by what it
says and both by how callers ask for it; where too little of that was written down the first two count twice. A passage is as near to a
question as the nearest of its rows. Vectors are taken from the middle of their kind: callers ask in another style than terms are written
in, and without this the style decides (right passage among the first three by vectors alone: 0.56, with it 0.82).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from models.answers.chunks import Chunk, chunks_of
from models.answers.document import Document
from models.answers.encoder import Encoder, Vectors, of_length_one
from models.answers.nearest import InMemory, Near, Nearest, Rows
from models.answers.phrasings import ENOUGH, Asked
from models.answers.questions import calibration
from models.answers.shared_words import Rarity, SharedWords
from models.answers.told import Place
from models.answers.version import IndexedDocument
from models.answers.words import AskedWords, asked_words, words_of
from models.errors import ModelRefused

INDEX, VECTORS = "index.json", "vectors.npz"
POOL = 50  # of each ranking, what is fused
RANK_OFFSET = 10
PIECE_SCALE = 127
_AGAIN = "Run index-documents again"
_HALF = ("rows", "phrasings")  # kept as float16


class _Passage(BaseModel):
    place: Place
    sentences: tuple[str, ...]
    found_by: str
    words: list[str]
    lead: str = ""
    asked: tuple[str, ...] = ()
    asked_words: list[list[str]] = []


class _Written(BaseModel):
    encoder: str
    documents: list[IndexedDocument]
    passages: list[_Passage]


@dataclass(frozen=True)
class Kept:
    """The vectors of an index. ``rows`` and ``phrasings`` are of length 1, taken from their middle."""

    rows: Vectors
    phrasings: Vectors  # of all passages, one after another
    of_questions: Vectors
    pieces: npt.NDArray[np.int8]  # of all passages, one after another
    piece_counts: npt.NDArray[np.int64]  # of a passage's headings, then of each of its sentences


@dataclass(frozen=True)
class Found:
    """A passage found for a question, by its number. ``cosine`` is 0, a rank None, where it is not among the first.

    The first two ranks are by what it says, the others by its phrasings.
    """

    number: int
    score: float
    cosine: float
    word_rank: int | None
    sense_rank: int | None
    asked_word_rank: int | None = None
    asked_sense_rank: int | None = None


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
        self,
        encoder: str,
        documents: Sequence[IndexedDocument],
        chunks: Sequence[Chunk],
        words: Sequence[list[str]],
        asked_words: Sequence[list[list[str]]],
        kept: Kept,
    ) -> None:
        """``words`` are those of each passage, ``asked_words`` those of each of its phrasings."""
        self.encoder, self.documents, self.chunks, self.kept = encoder, list(documents), list(chunks), kept
        self.words, self.asked_words = list(words), list(asked_words)
        self.starts = np.cumsum([0, *(len(rows_of(chunk)) for chunk in self.chunks)])
        self.asked_starts = np.cumsum([0, *(len(chunk.asked) for chunk in self.chunks)])
        self._piece_starts = np.cumsum([0, *kept.piece_counts])
        self.near: Nearest = InMemory(Rows(kept.rows, self.starts), Rows(kept.phrasings, self.asked_starts))
        self.word_sets = [frozenset(several) for several in self.words]
        self._sentence_words = dict[int, list[frozenset[str]]]()
        phrased = [[word for phrasing in several for word in phrasing] for several in self.asked_words]
        self._said, self._asked_for = SharedWords(self.words), SharedWords(phrased)
        self.rarity = Rarity(self.word_sets)
        self.asked_rarity = Rarity(words.union(asked) for words, asked in zip(self.word_sets, phrased, strict=True))

    @classmethod
    def build(cls, documents: Sequence[Document], encoder: Encoder, asked: Asked | None = None) -> "Index":
        """Cut documents into passages and index them, with the phrasings of those that have such."""
        pairs = [(document, list(_with_phrasings(document, asked or {}))) for document in documents]
        chunks = [chunk for _, several in pairs for chunk in several]
        told = [_told(document, several) for document, several in pairs]
        rows = encoder.passages([row for chunk in chunks for row in rows_of(chunk)])
        pieces = [part for parts in encoder.passage_pieces([parts_of(chunk) for chunk in chunks]) for part in parts]
        of_questions = encoder.questions([one.text for one in calibration()]).mean(axis=0)
        phrasings = [question for chunk in chunks for question in chunk.asked]
        vectors = encoder.questions(phrasings) - of_questions if phrasings else np.zeros((0, rows.shape[1]), np.float32)
        kept = Kept(
            rows=_as_kept(of_length_one(rows - rows.mean(axis=0))),
            phrasings=_as_kept(of_length_one(vectors)),
            of_questions=of_questions,
            pieces=np.rint(PIECE_SCALE * np.concatenate(pieces)).astype(np.int8),
            piece_counts=np.array([len(one) for one in pieces], dtype=np.int64),
        )
        words = words_of([chunk.sought for chunk in chunks])
        return cls(encoder.name, told, chunks, words, [words_of(chunk.asked) for chunk in chunks], kept)

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        passages = [
            _Passage(**vars(chunk), words=words, asked_words=asked_words)
            for chunk, words, asked_words in zip(self.chunks, self.words, self.asked_words, strict=True)
        ]
        written = _Written(encoder=self.encoder, documents=self.documents, passages=passages)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INDEX).write_text(written.model_dump_json(), encoding="utf-8")
        np.savez(folder / VECTORS, **(vars(self.kept) | {name: vars(self.kept)[name].astype(np.float16) for name in _HALF}))

    @classmethod
    def load(cls, folder: Path) -> "Index":
        """Read a folder; ModelRefused where it is damaged."""
        try:
            read = _Written.model_validate_json((folder / INDEX).read_text(encoding="utf-8"))
            with np.load(folder / VECTORS, allow_pickle=False) as arrays:
                if "pieces" not in arrays:
                    raise ModelRefused(f"the index in {folder} was made before passages had pieces, with {read.encoder}", remedy=_AGAIN)
                kept = _kept({name: arrays[name] for name in arrays})
            chunks = [Chunk(one.place, one.sentences, one.found_by, one.lead, one.asked) for one in read.passages]
            words, asked_words = [one.words for one in read.passages], [one.asked_words for one in read.passages]
            index = cls(read.encoder, read.documents, chunks, words, asked_words, kept)
        except (OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile) as error:
            raise ModelRefused(f"the index in {folder} cannot be read ({type(error).__name__})", remedy=_AGAIN) from error
        sizes = (len(kept.rows), len(kept.phrasings), len(kept.piece_counts), len(kept.pieces))
        if sizes != (index.starts[-1], index.asked_starts[-1], index.starts[-1], kept.piece_counts.sum()):
            raise ModelRefused(f"the index in {folder} has not the vectors of its passages", remedy=_AGAIN)
        return index

    def question(self, text: str, encoder: Encoder) -> Question:
        """A question as it is looked for; ModelRefused where the encoder is another than the passages'."""
        if encoder.name != self.encoder:
            raise ModelRefused(f"the index was made with encoder {self.encoder}, this process has {encoder.name}", remedy=_AGAIN)
        words = asked_words(text)
        vector = of_length_one(encoder.questions([text]) - self.kept.of_questions)[0]
        return Question(text, words, vector, encoder.question_pieces([text])[0])

    def by_words(self, question: Question) -> Near:
        """Passages that share words with the question, with their BM25 score, the highest first."""
        return self._said.first(question.words, POOL)

    def by_sense(self, question: Question) -> Near:
        """Passages near to the question, with their cosine, the nearest first."""
        return self.near.nearest(question.vector, POOL)

    def by_asked_words(self, question: Question) -> Near:
        """Passages that callers ask for in words of the question, with the BM25 score of all their phrasings, the highest first."""
        return self._asked_for.first(question.words, POOL)

    def by_asked_sense(self, question: Question) -> Near:
        """Passages that callers ask for as in the question, with the cosine of the nearest phrasing, the nearest first."""
        return self.near.asked(question.vector, POOL)

    def find(self, question: Question) -> list[Found]:
        """All rankings fused, the best first."""
        by_sense = self.by_sense(question)
        cosines = dict(by_sense)
        says = [_ranks(self.by_words(question)), _ranks(by_sense)]
        asks = [_ranks(self._with_enough(ranking)) for ranking in (self.by_asked_words(question), self.by_asked_sense(question))]
        found = list[Found]()
        for number in set().union(*says, *asks):
            ranks = [ranking.get(number) for ranking in (*says, *asks)]
            said = sum(map(_reciprocal, ranks[:2]))
            score = said + (sum(map(_reciprocal, ranks[2:])) if self.is_asked_for(number) else said)
            found.append(Found(number, score, cosines.get(number, 0.0), *ranks))
        return sorted(found, key=lambda one: (-one.score, one.number))

    def is_asked_for(self, number: int) -> bool:
        """Whether a passage has phrasings enough to be found and judged by."""
        return len(self.chunks[number].asked) >= ENOUGH

    def _with_enough(self, ranking: Near) -> Near:
        return [one for one in ranking if self.is_asked_for(one[0])]

    def nearest_phrasings(self, question: Question, number: int, most: int) -> list[str]:
        """Those of a passage that are nearest to the question, the nearest first."""
        near = self.near.phrasings(question.vector, number)
        return [self.chunks[number].asked[at] for at in sorted(range(len(near)), key=lambda at: (-near[at], at))[:most]]

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


def _with_phrasings(document: Document, asked: Asked) -> Iterator[Chunk]:
    return (replace(chunk, asked=asked.get(chunk.place, ())) for chunk in chunks_of(document))


def _told(document: Document, chunks: Sequence[Chunk]) -> IndexedDocument:
    asked = sum(len(chunk.asked) >= ENOUGH for chunk in chunks)
    return IndexedDocument(name=document.name, title=document.title, version=document.version, chunks=len(chunks), asked=asked)


def _kept(stored: Mapping[str, npt.NDArray[Any]]) -> Kept:
    """From a file; one from before passages had phrasings has none."""
    none = np.zeros((0, stored["rows"].shape[1]), np.float16)
    arrays = {one.name: stored.get(one.name, none) if one.name == "phrasings" else stored[one.name] for one in fields(Kept)}
    return Kept(**arrays | {name: arrays[name].astype(np.float32) for name in _HALF})


def _ranks(ranking: Near) -> dict[int, int]:
    return {number: rank for rank, (number, _) in enumerate(ranking)}


def _as_kept(vectors: Vectors) -> Vectors:
    """As they will be read again, so that an index answers the same before and after it was written."""
    return vectors.astype(np.float16).astype(np.float32)


def _reciprocal(rank: int | None) -> float:
    return 0.0 if rank is None else 1.0 / (RANK_OFFSET + 1 + rank)
