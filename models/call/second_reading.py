"""A language model's second reading of lines that hold a doubtful spot; what of it is believed.

Masked lines leave this process, those alone, and beside each what the recognizer's other readings have in the place of its words, where
neither is masked or a number. Of the answer a change is kept where what it puts in is a term, or stands there in another
reading that the recognizer gave; a number, a negation or a name that the model would rather have read is not. The rest stays as heard.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from models.call.correction import SIGNS, changed_words, is_term, second_of
from models.call.privacy import PersonalSpan, personal_spans
from models.call.record import Change, Correction, Rule, Utterance, corrected
from models.call.terms import TermList
from models.errors import ReadbackError
from models.summarizer.language_model import Completions, Endpoint

MOST_LINES = 30
ANSWER_NAME = "corrected_lines"
PROMPT = (
    "보험사 전화 상담을 음성 인식으로 적은 줄들입니다. 잘못 들린 낱말만 바로잡으세요. 뜻, 말투, 숫자, 이름, 부정은 바꾸지 말고 "
    "확실하지 않으면 그대로 두세요. 대괄호 안의 말은 가려진 개인정보이니 그대로 두세요. '다른 후보' 줄은 음성 인식이 앞줄의 그 자리에서 "
    "달리 들은 말이니, 문맥에 분명히 더 맞는 것만 고르세요. 자주 나오는 용어: {terms}. "
    '{{"lines": [{{"line": 줄 번호, "text": 고친 줄}}]}} 모양의 JSON으로만 답하세요.'
)
OTHER_READINGS = "다른 후보"
# Another reading is shown where the recognizer is less sure of a word than this: elsewhere it is mostly the other one that is wrong.
DOUBTED = 0.4
# A number that was read otherwise: no context tells which one was said.
_NUMBER = re.compile(r"\d|[영공일이삼사오육칠팔구십백천만억]{2}")
_FENCED = re.compile(r"\s*```(?:json)?\s*(\{.*\})\s*```\s*", re.DOTALL)


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    line: int
    text: str


class _Answer(BaseModel):
    """The JSON that the prompt asks for."""

    model_config = ConfigDict(extra="forbid", strict=True)
    lines: list[_Line]


class SecondReader:
    """Asks a language model by its address. Safe between threads."""

    def __init__(self, endpoint: Endpoint, completions: Completions) -> None:
        """Ask this endpoint."""
        self._endpoint, self._completions = endpoint, completions

    def read(self, utterances: Sequence[Utterance], correction: Correction, terms: TermList) -> Correction:
        """The correction with what the model changed as well; where it gave no answer that can be read, with the reason instead."""
        chosen = correction.doubtful[:MOST_LINES]
        if not chosen:
            return correction
        heard = corrected(utterances, correction.changes)
        lines = _masked([utterance.text for utterance in heard], chosen)
        others = _other_words(heard, lines, correction.changes)
        try:
            until = self._completions.deadline_in(self._endpoint.deadline_seconds)
            completion = self._completions.complete(
                request_body(self._endpoint, {n: line.text for n, line in lines.items()}, terms, others), until=until
            )
        except ReadbackError as error:
            return correction.model_copy(update={"unread": error.code})
        answer = _read(completion.text) if completion.finished else None
        if answer is None:
            return correction.model_copy(update={"unread": "not_json" if completion.finished else "cut_off"})
        found = [
            change for number, line in lines.items() for change in _kept(number, heard[number], line, answer.get(number, line.text), terms)
        ]
        return correction.model_copy(update={"changes": [*correction.changes, *found]})


OtherWords = Mapping[str, Sequence[str]]
"""What other readings have in the place of some words of a line."""


def request_body(
    endpoint: Endpoint, lines: Mapping[int, str], terms: TermList, others: Mapping[int, OtherWords] | None = None
) -> dict[str, Any]:
    """What is sent: the numbered lines, masked, each with its other readings, and the terms."""
    prompt = PROMPT.format(terms=", ".join(term.term for term in terms.terms if term.pronounced))
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [
            {"role": "system", "content": prompt},
            {"role": "user", "content": "\n".join(_shown(number, text, (others or {}).get(number, {})) for number, text in lines.items())},
        ],
        "temperature": endpoint.temperature,
        "max_tokens": endpoint.max_tokens,
    }
    if endpoint.response_format == "json_schema":
        schema = _Answer.model_json_schema()
        schema["properties"]["lines"]["items"] = schema.pop("$defs")["_Line"]
        schema.pop("description", None)
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": ANSWER_NAME, "strict": True, "schema": schema}}
    elif endpoint.response_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def _shown(number: int, text: str, others: OtherWords) -> str:
    """A line and, below it, a line for each place that may be read otherwise.

    >>> print(_shown(3, "그 아무럼은 해지요", {"아무럼은": ["암보험은", "안보험은"]}))
    3: 그 아무럼은 해지요
    3 다른 후보: 아무럼은 => 암보험은 | 안보험은
    """
    return "\n".join(
        [f"{number}: {text}", *(f"{number} {OTHER_READINGS}: {said} => {' | '.join(words)}" for said, words in others.items())]
    )


def _masked(texts: Sequence[str], chosen: Sequence[int]) -> dict[int, "Masked"]:
    """The chosen lines of a conversation, masked by all that is said in it."""
    spans = personal_spans(texts)
    return {number: Masked(texts[number], [span for span in spans if span.utterance == number]) for number in chosen}


def _other_words(heard: Sequence[Utterance], lines: Mapping[int, "Masked"], made: Sequence[Change]) -> dict[int, dict[str, list[str]]]:
    """What the other readings of these lines have in the place of their words, the likeliest reading first.

    A reading is masked as if it had been said. What is masked in the line or in the reading is not shown, nor is a number, nor a place that
    was corrected: the other readings still have what was misheard there.
    """
    done = {(change.utterance, change.after) for change in made}
    found: dict[int, dict[str, list[str]]] = {number: {} for number in lines}
    for place in range(max((len(heard[number].alternatives) for number in lines), default=0)):
        of = [number for number in lines if len(heard[number].alternatives) > place]
        texts = [one.alternatives[place] if number in of else one.text for number, one in enumerate(heard)]
        for number, reading in _masked(texts, of).items():
            line = lines[number].text
            for start, end, words in changed_words(line, reading.text):
                said = line[start:end]
                known = found[number].setdefault(said, [])
                settled = any(utterance == number and after in said for utterance, after in done) or not _unsure(said, heard[number])
                if words not in known and not settled and not any(_NUMBER.search(one) or "[" in one for one in (said, words)):
                    known.append(words)
    return {number: {said: words for said, words in places.items() if words} for number, places in found.items()}


def _unsure(said: str, utterance: Utterance) -> bool:
    """Whether the recognizer doubts one of these words, or never tells how sure it is."""
    told = {word.text.strip(SIGNS): word.confidence for word in utterance.unsure}
    return not told or any(told.get(word.strip(SIGNS), 1.0) < DOUBTED for word in said.split())


def _read(text: str) -> dict[int, str] | None:
    fenced = _FENCED.fullmatch(text)
    try:
        return {line.line: line.text for line in _Answer.model_validate_json(fenced[1] if fenced else text).lines}
    except ValidationError:
        return None


class Masked:
    """A line with its personal numbers masked, and the way back from a place in it to the line as heard."""

    def __init__(self, heard: str, spans: Sequence[PersonalSpan]) -> None:
        self.text, self._places = "", list[int | None]()
        done = 0
        for span in sorted(spans, key=lambda one: one.start):
            self._take(heard, done, span.start)
            self.text += span.kind
            self._places += [None] * len(span.kind)
            done = span.end
        self._take(heard, done, len(heard))
        self._places.append(len(heard))

    def _take(self, heard: str, start: int, end: int) -> None:
        self.text += heard[start:end]
        self._places += range(start, end)

    def heard_at(self, start: int, end: int) -> tuple[int, int] | None:
        """From and to in the line as heard; None where something masked lies there."""
        places = self._places[start:end]
        if not places or None in places:
            return None
        first, last = places[0], places[-1]
        return (first, last + 1) if first is not None and last is not None and last - first == len(places) - 1 else None


def _kept(number: int, utterance: Utterance, line: Masked, answer: str, terms: TermList) -> list[Change]:
    """Changes of one line that may be believed, from its end to its beginning, so that each stands where it says."""
    changes = []
    for start, end, after in reversed(changed_words(line.text, answer)):
        place = line.heard_at(start, end)
        before = line.text[start:end]
        if place is None:
            continue
        if not (is_term(before, after, terms) or _is_alternative(utterance.text, place, after, utterance.alternatives)):
            continue
        seconds = second_of(utterance, place[0])
        changes.append(Change(utterance=number, start=place[0], before=before, after=after, rule=Rule.MODEL, seconds=seconds))
    return changes


def _is_alternative(heard: str, place: tuple[int, int], after: str, alternatives: Sequence[str]) -> bool:
    """Whether another reading of the recognizer has these words, and has them where the change is."""
    start, end = place
    return any(
        re.search(rf"(?<!\S){re.escape(after)}(?!\S)", words) and begins < end and ends > start
        for other in alternatives
        for begins, ends, words in changed_words(heard, other)
    )
