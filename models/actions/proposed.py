"""Things to do that a language model proposes beside those that are found by morphology, each held against the utterance that it names.

A proposal counts where its utterance is there and every content word of it is said in that utterance, with the same sense and with no
product, amount or date added: the guard of summaries (``models.summarizer.spoken_evidence``, ADR 17). Who has to do it and by when is read
from the utterance where morphology can; what is known already is not told again. Everything else is dropped, and counted by reason.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from models.actions.action import Action, Who
from models.actions.candidates import Candidate, candidates, content_words
from models.actions.due import find
from models.errors import ReadbackError
from models.summarizer.conversation import AGENT, CALLER, Conversation, Turn
from models.summarizer.language_model import Completions, Endpoint, Mask
from models.summarizer.outcome import Evidence, Kind
from models.summarizer.own_words import Shortener
from models.summarizer.spoken_evidence import Claim, EvidenceCheck

PROMPT = Path(__file__).with_name("prompt.txt")
ANSWER_NAME = "to_dos"
MOST = 12  # proposals of one call; more are no list to work from
NEAR = 1  # turns between two tellings of one thing to do


class _Proposal(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    what: str
    who: Literal["agent", "caller"]
    utterance: int


class _Answer(BaseModel):
    """The JSON that the prompt asks for."""

    model_config = ConfigDict(extra="forbid", strict=True)
    to_dos: list[_Proposal]


@dataclass(frozen=True)
class Proposed:
    """What a language model proposes that may be told, and how many proposals were dropped, by reason."""

    actions: tuple[Action, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)


class ActionProposer:
    """A language model with the guard. Safe between threads."""

    def __init__(self, endpoint: Endpoint, completions: Completions, mask: Mask, check: EvidenceCheck, shortener: Shortener) -> None:
        self._endpoint, self._completions, self._mask = endpoint, completions, mask
        self._check, self._shortener = check, shortener
        self._prompt = PROMPT.read_text("utf-8")

    def proposals(self, conversation: Conversation, called: datetime | None) -> Proposed:
        """What the model proposes for a call; nothing, with the reason, where it is away or answers with something else."""
        texts = self._mask([turn.text for turn in conversation])
        masked = [replace(turn, text=text) for turn, text in zip(conversation, texts, strict=True)]
        if sum(map(len, texts)) > self._endpoint.most_characters:
            return Proposed(dropped={"too_long": 1})
        try:
            until = self._completions.deadline_in(self._endpoint.deadline_seconds)
            completion = self._completions.complete(self._body(masked), until=until)
        except ReadbackError as error:
            return Proposed(dropped={str(error.code): 1})
        try:
            answer = _Answer.model_validate_json(completion.text if completion.finished else "")
        except ValidationError:
            return Proposed(dropped={"not_json" if completion.finished else "cut_off": 1})
        return self._held(answer.to_dos, masked, called)

    def _held(self, proposals: Sequence[_Proposal], conversation: Conversation, called: datetime | None) -> Proposed:
        turns = {turn.number: turn for turn in conversation if turn.text}
        said = {one.turn: one for one in candidates(conversation, self._shortener)}
        kept: list[Action] = []
        dropped: Counter[str] = Counter()
        for one in proposals[:MOST]:
            fault = self.fault(one.what, turns.get(one.utterance))
            if fault:
                dropped[fault] += 1
            else:
                kept.append(self._action(one, turns[one.utterance], said.get(one.utterance), called))
        dropped.update(["too_many"] * max(0, len(proposals) - MOST))
        return Proposed(tuple(kept), dict(dropped))

    def fault(self, what: str, turn: Turn | None) -> str:
        """Why a proposal is dropped; empty for one whose words were all said in the utterance."""
        if turn is None:
            return "no_such_utterance"
        # Whoever said it: an agent's promise needs nobody's agreement.
        claim = Claim(Kind.SUMMARY, what.strip(), [Evidence(what.strip(), turn.number)])
        found = self._check.fault(claim, [replace(turn, by_caller=True)])
        return "" if found is None else found.value

    def _action(self, one: _Proposal, turn: Turn, read: Candidate | None, called: datetime | None) -> Action:
        due = read.due if read else find(turn.text)
        return Action(
            what=one.what.strip(),
            who=read.who if read else Who(one.who),
            desk=read.desk if read else "",
            utterance=one.utterance,
            due=None if due is None else due.due(called),
            proposed_by=self._endpoint.model,
        )

    def _body(self, conversation: Conversation) -> dict[str, Any]:
        lines = [f"{turn.number} {CALLER if turn.by_caller else AGENT}: {turn.text}" for turn in conversation if turn.text]
        body: dict[str, Any] = {
            "model": self._endpoint.model,
            "messages": [{"role": "system", "content": self._prompt}, {"role": "user", "content": "\n".join(lines)}],
            "temperature": self._endpoint.temperature,
            "max_tokens": self._endpoint.max_tokens,
        }
        if self._endpoint.response_format == "json_schema":
            schema = {"name": ANSWER_NAME, "strict": True, "schema": _schema()}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self._endpoint.response_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body


def _schema() -> dict[str, Any]:
    """The answer's JSON schema without references, which some servers do not resolve."""
    schema = _Answer.model_json_schema()
    schema["properties"]["to_dos"]["items"] = schema.pop("$defs")["_Proposal"]
    schema.pop("description", None)
    return schema


def joined(found: Sequence[Action], proposed: Sequence[Action], shortener: Shortener) -> list[Action]:
    """What is found by morphology and what a language model adds to it, in the order said; a thing that both tell is told once."""
    added: list[Action] = []
    for one in proposed:
        if not any(_is_known(one, other, shortener) for other in (*found, *added)):
            added.append(one)
    return sorted((*found, *added), key=lambda one: one.utterance)


def _is_known(one: Action, other: Action, shortener: Shortener) -> bool:
    """Whether two are about one thing to do: in one utterance by the same one, or with a word in common in its neighbour."""
    if (one.who is Who.CALLER) is not (other.who is Who.CALLER) or abs(one.utterance - other.utterance) > NEAR:
        return False
    words = [content_words(shortener.tokens(action.what)) for action in (one, other)]
    return one.utterance == other.utterance or bool(words[0] & words[1])
