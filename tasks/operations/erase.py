"""Remove one call from everywhere: the bucket with all versions, Prefect's runs, logs and artifacts, the contact's attributes."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect import get_client, get_run_logger
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterKey,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterName,
)
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Cancelling
from pydantic import BaseModel

import wiring
from models.call.korea import day_in_korea
from models.call.record import CallRecord, Recording
from models.errors import ObjectGone, TransientError, VendorRefused
from models.keys import StorageKeys
from stores.asked import Asked
from stores.contact_records import ContactRecords
from stores.contacts import ContactCalls
from stores.edits import Edits
from stores.verdicts import ended
from tasks.call.hand_over import write_attributes
from tasks.flow_names import CALL_FLOW, CORRECT_FLOW, DRAFT_FLOW, EDITS_FLOW, HEAR_FLOW, SPEAK_AGAIN_FLOW, SUMMARY_FLOW
from tasks.in_thread import task_in_thread
from tasks.operations.runs import PAGE, UNFINISHED, is_about, runs_in
from tasks.without_words import call_task

_STOP_SECONDS = 60.0
_FLOWS = (CALL_FLOW, SUMMARY_FLOW, HEAR_FLOW, DRAFT_FLOW, CORRECT_FLOW, EDITS_FLOW, SPEAK_AGAIN_FLOW)


class Receipt(BaseModel):
    """That a call was erased: counts and times, no caller's data. It keeps the call from being processed again.

    ``erased_by`` is the flow run, ``requested_by`` the name that was given with it: empty where nobody is known.
    """

    call_id: str
    begun_at: datetime
    finished_at: datetime | None = None
    erased_by: str
    requested_by: str = ""
    recording_erased: bool
    objects: int = 0
    flow_runs: int = 0
    artifacts: int = 0


@call_task("write-receipt")
async def write_receipt(receipt: Receipt) -> None:
    """Write or complete a receipt."""
    body = receipt.model_dump_json(indent=1).encode("utf-8")
    await asyncio.to_thread(wiring.object_store().put, StorageKeys.erasure_receipt(receipt.call_id), body, content_type="application/json")


@call_task("find-receipt")
async def find_receipt(call_id: str) -> Receipt | None:
    """The receipt of an earlier erasure of this call, finished or not."""
    found = await asyncio.to_thread(wiring.object_store().find, StorageKeys.erasure_receipt(call_id))
    return Receipt.model_validate_json(found.body) if found else None


@call_task("find-call")
async def find_call(call_id: str, earlier: Receipt | None) -> CallRecord | None:
    """The record of the call that is to be erased; None where an ``earlier`` erasure has come as far as the record, its last step."""
    found = await asyncio.to_thread(wiring.call_records().find, call_id)
    if found is None:
        if earlier is not None:
            return None
        raise ObjectGone(f"call {call_id} has no record", remedy="Check the id; a call without a record was never processed, or is erased")
    return found.record


@call_task("stop-runs")
async def stop_runs(record: CallRecord) -> list[UUID]:
    """End the runs that work on the call or wait for it, so that none writes what is being erased; returns which they were."""
    stopped = []
    async with get_client() as client:
        for flow_name in _FLOWS:
            for run in [run async for run in runs_in(client, flow_name, UNFINISHED) if is_about(run, record.recording)]:
                await _stop(client, run)
                stopped.append(run.id)
    return stopped


async def _stop(client: PrefectClient, run: FlowRun) -> None:
    if run.state is None or not run.state.is_running():
        await client.set_flow_run_state(run.id, Cancelled(message="Its call is erased"), force=True)
        return
    await client.set_flow_run_state(run.id, Cancelling(message="Its call is erased"))
    deadline = time.monotonic() + _STOP_SECONDS
    while (state := (await client.read_flow_run(run.id)).state) and not state.is_final():
        if time.monotonic() > deadline:
            # No worker answers: the run is dead. A living one is stopped by the record's absence at its next step.
            await client.set_flow_run_state(run.id, Cancelled(message="Its call is erased"), force=True)
            return
        await asyncio.sleep(1)


@call_task("forget-job")
async def forget_job(record: CallRecord) -> None:
    """Have the speech-to-text vendor delete the call's job and transcript, where it does so when asked to."""
    jobs = [record.transcription, *([record.prompt_check.transcription] if record.prompt_check else [])]
    for job in jobs:
        if job.job_id and wiring.speech_offer(job.provider).forgets:
            await asyncio.to_thread(wiring.speech_to_text(job.provider).forget, job.job_id)


