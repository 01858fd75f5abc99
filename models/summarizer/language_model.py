"""A summarizer that asks a language model by its address: a vLLM, Bedrock's endpoint, or whatever speaks the same protocol.

    config.json   {"model_type": "openai-compatible", "base_url": …, "model": …, …}: see ``Endpoint``; no key, ever
    prompt.txt    what the model is told; part of the version like any file of the folder

What leaves is masked: numbers that identify the caller go no further than this process. What comes back is believed only as far as
``models/summarizer/spoken_evidence.py`` finds it in the conversation. Where the model is away, or its answer is not to be spoken, the
model that ships answers, and the result names it and says why.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import BadTranscript, ConfigurationError, ReadbackError, VendorUnavailable
from models.summarizer.conversation import AGENT, CALLER, Conversation, Turn
from models.summarizer.conversation import read as read_conversation
from models.summarizer.outcome import Evidence, Kind
from models.summarizer.spoken_evidence import Claim, EvidenceCheck
from models.summarizer.summarizer import Summarizer, SummaryResult, Usage, model_version

FAMILY = "openai-compatible"
CONFIG, PROMPT = "config.json", "prompt.txt"
DEFAULT_PROMPT = Path(__file__).with_name("language_model_prompt.txt")
ANSWER_NAME = "statement"

Mask = Callable[[Sequence[str]], list[str]]


class Endpoint(BaseModel):
    """Where a language model is asked, and how: the whole of ``config.json``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_type: Literal["openai-compatible"] = "openai-compatible"
    base_url: str = Field(pattern=r"^https?://[^\s?#@]+$", description="Address up to and with /v1, such as http://10.0.3.7:8000/v1")
    model: str = Field(min_length=1, description="The model's name as the endpoint has it")
    temperature: float = Field(0.0, ge=0, le=2, description="0: the likeliest answer")
    max_tokens: int = Field(400, ge=16, le=4096, description="Longest answer; one that is cut off is not used")
    response_format: Literal["json_schema", "json_object", "none"] = Field(
        "json_schema", description="How JSON is asked for: vLLM takes json_schema; an endpoint that refuses the field wants none"
    )
    timeout_seconds: float = Field(8.0, gt=0, le=60, description="Longest wait for one attempt")
    deadline_seconds: float = Field(
        16.0,
        gt=0,
        le=120,
        description="Longest wait for an answer, repetitions and queueing included; below READBACK_SUMMARY_PATIENCE_SECONDS",
    )
    concurrency: int = Field(16, ge=1, le=256, description="Requests under way at once, from one process")
    most_characters: int = Field(20_000, ge=100, description="Longer conversations are left to the model that ships")
    won_per_1k_prompt_tokens: float = Field(0.0, ge=0, description="Price, for the leaderboard")
    won_per_1k_completion_tokens: float = Field(0.0, ge=0, description="Price, for the leaderboard")

    @classmethod
    def load(cls, model_dir: Path) -> "Endpoint":
        """Read a folder's config.json; ConfigurationError names the field that is wrong."""
        path = model_dir / CONFIG
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "the file"
            raise ConfigurationError(
                f"{path}: {field}: {first['msg']}", remedy="Connect the model again (connect-language-model)"
            ) from None

    def won(self, completion: "Completion") -> float:
        """What an answer costs."""
        prompt, written = completion.prompt_tokens, completion.completion_tokens
        return (prompt * self.won_per_1k_prompt_tokens + written * self.won_per_1k_completion_tokens) / 1000


