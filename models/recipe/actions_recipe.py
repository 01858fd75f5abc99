"""How the weights for things to do are made: ``python -m models.recipe.actions_recipe`` (four minutes on one core).

Every sentence of the writers' calls that commits somebody (``models.actions.candidates``) is a row; it is right where its writer names it
among the call's actions (``models.actions.truth``). A logistic regression over the signs that at least ``SEEN`` rows show. Learnt from
the training writers alone, the calibration writers choose a threshold for the caller's and one for ours: the lowest from ``LEAST`` on whose
F1 is within ``GIVEN_UP`` of the best, as who judges by reading finds ten times more overlooked than told wrongly, and calls right what
writers do not name. Then all of them are learnt from. Every call is learnt from as it is written and without signs (``unsigned``), as some
recognizers leave them out.

``weights.json`` names what it was made of (``made_of``), so that a test finds out where signs or calls have changed since.

A second regression tells which thing named in the call a deed is done to (``models.actions.wording``): a row is a thing that was named
before a deed that its writer names with more nouns than were said in it; it is right where one of these nouns is its own.

A third tells how likely a call's summary names each of its words (``models.actions.keywords``): a row is a word, right where its writer's
summary holds it. What was requested is a sign of it, as the shipped reader tells it.
"""

import argparse
import ast
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from models.actions.action import Who
from models.actions.candidates import Candidate, candidates
from models.actions.extraction import WEIGHTS, ToDoModel, left_to_do, named
from models.actions.keywords import signs
from models.actions.remembering import RememberingShortener
from models.actions.truth import CALLER, Said, matches, paired
from models.actions.weighed import Weighed
from models.actions.wording import Told, reachable, thing_signs
from models.errors import in_one_sentence
from models.recipe import WRITERS
from models.summarizer import SHIPPED_READER
from models.summarizer.own_words import Shortener, word_set
from models.summarizer.summarizer import Summarizer
from models.summarizer.written import SET_ASIDE, ToDo, Written, calls, writers

SIGNS_IN = ("acts", "candidates", "due", "keywords", "matter", "mentions", "sentences", "topics", "truth", "wording")
SOURCES = (
    *(WEIGHTS.with_name(f"{name}.py") for name in SIGNS_IN),
    Path(__file__),
)
SEEN = 3
STRENGTH = 0.15  # of regularization, its inverse; every call is learnt from twice, with and without signs
FAINTEST = 0.02  # a weight below it is left out
GIVEN_UP = 0.03
LEAST = 0.2
SEEN_OF_WORDS = 6
STRENGTH_OF_WORDS = 0.1
THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55)
SURE_OF_THING = 0.55  # a wrong thing misleads, and without one the request stands behind the deed
WORTH_TELLING = 0.5
_SIGNS = re.compile(r"[.?!…,~]+")
# What writers say of any deed: it tells no thing.
_OF_ANY_DEED = word_set(
    "문자 메일 이메일 팩스 우편 등기 카톡 알림톡 번호 전화 연락 회신 발송 처리 등록 접수 전송 송부 제출 안내 확인 방문 신고 촬영 "
    "준비 요청 전달"
)


def made_of() -> str:
    """A fingerprint of the code that shows signs and of the calls that are learnt from; comments and layout do not count."""
    found = hashlib.sha256()
    for path in SOURCES:
        found.update(ast.unparse(ast.parse(path.read_text("utf-8"))).encode())
    for folder in (WRITERS, SET_ASIDE):
        for path in sorted(folder.glob("*.calls.txt")):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


def rows(written: Sequence[Written], shortener: Shortener) -> list[tuple[Sequence[str], bool]]:
    """The signs of each candidate, and whether its writer names it."""
    return [(one.signs, todo is not None) for call in written for one, todo in _named_by_writer(call, shortener)]


def thing_rows(written: Sequence[Written], shortener: Shortener) -> list[tuple[Sequence[str], bool]]:
    """The signs of each thing that a deed may be done to, and whether its writer names it so; of deeds that lack one of those named."""
    found: list[tuple[Sequence[str], bool]] = []
    for call in written:
        told = Told(call.conversation, shortener, call.summary)
        for one, todo in _named_by_writer(call, shortener):
            missing = _missing(one, todo, shortener) if todo else frozenset()
            things = reachable(one, told) if missing else []
            if any(thing.nouns & missing for thing in things):
                found += [(tuple(thing_signs(one, thing, told)), bool(thing.nouns & missing)) for thing in things]
    return found


def _missing(one: Candidate, todo: ToDo, shortener: Shortener) -> frozenset[str]:
    nouns = {token.form for token in shortener.tokens(todo.what) if token.tag in ("NNG", "NNP", "SL") and len(token.form) > 1}
    return frozenset(nouns - _OF_ANY_DEED - {token.form for token in shortener.tokens(one.what)})


def _named_by_writer(call: Written, shortener: Shortener) -> Iterator[tuple[Candidate, ToDo | None]]:
    said = candidates(call.conversation, shortener)
    for one in said:
        told = Said(one.who, one.turn, named(one, said, shortener).what)
        yield one, next((todo for todo in call.actions if matches(told, todo, shortener)), None)


