"""A stand-in for a language model's endpoint: OpenAI's chat completions, strictly, with the reader that ships behind it.

    python -m sandbox.language_model --port 0 --key sandbox-key

The first line on stdout is JSON with the address (``/v1`` follows it), the model's name and the key. What is asked is what our prompt
asks: numbered utterances come in, the reader's statement goes out as JSON with a phrase for each piece; for the second reading of
a transcript numbered lines come in and go out as the corrector guesses them; for a question over many calls the reasons that callers give
go out as they were said. ``GET /v1/models`` names the
model. Refused as servers do: a wrong shape with 400, a wrong key with 401, another model with 404, too many at once with 429 and
``Retry-After``.

Beside the protocol's addresses:

- ``GET /sandbox/counters``: how often it was asked, how many at once, and every user message that it received, for audits of masking;
- ``GET | POST /sandbox/faults``: the plan of faults in force, or a new one. Beside the faults of transport a plan can make answers
  hostile: ``invents``, ``inverts``, ``misquotes``, ``no_json``, ``cut_off``, ``hangs``, ``denies`` (no request).
"""

import argparse
import asyncio
import contextlib
import hmac
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from models.actions.action import Who
from models.actions.candidates import candidates
from models.actions.proposed import ANSWER_NAME as TO_DOS
from models.asking.by_model import ANSWER_NAME as CLAIMS
from models.asking.by_model import QUESTION
from models.asking.by_words import gives_reason
from models.asking.words import tokenized
from models.call.correction import Bounds, Corrector, is_term
from models.call.record import Utterance, corrected
from models.call.second_reading import ANSWER_NAME as CORRECTED_LINES
from models.call.second_reading import OTHER_READINGS
from models.call.terms import TermList
from models.replies.draft import REPLY_NAME
from models.summarizer import SHIPPED_READER
from models.summarizer.conversation import CALLER, Conversation, Turn
from models.summarizer.language_model import json_of
from models.summarizer.outcome import Evidence, Kind, Statement
from models.summarizer.own_words import Shortener
from models.summarizer.spoken_evidence import Claim
from models.summarizer.statements import StatementMaker
from sandbox.faults import Faults
from sandbox.serving import CutShort, parse_with_faults, sandbox_routes, serve

MODEL, KEY = "sandbox/reader", "sandbox-key"
BEFORE = frozenset({"reset_before", "500", "503", "429", "hangs"})
AFTER = frozenset({"truncated", "malformed"})
HOSTILE = frozenset({"invents", "inverts", "misquotes", "no_json", "cut_off", "denies"})
KINDS = BEFORE | AFTER | HOSTILE
HANG_SECONDS = 600.0

_NUMBERED = re.compile(r"(\d+): (.*)")
_OTHERWISE = re.compile(rf"(\d+) {OTHER_READINGS}: (.*) => (.*)")
_LINE = re.compile(r"(\d+) (고객|상담원): (.*)")


class Message(BaseModel):
    """One message of a chat."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: Literal["system", "user", "assistant"]
    content: str = Field(min_length=1)


class JsonSchema(BaseModel):
    """The schema that an answer must have."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")
    strict: bool = False
    schema_: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    """``response_format``: a schema comes with its type, and with no other."""

    model_config = ConfigDict(extra="forbid", strict=True)
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class ChatRequest(BaseModel):
    """As much of the protocol as servers agree on; anything else is 400."""

    model_config = ConfigDict(extra="forbid")
    model: str
    messages: list[Message] = Field(min_length=1)
    temperature: float = Field(1.0, ge=0, le=2)
    max_tokens: int = Field(1024, ge=1)
    response_format: ResponseFormat | None = None
    stream: Literal[False] = False
    n: Literal[1] = 1


