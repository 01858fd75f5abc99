"""What is known of contacts, beside a mark for each call that has a record: so neither a contact record nor a call need be the first.

A run makes its record, then its mark, and reads what is known when it closes the call. Who learns something writes it down, then looks for
marks and writes into those calls' records. One of the two sees the other, whoever is first.
"""

import contextlib
from collections.abc import Sequence

from clients.s3 import ObjectStore
from models.call.caller_said import CallersAnswer, Known
from models.call.record import CallRecord, Outcome
from models.errors import StorageConflict
from models.keys import StorageKeys, parse_recording_key
from stores.answers import file_answer
from stores.call_records import CallRecords

_ATTEMPTS = 50


class ContactRecords:
    """Reads and writes what is known of the contacts of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def mark(self, contact: str, call_id: str) -> None:
        """Note that a call of a contact has a record; again changes nothing."""
        with contextlib.suppress(StorageConflict):
            self._store.put(StorageKeys.mark_of_call(contact, call_id), b"", content_type="text/plain", only_if_absent=True)

    def known(self, contact: str) -> Known | None:
        """What is known of a contact, None for nothing."""
        stored = self._store.find(StorageKeys.contact_record(contact))
        return Known.model_validate_json(stored.body) if stored else None

    def learn(self, contact: str, told: Known) -> Known:
        """Add what a contact record tells; returns what is known now. Told twice it changes nothing."""
        key = StorageKeys.contact_record(contact)
        for _ in range(_ATTEMPTS):
            stored = self._store.find(key)
            before = Known.model_validate_json(stored.body) if stored else Known()
            known = before.joined(told)
            if stored and known == before:
                return known
            body, etag = known.model_dump_json(exclude_none=True).encode("utf-8"), stored.etag if stored else None
            with contextlib.suppress(StorageConflict):
                self._store.put(key, body, content_type="application/json", only_if_absent=stored is None, only_if_etag=etag)
                return known
        raise StorageConflict(f"{key} changed {_ATTEMPTS} times while a contact record was added")

    def calls(self, contact: str) -> Sequence[str]:
        """Ids of the contact's calls that have records."""
        folder = StorageKeys.marks_of_contact(contact)
        return [facts.key.removeprefix(folder) for facts in self._store.walk(folder)]

    def erase(self, contact: str, call_id: str) -> int:
        """Erase a call's mark and, with the last one, what is known of the contact; returns how many versions there were."""
        erased = self._store.erase(StorageKeys.mark_of_call(contact, call_id))
        return erased if self.calls(contact) else erased + self._store.erase(StorageKeys.contact_record(contact))


def speaks_for_contact(record: CallRecord, calls: Sequence[str]) -> bool:
    """Whether an answer that names no prompt is about this call: the conversation with the agent, or a contact's only recording."""
    name = parse_recording_key(record.recording.key)
    return name is None or not name.ivr or list(calls) == [record.call_id]


def said_about(record: CallRecord, known: Known, calls: Sequence[str]) -> dict[str, object]:
    """What changes in a call's record by what is known of its contact."""
    prompt = f"s3://{record.recording.bucket}/{record.prompt.key}" if record.prompt else ""
    answer = known.answer_about(prompt, speaks_for_contact=speaks_for_contact(record, calls))
    changes: dict[str, object] = {"contact": known.facts, "answer": answer or record.answer}
    if record.outcome is not Outcome.IN_PROGRESS:
        # An earlier release told the day of the end by the last change, which this one follows.
        changes["ended_at"] = record.ended_at or record.updated_at
    return changes


def tell_calls(store: ObjectStore, contact: str, known: Known) -> int:
    """Write what is known of a contact into the records of its calls, and file answers; returns how many calls it has."""
    records, calls = CallRecords(store), ContactRecords(store).calls(contact)
    for call_id in calls:
        for attempt in range(_ATTEMPTS):
            found = records.find(call_id)
            if found is None:  # erased
                break
            changes = said_about(found.record, known, calls)
            answer = changes["answer"]
            try:
                if any(getattr(found.record, name) != value for name, value in changes.items()):
                    records.save(found, **changes)
            except StorageConflict:
                if attempt + 1 == _ATTEMPTS:
                    raise
                continue
            if isinstance(answer, CallersAnswer):
                file_answer(store, found.record, answer)
            break
    return len(calls)
