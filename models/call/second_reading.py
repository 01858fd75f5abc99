"""A language model's second reading of lines that hold a doubtful spot; what of it is believed.

Masked lines leave this process, those alone. Of the answer a change is kept where what it puts in is a term, or stands there in another
reading that the recognizer gave; a number, a negation or a name that the model would rather have read is not. The rest stays as heard.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from models.call.correction import changed_words, is_term, second_of
from models.call.privacy import PersonalSpan, personal_spans
from models.call.record import Change, Correction, Rule, Utterance, corrected
from models.call.terms import TermList
from models.errors import ReadbackError
from models.summarizer.language_model import Completions, Endpoint

MOST_LINES = 30
ANSWER_NAME = "corrected_lines"
PROMPT = (
    "보험사 전화 상담을 음성 인식으로 적은 줄들입니다. 잘못 들린 낱말만 바로잡으세요. 뜻, 말투, 숫자, 이름, 부정은 바꾸지 말고 "
    "확실하지 않으면 그대로 두세요. 대괄호 안의 말은 가려진 개인정보이니 그대로 두세요. 자주 나오는 용어: {terms}. "
    '{{"lines": [{{"line": 줄 번호, "text": 고친 줄}}]}} 모양의 JSON으로만 답하세요.'
)
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
        spans = personal_spans([utterance.text for utterance in heard])
        lines = {number: Masked(heard[number].text, [span for span in spans if span.utterance == number]) for number in chosen}
        try:
            until = self._completions.deadline_in(self._endpoint.deadline_seconds)
            completion = self._completions.complete(
                request_body(self._endpoint, {n: line.text for n, line in lines.items()}, terms), until=until
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


def request_body(endpoint: Endpoint, lines: Mapping[int, str], terms: TermList) -> dict[str, Any]:
    """What is sent: the numbered lines, masked, and the terms."""
    prompt = PROMPT.format(terms=", ".join(term.term for term in terms.terms if term.pronounced))
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [
            {"role": "system", "content": prompt},
            {"role": "user", "content": "\n".join(f"{number}: {text}" for number, text in lines.items())},
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
