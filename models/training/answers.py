"""Ways of answering questions, held side by side: fine-tuned generators, and quotes from the documents, which need no training.

What is held out is a question with all its phrasings and answers (``models.training.data.split``). An empty answer is a refusal; it scores
0, like an empty summary. A generator always says something, so what matters beside its score is what it says where nothing answers.

Answers are scored as summaries are, by encoders, and by ROUGE-L over characters beside them: the encoder that ships was trained on phrases
of summaries and gave a lone full stop more than any answer (benchmarks/LOG.md).
"""

import csv
import io
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from pydantic import BaseModel, ConfigDict

from models.answers.faq import FaqRow
from models.errors import ConfigurationError
from models.training.data.decoding import decode, without_invisible
from models.training.data.pair import Pair
from models.training.data.tables import csv_rows
from models.training.metrics import Scores, SummaryScorer

Ask = Callable[[Sequence[str]], list[str]]  # one answer a question, empty where it is refused

QUESTION = "question"
_SAMPLES = 3  # held-out questions, and as many that nothing answers, whose answers are shown


@dataclass(frozen=True)
class Questions:
    """What every way is asked: held-out questions, a pair for each wording of the answer, and such that no document answers."""

    held_out: tuple[Pair, ...]
    unanswerable: tuple[str, ...] = ()

    @property
    def distinct(self) -> list[str]:
        """The held-out questions, each once."""
        return list(dict.fromkeys(pair.input for pair in self.held_out))

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Questions to show answers of, with the right one: one phrasing an id, then some that nothing answers, with none."""
        first: dict[str, Pair] = {}
        for pair in self.held_out:
            first.setdefault(pair.dialogue, pair)
        held = [(pair.input, pair.summary) for pair in first.values()]
        return [*held[:_SAMPLES], *((question, "") for question in self.unanswerable[:_SAMPLES])]


class AnswerScores(BaseModel):
    """Means over pairs of an answer and a wording of the right one; ``by_encoders`` where encoders score at all."""

    model_config = ConfigDict(frozen=True)

    rouge_l: float
    by_encoders: Scores | None


class WayOfAnswering(BaseModel):
    """How one way did: the scores of all held-out questions and of those that it answered, refusals, milliseconds a question."""

    model_config = ConfigDict(frozen=True)

    name: str
    scores: AnswerScores
    scores_answered: AnswerScores | None
    asked: int
    refused: int
    unanswerable: int
    unanswerable_answered: int
    milliseconds: float
    answers: dict[str, str]  # of the questions that are shown


class AnswersCompared(BaseModel):
    """All ways on the same questions. ``another_wording``: what the table's own answers score against each other, the scale of the rest."""

    ways: list[WayOfAnswering]
    another_wording: AnswerScores | None
    shown: list[tuple[str, str]]


def judged(name: str, ask: Ask, questions: Questions, scorer: SummaryScorer | None) -> WayOfAnswering:
    """Ask everything once, and score each answer against each wording of the right one; without a scorer refusals alone are counted."""
    asked = [*questions.distinct, *questions.unanswerable]
    begun = time.perf_counter()
    told = dict(zip(asked, ask(asked), strict=True))
    spent = time.perf_counter() - begun
    answered = [pair for pair in questions.held_out if told[pair.input]]
    return WayOfAnswering(
        name=name,
        scores=_scored(scorer, questions.held_out, [told[pair.input] for pair in questions.held_out]),
        scores_answered=_scored(scorer, answered, [told[pair.input] for pair in answered]) if answered else None,
        asked=len(questions.distinct),
        refused=sum(not told[question] for question in questions.distinct),
        unanswerable=len(questions.unanswerable),
        unanswerable_answered=sum(bool(told[question]) for question in questions.unanswerable),
        milliseconds=1000 * spent / max(1, len(asked)),
        answers={question: told[question] for question, _ in questions.shown},
    )


def another_wording(questions: Questions, scorer: SummaryScorer | None) -> AnswerScores | None:
    """The scores of each answer of the table as if it were the one given, against the next wording; None where a question has but one."""
    by_question = [list(pairs) for _, pairs in groupby(questions.held_out, key=lambda pair: pair.input)]
    if any(len(pairs) < 2 for pairs in by_question):
        return None
    others = [pair.summary for pairs in by_question for pair in (*pairs[1:], pairs[0])]
    return _scored(scorer, questions.held_out, others)


def _scored(scorer: SummaryScorer | None, pairs: Sequence[Pair], answers: Sequence[str]) -> AnswerScores:
    by_encoders = None
    if scorer is not None:
        scorer.embed_references([pair.summary for pair in pairs])
        by_encoders = scorer.score(answers)
    shared = [rouge_l(answer, pair.summary) for answer, pair in zip(answers, pairs, strict=True)]
    return AnswerScores(rouge_l=sum(shared) / len(shared), by_encoders=by_encoders)


def rouge_l(answer: str, reference: str) -> float:
    """ROUGE-L F1 over characters without spaces, for Korean's particles make other words of the same ones (Lin, 2004).

    >>> round(rouge_l("평일에 엽니다", "평일 9시에 엽니다"), 2), rouge_l("", "네")
    (0.86, 0.0)
    """
    mine, theirs = "".join(answer.split()), "".join(reference.split())
    longest = [0] * (len(theirs) + 1)  # common subsequence of what was read of the answer and of the reference up to each place
    for one in mine:
        before = 0
        for at, other in enumerate(theirs, start=1):
            here = longest[at]
            longest[at] = before + 1 if one == other else max(here, longest[at - 1])
            before = here
    return 2 * longest[-1] / (len(mine) + len(theirs)) if mine and theirs else 0.0


def learnt_rows(pairs: Iterable[Pair]) -> list[FaqRow]:
    """The rows of the table that pairs were expanded from."""
    by_id: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_id.setdefault(pair.dialogue, []).append(pair)
    return [
        FaqRow(
            id=name,
            category=several[0].style,
            questions=tuple(dict.fromkeys(pair.input for pair in several)),
            answers=tuple(dict.fromkeys(pair.summary for pair in several)),
            line=number,
        )
        for number, (name, several) in enumerate(by_id.items(), start=1)
    ]


def questions_csv(questions: Iterable[str]) -> str:
    """Questions as a CSV that ``read_unanswerable`` reads."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([[QUESTION], *([question] for question in questions)])
    return out.getvalue()


def read_unanswerable(body: bytes, name: str) -> tuple[str, ...]:
    """The questions of a CSV with the column ``question``; ConfigurationError names what is missing."""
    text, _ = decode(body, name)
    header, *rows = list(csv_rows(without_invisible(text)[0], name)) or [[]]
    columns = [column.strip().lower() for column in header]
    if QUESTION not in columns:
        raise ConfigurationError(
            f"{name} has no column {QUESTION}; its columns are {', '.join(columns) or 'none'}",
            remedy=f"Write one question a line under the header {QUESTION}",
        )
    at = columns.index(QUESTION)
    questions = [" ".join(row[at].split()) for row in rows if len(row) > at]
    kept = tuple(dict.fromkeys(filter(None, questions)))
    if not kept:
        raise ConfigurationError(f"{name} holds no question", remedy=f"Fill the column {QUESTION}, or name no such table")
    return kept
