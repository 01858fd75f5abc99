"""How the weights for things to do are made: ``python -m models.recipe.actions_recipe`` (two minutes on one core).

Every sentence of the writers' calls that commits somebody (``models.actions.candidates``) is a row; it is right where its writer names it
among the call's actions (``models.actions.truth``). A logistic regression over the signs that at least ``SEEN`` rows show. Learnt from
the training writers alone, the calibration writers choose the threshold: the highest whose F1 is within ``GIVEN_UP`` of the best, as a
thing to do that nobody meant costs more than one that is overlooked. Then all of them are learnt from.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from models.actions.candidates import Candidate, candidates
from models.actions.extraction import WEIGHTS, ToDoModel, things_to_do
from models.actions.truth import Said, matches, paired
from models.errors import in_one_sentence
from models.recipe import WRITERS
from models.summarizer.own_words import Shortener
from models.summarizer.written import SET_ASIDE, Written, calls, writers

SEEN = 3
STRENGTH = 0.3  # of regularization, its inverse
FAINTEST = 0.02  # a weight below it is left out
GIVEN_UP = 0.01
THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55)


def rows(written: Sequence[Written], shortener: Shortener) -> list[tuple[Candidate, bool]]:
    """Each candidate and whether its writer names it."""
    return [
        (one, any(matches(Said(one.who, one.turn, one.what), todo, shortener) for todo in call.actions))
        for call in written
        for one in candidates(call.conversation, shortener)
    ]


def fit(seen: Sequence[tuple[Candidate, bool]], threshold: float) -> ToDoModel:
    """The weights of signs."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    common = {sign for sign, count in Counter(sign for one, _ in seen for sign in set(one.signs)).items() if count >= SEEN}
    vectorizer = DictVectorizer()
    shown = vectorizer.fit_transform([{sign: 1.0 for sign in one.signs if sign in common} for one, _ in seen])
    fitted = LogisticRegression(C=STRENGTH, max_iter=2000).fit(shown, np.array([right for _, right in seen]))
    weights = zip(vectorizer.get_feature_names_out(), map(float, fitted.coef_[0]), strict=True)
    kept = {str(sign): round(weight, 3) for sign, weight in weights if abs(weight) >= FAINTEST}
    return ToDoModel(bias=round(float(fitted.intercept_[0]), 3), threshold=threshold, weights=kept)


def scores(model: ToDoModel, written: Sequence[Written], shortener: Shortener) -> tuple[int, int, int]:
    """How many things to do are told, named by writers, and both."""
    told = named = both = 0
    for call in written:
        said = [Said(one.who, one.utterance, one.what) for one in things_to_do(call.conversation, model, shortener)]
        told, named = told + len(said), named + len(call.actions)
        both += len(paired(said, call.actions, shortener))
    return told, named, both


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights that ship."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=WEIGHTS, help="file that gets the weights")
    options = parser.parse_args(arguments)
    shortener = Shortener()
    learnt = [call for name in writers(WRITERS) for call in calls(name, WRITERS)]
    aside = [call for name in writers(SET_ASIDE) for call in calls(name, SET_ASIDE)]
    seen = rows(learnt, shortener)
    model, f1 = fit(seen, THRESHOLDS[0]), {}
    for tried in THRESHOLDS:
        told, named, both = scores(replace(model, threshold=tried), aside, shortener)
        f1[tried] = 2 * both / (told + named)
        print(f"from {tried}: precision {both / max(1, told):.3f}, recall {both / named:.3f}, F1 {f1[tried]:.3f}")
    threshold = max(tried for tried in THRESHOLDS if f1[tried] >= max(f1.values()) - GIVEN_UP)
    shipped = fit([*seen, *rows(aside, shortener)], threshold)
    options.target.write_text(json.dumps(asdict(shipped), ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
