"""What can be seen of a passage that was found for a question, as figures: what weights are learnt of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.answers.encoder import Encoder
from models.answers.index import Found, Index, Question, parts_of
from models.answers.pairs import shipped

MOST = 10  # passages that are looked at
SIDE_BY_SIDE, TOGETHER = "side by side", "together"
Signs = dict[str, float]


@dataclass(frozen=True)
class Candidate:
    """A found passage with its signs."""

    found: Found
    signs: Signs


def candidates(index: Index, question: Question, found: Sequence[Found]) -> list[Candidate]:
    """The first of what was found, with their signs."""
    first = found[:MOST]
    beside = shipped().scores(question.pieces, [index.sentence_pieces(one.number) for one in first])
    return [Candidate(one, _signs(index, question, one, first) | {SIDE_BY_SIDE: score}) for one, score in zip(first, beside, strict=True)]


def first_read_together(index: Index, question: Question, ordered: Sequence[Candidate], encoder: Encoder) -> list[Candidate]:
    """The same passages, the first one with what reading it together with the question says: the log-odds of its best sentence."""
    if not ordered:
        return []
    first, *others = ordered
    (odds,) = encoder.read_together(question.text, [parts_of(index.chunks[first.found.number])])
    return [replace(first, signs=first.signs | {TOGETHER: max(odds)}), *others]


def _signs(index: Index, question: Question, one: Found, first: Sequence[Found]) -> Signs:
    rarity = {word: index.rarity(word) for word in question.words.own}
    others = [other.cosine for other in first if other is not one] or [one.cosine]
    return {
        "cosine": one.cosine,
        "nearer than others": one.cosine - float(np.mean(others)),
        "word rank": 0.0 if one.word_rank is None else 1.0 / (1 + one.word_rank),
        "sense rank": 0.0 if one.sense_rank is None else 1.0 / (1 + one.sense_rank),
        "same words": sum(rarity[word] for word in rarity.keys() & index.word_sets[one.number]) / (sum(rarity.values()) or 1.0),
    }