def save(endpoint: Endpoint, prompt: str, model_dir: Path) -> None:
    """Write a model's folder; equal settings make equal files."""
    model_dir.mkdir(parents=True, exist_ok=True)
    (model_dir / CONFIG).write_text(endpoint.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (model_dir / PROMPT).write_text(prompt, encoding="utf-8")


@dataclass(frozen=True)
class Completion:
    """A language model's answer; ``finished`` where it ended by itself and was not cut off or held back."""

    text: str
    finished: bool
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Completions(Protocol):
    """An endpoint, as ``clients.chat_completions.ChatCompletions`` reaches it. Safe between threads."""

    def complete(self, body: Mapping[str, Any], *, until: float) -> Completion:
        """One answer; errors of ``models.errors`` where there is none before ``until`` (of ``deadline_in``)."""

    def deadline_in(self, seconds: float) -> float:
        """The moment so many seconds from now, by the clock that ``until`` is read on."""

    def close(self) -> None:
        """Let the connections go."""


Connect = Callable[[Endpoint], Completions]


def no_connection(endpoint: Endpoint) -> Completions:
    """For who loads no language models."""
    raise ConfigurationError("no connection to language models is wired in this process", remedy="Load models through wiring.lines")


class _Phrase(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    phrase: str
    utterance: int


class _Answer(BaseModel):
    """The JSON that the prompt asks for."""

    model_config = ConfigDict(extra="forbid", strict=True)
    kind: Literal["summary", "own_words", "no_request"]
    text: str
    phrases: list[_Phrase]


_FENCED = re.compile(r"\s*```(?:json)?\s*(\{.*\})\s*```\s*", re.DOTALL)


def read_answer(text: str) -> Claim | None:
    """An answer as a claim; None for what is not the JSON that was asked for. A code fence around it does no harm."""
    fenced = _FENCED.fullmatch(text)
    try:
        answer = _Answer.model_validate_json(fenced[1] if fenced else text)
    except ValidationError:
        return None
    return Claim(Kind(answer.kind), answer.text.strip(), [Evidence(one.phrase.strip(), one.utterance) for one in answer.phrases])


def request_body(endpoint: Endpoint, prompt: str, conversation: Conversation, *, name: str = ANSWER_NAME) -> dict[str, Any]:
    """What is sent; empty turns are left out, numbers stay those of the transcript."""
    lines = [f"{turn.number} {CALLER if turn.by_caller else AGENT}: {turn.text}" for turn in conversation if turn.text]
    body: dict[str, Any] = {
        "model": endpoint.model,
        "messages": [{"role": "system", "content": prompt}, {"role": "user", "content": "\n".join(lines)}],
        "temperature": endpoint.temperature,
        "max_tokens": endpoint.max_tokens,
    }
    if endpoint.response_format == "json_schema":
        schema = {"name": name, "strict": True, "schema": _schema()}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif endpoint.response_format == "json_object":
        body["response_format"] = {"type": "json_object"}
    return body


def _schema() -> dict[str, Any]:
    """The answer's JSON schema without references, which some servers do not resolve."""
    schema = _Answer.model_json_schema()
    phrase = schema.pop("$defs")["_Phrase"]
    schema["properties"]["phrases"]["items"] = phrase
    schema.pop("description", None)
    return schema


@dataclass(frozen=True)
class _Heard:
    """What came of asking about one conversation: a result to speak, or the reason that there is none."""

    result: SummaryResult | None
    reason: str = ""
    away: bool = False
    usage: Usage | None = None


class LanguageModelSummarizer:
    """A language model with its guard and the model that answers in its place. Safe to call from several threads.

    ``mask`` takes the personal numbers out of a conversation's utterances before anything leaves.
    """

    def __init__(
        self,
        model_dir: Path,
        connect: Connect,
        mask: Mask,
        check: EvidenceCheck,
        fallback: Summarizer,
        *,
        name: str,
    ) -> None:
        self.endpoint = Endpoint.load(model_dir)
        prompt = model_dir / PROMPT
        if not prompt.is_file():
            raise ConfigurationError(f"{prompt} is missing", remedy="Connect the model again (connect-language-model)")
        self._prompt = prompt.read_text(encoding="utf-8")
        self._completions = connect(self.endpoint)
        self._mask, self._check, self._fallback = mask, check, fallback
        self.name = name or model_dir.resolve().name
        self.version = model_version(model_dir)
        self.device: str = fallback.device
        self._pool = ThreadPoolExecutor(self.endpoint.concurrency, thread_name_prefix="language-model")

    def results(self, texts: Sequence[str]) -> list[SummaryResult]:
        """One result a text, in order, by whichever model has an answer that may be spoken."""
        return self._told(texts, self._ask_all(texts))

    def attempts(self, texts: Sequence[str]) -> list[SummaryResult]:
        """Like ``results``, for scoring: VendorUnavailable where the model was away, since its score would be another model's."""
        heard = self._ask_all(texts)
        away = [one for one in heard if one.away]
        if away:
            raise VendorUnavailable(
                f"{self.endpoint.model} gave no answer to {len(away)} of {len(texts)} texts ({away[0].reason})",
                remedy="See that the endpoint answers, then score again",
            )
        return self._told(texts, heard)

    def close(self) -> None:
        """Finish what has begun and let threads and connections go."""
        self._pool.shutdown()
        self._completions.close()

    def _ask_all(self, texts: Sequence[str]) -> list[_Heard]:
        if any(not text.strip() for text in texts):
            raise BadTranscript("There is nothing to summarize: the text has no words")
        until = self._completions.deadline_in(self.endpoint.deadline_seconds)
        return list(self._pool.map(lambda text: self._ask(text, until), texts))

    def _ask(self, text: str, until: float) -> _Heard:
        conversation = self._masked(read_conversation(text))
        if sum(len(turn.text) for turn in conversation) > self.endpoint.most_characters:
            return _Heard(None, "too_long")
        try:
            completion = self._completions.complete(request_body(self.endpoint, self._prompt, conversation), until=until)
        except ReadbackError as error:
            return _Heard(None, error.code, away=True)
        usage = Usage(completion.prompt_tokens, completion.completion_tokens, self.endpoint.won(completion))
        if not completion.finished:
            return _Heard(None, "cut_off", usage=usage)
        claim = read_answer(completion.text)
        if claim is None:
            return _Heard(None, "not_json", usage=usage)
        fault = self._check.fault(claim, conversation)
        if fault is not None:
            return _Heard(None, fault.value, usage=usage)
        return _Heard(SummaryResult(claim.text, self.name, self.version, kind=claim.kind, evidence=tuple(claim.evidence), usage=usage))

    def _masked(self, conversation: Conversation) -> list[Turn]:
        texts = self._mask([turn.text for turn in conversation])
        return [replace(turn, text=text) for turn, text in zip(conversation, texts, strict=True)]

    def _told(self, texts: Sequence[str], heard: Sequence[_Heard]) -> list[SummaryResult]:
        """What is spoken. That nothing is asked for has no evidence, so the other model must not be sure of a request."""
        doubtful = [i for i, one in enumerate(heard) if one.result is None or one.result.kind is Kind.NO_REQUEST]
        others = dict(zip(doubtful, self._fallback.results([texts[i] for i in doubtful]), strict=True))
        return [self._chosen(one, others.get(i)) for i, one in enumerate(heard)]

    def _chosen(self, heard: _Heard, other: SummaryResult | None) -> SummaryResult:
        if heard.result is None:
            assert other is not None  # asked for every text without a result
            return replace(other, instead=heard.reason, usage=heard.usage)
        if other is not None and other.kind is Kind.SUMMARY:
            return replace(other, instead="request_overlooked", usage=heard.result.usage)
        return heard.result


def was_away(result: SummaryResult) -> bool:
    """Whether another model answered because the language model could not be asked; a refused answer is not that."""
    return bool(result.instead) and result.usage is None and result.instead != "too_long"


def json_of(claim: Claim) -> str:
    """A claim as the JSON that the prompt asks for."""
    phrases = [{"phrase": one.phrase, "utterance": one.utterance} for one in claim.evidence]
    return json.dumps({"kind": claim.kind.value, "text": claim.text, "phrases": phrases}, ensure_ascii=False)