@call_task("erase-objects")
async def erase_objects(record: CallRecord, *, recording: bool) -> int:
    """Erase the call's files with all their versions; returns how many objects and versions there were. The record stays."""
    return await asyncio.to_thread(_erase_objects, record, recording)


def _erase_objects(record: CallRecord, recording: bool) -> int:
    store = wiring.object_store()
    keys = _keys_of_call(record.call_id)
    # How it ended is filed under the day of the end; records of before tell it by their last change, which followed by a moment.
    days = {day_in_korea(at) for at in (record.ended_at, record.updated_at, record.updated_at - timedelta(days=1)) if at}
    # A call that was taken out of quarantine ended on another day before, which its payments tell.
    days |= {charge.filed for charge in record.ledger if charge.filed}
    keys += [StorageKeys.ended_call(day, record.call_id) for day in days]
    keys.append(StorageKeys.verdict(day_in_korea(ended(record)), record.call_id))
    if record.number is not None:
        files = (StorageKeys.transcript(record.number), StorageKeys.summary(record.number), StorageKeys.prompt(record.number))
        keys += [key for key in files if _is_of(key, record.call_id)]
    erased = sum(store.erase(key) for key in keys) + Edits(store).erase(record.call_id) + Asked(store).forget(record.call_id)
    if recording:
        # Another upload under the same key is another call's recording.
        erased += store.erase(record.recording.key, only_etag=record.recording.etag)
    return erased


def _keys_of_call(call: str) -> list[str]:
    """What lies under the call's id, but for its record and its receipt."""
    beside = (
        StorageKeys.quarantine_note,
        StorageKeys.landed,
        StorageKeys.to_hear,
        StorageKeys.signals,
        StorageKeys.drafts,
        StorageKeys.review,
        StorageKeys.corrected,
        StorageKeys.corrections,
        StorageKeys.corrected_pairs,
    )
    return [key(call) for key in beside]


def _is_of(key: str, call_id: str) -> bool:
    facts = wiring.object_store().head(key)
    return facts is not None and facts.metadata.get("call-id") == call_id


@call_task("erase-record")
async def erase_record(call_id: str) -> int:
    """Erase the record with all its versions: last, since everything else is found through it."""
    return await asyncio.to_thread(wiring.object_store().erase, StorageKeys.call_record(call_id))


@task_in_thread("clear-contact")
def clear_contact(record: CallRecord) -> int:
    """Take the call out of its contact's attributes; returns how many objects and versions were erased.

    What another call of the contact has told stays; without another one the attributes are emptied.
    """
    calls, contacts = ContactCalls(wiring.object_store()), wiring.connect_contacts()
    erased = calls.erase(record.contact_id, record.call_id) + _forget_what_was_told(record)
    if contacts is not None:
        try:
            write_attributes(contacts, calls, record.contact_id)
        except VendorRefused:
            # A contact that is too old for attributes shows none; an erasure must not fail over it.
            get_run_logger().warning("Connect refused the attributes of the contact of call %s", record.call_id)
    return erased


def _forget_what_was_told(record: CallRecord) -> int:
    """Erase what contact records told; a contact whose last call this was is noted, for they may come late."""
    store, contact = wiring.object_store(), record.contact_id
    told = ContactRecords(store)
    marks = told.calls(contact)
    if set(marks) <= {record.call_id} and (marks or wiring.settings().contact_records_prefix):
        store.put(StorageKeys.erased_contact(contact), b"{}", content_type="application/json")
    erased = told.erase(contact, record.call_id)
    return erased + (store.erase(StorageKeys.answer(record.answer.day, record.call_id)) if record.answer else 0)


