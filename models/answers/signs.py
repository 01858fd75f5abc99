"""What can be seen of a passage that was found for a question, as figures: what weights are learnt of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.answers.encoder import Encoder
from models.answers.index import Found, Index, Question, parts_of
from models.answers.pairs import shipped

MOST = 10  # passages that are looked at
READ = 4  # phrasings of the first one that are read together with the question, the nearest
SIDE_BY_SIDE, TOGETHER, ASKED_TOGETHER = "side by side", "together", "asked together"
Signs = dict[str, float]


@dataclass(frozen=True)
class Candidate:
    """A found passage with its signs; ``asked`` where it has enough phrasings, and their signs with it."""

    found: Found
    signs: Signs
    asked: bool = False


def candidates(index: Index, question: Question, found: Sequence[Found]) -> list[Candidate]:
    """The first of what was found, with their signs."""
    first = found[:MOST]
    beside = shipped().scores(question.pieces, [index.sentence_pieces(one.number) for one in first])
    return [_candidate(index, question, one, first, score) for one, score in zip(first, beside, strict=True)]


def first_read_together(index: Index, question: Question, ordered: Sequence[Candidate], encoder: Encoder) -> list[Candidate]:
    """The same passages, the first one with what reading it together with the question says: the log-odds of its best sentence.

    So for its phrasings, read as if they were the sentences of a passage.
    """
    if not ordered:
        return []
    first, *others = ordered
    chunk = index.chunks[first.found.number]
    texts = {TOGETHER: parts_of(chunk)}
    if first.asked:
        texts[ASKED_TOGETHER] = [parts_of(chunk)[0], *index.nearest_phrasings(question, first.found.number, READ)]
    odds = encoder.read_together(question.text, list(texts.values()))
    return [replace(first, signs=first.signs | {name: max(of) for name, of in zip(texts, odds, strict=True)}), *others]


def _candidate(index: Index, question: Question, one: Found, first: Sequence[Found], beside: float) -> Candidate:
    signs = _signs(index, question, one, first) | {SIDE_BY_SIDE: beside}
    asked = index.is_asked_for(one.number)
    return Candidate(one, signs | _asked_signs(index, question, one) if asked else signs, asked)


def _signs(index: Index, question: Question, one: Found, first: Sequence[Found]) -> Signs:
    others = [other.cosine for other in first if other is not one] or [one.cosine]
    return {
        "cosine": one.cosine,
        "nearer than others": one.cosine - float(np.mean(others)),
        "word rank": _reciprocal(one.word_rank),
        "sense rank": _reciprocal(one.sense_rank),
        "same words": index.rarity.share(question.words.own, index.word_sets[one.number]),
    }


def _asked_signs(index: Index, question: Question, one: Found) -> Signs:
    phrasings = map(frozenset, index.asked_words[one.number])
    return {
        "asked word rank": _reciprocal(one.asked_word_rank),
        "asked sense rank": _reciprocal(one.asked_sense_rank),
        "asked same words": max(index.asked_rarity.share(question.words.own, words) for words in phrasings),
    }


def _reciprocal(rank: int | None) -> float:
    return 0.0 if rank is None else 1.0 / (1 + rank)
