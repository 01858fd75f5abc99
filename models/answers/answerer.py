"""Answers a question from an index: the likeliest passage's sentences, quoted, or that the documents do not hold it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.answers.chunks import LIMITS
from models.answers.encoder import Encoder
from models.answers.index import Index, Question
from models.answers.judge import Judge, shipped
from models.answers.signs import Candidate, candidates, first_read_together
from models.answers.told import NotHeld, Place, Quote, Suggested

LONGEST_QUESTION = 500  # characters; what is longer is cut
ALSO = 2  # further places that are named
_MOST_SENTENCES = 3
_CLOSE = 0.75  # a second sentence is quoted that is so near to the question, against the nearest


class Answers(Protocol):
    """Whoever answers questions from the documents; ``Answerer`` by an index in this process."""

    def answer(self, question: str) -> Suggested | NotHeld:
        """The answer to one question as somebody asks it, in some 60 ms. Odd questions raise nothing: an empty one is not held."""


@dataclass(frozen=True)
class Answerer:
    """Answers by an index in this process. Thread-safe."""

    index: Index
    encoder: Encoder
    version: str = ""
    judge: Judge | None = None

    def answer(self, question: str, among: Callable[[Place], bool] = lambda place: True) -> Suggested | NotHeld:
        """Quote the likeliest passage among those at some places, or refuse."""
        text = " ".join(question.split())[:LONGEST_QUESTION]
        if not any(map(str.isalnum, text)) or not self.index.chunks:
            return NotHeld(confidence=0.0, index=self.version)
        judge = self.judge or shipped()
        asked = self.index.question(text, self.encoder)
        there = [one for one in self.index.find(asked) if among(self.index.chunks[one.number].place)]
        found = first_read_together(self.index, asked, judge.ordered(candidates(self.index, asked, there)), self.encoder)
        confidence = judge.confidence(found)
        places = [self.index.chunks[one.found.number].place for one in found[: ALSO + 1]]
        if not judge.holds(found):
            return NotHeld(confidence=confidence, nearest=tuple(places), index=self.version)
        quotes = self._quotes(asked, found[0])
        return Suggested(quotes=quotes, confidence=confidence, also=tuple(places[1:]), index=self.version)

    def _quotes(self, asked: Question, chosen: Candidate) -> tuple[Quote, ...]:
        number = chosen.found.number
        chunk = self.index.chunks[number]
        scores = _scores(self.index, asked, number)
        under = chunk.under
        return tuple(Quote(text=chunk.sentences[at], place=chunk.place, under=under[at]) for at in quoted(chunk.sentences, scores))


def _scores(index: Index, asked: Question, number: int) -> list[float]:
    """How much each sentence of a passage says to the question: its nearness, and the rare words that it shares."""
    words = {word: index.rarity.of(word) for word in (*asked.words.own, *asked.words.meant)}
    total = sum(words.values()) or 1.0
    near = index.near.sentences(asked.vector, number)
    shared = [sum(words[word] for word in several & words.keys()) / total for several in index.sentence_words(number)]
    return [max(0.0, cosine) + share for cosine, share in zip(near, shared, strict=True)]


def quoted(sentences: Sequence[str], scores: Sequence[float]) -> list[int]:
    """Which sentences of a passage are quoted, in its order: the best one, what limits it, and another one that says nearly as much.

    What stands between two of them is quoted as well, for it may limit what they say.

    >>> quoted(["암을 보장합니다.", "다만 90일 동안은 보장하지 않습니다.", "수수료는 없습니다."], [0.9, 0.2, 0.1])
    [0, 1]
    >>> quoted(["한 번 지급합니다.", "90일 동안은 보장하지 않습니다.", "1년 안이면 50%를 지급합니다."], [0.9, 0.2, 0.8])
    [0, 1, 2]
    """
    order = sorted(range(len(sentences)), key=lambda at: (-scores[at], at))
    kept: set[int] = set()
    for at in order:
        if kept and scores[at] < _CLOSE * scores[order[0]]:
            break
        together = kept | _with_limits(sentences, at)
        together = set(range(min(together), max(together) + 1))
        if kept and len(together) > _MOST_SENTENCES:
            break
        kept = together
    return sorted(kept)


def _with_limits(sentences: Sequence[str], at: int) -> set[int]:
    first, last = at, at
    while first > 0 and LIMITS.match(sentences[first]):
        first -= 1
    while last + 1 < len(sentences) and LIMITS.match(sentences[last + 1]):
        last += 1
    return set(range(first, last + 1))
