"""Who works on a call: exactly one live flow run."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from prefect import get_client, runtime
from prefect.exceptions import ObjectNotFound

import wiring
from clients.s3 import ObjectStore
from models.call.reconciling import asked_by_a_person
from models.call.record import CallRecord, Deed, Outcome, OwnedCall, PersonsAct, Recording
from models.errors import BadTranscript, CallTakenOver, ConfigurationError, JobFailed, JobGone, ObjectGone, StorageConflict
from models.keys import StorageKeys, shown_key
from stores.call_records import CallRecords, Checkpoint
from stores.landed import announced
from stores.receipts import is_erased
from stores.recordings import successor_of
from tasks.call.supersede import close_as_superseded


class Verdict(StrEnum):
    """What a run that wants a call is told."""

    OURS = "ours"
    FINISHED = "finished"
    IN_FLIGHT = "in_flight"
    IN_QUARANTINE = "in_quarantine"
    SET_ASIDE = "set_aside"
    SUPERSEDED = "superseded"
    ERASED = "erased"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Claim:
    """The answer to a run that wants a call: it may work (``OURS``, from the start or resumed), or why there is nothing to do.

    ``checkpoint`` is the record of a call that is ours, as claiming it left it. ``SET_ASIDE`` tells a run that an earlier attempt of
    its own closed the call as ``record`` says, and died before it could end the run.
    """

    verdict: Verdict
    message: str = ""
    resumed: bool = False
    checkpoint: Checkpoint | None = None
    record: CallRecord | None = None


class HeldCall:
    """A call that this run owns, with its record as the step before left it.

    A step's first try begins with that and asks S3 for nothing: it writes where this very record still stands (``If-Match``), or creates a
    file that is made once, so another run that took the call over meanwhile is noticed as if the record had been read. A repeated
    try reads. No dataclass, since Prefect looks for futures in every field of a task's parameters, down to the last utterance.
    """

    def __init__(self, call: OwnedCall, checkpoint: Checkpoint) -> None:
        """Hold the call as it was claimed."""
        self.call = call
        self.left = checkpoint

    async def checkpoint(self) -> Checkpoint:
        """The record that a task's try begins with; CallTakenOver when a repeated one finds it another run's."""
        if runtime.task_run.run_count > 1:
            self.left = await asyncio.to_thread(own_checkpoint, wiring.call_records(), self.call)
        return self.left


def own_checkpoint(records: CallRecords, call: OwnedCall, *, repeating: Outcome | None = None) -> Checkpoint:
    """Read the record for this run's next step; CallTakenOver when it has become another run's, or was closed by one.

    A run that counts as dead and lives on shares its id with the attempt that took its place, so the outcome tells as well. The
    step that closes a record passes its outcome as ``repeating``: its first try may have done so already.
    """
    checkpoint = records.read(call.call_id)
    record = checkpoint.record
    if record.owner != call.owner:
        raise CallTakenOver(f"flow run {record.owner} works on call {call.call_id} now")
    if record.outcome not in (Outcome.IN_PROGRESS, repeating):
        raise CallTakenOver(f"another attempt of this run has closed call {call.call_id} as {record.outcome.value}")
    return checkpoint


async def claim_call(recording: Recording, owner: str) -> tuple[Claim, bytes]:
    """Make this run the one that works on the recording, or say which run does or did; with the recording, where it was read for that.

    A person's Retry of the run that set a call aside reopens it, unless that would pay a vendor a second time. Prefect knows which runs
    live, so there is no lease to expire: a record whose owner has ended is taken over. An erased call stays erased.
    """
    if (runtime.flow_run.run_count or 0) <= 1:  # a later attempt has a record already
        begun, sound = await asyncio.to_thread(_begin_at_once, recording, owner)
        if begun is not None:
            return await _unless_erased(Claim(Verdict.OURS, checkpoint=begun), recording), sound
    return await _unless_erased(await _claim_what_is_there(recording, owner), recording), b""


def _begin_at_once(recording: Recording, owner: str) -> tuple[Checkpoint | None, bytes]:
    """Begin a call that nobody has begun, as nearly every one is, with two requests: its recording read, its record created.

    None where there is a record, or the recording is not what the call is about: then what is there decides.
    """
    if recording.size > wiring.settings().max_recording_bytes:
        return None, b""
    stored = wiring.object_store().find(recording.key)
    if stored is None or stored.etag != recording.etag:
        return None, b""
    try:
        return wiring.call_records().create(CallRecord.begin(recording, owner)), stored.body
    except StorageConflict:
        return None, b""


async def _claim_what_is_there(recording: Recording, owner: str) -> Claim:
    """Claim a call by its record, or, where there is none, by what lies under its key."""
    records, store = wiring.call_records(), wiring.object_store()
    found = await asyncio.to_thread(records.find, recording.call_id)
    if found is not None and await _is_in_flight(found.record, owner):
        return Claim(Verdict.IN_FLIGHT, f"flow run {found.record.owner} works on call {recording.call_id}")
    set_aside_here = found is not None and found.record.outcome is Outcome.QUARANTINED and found.record.owner == owner
    retried = set_aside_here and await was_retried(owner)
    return await asyncio.to_thread(take, found, recording, owner, retried=retried, records=records, store=store)


async def _unless_erased(claim: Claim, recording: Recording) -> Claim:
    """The claim, or its end where the call was erased."""
    store = wiring.object_store()
    if claim.verdict is Verdict.OURS and await asyncio.to_thread(is_erased, store, recording.call_id):
        # The receipt is written before the record is deleted, so looking after the claim misses no erasure.
        await asyncio.to_thread(store.delete, StorageKeys.call_record(recording.call_id))
        return Claim(Verdict.ERASED, f"call {recording.call_id} was erased")
    return claim


def take(found: Checkpoint | None, recording: Recording, owner: str, *, retried: bool, records: CallRecords, store: ObjectStore) -> Claim:
    """Take a call that no other living run works on, or say why there is nothing to do; ``retried``: a person retried this run."""
    if found is None:
        return _begin(recording, owner, records=records, store=store)
    record = found.record
    if record.outcome is Outcome.READ_BACK:
        return Claim(Verdict.FINISHED, f"call {record.call_id} was read back as number {record.number}")
    if record.outcome is Outcome.QUARANTINED:
        return _take_from_quarantine(found, owner, retried=retried, records=records, store=store)
    if record.outcome is Outcome.CANCELLED:
        if record.owner != owner:
            return Claim(Verdict.CANCELLED, f"call {record.call_id} was cancelled; a retry of its run or a redrive takes it up again")
        found = reopen_cancelled(found, owner, PersonsAct.now(Deed.RETRIED, owner), records)
    elif record.outcome is Outcome.SUPERSEDED:
        if by := successor_of(store, recording):
            return Claim(Verdict.SUPERSEDED, f"superseded by call {by}")
        # The upload that the record is about lies under its key again.
        found = records.save(found, owner=owner, outcome=Outcome.IN_PROGRESS, superseded_by="")
    elif record.owner != owner:
        found = records.save(found, owner=owner)
    return Claim(Verdict.OURS, resumed=True, checkpoint=found)


def _take_from_quarantine(found: Checkpoint, owner: str, *, retried: bool, records: CallRecords, store: ObjectStore) -> Claim:
    record, failure = found.record, found.record.failure
    if failure and record.owner == owner and not retried:
        return Claim(Verdict.SET_ASIDE, f"{failure.error} in step {failure.step}: {failure.told}", record=record)
    if retried and (by := successor_of(store, record.recording)):
        close_as_superseded(found, by, records=records, store=store)
        return Claim(Verdict.SUPERSEDED, f"superseded by call {by}")
    if not retried or needs_consent(record):
        return Claim(Verdict.IN_QUARANTINE, failure.told if failure else "")
    opened = reopen(found, owner, PersonsAct.now(Deed.RETRIED, owner), pay_again=False, records=records, store=store)
    return Claim(Verdict.OURS, resumed=True, checkpoint=opened)


def _begin(recording: Recording, owner: str, *, records: CallRecords, store: ObjectStore) -> Claim:
    facts = store.head(recording.key)
    if facts is not None and facts.etag != recording.etag:
        return Claim(Verdict.SUPERSEDED, f"superseded by call {recording.model_copy(update={'etag': facts.etag}).call_id}")
    begun = records.create(CallRecord.begin(recording, owner))
    if facts is None:
        raise ObjectGone(f"{recording.shown} is no longer there", remedy="Restore the object and redrive the call")
    return Claim(Verdict.OURS, checkpoint=begun)


def needs_consent(record: CallRecord) -> bool:
    """Whether doing a quarantined call again would submit a recording for which a job was, or may have been, paid."""
    transcription, error = record.transcription, record.failure.error if record.failure else ""
    lost = transcription.submitting and not transcription.job_id
    return not transcription.done and (lost or error == JobGone.code)


def reopened(record: CallRecord, owner: str, *, pay_again: bool = False) -> dict[str, object]:
    """What changes when a person wants a quarantined call done again.

    A job that the vendor still knows is asked again, for nothing; one that the vendor reported as failed is submitted anew; one
    whose answer was lost, that has expired or whose transcript cannot be read is paid a second time only with ``pay_again``.
    """
    transcription, error = record.transcription, record.failure.error if record.failure else ""
    unreadable = error == BadTranscript.code and not transcription.done
    if error == JobFailed.code or (pay_again and (needs_consent(record) or unreadable)):
        transcription = transcription.model_copy(update={"submitting": False, "request": "", "job_id": ""})
    return {"owner": owner, "outcome": Outcome.IN_PROGRESS, "failure": None, "transcription": transcription}


def reopen(checkpoint: Checkpoint, owner: str, act: PersonsAct, *, pay_again: bool, records: CallRecords, store: ObjectStore) -> Checkpoint:
    """Take a call out of quarantine, record and note, and write down whose act that is."""
    record = checkpoint.record
    saved = records.save(checkpoint, history=[*record.history, act], **reopened(record, owner, pay_again=pay_again))
    store.delete(StorageKeys.quarantine_note(saved.record.call_id))
    return saved


def reopen_cancelled(checkpoint: Checkpoint, owner: str, act: PersonsAct, records: CallRecords) -> Checkpoint:
    """Take up a call again that a person cancelled, and write down whose act that is."""
    history = [*checkpoint.record.history, act]
    return records.save(checkpoint, owner=owner, outcome=Outcome.IN_PROGRESS, history=history)


def close_as_cancelled(recording: Recording, run: str, *, records: CallRecords) -> None:
    """Note that a person cancelled a call: Prefect may forget the run, and then the call would be started again."""
    found = records.find(recording.call_id) or records.create(CallRecord.begin(recording, run))
    if found.record.outcome is Outcome.IN_PROGRESS and found.record.owner == run:
        records.save(found, outcome=Outcome.CANCELLED)


async def _is_in_flight(record: CallRecord, owner: str) -> bool:
    """Whether another run works on the call and lives."""
    return record.outcome is Outcome.IN_PROGRESS and record.owner != owner and await _is_alive(record.owner)


async def was_retried(flow_run_id: str) -> bool:
    """Whether a person, and no machine, asked for a flow run's present attempt."""
    async with get_client() as client:
        states = await client.read_flow_run_states(UUID(flow_run_id))
    return asked_by_a_person([state.type.value for state in states])


