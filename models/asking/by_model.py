"""An answer by a language model: masked lines of the calls that were found go out in batches, and sentences with line numbers come back.

A sentence is shown only where a caller or agent said what it says: each line that it cites has to share a word with it that is not the
question's own, half of its words have to stand in these lines, and so has every number. The rest is left out and counted.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from models.asking.by_words import MOST_QUOTES, Retrieved, citation
from models.asking.findings import Finding, first_calls
from models.asking.said import Line
from models.asking.words import Asked, content, tokenized
from models.errors import ReadbackError
from models.summarizer.conversation import AGENT, CALLER

if TYPE_CHECKING:  # it brings numpy, which a worker of calls does without until it needs it
    from models.summarizer.language_model import Completions, Endpoint

ANSWER_NAME = "claims"
QUESTION, CALL = "질문: ", "통화"
PROMPT = Path(__file__).with_name("prompt.txt")
LINES_OF_A_CALL = 12
_AROUND = 2  # lines beside one that tells something
_BATCH = 12_000  # characters
_HEADER = 40  # characters of a line beside its words, at most
_FENCED = re.compile(r"\s*```(?:json)?\s*(\{.*\})\s*```\s*", re.DOTALL)
_NUMBER = re.compile(r"\d[\d,.]*")


class _Claim(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    text: str
    lines: list[int]


class _Answer(BaseModel):
    """The JSON that the prompt asks for."""

    model_config = ConfigDict(extra="forbid", strict=True)
    claims: list[_Claim]


@dataclass(frozen=True)
class Estimate:
    """What a question costs at most."""

    batches: int
    prompt_tokens: int
    completion_tokens: int
    won: float | None


@dataclass
class Told:
    """What came back over all batches."""

    findings: list[Finding]
    unfounded: int = 0
    unread: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


def estimate(endpoint: "Endpoint", calls: int, characters: int) -> Estimate:
    """The cost of a question over so many calls with so many characters in all: a token a character, which Korean does not exceed by much.

    ``won`` is None where settings name no price.
    """
    prompt = len(PROMPT.read_text("utf-8"))
    batches = -(-characters // _BATCH) if calls else 0
    asked = characters + calls * _HEADER * LINES_OF_A_CALL // 4 + batches * (prompt + _HEADER)
    written = batches * endpoint.max_tokens
    if batches > 1:  # what the batches tell is put together once more
        asked, written = asked + written + prompt, written + endpoint.max_tokens
    price = (asked * endpoint.won_per_1k_prompt_tokens + written * endpoint.won_per_1k_completion_tokens) / 1000
    return Estimate(batches, asked, written, price or None)


class AskedModel:
    """Asks a language model by its address. Safe between threads."""

    def __init__(self, endpoint: "Endpoint", completions: "Completions") -> None:
        """Ask this endpoint."""
        self.endpoint, self._completions = endpoint, completions
        self._prompt = PROMPT.read_text("utf-8")

    def tell(self, question: str, asked: Asked, retrieved: Sequence[Retrieved]) -> Told:
        """Sentences that the calls bear out. Raises where no batch at all was answered."""
        told, claims, sent = Told([]), list[tuple[str, list[Line]]](), batches(retrieved)
        failed: ReadbackError | None = None
        for batch in sent:
            try:
                claims += self._ask(question, asked, batch, told)
            except ReadbackError as error:
                told.unread, failed = told.unread + 1, error
        if failed is not None and not claims and told.prompt_tokens == 0:
            raise failed
        if len(sent) > 1 and len(claims) > 1:
            claims = self._together(question, asked, claims, told)
        told.findings = sorted((_finding(text, lines) for text, lines in claims), key=lambda one: -len(one.call_ids))
        return told

    def _together(self, question: str, asked: Asked, claims: list[tuple[str, list[Line]]], told: Told) -> list[tuple[str, list[Line]]]:
        """What several batches told alike as one sentence; as it was where the model does not answer."""
        lines = {number: text for number, (text, _) in enumerate(claims)}
        try:
            answer = self._complete(
                "\n".join([f"{QUESTION}{question}", CALL, *(f"{n} {CALLER}: {text}" for n, text in lines.items())]), told
            )
        except ReadbackError:
            return claims
        merged, taken = list[tuple[str, list[Line]]](), set[int]()
        for claim in answer:
            of = [number for number in dict.fromkeys(claim.lines) if number in lines and number not in taken]
            cited = [line for number in of for line in claims[number][1]]
            borne = borne_out(claim.text, cited, asked) if cited else []
            if borne:
                taken |= set(of)
                merged.append((claim.text.strip(), borne))
        return [*merged, *(claim for number, claim in enumerate(claims) if number not in taken)]

    def _ask(self, question: str, asked: Asked, batch: Mapping[int, Line], told: Told) -> list[tuple[str, list[Line]]]:
        claims = []
        for claim in self._complete(user_message(question, batch), told):
            cited = [batch[number] for number in dict.fromkeys(claim.lines) if number in batch]
            borne = borne_out(claim.text, cited, asked)
            if borne:
                claims.append((claim.text.strip(), borne))
            else:
                told.unfounded += 1
        return claims

    def _complete(self, message: str, told: Told) -> list[_Claim]:
        until = self._completions.deadline_in(self.endpoint.deadline_seconds)
        completion = self._completions.complete(request_body(self.endpoint, self._prompt, message), until=until)
        told.prompt_tokens += completion.prompt_tokens
        told.completion_tokens += completion.completion_tokens
        claims = read_claims(completion.text) if completion.finished else None
        if claims is None:
            told.unread += 1
        return claims or []


def batches(retrieved: Sequence[Retrieved]) -> list[dict[int, Line]]:
    """The lines that go out, numbered in each batch; a call is not torn apart."""
    found, batch, size = list[dict[int, Line]](), dict[int, Line](), 0
    for one in retrieved:
        lines = _lines_of(one)
        weight = sum(len(line.text) + _HEADER for line in lines)
        if batch and size + weight > _BATCH:
            found.append(batch)
            batch, size = {}, 0
        batch |= {len(batch) + number: line for number, line in enumerate(lines)}
        size += weight
    return [*found, batch] if batch else found


def _lines_of(one: Retrieved) -> list[Line]:
    """Of a call what tells something, with what was said around it."""
    places = [line.utterance for line in one.lines] or sorted(one.call.rests_on)
    near = [line for line in one.call.lines if line.text and any(abs(line.utterance - place) <= _AROUND for place in places)]
    return near[:LINES_OF_A_CALL]


def user_message(question: str, batch: Mapping[int, Line]) -> str:
    """The question, then the lines, each call after a line of its own."""
    return "\n".join([f"{QUESTION}{question}", *_written(batch)])


def _written(batch: Mapping[int, Line]) -> Iterator[str]:
    call = ""
    for number, line in batch.items():
        if line.call_id != call:
            call = line.call_id
            yield CALL
        yield f"{number} {CALLER if line.by_caller else AGENT}: {line.text}"


def request_body(endpoint: "Endpoint", prompt: str, message: str) -> dict[str, Any]:
    """What is sent."""
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": message}],
        "temperature": endpoint.temperature,
        "max_tokens": endpoint.max_tokens,
    }
    if endpoint.response_format == "json_schema":
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": ANSWER_NAME, "strict": True, "schema": _schema()}}
    elif endpoint.response_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def _schema() -> dict[str, Any]:
    """The answer's JSON schema without references, which some servers do not resolve."""
    schema = _Answer.model_json_schema()
    claim = schema.pop("$defs")["_Claim"]
    schema["properties"]["claims"]["items"] = claim
    schema.pop("description", None)
    return schema


