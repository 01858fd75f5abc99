"""How true a model's answers are: rows whose writers say what a right answer holds and what would mislead, and the count of verdicts.

BERTScore and STS do not see a misleading word: 해지 for 해지 철회 scores high. How a row is judged is the line's to say
(``Line.verdict``).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

Verdict = Literal["right", "wrong", "misleading"]
OWN_WORDS = "own_words"  # kind of an answer that repeats the caller's own words


@dataclass(frozen=True)
class TruthRow:
    """One inquiry or call.

    A right answer holds a word of each group of ``must``; ``wrong`` is a pattern that only a misleading one matches; where nothing
    was ``asked``, any request misleads.
    """

    name: str
    text: str
    must: str
    wrong: str
    asked: bool


class Told(BaseModel):
    """One answer: its text, and what it claims to be where the line tells kinds of answers apart."""

    text: str
    kind: str = ""


class TruthAnswer(Told):
    """An answer to a row of the truth set, judged."""

    row: str
    verdict: Verdict


class TruthCount(BaseModel):
    """How many answers are right, mislead, and are the caller's own words."""

    of: int
    right: int
    misleading: int
    own_words: int


def counted(answers: Sequence[TruthAnswer]) -> TruthCount | None:
    """The count; None where the line has no such rows."""
    if not answers:
        return None
    verdicts = Counter(answer.verdict for answer in answers)
    own = sum(answer.kind == OWN_WORDS for answer in answers)
    return TruthCount(of=len(answers), right=verdicts["right"], misleading=verdicts["misleading"], own_words=own)
