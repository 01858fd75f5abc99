"""Where a call goes that cannot be read back: set aside in one place, with a reason that a person understands."""

from datetime import UTC, datetime

import wiring
from clients.s3 import ObjectStore
from models.call.ended import EndedCall
from models.call.record import CallRecord, Failure, Outcome, OwnedCall
from models.call.steps import Step
from models.errors import ReadbackError
from models.keys import StorageKeys
from stores.call_records import CallRecords, Checkpoint
from stores.days import file_end
from tasks.call.claim import own_checkpoint
from tasks.in_thread import task_in_thread


def failure_of(error: ReadbackError, step: Step, flow_run_id: str) -> Failure:
    """Describe an error for the person who looks at the call."""
    reply = error.reply
    return Failure(
        error=error.code,
        case=error.case,
        reason=error.message,
        remedy=error.remedy,
        step=step.value,
        vendor=reply.vendor if reply else "",
        vendor_code=reply.code if reply else "",
        request_id=reply.request_id if reply else "",
        flow_run_id=flow_run_id,
        at=datetime.now(UTC),
    )


@task_in_thread("quarantine")
def set_aside(call: OwnedCall, failure: Failure) -> CallRecord:
    """Close the record as quarantined and leave a note under ``quarantine/``."""
    records = wiring.call_records()
    checkpoint = own_checkpoint(records, call, repeating=Outcome.QUARANTINED)
    return close_as_quarantined(checkpoint, failure, records=records, store=wiring.object_store()).record


def close_as_quarantined(checkpoint: Checkpoint, failure: Failure, *, records: CallRecords, store: ObjectStore) -> Checkpoint:
    """The note first and the record last: a call without a note would be found by nobody."""
    record = checkpoint.record
    store.put(
        StorageKeys.quarantine_note(record.call_id),
        failure.model_dump_json(indent=1).encode("utf-8"),
        content_type="application/json",
        metadata={"source": record.recording.uri, "contact-id": record.contact_id, "error": failure.error},
    )
    file_end(store, EndedCall.of(record, outcome=Outcome.QUARANTINED, at=failure.at, step_seconds={}, failure=failure))
    return records.save(checkpoint, outcome=Outcome.QUARANTINED, failure=failure)
