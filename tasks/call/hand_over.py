"""The hand-over: the prompt uploaded, the contact told, the record closed, the artifact written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prefect import get_run_logger

import wiring
from clients.connect import ConnectContacts
from clients.s3 import ObjectStore
from models.call.contact import ContactCall, contact_attributes
from models.call.ended import EndedCall
from models.call.korea import day_in_korea
from models.call.ledger import Charge, filed
from models.call.record import CallRecord, Outcome, Prompt, Summary
from models.call.steps import Step, Steps
from models.errors import VendorRefused
from models.signals.told import CallSignals
from models.sound.recording import RecordingAudio
from stores.call_records import CallRecords, Checkpoint
from stores.contacts import ContactCalls
from stores.days import file_end
from tasks.call.bill import Bill
from tasks.call.caller import already_said
from tasks.call.claim import HeldCall, own_checkpoint
from tasks.call.convert import PromptSound
from tasks.call.report import write_report
from tasks.call.upload import create_prompt
from tasks.without_words import call_task


@dataclass(frozen=True)
class ReadBack:
    """What a call is handed over with: its summary, what it tells besides, and, unless nothing was asked, its prompt in S3 or the sound to
    become one."""

    summary: Summary
    signals: CallSignals | None
    prompt: Prompt | None
    sound: PromptSound | None


@dataclass(frozen=True)
class HandOver:
    """What a finished call is closed with: its summary, what it tells besides, its prompt, and the seconds each step took."""

    summary: Summary
    signals: CallSignals | None
    prompt: Prompt | None
    step_seconds: dict[str, float]
    charges: Sequence[Charge] = ()


@call_task("hand-over")
async def hand_over(call: HeldCall, done: ReadBack, audio: RecordingAudio, steps: Steps, bill: Bill) -> CallRecord:
    """Upload the prompt, tell the contact, close the record and write the artifact: one task, for all of it may be repeated."""
    steps.current = Step.HAND_OVER if done.sound is None else Step.UPLOAD
    checkpoint = await asyncio.to_thread(own_checkpoint, wiring.call_records(), call.call, repeating=Outcome.READ_BACK)
    record, heard = checkpoint.record, b""
    if record.outcome is Outcome.IN_PROGRESS:  # else an earlier try has closed it, and the artifact alone is missing
        prompt = done.prompt
        if done.sound is not None:
            with steps.step(Step.UPLOAD):
                prompt, heard = await asyncio.to_thread(create_prompt, wiring.object_store(), record, done.summary, done.sound)
        steps.current = Step.HAND_OVER
        closing = HandOver(done.summary, done.signals, prompt, steps.seconds, bill.closed())
        record = await asyncio.to_thread(_close, checkpoint, closing)
    await write_report(record, audio, heard)
    return record


def _close(checkpoint: Checkpoint, result: HandOver) -> CallRecord:
    """Close the record as read back and, where a Connect instance is named, write the contact's attributes."""
    records, store, record = wiring.call_records(), wiring.object_store(), checkpoint.record
    refusal = tell_contact(wiring.connect_contacts(), ContactCalls(store), record, result)
    if refusal:
        get_run_logger().warning("Call %s is finished; Connect refused its contact's attributes, its record says why", record.call_id)
    return close_as_read_back(checkpoint, result, refusal, records=records, store=store).record


def tell_contact(contacts: ConnectContacts | None, calls: ContactCalls, record: CallRecord, result: HandOver) -> str:
    """Write the contact's attributes, made from all its calls; returns why Connect will never take them, empty where it did.

    The caller's prompt is there either way: a contact that is too old to be told must not send a finished call into quarantine.
    """
    if contacts is None:
        return ""
    calls.file(record.contact_id, ContactCall.of(record, result.summary, result.prompt))
    try:
        write_attributes(contacts, calls, record.contact_id)
    except VendorRefused as error:
        return str(error)
    return ""


def write_attributes(contacts: ConnectContacts, calls: ContactCalls, contact_id: str) -> None:
    """Write what the contact's calls come to, again until no other call was filed or erased meanwhile.

    So the run that writes last has seen every call: each files its own before it looks.
    """
    attributes = contact_attributes(calls.of(contact_id))
    while True:
        contacts.update_attributes(contact_id, attributes)
        written, attributes = attributes, contact_attributes(calls.of(contact_id))
        if attributes == written:
            return


def close_as_read_back(checkpoint: Checkpoint, result: HandOver, refusal: str, *, records: CallRecords, store: ObjectStore) -> Checkpoint:
    """File the end and close the record: last, for afterwards no run would come back to it."""
    now, record = datetime.now(UTC), checkpoint.record
    ledger = [*record.ledger, *result.charges]
    closed = record.model_copy(update={"summary": result.summary, "prompt": result.prompt, "ledger": ledger})
    file_end(store, EndedCall.of(closed, outcome=Outcome.READ_BACK, at=now, step_seconds=result.step_seconds))
    return records.save(
        checkpoint,
        outcome=Outcome.READ_BACK,
        summary=result.summary,
        signals=result.signals,
        prompt=result.prompt,
        step_seconds=result.step_seconds,
        ledger=filed(ledger, day_in_korea(now)),
        ended_at=now,
        failure=None,
        contact_refusal=refusal,
        **already_said(store, closed),
    )
