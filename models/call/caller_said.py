"""What Amazon Connect tells of a contact afterwards: who took it, when, from which number, and whether the caller found it right.

Contact records come as Firehose writes them to S3 (JSON objects one after another, with or without newlines, compressed or not), from a
Kinesis stream, or as contact events of EventBridge. They come in any order, late, or more than once, so what is known of a contact grows
field by field: the newest that says something counts.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from models.call.korea import day_in_korea
from models.call.number import masked_number, number_hash
from models.errors import PermanentError

# Attributes of a contact: which prompt was played and what the caller pressed; the flow in deployments/aws/connect_flow.json sets them.
PROMPT, ANSWER, ABOUT = "readback_prompt", "readback_answer", "readback_contact"
CONTACT_EVENT = "Amazon Connect Contact Event"
_LARGEST = 256 * 1024 * 1024


class UnreadableContactRecord(PermanentError):
    """An object or a message that holds no contact record, or one that breaks off."""


class Answer(StrEnum):
    """What the caller pressed after the prompt."""

    RIGHT = "1"
    WRONG = "2"


class CallersAnswer(BaseModel):
    """The caller's answer, and when the contact in which it was given ended."""

    model_config = ConfigDict(frozen=True)

    answer: Answer
    at: datetime

    @property
    def day(self) -> date:
        """The day in Korea that counts it."""
        return day_in_korea(self.at)


class ContactFacts(BaseModel):
    """A contact as its call's record keeps it. Calls of one caller are found by the keyed hash of the number; people see it masked."""

    model_config = ConfigDict(frozen=True)

    agent: str = Field(default="", description="Username of the agent who took the contact, or the last part of the agent's ARN")
    queue: str = Field(default="", description="Name of the queue, or the last part of its ARN")
    number: str = Field(default="", description="The caller's number, masked")
    number_hash: str = Field(default="", description="Keyed hash of the number; empty where no key is set")
    began_at: datetime | None = None
    agent_from: datetime | None = None
    ended_at: datetime | None = None
    told_at: datetime | None = Field(default=None, description="When Amazon Connect last changed what it tells")

    def joined(self, other: Self) -> Self:
        """Both as one: of what both say, what was told later counts; of what one is silent on, the other."""
        older, newer = (self, other) if _before(self.told_at, other.told_at) else (other, self)
        said = {name: value for name, value in newer.model_dump().items() if value not in ("", None)}
        return older.model_copy(update=said)


class Known(BaseModel):
    """What is known of a contact, and the answers about its calls by the prompt that was played ("" where none is named)."""

    facts: ContactFacts = Field(default_factory=ContactFacts)
    answers: dict[str, CallersAnswer] = {}

    def joined(self, other: Self) -> Self:
        """Both as one."""
        answers = dict(self.answers)
        for prompt, answer in other.answers.items():
            if prompt not in answers or answers[prompt].at <= answer.at:
                answers[prompt] = answer
        return self.model_copy(update={"facts": self.facts.joined(other.facts), "answers": answers})

    def answer_about(self, prompt: str, *, speaks_for_contact: bool) -> CallersAnswer | None:
        """The answer about a call: by its prompt, or where none is named, for the call that spoke for the contact."""
        if not prompt:
            return None
        return self.answers.get(prompt) or (self.answers.get("") if speaks_for_contact else None)


@dataclass(frozen=True)
class Told:
    """One contact record: what it tells of which contact; an answer may be about another one, whose request was read back in this."""

    by_contact: dict[str, Known] = field(default_factory=dict)


def records_in(body: bytes) -> list[dict[str, Any]]:
    """The JSON objects of a file of Firehose's, which puts them one after another.

    >>> records_in(b'{"ContactId": "a"}{"ContactId": "b"}')
    [{'ContactId': 'a'}, {'ContactId': 'b'}]
    """
    text = _text(body)
    found: list[dict[str, Any]] = []
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        if text[at].isspace() or text[at] == ",":
            at += 1
            continue
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError as error:
            raise UnreadableContactRecord(f"record {len(found) + 1} is no JSON: {type(error).__name__} at {at}") from None
        found += [_object(one) for one in (value if isinstance(value, list) else [value])]
    return found


