"""Where a call goes that cannot be read back: set aside in one place, with a reason that a person understands."""

from collections.abc import Sequence
from datetime import UTC, datetime

import wiring
from clients.s3 import ObjectStore
from models.call.ended import EndedCall
from models.call.korea import day_in_korea
from models.call.ledger import Charge, filed
from models.call.record import CallRecord, Failure, Outcome, OwnedCall
from models.call.steps import Step
from models.errors import ReadbackError
from models.keys import StorageKeys
from stores.call_records import CallRecords, Checkpoint
from stores.days import file_end
from tasks.call.bill import Bill
from tasks.call.caller import already_said
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
def set_aside(call: OwnedCall, failure: Failure, bill: Bill | None = None) -> CallRecord:
    """Close the record as quarantined and leave a note under ``quarantine/``."""
    records = wiring.call_records()
    checkpoint = own_checkpoint(records, call, repeating=Outcome.QUARANTINED)
    charges = bill.closed() if bill else ()
    return close_as_quarantined(checkpoint, failure, records=records, store=wiring.object_store(), charges=charges).record


def close_as_quarantined(
    checkpoint: Checkpoint, failure: Failure, *, records: CallRecords, store: ObjectStore, charges: Sequence[Charge] = ()
) -> Checkpoint:
    """The note first and the record last: a call without a note would be found by nobody."""
    record = checkpoint.record
    store.put(
        StorageKeys.quarantine_note(record.call_id),
        failure.model_dump_json(indent=1).encode("utf-8"),
        content_type="application/json",
        metadata={"source": record.recording.uri, "contact-id": record.contact_id, "error": failure.error},
    )
    if record.outcome is not Outcome.QUARANTINED:  # else an earlier try has closed it with these charges
        record = record.model_copy(update={"ledger": [*record.ledger, *charges]})
    file_end(store, EndedCall.of(record, outcome=Outcome.QUARANTINED, at=failure.at, step_seconds={}, failure=failure))
    ledger = filed(record.ledger, day_in_korea(failure.at))
    changes = {"outcome": Outcome.QUARANTINED, "failure": failure, "ledger": ledger, "ended_at": failure.at}
    return records.save(checkpoint, **changes, **already_said(store, record))
