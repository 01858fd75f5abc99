"""How the weights for answers are made: ``python -m models.recipe.answers_recipe`` over documents of two invented insurers.

Both are unknown to what reads question and passage, which is learnt first, from other insurers' (``answers_encoder_recipe``, then
``answers_pairs_recipe``, ``answers_words_recipe`` and ``answers_together_recipe``): the bundled documents with ``calibration.tsv``, and
``insurers.development()``.
Weights are learnt twice: with every passage's phrasings, by a hand that saw none of the questions, and without any.
Rows of ``relevance`` are passages found for a calibration question, right where its gold stands in them. Rows of ``held`` are questions:
one that the documents answer is a second row with its passages taken away, which the documents then do not answer: near misses for nothing.
The thresholds refuse ``REFUSED`` of the calibration questions that no document answers, and as many of those whose passages were taken
away, each judged by weights learnt without it.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from models.answers import SHIPPED_ENCODER
from models.answers.document import Document
from models.answers.encoder import PIECES, load_encoder
from models.answers.formats import read_document
from models.answers.index import Index, Question
from models.answers.judge import ASKED_HELD, ASKED_RELEVANCE, HELD, RELEVANCE, WEIGHTS, Judge, Logistic, Weights
from models.answers.pairs import PAIRS
from models.answers.phrasings import Asked
from models.answers.questions import CALIBRATION, GoldQuestion, calibration
from models.answers.signs import Candidate, Signs, candidates, first_read_together
from models.answers.together import READ_WITH
from models.answers.words import LEARNT, SPEECH
from models.errors import in_one_sentence
from models.recipe.insurers import DEVELOPMENT, PHRASINGS, WRITERS, asked_of, development, fingerprint
from models.summarizer.packed import ADAPTER

DOCUMENTS = Path(__file__).parent / "answers" / "documents"
FOLDS = 10
STRENGTH = 0.1  # of regularization, its inverse
REFUSED = 0.9015
_TAKEN_AWAY = 0.2  # what such a row counts; a question of its own that nothing answers counts _OF_ITS_OWN
_OF_ITS_OWN = 2.0


@dataclass(frozen=True)
class Row:
    """A question with what was found for it; ``gold`` are the right passages' numbers, empty where none is right (any more).

    ``together`` reads a passage together with the question.
    """

    question: int
    found: list[Candidate]
    gold: frozenset[int]
    weight: float
    together: Callable[[Candidate], Candidate]

    def first(self, relevance: Logistic) -> Candidate:
        """What is judged whether it answers, read together with the question."""
        return self.together(max(self.found, key=lambda one: relevance.margin(one.signs)))


def made_of() -> str:
    """A fingerprint of the weights, questions and words that the judge is learnt on."""
    phrasings = (DOCUMENTS / PHRASINGS, WRITERS / DEVELOPMENT / PHRASINGS)
    return fingerprint(SHIPPED_ENCODER / ADAPTER, SHIPPED_ENCODER / PIECES, PAIRS, READ_WITH, CALIBRATION, SPEECH, LEARNT, *phrasings)


def documents(folder: Path = DOCUMENTS) -> list[Document]:
    """The bundled documents."""
    return [read_document(path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.name != PHRASINGS]


def phrasings(folder: Path = DOCUMENTS) -> Asked:
    """How callers ask for their passages."""
    return asked_of(folder, documents(folder))


def rows(index: Index, questions: Sequence[GoldQuestion], encoder: Any, asked_for: bool, first: int = 0) -> list[Row]:
    """Every question, numbered from ``first``, and those that are answered once more without their passages.

    Passages are those with enough phrasings, or those without.
    """
    made = list[Row]()
    for number, one in enumerate(questions, start=first):
        asked = index.question(one.text, encoder)
        found = [each for each in index.find(asked) if index.is_asked_for(each.number) is asked_for]
        gold = one.passages(index.chunks)
        together = _reading(index, asked, encoder)
        made.append(Row(number, candidates(index, asked, found), frozenset(gold), 1.0 if gold else _OF_ITS_OWN, together))
        if gold:
            left = [each for each in found if each.number not in gold]
            made.append(Row(number, candidates(index, asked, left), frozenset(), _TAKEN_AWAY, together))
    return made


def _reading(index: Index, asked: Question, encoder: Any) -> Callable[[Candidate], Candidate]:
    read = dict[int, Signs]()  # which passage is first differs by what the order is learnt of

    def together(candidate: Candidate) -> Candidate:
        number = candidate.found.number
        if number not in read:
            (told,) = first_read_together(index, asked, [candidate], encoder)
            read[number] = told.signs
        return replace(candidate, signs=candidate.signs | read[number])

    return together


def fit(names: Sequence[str], signs: Sequence[Signs], right: Sequence[bool], weights: Sequence[float]) -> Logistic:
    """A logistic regression over signs brought to one scale, told in the signs' own."""
    from sklearn.linear_model import LogisticRegression

    values = np.array([[one[name] for name in names] for one in signs])
    middle, spread = values.mean(axis=0), np.maximum(values.std(axis=0), 1e-6)
    fitted = LogisticRegression(C=STRENGTH, max_iter=2000).fit((values - middle) / spread, list(right), sample_weight=list(weights))
    slopes = fitted.coef_[0] / spread
    bias = float(fitted.intercept_[0] - slopes @ middle)
    return Logistic(round(bias, 4), {name: round(float(slope), 4) for name, slope in zip(names, slopes, strict=True)})


