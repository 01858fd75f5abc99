"""Where a call goes that cannot be read back: set aside in one place, with a reason that a person understands."""

import asyncio
from datetime import UTC, datetime

from prefect import task

import wiring
from models.call.ended import EndedCall
from models.call.record import CallRecord, Failure, Outcome
from models.errors import ReadbackError
from models.keys import StorageKeys
from stores.days import file_end
from tasks.call.claim import checkpoint_of
from tasks.retrying import PATIENT


def failure_of(error: ReadbackError, step: str, flow_run_id: str) -> Failure:
    """Describe an error for the person who looks at the call."""
    reply = error.reply
    return Failure(
        error=type(error).__name__,
        reason=error.message,
        remedy=error.remedy,
        step=step,
        vendor=reply.vendor if reply else "",
        vendor_code=reply.code if reply else "",
        request_id=reply.request_id if reply else "",
        flow_run_id=flow_run_id,
        at=datetime.now(UTC),
    )


@task(name="quarantine", **PATIENT)
async def set_aside(call_id: str, owner: str, failure: Failure) -> CallRecord:
    """Close the record as quarantined and leave a note under ``quarantine/``."""
    checkpoint = await checkpoint_of(call_id, owner, repeating=Outcome.QUARANTINED)
    note = failure.model_dump_json(indent=1).encode("utf-8")
    metadata = {"source": checkpoint.record.recording.uri, "contact-id": checkpoint.record.contact_id, "error": failure.error}
    store = wiring.object_store()
    await asyncio.to_thread(store.put, StorageKeys.quarantine_note(call_id), note, content_type="application/json", metadata=metadata)
    end = EndedCall.of(checkpoint.record, outcome=Outcome.QUARANTINED, at=failure.at, step_seconds={}, failure=failure)
    await asyncio.to_thread(file_end, store, end)
    saved = await asyncio.to_thread(wiring.call_records().save, checkpoint, outcome=Outcome.QUARANTINED, failure=failure)
    return saved.record
