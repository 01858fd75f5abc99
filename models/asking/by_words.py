"""An answer without a language model: the calls that hold the question's words, and what their callers said of it, grouped by shared words.

It finds and counts words and understands none: "비싸서 해지하는 건 아니고" counts under 비싸다. That is told to whoever reads it, and each
group shows the utterances that it counts, so that people judge by the words and not by the heading.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.asking.findings import Citation, Finding, first_calls
from models.asking.said import Line, ReadCall
from models.asking.words import Asked, content, said_as, tokenized
from models.summarizer.own_words import word_set

MOST_GROUPS = 12
MOST_QUOTES = 6
LONGEST_QUOTE = 160
_SHARE = 0.5  # of what the question's words weigh a call must hold
_LINES_OF_A_CALL = 2
# What gives a reason by its ending (비싸서요, 올랐으니까, 가입했거든요) or its noun (형편 때문에).
_REASON_ENDINGS: Final = word_set("어서 아서 여서 라서 니까 으니까 느라 느라고 길래 므로 으므로 거든 거든요 잖아 잖아요")
_REASON_NOUNS: Final = word_set("때문 탓 이유 사정")


@dataclass(frozen=True)
class Retrieved:
    """A call that holds the question's words, and those of its lines that tell what was asked, the nearest to these words first."""

    call: ReadCall
    lines: Sequence[Line]


@dataclass(frozen=True)
class _Parsed:
    line: Line
    words: Sequence[str]
    reason: bool


def retrieve(asked: Asked, calls: Sequence[ReadCall]) -> list[Retrieved]:
    """The calls that hold what was asked, the best first; every call where a question names nothing but its days.

    Words that few of the calls hold weigh more, as in BM25. Of a call without a line that tells it ``lines`` is empty.
    """
    parsed = _parsed(calls)
    weights = _weights(asked.terms, parsed)
    found = []
    for call, lines in zip(calls, parsed, strict=True):
        held = {word for line in lines for word in line.words}
        score = sum(weight for term, weight in weights.items() if held & said_as(term))
        if score >= _SHARE * sum(weights.values()) and (score or not weights):
            found.append((score, Retrieved(call, _telling(asked, call, lines))))
    return [one for _, one in sorted(found, key=lambda row: -row[0])]


def grouped(asked: Asked, retrieved: Sequence[Retrieved]) -> list[Finding]:
    """What the calls tell, grouped by the word that most calls share, then by the next; what shares none comes last."""
    rows = [(line, _of_its_own(asked, tokens)) for one in retrieved for line, tokens in _read_again(one.lines)]
    findings: list[Finding] = []
    while rows and len(findings) < MOST_GROUPS:
        counts = Counter(word for word, _ in {(word, line.call_id) for line, words in rows for word in words})
        word, calls = min(counts.items(), key=lambda item: (-item[1], -len(item[0]), item[0]), default=("", 0))
        if calls < 2:
            break
        members = [(line, words) for line, words in rows if word in words]
        findings.append(_finding(_heading(word, members), [line for line, _ in members]))
        rows = [row for row in rows if row not in members]
    return [*findings, *([_finding("", [line for line, _ in rows])] if rows else [])]


def citation(line: Line) -> Citation:
    """A line as a quote."""
    text = line.text if len(line.text) <= LONGEST_QUOTE else f"{line.text[: LONGEST_QUOTE - 1]}…"
    return Citation(
        call_id=line.call_id, began=line.began, utterance=line.utterance, seconds=line.seconds, by_caller=line.by_caller, text=text
    )


def _parsed(calls: Sequence[ReadCall]) -> list[list[_Parsed]]:
    tokens = iter(tokenized([line.text for call in calls for line in call.lines]))
    return [[_parse(line, next(tokens)) for line in call.lines] for call in calls]


def _parse(line: Line, tokens: Sequence[Any]) -> _Parsed:
    return _Parsed(line, content(tokens), gives_reason(tokens))


def gives_reason(tokens: Sequence[Any]) -> bool:
    """Whether a line gives a reason; what somebody wants to do (해지하고 싶어서 전화했어요) is none."""
    for before, token in zip([None, *tokens], tokens, strict=False):
        wish = before is not None and before.form in ("싶", "려", "려고")
        if token.tag in ("EC", "EF") and token.form in _REASON_ENDINGS and not wish:
            return True
        if token.tag.startswith("N") and token.form in _REASON_NOUNS:
            return True
    return False


def _weights(terms: Sequence[str], parsed: Sequence[Sequence[_Parsed]]) -> dict[str, float]:
    """What each word of the question weighs; one that no call holds weighs as much as the rarest could."""
    held = [{word for line in lines for word in line.words} for lines in parsed]
    counts = {term: max(1, sum(not words.isdisjoint(said_as(term)) for words in held)) for term in terms}
    return {term: math.log(1 + (len(held) + 0.5) / (count + 0.5)) for term, count in counts.items()}


def _telling(asked: Asked, call: ReadCall, lines: Sequence[_Parsed]) -> list[Line]:
    """The caller's lines that tell what was asked."""
    callers, said = [one for one in lines if one.line.by_caller], asked.said
    if asked.reasons:
        telling = [one for one in callers if one.reason]
    elif asked.terms:
        telling = [one for one in callers if said.intersection(one.words)]
    else:
        telling = [one for one in callers if one.line.utterance in call.rests_on]
    places = [one.line.utterance for one in lines if said.intersection(one.words)] or [0]
    near = sorted(telling, key=lambda one: min(abs(one.line.utterance - place) for place in places))
    return [one.line for one in near[:_LINES_OF_A_CALL]]


def _read_again(lines: Sequence[Line]) -> list[tuple[Line, Sequence[Any]]]:
    return list(zip(lines, tokenized([line.text for line in lines]), strict=True))


def _of_its_own(asked: Asked, tokens: Sequence[Any]) -> list[str]:
    """What a line tells beside the question's words."""
    return [word for word in content(tokens) if word not in asked.said]


def _heading(word: str, members: Sequence[tuple[Line, Sequence[str]]]) -> str:
    """The word of a group and, where most of its calls share another, that one too."""
    calls = len({line.call_id for line, _ in members})
    others = Counter(other for other, _ in {(other, line.call_id) for line, words in members for other in words if other != word})
    other, count = min(others.items(), key=lambda item: (-item[1], item[0]), default=("", 0))
    return f"{word}, {other}" if count >= 2 and 2 * count > calls else word


def _finding(text: str, lines: Sequence[Line]) -> Finding:
    calls = tuple(dict.fromkeys(line.call_id for line in lines))
    return Finding(text=text, call_ids=calls, citations=first_calls([citation(line) for line in lines], MOST_QUOTES))