@dataclass(frozen=True)
class Kind:
    """What weights for a kind of passages see."""

    name: str
    relevance: Sequence[str]
    held: Sequence[str]

    def learn(self, learnt: Sequence[Row], threshold: float = 0.5) -> Weights:
        """Both regressions, learnt from rows."""
        pairs = [(one, row) for row in learnt for one in row.found]
        right = [one.found.number in row.gold for one, row in pairs]
        relevance = fit(self.relevance, [one.signs for one, _ in pairs], right, [1.0] * len(pairs))
        signs = [row.first(relevance).signs for row in learnt]
        return Weights(relevance, fit(self.held, signs, [bool(row.gold) for row in learnt], [row.weight for row in learnt]), threshold)

    def left_out(self, made: Sequence[Row]) -> list[float]:
        """How sure each row is that it is answered, by weights learnt without its question."""
        sure = [0.0] * len(made)
        for fold in range(FOLDS):
            learnt = self.learn([row for row in made if row.question % FOLDS != fold])
            for at, row in enumerate(made):
                if row.question % FOLDS == fold:
                    sure[at] = learnt.held.likelihood(row.first(learnt.relevance).signs)
        return sure


PLAIN, ASKED = Kind("plain", RELEVANCE, HELD), Kind("asked", ASKED_RELEVANCE, ASKED_HELD)


def learnt_on(kind: Kind, made: Sequence[Row]) -> Weights:
    """A kind's weights with their threshold; tells what it refuses."""
    sure = np.array(kind.left_out(made))
    kinds = np.array(["answered" if row.gold else "taken away" if row.weight < 1 else "not held" for row in made])
    threshold = round(float(max(np.quantile(sure[kinds == one], REFUSED) for one in ("not held", "taken away"))), 3)
    for name in ("not held", "taken away", "answered"):
        print(f"{kind.name}, {name}: {np.mean(sure[kinds == name] < threshold):.3f} of {np.sum(kinds == name)} refused below {threshold}")
    return kind.learn(made, threshold)


def all_rows(encoder: Any, asked_for: bool) -> list[Row]:
    """Of both insurers, with their passages' phrasings or without."""
    aside = development()
    own = Index.build(documents(), encoder, phrasings() if asked_for else None)
    other = Index.build([aside.document], encoder, aside.asked if asked_for else None)
    return [*rows(own, calibration(), encoder, asked_for), *rows(other, aside.questions, encoder, asked_for, first=len(calibration()))]


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights that ship."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=WEIGHTS, help="file that gets the weights")
    options = parser.parse_args(arguments)
    encoder = load_encoder()
    made = Judge(learnt_on(PLAIN, all_rows(encoder, asked_for=False)), learnt_on(ASKED, all_rows(encoder, asked_for=True)))
    told = {"made_of": made_of(), **asdict(made)}
    options.target.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
