"""Who looked at unmasked words or sound and why, and who asked what of many calls: one small object each, created once, which nobody of
ours may change or delete.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Self
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from clients.s3 import ObjectStore
from models.call.korea import day_in_korea
from models.keys import StorageKeys


class Look(BaseModel):
    """One look, or with ``ask_id`` one question over many calls. It names a call by its id, a hash, and holds none of its words, so it
    outlives an erasure; a question is the asker's own words, masked.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    by: str
    roles: list[str]
    call_id: str = ""
    reason: str
    address: str = ""
    ask_id: str = ""

    @classmethod
    def now(cls, by: str, roles: list[str], call_id: str, reason: str, address: str) -> Self:
        """A look at this moment; the reason as one line."""
        return cls(at=datetime.now(UTC), by=by, roles=roles, call_id=call_id, reason=" ".join(reason.split())[:300], address=address)

    @classmethod
    def at_many(cls, by: str, roles: list[str], ask_id: str, question: str, address: str) -> Self:
        """A question asked at this moment."""
        return cls(at=datetime.now(UTC), by=by, roles=roles, ask_id=ask_id, reason=" ".join(question.split())[:300], address=address)


class Looks:
    """The looks at the calls of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def add(self, look: Look) -> None:
        """Write a look down; what is shown is shown after that."""
        key = f"{StorageKeys.looks(day_in_korea(look.at))}{look.at:%H%M%S%f}-{uuid4().hex[:8]}.json"
        body = json.dumps(look.model_dump(mode="json"), ensure_ascii=False).encode("utf-8")
        self._store.put(key, body, content_type="application/json", only_if_absent=True)

    def of_day(self, day: date) -> Iterator[Look]:
        """The looks of a day in Korea, in no certain order."""
        for facts in self._store.walk(StorageKeys.looks(day)):
            if stored := self._store.find(facts.key):
                yield Look.model_validate_json(stored.body)