async def _is_alive(flow_run_id: str) -> bool:
    """Whether a flow run may still write: Prefect knows it and it has not ended."""
    try:
        async with get_client() as client:
            run = await client.read_flow_run(UUID(flow_run_id))
    except (ObjectNotFound, ValueError):
        return False
    return run.state is None or not run.state.is_final()


def complete_recording(bucket: str, key: str, etag: str, size: int) -> Recording:
    """Fill in what a person who starts a run by hand leaves out: the bucket, the object's entity tag and its size."""
    if not key:
        raise ConfigurationError("the run names neither a call nor a recording", remedy="Start it with call_id or with key")
    bucket = bucket or wiring.settings().bucket
    if etag:
        return Recording(bucket=bucket, key=key, etag=etag.strip('"'), size=size)
    facts = wiring.object_store().head(key)
    if facts is None:
        raise ObjectGone(f"there is no object {shown_key(key)}", remedy="Check the key; it begins with connect/ and ends with _UTC.wav")
    return Recording(bucket=bucket, key=key, etag=facts.etag, size=facts.size)


def find_landed(call_id: str) -> Recording | None:
    """The recording that was announced under a call, or that its record names; None for an erased call."""
    store = wiring.object_store()
    if recording := announced(store, call_id):
        return recording
    if found := wiring.call_records().find(call_id):
        return found.record.recording
    if is_erased(store, call_id):
        return None
    raise ObjectGone(f"call {call_id} was never announced", remedy="Check the id, or start the run with the recording's key")
