"""What can be seen of a passage that was found for a question, as figures: what weights are learnt of."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.answers.encoder import Vectors
from models.answers.index import Found, Index, Question
from models.answers.pairs import shipped
from models.answers.words import speech

MOST = 20  # passages that are looked at
SIDE_BY_SIDE = "side by side"
_SAID_OTHERWISE = 0.75  # how like two words are that speech.tsv has side by side
Signs = dict[str, float]


@dataclass(frozen=True)
class Candidate:
    """A found passage with its signs."""

    found: Found
    signs: Signs


def candidates(index: Index, question: Question, found: Sequence[Found]) -> list[Candidate]:
    """The first of what was found, with their signs."""
    first = found[:MOST]
    likeness = _likeness(index, question)
    beside = shipped().scores(question.pieces, [index.pieces(one.number) for one in first])
    return [Candidate(one, _signs(index, question, one, first, likeness) | {SIDE_BY_SIDE: score}) for one, score in zip(first, beside, strict=True)]


def _likeness(index: Index, question: Question) -> Vectors:
    """How like each word of the question is to each word of the vocabulary, shape (words, vocabulary)."""
    own = question.words.own
    likeness = question.word_vectors @ index.kept.words.T if own else np.zeros((0, len(index.vocabulary)), np.float32)
    for row, word in enumerate(own):
        for other in speech().get(word, ()):
            if (at := index.vocabulary.get(other)) is not None:
                likeness[row, at] = max(likeness[row, at], _SAID_OTHERWISE)
        if (at := index.vocabulary.get(word)) is not None:
            likeness[row, at] = 1.0
    return np.asarray(likeness, dtype=np.float32)


def _signs(index: Index, question: Question, one: Found, first: Sequence[Found], likeness: Vectors) -> Signs:
    own, words = question.words.own, index.word_sets[one.number]
    rarity = np.array([index.rarity(word) for word in own] or [1.0])
    total = float(rarity.sum())
    places = [index.vocabulary[word] for word in words]
    here = likeness[:, places].max(axis=1) if own and places else np.zeros(max(1, len(own)))
    anywhere = likeness.max(axis=1) if own and len(index.vocabulary) else np.zeros(max(1, len(own)))
    nouns = [at for at, word in enumerate(own) if word in question.words.nouns]
    of_nouns = rarity[nouns] if nouns else np.array([1.0])
    asked = {word: index.rarity(word) for word in (*own, *(word for word in question.words.meant if word in index.vocabulary))}
    others = [other.cosine for other in first if other is not one] or [one.cosine]
    return {
        "cosine": one.cosine,
        "nearer than others": one.cosine - float(np.mean(others)),
        "bm25": one.bm25 / (total * 2.2),
        "word rank": 0.0 if one.word_rank is None else 1.0 / (1 + one.word_rank),
        "sense rank": 0.0 if one.sense_rank is None else 1.0 / (1 + one.sense_rank),
        "same words": sum(rarity[at] for at, word in enumerate(own) if word in words) / total,
        "same words or said otherwise": float((rarity * np.where(here >= _SAID_OTHERWISE, here, 0.0)).sum()) / total,
        "like words": float((rarity * here).sum()) / total,
        "like nouns": float((of_nouns * here[nouns]).sum() / of_nouns.sum()) if nouns else 0.5,
        "least like noun": float(here[nouns].min()) if nouns else 0.5,
        "words in one sentence": _in_one_sentence(index, one.number, asked) / total,
        "words known": float((rarity * anywhere).sum()) / total,
        "least known noun": float(anywhere[nouns].min()) if nouns else 0.5,
        "is an answer of a table": float(bool(index.chunks[one.number].found_by)),
    }


def _in_one_sentence(index: Index, number: int, asked: dict[str, float]) -> float:
    return max((sum(asked[word] for word in words & asked.keys()) for words in index.sentence_words(number)), default=0.0)