class Refused(Exception):
    """The answer is one of the protocol's errors."""

    def __init__(self, status: int, kind: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.retry_after = status, kind, message, retry_after

    def response(self) -> JSONResponse:
        """``{"error": {"message", "type", "code"}}``."""
        headers = {} if self.retry_after is None else {"retry-after": str(self.retry_after)}
        return JSONResponse({"error": {"message": self.message, "type": self.kind, "code": self.kind}}, self.status, headers)


@dataclass
class Server:
    """The model and its books. Used from one event loop."""

    maker: StatementMaker
    faults: Faults
    key: str
    concurrency: int
    seconds: float
    response_formats: frozenset[str]
    asked: int = 0
    active: int = 0
    peak: int = 0
    received: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)

    def check(self, authorization: str) -> None:
        """401 for a wrong key."""
        if self.key and not hmac.compare_digest(authorization.encode(), f"Bearer {self.key}".encode()):
            raise Refused(401, "invalid_api_key", "Incorrect API key provided")

    def read(self, body: bytes) -> ChatRequest:
        """400 for a wrong shape, 404 for another model."""
        try:
            request = ChatRequest.model_validate_json(body)
        except ValidationError as problem:
            first = problem.errors()[0]
            raise Refused(400, "invalid_request_error", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
        wanted = request.response_format
        if wanted is not None and (
            wanted.type not in self.response_formats or (wanted.type == "json_schema") != (wanted.json_schema is not None)
        ):
            raise Refused(400, "invalid_request_error", f"response_format: {wanted.type} is not supported so")
        if request.model != MODEL:
            raise Refused(404, "model_not_found", f"The model {request.model} does not exist")
        return request

    def corrected_lines(self, content: str, fault: str | None) -> str:
        """The second reading of doubtful lines (``guessed``), or a hostile one where a fault says so."""
        found = [(int(match[1]), match[2]) for line in content.splitlines() if (match := _NUMBERED.fullmatch(line))]
        others: dict[int, dict[str, list[str]]] = {number: {} for number, _ in found}
        for match in filter(None, map(_OTHERWISE.fullmatch, content.splitlines())):
            others[int(match[1])][match[2]] = match[3].split(" | ")
        texts = [guessed(text, others[number]) if fault != "invents" else f"{text.rpartition(' ')[0]} 해지해" for number, text in found]
        lines = [{"line": number, "text": text} for (number, _), text in zip(found, texts, strict=True)]
        return "고쳤습니다!" if fault == "no_json" else json.dumps({"lines": lines}, ensure_ascii=False)

    def claim(self, conversation: Conversation) -> Claim:
        """What the reader makes of a conversation."""
        (statement,) = self.maker.make([conversation])
        return claim_of(statement)

    def counters(self) -> dict[str, Any]:
        """The books, for audits."""
        return {
            "asked": self.asked,
            "peak": self.peak,
            "received": self.received,
            "refused": dict(self.refused),
            "faults": self.faults.injected,
        }


@cache
def _bold() -> Corrector:
    return Corrector(TermList.shipped(), Bounds(gain=Bounds().doubtful_gain))


def guessed(text: str, others: Mapping[str, Sequence[str]] | None = None) -> str:
    """A line as a model reads it that knows the terms that ship and dares to guess.

    Of the other readings that it is shown it takes a term, and nothing else: to choose by what morphology finds likelier was tried, and
    was wrong three times of four (``benchmarks/LOG.md``).
    """
    line = [Utterance(start_ms=0, duration_ms=0, text=text)]
    best = corrected(line, _bold().correct(line).changes)[0].text
    for said, readings in (others or {}).items():
        named = next((words for words in readings if is_term(said, words, TermList.shipped())), said)
        if place := re.search(rf"(?<!\S){re.escape(said)}(?!\S)", best):
            best = best[: place.start()] + named + best[place.end() :]
    return best


def claim_of(statement: Statement) -> Claim:
    """A statement as a language model would claim it."""
    return Claim(statement.kind, statement.text, statement.evidence)


def replying(claim: Claim) -> Claim:
    """A statement as the sentence of a reply that takes it up."""
    return replace(claim, kind=Kind.SUMMARY, text=f"{claim.text} 말씀이시군요. 바로 확인해 드리겠습니다.")


def _wants_a_reply(asked: ChatRequest) -> bool:
    schema = asked.response_format.json_schema if asked.response_format else None
    return schema is not None and schema.name == REPLY_NAME


def conversation_of(messages: Sequence[Message]) -> list[Turn]:
    """The numbered utterances of the last message; 400 for a prompt that is none of ours, which this model does not understand."""
    turns = [_LINE.fullmatch(line) for line in messages[-1].content.splitlines()]
    if not all(turns):
        raise Refused(400, "invalid_request_error", "messages: the sandbox's model reads numbered utterances only")
    return [Turn(int(found[1]), found[2] == CALLER, found[3]) for found in turns if found]


def claims_of(content: str, fault: str | None) -> str:
    """Sentences over many calls: each line in which a caller gives a reason, told as it was said; hostile where a fault says so."""
    question, *lines = content.splitlines()
    if not question.startswith(QUESTION):
        raise Refused(400, "invalid_request_error", "messages: the sandbox's model wants a question first")
    said = [found for line in lines if (found := _LINE.fullmatch(line))]
    if fault == "no_json":
        return "물론입니다! 고객들은 여러 이유로 해지했습니다."
    told = [(int(one[1]), one[3]) for one in said if one[2] == CALLER and gives_reason(tokenized([one[3]])[0])]
    if fault == "invents":
        told = [(number, "경쟁사의 펫보험 300만원 할인 행사") for number, _ in told]
    if fault == "misquotes":
        told = [(max(int(one[1]) for one in said) + 1, text) for _, text in told]
    claims = [] if fault == "denies" else [{"text": text, "lines": [number]} for number, text in told]
    return json.dumps({"claims": claims}, ensure_ascii=False)


def spoiled(claim: Claim, conversation: Conversation, fault: str | None) -> str:
    """The answer's text, made hostile where the plan says so."""
    if fault == "no_json":
        return f"물론입니다! 고객님의 요청은 다음과 같습니다: {claim.text}"
    if fault == "denies":
        return json_of(Claim(Kind.NO_REQUEST, "", ()))
    if fault == "invents":
        return json_of(_saying("펫보험 300만원 가입 요청", "펫보험 300만원 가입", claim, conversation))
    if fault == "inverts":
        text = re.sub(r"\s*(?:문의|요청|희망)$", "", claim.text)
        return json_of(_saying(f"{text} 취소 요청", f"{text} 취소", claim, conversation))
    if fault == "misquotes":
        numbers = [turn.number for turn in conversation]
        return json_of(replace(claim, evidence=[replace(one, utterance=max(numbers) + 1) for one in claim.evidence]))
    return json_of(claim)


def _saying(text: str, phrase: str, claim: Claim, conversation: Conversation) -> Claim:
    place = claim.evidence[-1].utterance if claim.evidence else conversation[0].number
    return Claim(Kind.SUMMARY, text, [Evidence(phrase, place)])


def build_app(server: Server) -> Starlette:
    """The protocol's two addresses and the two of the sandbox."""

    async def models(request: Request) -> Response:
        server.check(request.headers.get("authorization", ""))
        return JSONResponse({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "sandbox"}]})

    async def complete(request: Request) -> Response:
        server.asked += 1
        body = await request.body()
        server.check(request.headers.get("authorization", ""))
        asked = server.read(body)
        server.received.append(asked.messages[-1].content)
        fault = server.faults.next(KINDS)
        if fault in BEFORE:
            return await _transport_fault(fault)
        if server.concurrency and server.active >= server.concurrency:
            raise Refused(429, "rate_limit_exceeded", "Too many requests at once", retry_after=1)
        server.active += 1
        server.peak = max(server.peak, server.active)
        try:
            await asyncio.sleep(server.seconds)
            answer = await asyncio.to_thread(_answer, server, asked, fault)
        finally:
            server.active -= 1
        return _after(fault, JSONResponse(_body(asked, answer, cut=fault == "cut_off")))

    async def refuse(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        server.refused[error.kind] += 1
        return error.response()

    return Starlette(
        routes=[
            Route("/v1/models", models, methods=["GET"]),
            Route("/v1/chat/completions", complete, methods=["POST"]),
            *sandbox_routes(server.counters, server.faults),
        ],
        exception_handlers={Refused: refuse},
    )


def _answer(server: Server, asked: ChatRequest, fault: str | None) -> str:
    """What the model writes: which of our two prompts it is asked with is told by the schema that the answer must have."""
    wanted = asked.response_format.json_schema if asked.response_format else None
    if wanted is not None and wanted.name == CORRECTED_LINES:
        return server.corrected_lines(asked.messages[-1].content, fault)
    if wanted is not None and wanted.name == CLAIMS:
        return claims_of(asked.messages[-1].content, fault)
    conversation = conversation_of(asked.messages)
    if wanted is not None and wanted.name == TO_DOS:
        return to_dos(conversation, fault)
    claim = server.claim(conversation)
    return spoiled(replying(claim) if _wants_a_reply(asked) else claim, conversation, fault)


def to_dos(conversation: Conversation, fault: str | None) -> str:
    """Every sentence that commits somebody, as a model that is too eager proposes it; hostile where a fault says so."""
    if fault == "no_json":
        return "할 일은 다음과 같습니다: 서류 보내기"
    proposed = [
        {"what": one.what, "who": "caller" if one.who is Who.CALLER else "agent", "utterance": one.turn}
        for one in candidates(conversation, Shortener())
    ]
    if fault == "invents":
        proposed = [{**one, "what": "펫보험 300만원 가입하기"} for one in proposed]
    if fault == "misquotes":
        proposed = [{**one, "utterance": len(conversation) + 7} for one in proposed]
    return json.dumps({"to_dos": proposed}, ensure_ascii=False)


def _body(asked: ChatRequest, text: str, *, cut: bool) -> dict[str, Any]:
    """A completion. Tokens are counted as a third of the bytes, about what a Korean tokenizer makes; a long answer is cut off."""
    tokens = len(text.encode()) // 3 + 1
    if cut or tokens > asked.max_tokens:
        text, cut = text[: min(len(text) // 2, asked.max_tokens)], True
        tokens = len(text.encode()) // 3 + 1
    read = sum(len(message.content.encode()) // 3 for message in asked.messages)
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "length" if cut else "stop"}],
        "usage": {"prompt_tokens": read, "completion_tokens": tokens, "total_tokens": read + tokens},
    }


async def _transport_fault(fault: str) -> Response:
    if fault == "429":
        return Refused(429, "rate_limit_exceeded", "Too many requests", retry_after=1).response()
    if fault == "500":
        return Refused(500, "server_error", "The server had an error").response()
    if fault == "503":
        return Response("upstream connect error", 503, media_type="text/plain")
    if fault == "hangs":
        await asyncio.sleep(HANG_SECONDS)
    return CutShort()


def _after(fault: str | None, whole: Response) -> Response:
    """Spoil an answer on its way."""
    if fault == "truncated":
        return CutShort(whole)
    if fault == "malformed":
        return Response(bytes(whole.body)[:-1] + b",", 200, media_type="application/json")
    return whole


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Chat completions on localhost, answered by the reader that ships.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--key", default=KEY, help="API key that is wanted; empty: none")
    parser.add_argument("--concurrency", type=int, default=0, help="requests at once, then 429; 0: any")
    parser.add_argument("--seconds", type=float, default=0.0, help="how long an answer takes beside the reader's time")
    parser.add_argument("--response-formats", default="text,json_object,json_schema", help="those that are taken, the others are 400")
    return parser


def main() -> None:
    """Parse the command line and serve."""
    options, faults = parse_with_faults(_parser(), "READBACK_SANDBOX_LANGUAGE_MODEL_FAULTS", KINDS)
    formats = frozenset(options.response_formats.split(","))
    server = Server(StatementMaker(SHIPPED_READER, "cpu", 1), faults, options.key, options.concurrency, options.seconds, formats)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(build_app(server), options.host, options.port, {"model": MODEL, "key": options.key}))


if __name__ == "__main__":
    main()
