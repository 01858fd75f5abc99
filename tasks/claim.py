"""Who works on a call: exactly one live flow run."""

import asyncio
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from prefect import get_client, task
from prefect.exceptions import ObjectNotFound

from clients.call_records import Checkpoint
from clients.s3 import ObjectFacts
from models.call_record import CallRecord, Outcome, Recording
from models.errors import CallTakenOver, ObjectGone
from tasks import wiring
from tasks.retrying import PATIENT


@dataclass(frozen=True)
class Claim:
    """The answer to a run that wants a call: it may work (``ours``, from the start or resumed), or why there is nothing to do."""

    verdict: Literal["ours", "finished", "in_flight", "in_quarantine", "superseded"]
    message: str = ""
    resumed: bool = False


async def checkpoint_of(call_id: str, owner: str) -> Checkpoint:
    """Read the record for this run's next step; CallTakenOver when it has become another run's."""
    checkpoint = await asyncio.to_thread(wiring.call_records().read, call_id)
    if checkpoint.record.owner != owner:
        raise CallTakenOver(f"flow run {checkpoint.record.owner} works on call {call_id} now")
    return checkpoint


@task(name="claim", **PATIENT)
async def claim_call(recording: Recording, owner: str, *, rerun: bool) -> Claim:
    """Make this run the one that works on the recording, or say which run does or did.

    ``rerun`` tells that a person (or the reaper) started this same flow run again: a call in quarantine is then reopened.
    Prefect knows which runs live, so there is no lease to expire: a record whose owner has ended is taken over.
    """
    records = wiring.call_records()
    found = await asyncio.to_thread(records.find, recording.call_id)
    if found is None:
        return await _begin(recording, owner)
    record = found.record
    if record.outcome is Outcome.READ_BACK:
        return Claim("finished", f"call {record.call_id} was read back as number {record.number}")
    if record.outcome is Outcome.QUARANTINED:
        if not (rerun and record.owner == owner):
            return Claim("in_quarantine", record.failure.reason if record.failure else "")
        await asyncio.to_thread(records.save, found, **reopened(record, owner))
        return Claim("ours", resumed=True)
    if record.owner != owner:
        if await _is_alive(record.owner):
            return Claim("in_flight", f"flow run {record.owner} works on call {record.call_id}")
        await asyncio.to_thread(records.save, found, owner=owner)
    return Claim("ours", resumed=True)


def reopened(record: CallRecord, owner: str) -> dict[str, object]:
    """What changes when a person wants a quarantined call done again: a job that cannot be asked any more is paid anew."""
    transcription = record.transcription
    if not transcription.done:
        transcription = transcription.model_copy(update={"submitting": False, "job_id": ""})
    return {"owner": owner, "outcome": Outcome.IN_PROGRESS, "failure": None, "transcription": transcription}


async def _begin(recording: Recording, owner: str) -> Claim:
    facts = await asyncio.to_thread(wiring.object_store().head, recording.key)
    if facts is not None and facts.etag != recording.etag:
        return Claim("superseded", f"{recording.uri} was replaced by a newer upload, which has a run of its own")
    await asyncio.to_thread(wiring.call_records().create, CallRecord.begin(recording, owner))
    if facts is None:
        raise ObjectGone(f"{recording.uri} is no longer there", remedy="Restore the object and redrive the call")
    return Claim("ours")


async def _is_alive(flow_run_id: str) -> bool:
    """Whether a flow run may still write: Prefect knows it and it has not ended."""
    try:
        async with get_client() as client:
            run = await client.read_flow_run(UUID(flow_run_id))
    except (ObjectNotFound, ValueError):
        return False
    return run.state is None or not run.state.is_final()


async def complete_recording(bucket: str, key: str, etag: str, size: int) -> Recording:
    """Fill in what a person who starts a run by hand leaves out: the object's entity tag and size."""
    if etag:
        return Recording(bucket=bucket, key=key, etag=etag.strip('"'), size=size)
    facts = await _head(key)
    return Recording(bucket=bucket, key=key, etag=facts.etag, size=facts.size)


@task(name="look-up", **PATIENT)
async def _head(key: str) -> ObjectFacts:
    facts = await asyncio.to_thread(wiring.object_store().head, key)
    if facts is None:
        raise ObjectGone(f"there is no object {key}", remedy="Check the key; it begins with connect/ and ends with _UTC.wav")
    return facts