@call_task("erase-from-prefect")
async def erase_from_prefect(record: CallRecord, stopped: list[UUID]) -> tuple[int, int]:
    """Delete the call's flow runs (their logs and task runs go with them) and artifacts; returns how many of each.

    No event is deleted: Prefect has no request for it. So none tells anything of a call but its id, its run's name and its state.
    """
    async with get_client() as client:
        runs = {*stopped, *[run.id async for run in _runs_of(client, record)]}
        artifacts = await _delete_artifacts(client, ArtifactFilter(key=ArtifactFilterKey(any_=[f"call-{record.call_id}"])))
        for run in runs:
            artifacts += await _delete_artifacts(client, ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run])))
        for run in runs:
            await _delete_run(client, run)
    return len(runs), artifacts


async def _runs_of(client: PrefectClient, record: CallRecord) -> AsyncIterator[FlowRun]:
    """All runs about the call: their names hold the contact, which two recordings may share, so the parameters decide.

    A run that ended before it was named tells nothing but the call's id; the record's owner is found without a name.
    """
    recording, flows = record.recording, FlowFilter(name=FlowFilterName(any_=list(_FLOWS)))
    # Earlier releases named runs by the whole contact id.
    for name in (FlowRunFilterName(like_=recording.short_name), FlowRunFilterName(any_=[recording.contact_id])):
        offset = 0
        while page := await client.read_flow_runs(flow_filter=flows, flow_run_filter=FlowRunFilter(name=name), limit=PAGE, offset=offset):
            for run in page:
                if is_about(run, recording):
                    yield run
            offset += PAGE
    if owner := await _owner(client, record):
        yield owner


async def _owner(client: PrefectClient, record: CallRecord) -> FlowRun | None:
    try:
        return await client.read_flow_run(UUID(record.owner))
    except (ObjectNotFound, ValueError):
        return None


async def _delete_artifacts(client: PrefectClient, which: ArtifactFilter) -> int:
    """Delete artifacts. Those with a key are of an earlier release and emptied first: their deletion is told with their content."""
    deleted = 0
    while page := await client.read_artifacts(artifact_filter=which, limit=PAGE):
        for artifact in page:
            if artifact.key:
                await client.update_artifact(artifact.id, ArtifactUpdate(data="", description=""))
            await client.delete_artifact(artifact.id)
        deleted += len(page)
    return deleted


async def _delete_run(client: PrefectClient, run: UUID) -> None:
    try:
        await client.delete_flow_run(run)
    except ObjectNotFound:
        return  # an earlier attempt of this task deleted it


@call_task("check-nothing-is-left")
async def check_nothing_is_left(recording: Recording, number: int | None, *, recording_erased: bool) -> None:
    """Look once more: a run that was between two steps may have written something meanwhile."""
    store, call = wiring.object_store(), recording.call_id
    told = StorageKeys.contact_call(recording.contact_id, call)
    keys = [StorageKeys.call_record(call), *_keys_of_call(call), told, StorageKeys.mark_of_call(recording.contact_id, call)]
    if await asyncio.to_thread(store.head, StorageKeys.erased_contact(recording.contact_id)):
        keys.append(StorageKeys.contact_record(recording.contact_id))
    left = [key for key in keys if await asyncio.to_thread(store.head, key)]
    left += [facts.key for facts in await asyncio.to_thread(lambda: list(store.walk(StorageKeys.edits(call))))]
    if number is not None:
        files = (StorageKeys.transcript(number), StorageKeys.summary(number), StorageKeys.prompt(number))
        left += [key for key in files if await asyncio.to_thread(_is_of, key, call)]
    # Findings hold words of many calls: a call's are taken out, the others' stay.
    left += [facts.key for facts in await asyncio.to_thread(lambda: list(store.walk(StorageKeys.asked_of(call))))]
    await asyncio.to_thread(Asked(store).forget, call)
    for key in left:
        await asyncio.to_thread(store.erase, key)
    again = await asyncio.to_thread(store.erase, recording.key, only_etag=recording.etag) if recording_erased else 0
    if left or again:
        raise TransientError(
            f"{len(left) + again} objects of call {call} were written while it was erased", remedy="They are erased; looking again"
        )


def begin_receipt(call_id: str, erased_by: str, *, recording: bool, requested_by: str = "") -> Receipt:
    """The receipt as it is written before anything is erased."""
    begun_at, name = datetime.now(UTC), " ".join(requested_by.split())[:100]
    return Receipt(call_id=call_id, begun_at=begun_at, erased_by=erased_by, requested_by=name, recording_erased=recording)
