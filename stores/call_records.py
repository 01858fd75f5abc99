"""The calls' records and numbers in S3, kept consistent by conditional writes alone.

There is no listing, no database and no lock: a record is created once (``If-None-Match``) and changed by compare-and-swap
(``If-Match``); a number is taken from one counter object the same way. However many calls there are, opening one costs the
same few requests.
"""

import random
import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import BaseModel, Field, ValidationError

from clients.s3 import ObjectStore
from models.call.ledger import Charge, filed
from models.call.record import CallRecord
from models.errors import ObjectGone, PermanentError, StorageConflict, VendorUnavailable
from models.keys import StorageKeys

_NUMBERED_FILE = re.compile(r"^(?:stt/stt|nlp/nlp|tts/tts)_(\d+)\.(?:txt|wav)$")
_ATTEMPTS, _ATTEMPTS_OF_ONE = 200, 4  # at the counter that all calls share, and at one call's record

# Runs of one process take numbers one after the other: only processes compete for the counter.
_ONE_AT_A_TIME = threading.Lock()
_COUNTED = threading.Lock()


@dataclass(frozen=True)
class Checkpoint:
    """A record as it was read or written, with the entity tag that the next write must find."""

    record: CallRecord
    etag: str


class _Counter(BaseModel):
    last: int = Field(ge=0)


@dataclass(frozen=True)
class _Left:
    """The counter as it was read or written; without an entity tag there is none yet."""

    last: int
    etag: str


class CallRecords:
    """Reads and writes the records of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store
        self._asking = 0  # threads that are to be given a number
        self._spare: list[int] = []  # taken for those of them that have not had their turn
        self._left: _Left | None = None  # the counter as this process last wrote it
        self._alone = False  # whether the counter was last found as this process had left it

    def find(self, call_id: str) -> Checkpoint | None:
        """The record of a call, or None when nobody has begun it."""
        stored = self._store.find(StorageKeys.call_record(call_id))
        if stored is None:
            return None
        try:
            return Checkpoint(CallRecord.model_validate_json(stored.body), stored.etag)
        except ValidationError as error:
            key = StorageKeys.call_record(call_id)
            remedy = "Restore an older version of the object, or delete it to begin the call anew"
            said = f"the call record {key} cannot be read: {error.error_count()} fields are wrong"
            raise PermanentError(said, remedy=remedy, case="unreadable_record") from None

    def read(self, call_id: str) -> Checkpoint:
        """The record of a call that has been begun."""
        found = self.find(call_id)
        if found is None:
            raise ObjectGone(f"call {call_id} has no record", remedy="Process its recording again")
        return found

    def create(self, record: CallRecord) -> Checkpoint:
        """Write the first record of a call; StorageConflict when another run was there first."""
        return self._write(record, replaces=None)

    def save(self, checkpoint: Checkpoint, **changes: object) -> Checkpoint:
        """Write a changed record where the old one still stands; StorageConflict when another run has written since."""
        record = checkpoint.record.model_copy(update={**changes, "updated_at": datetime.now(UTC)})
        return self._write(record, replaces=checkpoint.etag)

    def pay_later(self, call_id: str, charges: Sequence[Charge], day: date) -> None:
        """Add what was paid on a day for a call that had ended to its ledger, and change nothing else of it."""
        if not charges:
            return
        for _ in range(_ATTEMPTS_OF_ONE):
            checkpoint = self.read(call_id)
            try:
                self.save(checkpoint, ledger=[*checkpoint.record.ledger, *filed(charges, day)])
            except StorageConflict:
                continue
            return
        raise StorageConflict(f"the record of call {call_id} was changed {_ATTEMPTS_OF_ONE} times meanwhile")

    def _write(self, record: CallRecord, *, replaces: str | None) -> Checkpoint:
        """Write conditionally, and recognize one's own write where its answer was lost or the request was repeated on its way.

        A record names its owner and the microsecond of its change, so equal bytes are the same write. Taking it for another
        run's would turn an answer that S3 lost into a call that a person has to look at.
        """
        key, body = StorageKeys.call_record(record.call_id), _bytes_of(record)
        try:
            etag = self._store.put(key, body, content_type="application/json", only_if_absent=replaces is None, only_if_etag=replaces)
        except (StorageConflict, VendorUnavailable):
            stored = self._store.find(key)
            if stored is None or stored.body != body:
                raise
            etag = stored.etag
        return Checkpoint(record, etag)

    def next_number(self) -> int:
        """Take a number that nobody has and nobody will get again.

        Threads that ask while another one is being answered are given theirs together. A run that dies before it writes the number down
        leaves a gap, never a double.
        """
        with _COUNTED:
            self._asking += 1
        try:
            with _ONE_AT_A_TIME:
                if not self._spare:
                    self._spare = self._take_numbers()
                return self._spare.pop(0)
        finally:
            with _COUNTED:
                self._asking -= 1

    def _take_numbers(self) -> list[int]:
        """Numbers for all threads that ask now."""
        for attempt in range(_ATTEMPTS):
            try:
                return self._advance_counter(self._asking)
            except StorageConflict:
                self._alone = False
                # The more have lost, the wider they spread: otherwise 64 processes keep each other from the counter.
                time.sleep(random.uniform(0.005, min(1.0, 0.05 * 1.5 ** min(attempt, 8))))
        raise StorageConflict(f"{StorageKeys.NUMBER_COUNTER} changed {_ATTEMPTS} times while a number was taken from it")

    def _advance_counter(self, amount: int) -> list[int]:
        """Take so many numbers, from where this process left the counter as long as no other one comes in between."""
        now = self._left if self._alone and self._left else self._counter()
        first, last = now.last + 1, now.last + amount
        etag = self._store.put(
            StorageKeys.NUMBER_COUNTER,
            _Counter(last=last).model_dump_json().encode(),
            content_type="application/json",
            only_if_absent=not now.etag,
            only_if_etag=now.etag or None,
        )
        self._alone, self._left = now == self._left, _Left(last, etag)
        return list(range(first, last + 1))

    def _counter(self) -> "_Left":
        stored = self._store.find(StorageKeys.NUMBER_COUNTER)
        if stored is None:
            return _Left(self._highest_number_in_use(), "")
        return _Left(_Counter.model_validate_json(stored.body).last, stored.etag)

    def _highest_number_in_use(self) -> int:
        """Look once, when there is no counter yet: files of an earlier system must not be overwritten."""
        numbers = (
            int(match[1])
            for prefix in ("stt/", "nlp/", "tts/")
            for facts in self._store.walk(prefix)
            if (match := _NUMBERED_FILE.match(facts.key))
        )
        return max(numbers, default=0)


def _bytes_of(record: CallRecord) -> bytes:
    return record.model_dump_json(indent=1).encode("utf-8")
