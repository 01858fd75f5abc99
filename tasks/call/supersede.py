"""How a call ends whose recording was uploaded again under its key: the later upload is a call of its own and does the work."""

from datetime import UTC, datetime

import wiring
from clients.s3 import ObjectStore
from models.call.ended import EndedCall
from models.call.record import CallRecord, Outcome, OwnedCall
from models.errors import CallTakenOver
from models.keys import StorageKeys
from stores.call_records import CallRecords, Checkpoint
from stores.days import file_end
from tasks.in_thread import task_in_thread


@task_in_thread("supersede")
def supersede(call: OwnedCall, by: str) -> CallRecord:
    """End this run's call as superseded by another one."""
    records = wiring.call_records()
    checkpoint = records.read(call.call_id)
    if checkpoint.record.owner != call.owner:
        raise CallTakenOver(f"flow run {checkpoint.record.owner} works on call {call.call_id} now")
    return close_as_superseded(checkpoint, by, records=records, store=wiring.object_store()).record


def close_as_superseded(checkpoint: Checkpoint, by: str, *, records: CallRecords, store: ObjectStore) -> Checkpoint:
    """Close the record, take the note out of quarantine and the call out of its day's quarantined ones; repeating it changes nothing."""
    record = checkpoint.record
    ended_at = record.failure.at if record.failure else datetime.now(UTC)
    saved = records.save(checkpoint, outcome=Outcome.SUPERSEDED, superseded_by=by)
    store.delete(StorageKeys.quarantine_note(record.call_id))
    # Filed under the day of its quarantine, where it takes the place of that entry.
    file_end(store, EndedCall.of(record, outcome=Outcome.SUPERSEDED, at=ended_at, step_seconds={}))
    return saved