def word_rows(written: Sequence[Written], requests: Mapping[str, str], shortener: Shortener) -> list[tuple[Sequence[str], bool]]:
    """The signs of each word of a call, and whether its writer's summary names it; of calls that ask for something."""
    return [
        (seen, word in call.summary.replace(" ", ""))
        for call in written
        if call.summary and call.is_call
        for word, seen in signs(call.conversation, requests[call.name], shortener).items()
    ]


def requested(written: Sequence[Written]) -> dict[str, str]:
    """What the shipped reader tells as each call's request."""
    told = Summarizer.load(SHIPPED_READER, "cpu").results([call.text for call in written])
    return {call.name: one.text for call, one in zip(written, told, strict=True)}


def fit(seen: Iterable[tuple[Sequence[str], bool]], threshold: float, *, least: int = SEEN, strength: float = STRENGTH) -> Weighed:
    """The weights of signs that at least so many rows show."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    shown, right = zip(*seen, strict=True)
    common = {sign for sign, count in Counter(sign for signs in shown for sign in set(signs)).items() if count >= least}
    vectorizer = DictVectorizer()
    table = vectorizer.fit_transform([{sign: 1.0 for sign in signs if sign in common} for signs in shown])
    fitted = LogisticRegression(C=strength, max_iter=2000).fit(table, np.array(right))
    weights = zip(vectorizer.get_feature_names_out(), map(float, fitted.coef_[0]), strict=True)
    kept = {str(sign): round(weight, 3) for sign, weight in weights if abs(weight) >= FAINTEST}
    return Weighed(bias=round(float(fitted.intercept_[0]), 3), threshold=threshold, weights=kept)


def scores(model: ToDoModel, written: Sequence[Written], shortener: Shortener, *, callers: bool) -> tuple[int, int, int]:
    """How many things to do are told, named by writers, and both; the caller's or ours."""
    told = named = both = 0
    for call in written:
        said = [Said(one.who, one.turn, one.what) for one in left_to_do(call.conversation, model, shortener)]
        said = [one for one in said if (one.who is Who.CALLER) is callers]
        wanted = [todo for todo in call.actions if (todo.who == CALLER) is callers]
        told, named = told + len(said), named + len(wanted)
        both += len(paired(said, wanted, shortener))
    return told, named, both


def threshold(model: ToDoModel, written: Sequence[Written], shortener: Shortener, *, callers: bool) -> float:
    """The highest threshold that gives up little of F1, on writers who were not learnt from."""
    f1 = {}
    for tried in THRESHOLDS:
        trial = replace(model, lasting=replace(model.lasting, threshold=tried), callers=tried)
        told, named, both = scores(trial, written, shortener, callers=callers)
        f1[tried] = 2 * both / (told + named)
        side = "the caller's" if callers else "ours"
        print(f"{side} from {tried}: precision {both / max(1, told):.3f}, recall {both / named:.3f}, F1 {f1[tried]:.3f}")
    return max(LEAST, min(tried for tried in THRESHOLDS if f1[tried] >= max(f1.values()) - GIVEN_UP))


def unsigned(call: Written) -> Written:
    """The call as a recognizer writes it that sets no signs."""
    return replace(call, conversation=tuple(replace(turn, text=" ".join(_SIGNS.sub(" ", turn.text).split())) for turn in call.conversation))


@in_one_sentence()
def main(arguments: Sequence[str] | None = None) -> None:
    """Make the weights that ship."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--target", type=Path, default=WEIGHTS, help="file that gets the weights")
    options = parser.parse_args(arguments)
    shortener = RememberingShortener()
    learnt = [call for name in writers(WRITERS) for call in calls(name, WRITERS)]
    aside = [call for name in writers(SET_ASIDE) for call in calls(name, SET_ASIDE)]
    learnt += [unsigned(call) for call in learnt]
    seen, things = rows(learnt, shortener), thing_rows(learnt, shortener)
    first = ToDoModel(fit(seen, THRESHOLDS[0]), fit(things, SURE_OF_THING), THRESHOLDS[0], Weighed(0.0, WORTH_TELLING, {}))
    ours, callers = (threshold(first, aside, shortener, callers=whose) for whose in (False, True))
    aside += [unsigned(call) for call in aside]
    every = fit([*seen, *rows(aside, shortener)], ours), fit([*things, *thing_rows(aside, shortener)], SURE_OF_THING)
    signed = [call for folder in (WRITERS, SET_ASIDE) for name in writers(folder) for call in calls(name, folder)]
    named_words = word_rows(signed, requested(signed), shortener)
    shipped = ToDoModel(*every, callers, fit(named_words, WORTH_TELLING, least=SEEN_OF_WORDS, strength=STRENGTH_OF_WORDS))
    stored = {"made_of": made_of(), **asdict(shipped)}
    options.target.write_text(json.dumps(stored, ensure_ascii=False, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
