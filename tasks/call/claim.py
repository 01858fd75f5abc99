"""Who works on a call: exactly one live flow run."""

import asyncio
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from prefect import get_client, task
from prefect.exceptions import ObjectNotFound

import wiring
from clients.s3 import ObjectFacts
from models.call.record import CallRecord, Outcome, Recording
from models.errors import CallTakenOver, JobFailed, JobGone, ObjectGone
from models.keys import StorageKeys
from stores.call_records import Checkpoint
from tasks.retrying import PATIENT


@dataclass(frozen=True)
class Claim:
    """The answer to a run that wants a call: it may work (``ours``, from the start or resumed), or why there is nothing to do."""

    verdict: Literal["ours", "finished", "in_flight", "in_quarantine", "superseded", "erased"]
    message: str = ""
    resumed: bool = False


async def checkpoint_of(call_id: str, owner: str, *, repeating: Outcome | None = None) -> Checkpoint:
    """Read the record for this run's next step; CallTakenOver when it has become another run's, or was closed by one.

    A run that counts as dead and lives on shares its id with the attempt that took its place, so the outcome tells as well. The
    step that closes a record passes its outcome as ``repeating``: its first try may have done so already.
    """
    checkpoint = await asyncio.to_thread(wiring.call_records().read, call_id)
    record = checkpoint.record
    if record.owner != owner:
        raise CallTakenOver(f"flow run {record.owner} works on call {call_id} now")
    if record.outcome not in (Outcome.IN_PROGRESS, repeating):
        raise CallTakenOver(f"another attempt of this run has closed call {call_id} as {record.outcome.value}")
    return checkpoint


@task(name="claim", **PATIENT)
async def claim_call(recording: Recording, owner: str, *, rerun: bool) -> Claim:
    """Make this run the one that works on the recording, or say which run does or did.

    ``rerun`` tells that a person (or the reaper) started this same flow run again: a call in quarantine is then reopened, unless
    that would pay a vendor a second time. Prefect knows which runs live, so there is no lease to expire: a record whose owner
    has ended is taken over. An erased call stays erased.
    """
    claim = await _claim(recording, owner, rerun=rerun)
    if claim.verdict == "ours" and await asyncio.to_thread(is_erased, recording.call_id):
        # The receipt is written before the record is deleted, so looking after the claim misses no erasure.
        await asyncio.to_thread(wiring.object_store().delete, StorageKeys.call_record(recording.call_id))
        return Claim("erased", f"call {recording.call_id} was erased")
    return claim


async def _claim(recording: Recording, owner: str, *, rerun: bool) -> Claim:
    records = wiring.call_records()
    found = await asyncio.to_thread(records.find, recording.call_id)
    if found is None:
        return await _begin(recording, owner)
    record = found.record
    if record.outcome is Outcome.READ_BACK:
        return Claim("finished", f"call {record.call_id} was read back as number {record.number}")
    if record.outcome is Outcome.QUARANTINED:
        if not (rerun and record.owner == owner) or needs_consent(record):
            return Claim("in_quarantine", f"{record.failure.reason}. {record.failure.remedy}" if record.failure else "")
        await asyncio.to_thread(reopen, found, owner, pay_again=False)
        return Claim("ours", resumed=True)
    if record.owner != owner:
        if await _is_alive(record.owner):
            return Claim("in_flight", f"flow run {record.owner} works on call {record.call_id}")
        await asyncio.to_thread(records.save, found, owner=owner)
    return Claim("ours", resumed=True)


def needs_consent(record: CallRecord) -> bool:
    """Whether doing a quarantined call again would submit a recording for which a job was, or may have been, paid."""
    transcription, error = record.transcription, record.failure.error if record.failure else ""
    lost = transcription.submitting and not transcription.job_id
    return not transcription.done and (lost or error == JobGone.__name__)


def reopened(record: CallRecord, owner: str, *, pay_again: bool = False) -> dict[str, object]:
    """What changes when a person wants a quarantined call done again.

    A job that the vendor still knows is asked again, for nothing; one that the vendor reported as failed is submitted anew; one
    whose answer was lost or that has expired is paid a second time only with ``pay_again``.
    """
    transcription, error = record.transcription, record.failure.error if record.failure else ""
    if error == JobFailed.__name__ or (pay_again and needs_consent(record)):
        transcription = transcription.model_copy(update={"submitting": False, "job_id": ""})
    return {"owner": owner, "outcome": Outcome.IN_PROGRESS, "failure": None, "transcription": transcription}


def reopen(checkpoint: Checkpoint, owner: str, *, pay_again: bool) -> Checkpoint:
    """Take a call out of quarantine, record and note."""
    saved = wiring.call_records().save(checkpoint, **reopened(checkpoint.record, owner, pay_again=pay_again))
    wiring.object_store().delete(StorageKeys.quarantine_note(saved.record.call_id))
    return saved


def is_erased(call_id: str) -> bool:
    """Whether a receipt says that the call was erased."""
    return wiring.object_store().head(StorageKeys.erasure_receipt(call_id)) is not None


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
