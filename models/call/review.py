"""A second look at calls: what the model in service says of a call that another model spoke, and in what the two differ."""

from collections.abc import Mapping
from datetime import datetime
from typing import Self

from pydantic import BaseModel

from models.call.ended import EndedCall
from models.call.record import CallRecord, Summary
from models.summarizer.sense import sense_changed


class Review(BaseModel):
    """What was said then and what would be said now. ``changed`` holds no word of the caller's; empty where the sense is the same."""

    call_id: str
    then: Summary
    now: Summary
    changed: str
    at: datetime

    @classmethod
    def of(cls, record: CallRecord, now: Summary, at: datetime) -> Self:
        """Hold a second summary against the one that was spoken."""
        then = record.summary or Summary(text="", model="", version="")
        changed = sense_changed((then.kind, then.text), (now.kind, now.text))
        return cls(call_id=record.call_id, then=then, now=now, changed=changed, at=at)


class SpokenCall(BaseModel):
    """A call that a model version spoke, and what a second look came to: nothing while there was none.

    ``failure`` says why it could not be summarized again.
    """

    call_id: str
    at: datetime
    flow_run_id: str = ""
    reviewed: bool = False
    changed: str = ""
    failure: str = ""

    @classmethod
    def of(cls, ended: EndedCall) -> Self:
        """A call as its day's list has it."""
        return cls(call_id=ended.call_id, at=ended.at, flow_run_id=ended.flow_run_id)


def told_failures(failures: Mapping[str, str]) -> str:
    """Error codes by call, as the state of a run tells them.

    >>> told_failures({"0f": "no_speech"}), failures_in("0f=no_speech"), failures_in("")
    ('0f=no_speech', {'0f': 'no_speech'}, {})
    """
    return " ".join(f"{call_id}={code}" for call_id, code in failures.items())


def failures_in(message: str) -> dict[str, str]:
    """What ``told_failures`` told."""
    return dict(pair.split("=", 1) for pair in message.split())


def names_version(spoken: str, version: str) -> bool:
    """Whether who told a summary (``Summary.told_by``) is a model version, or that has a part in it: ``<summarizer>+<classifier>`` are two.

    >>> names_version("bart-a+svm-b", "svm-b"), names_version("bart-a", "bart")
    (True, False)
    """
    return version in spoken.split("+")