def _text(body: bytes) -> str:
    try:
        if body[:2] == b"\x1f\x8b":
            unzip = zlib.decompressobj(wbits=31)
            body = unzip.decompress(body, _LARGEST)
            if unzip.unconsumed_tail:
                raise UnreadableContactRecord(f"the file holds more than {_LARGEST:,} bytes")
        return body.decode("utf-8-sig")
    except (zlib.error, UnicodeDecodeError) as error:
        raise UnreadableContactRecord(f"the file cannot be read: {type(error).__name__}") from None


def records_of(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The contact records that a queue's message itself holds, in any of the shapes of AWS; none where it holds something else."""
    if message.get("detail-type") == CONTACT_EVENT:
        return [_object(message.get("detail"))]
    if "ContactId" in message:
        return [dict(message)]
    carried = message["Records"] if isinstance(message.get("Records"), list) else [message]
    streamed = [one for one in carried if isinstance(one, Mapping) and one.get("eventSource") == "aws:kinesis"]
    return [record for one in streamed for record in records_in(_streamed(one))]


def _streamed(record: Mapping[str, Any]) -> bytes:
    """A Kinesis record's data: below ``kinesis`` as Lambda gets it, at the top as EventBridge Pipes sends it."""
    inner = record.get("kinesis")
    data = inner.get("data") if isinstance(inner, Mapping) else record.get("data")
    try:
        return base64.b64decode(str(data), validate=True)
    except binascii.Error as error:
        raise UnreadableContactRecord(f"a Kinesis record holds no base64: {type(error).__name__}") from None


def told_by(record: Mapping[str, Any], key: str) -> Told:
    """What a contact record or contact event tells; ``key`` is the secret of the numbers' hashes."""
    said = _Fields(record)
    contact = said.text("ContactId")
    if not contact:
        raise UnreadableContactRecord("a contact record names no contact")
    try:
        known = {contact: Known(facts=_facts(said, key))}
        if answer := _answer(said):
            attributes = _Fields(said.map("Attributes"))
            about = attributes.text(ABOUT) or said.text("InitialContactId") or contact
            given = Known(answers={attributes.text(PROMPT): answer})
            known[about] = known[about].joined(given) if about in known else given
        return Told(known)
    except ValueError as error:
        raise UnreadableContactRecord(f"a contact record makes no sense: {type(error).__name__}") from None


class _Fields:
    """A record's fields, by their names in contact records; contact events write the same with a small first letter."""

    def __init__(self, said: Mapping[str, Any]) -> None:
        self._said = said

    def get(self, *names: str) -> Any:
        for name in names:
            for spelling in (name, name[:1].lower() + name[1:]):
                if self._said.get(spelling) is not None:
                    return self._said[spelling]
        return None

    def text(self, *names: str) -> str:
        value = self.get(*names)
        return value.strip() if isinstance(value, str) else ""

    def map(self, *names: str) -> Mapping[str, Any]:
        value = self.get(*names)
        return value if isinstance(value, Mapping) else {}

    def time(self, *names: str) -> datetime | None:
        text = self.text(*names)
        if not text:
            return None
        at = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if at.tzinfo is None:
            raise ValueError("a time without its zone")
        return at


def _facts(said: _Fields, key: str) -> ContactFacts:
    agent, queue = _Fields(said.map("Agent", "AgentInfo")), _Fields(said.map("Queue", "QueueInfo"))
    endpoint = _Fields(said.map("CustomerEndpoint"))
    number = endpoint.text("Address") if endpoint.text("Type") in ("", "TELEPHONE_NUMBER") else ""
    ended = said.time("DisconnectTimestamp")
    return ContactFacts(
        agent=agent.text("Username") or _last(agent.text("ARN", "AgentArn")),
        queue=queue.text("Name") or _last(queue.text("ARN", "QueueArn")),
        number=masked_number(number),
        number_hash=number_hash(number, key),
        began_at=said.time("InitiationTimestamp"),
        agent_from=agent.time("ConnectedToAgentTimestamp"),
        ended_at=ended,
        told_at=said.time("LastUpdateTimestamp") or ended or said.time("InitiationTimestamp"),
    )


def _answer(said: _Fields) -> CallersAnswer | None:
    pressed = _Fields(said.map("Attributes")).text(ANSWER)
    at = said.time("DisconnectTimestamp") or said.time("LastUpdateTimestamp")
    if pressed not in set(Answer) or at is None:
        return None
    return CallersAnswer(answer=Answer(pressed), at=at)


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _before(one: datetime | None, other: datetime | None) -> bool:
    return one is None or (other is not None and one <= other)


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UnreadableContactRecord(f"a contact record is a JSON {type(value).__name__}, not an object")
    return value