def read_claims(text: str) -> list[_Claim] | None:
    """An answer's sentences; None for what is not the JSON that was asked for. A code fence around it does no harm."""
    fenced = _FENCED.fullmatch(text)
    try:
        return _Answer.model_validate_json(fenced[1] if fenced else text).claims
    except ValidationError:
        return None


def borne_out(text: str, cited: Sequence[Line], asked: Asked) -> list[Line]:
    """Those of the cited lines that say something of a sentence; none where together they do not bear it out."""
    if not text.strip() or not cited:
        return []
    words, *said = (set(content(tokens)) for tokens in tokenized([text, *(line.text for line in cited)]))
    own = words - asked.said or words
    kept = [(line, found) for line, found in zip(cited, said, strict=True) if own & found]
    heard = {word for _, found in kept for word in found}
    quoted = " ".join(line.text for line, _ in kept)
    if not own or 2 * len(own & heard) < len(own) or any(number not in quoted for number in _NUMBER.findall(text)):
        return []
    return [line for line, _ in kept]


def _finding(text: str, lines: Sequence[Line]) -> Finding:
    calls = tuple(dict.fromkeys(line.call_id for line in lines))
    return Finding(text=text, call_ids=calls, citations=first_calls([citation(line) for line in lines], MOST_QUOTES))
