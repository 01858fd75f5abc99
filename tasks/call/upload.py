"""The hand-over: the prompt in S3, the record closed, the contact told."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from prefect import task

import wiring
from clients.s3 import ObjectFacts
from models.call.ended import EndedCall
from models.call.record import CallRecord, Outcome, Prompt, Summary
from models.errors import PermanentError, StorageConflict
from models.keys import StorageKeys
from stores.days import file_end
from tasks.call.claim import checkpoint_of
from tasks.call.convert import PromptSound
from tasks.call.transcribe import provenance
from tasks.retrying import PATIENT


@dataclass(frozen=True)
class HandOver:
    """What a finished call is handed over with: its summary, its prompt, and the seconds each step took."""

    summary: Summary
    prompt: Prompt
    step_seconds: dict[str, float]


@task(name="upload", **PATIENT)
async def upload(call_id: str, owner: str, summary: Summary, sound: PromptSound) -> Prompt:
    """Create ``tts/tts_<n>.wav``, once."""
    record = (await checkpoint_of(call_id, owner)).record
    return await asyncio.to_thread(_create_prompt, record, summary, sound)


def _create_prompt(record: CallRecord, summary: Summary, sound: PromptSound) -> Prompt:
    key = StorageKeys.prompt(cast(int, record.number))
    prompt = Prompt(key=key, seconds=round(sound.seconds, 3), spoken_text=sound.spoken_text, voice=sound.voice)
    metadata = provenance(record) | {
        "model": summary.model,
        "model-version": summary.version,
        "voice": prompt.voice,
        "spoken-text": prompt.spoken_text,
        "seconds": str(prompt.seconds),
    }
    store = wiring.object_store()
    try:
        store.put(key, sound.wav, content_type="audio/wav", metadata=metadata, only_if_absent=True)
    except StorageConflict as conflict:
        facts = store.head(key)
        if facts is None:
            raise  # S3 saw two writers and let neither through (409)
        if facts.metadata.get("call-id") != record.call_id:
            remedy = "Find out which system wrote it; then redrive the call"
            raise PermanentError(f"{key} belongs to another call", remedy=remedy) from conflict
        return _prompt_of(facts)
    return prompt


@task(name="look-for-prompt", **PATIENT)
async def find_prompt(record: CallRecord) -> Prompt | None:
    """The prompt that an earlier run of this call has uploaded: speech that is paid for is not made again."""
    return await asyncio.to_thread(_own_prompt, record)


def _own_prompt(record: CallRecord) -> Prompt | None:
    facts = wiring.object_store().head(StorageKeys.prompt(cast(int, record.number)))
    return _prompt_of(facts) if facts and facts.metadata.get("call-id") == record.call_id else None


def _prompt_of(facts: ObjectFacts) -> Prompt:
    said = facts.metadata
    return Prompt(key=facts.key, seconds=float(said["seconds"]), spoken_text=said["spoken-text"], voice=said["voice"])


@task(name="hand-over", **PATIENT)
async def hand_over(call_id: str, owner: str, result: HandOver) -> CallRecord:
    """Close the record as read back and, where a Connect instance is named, write the contact's attributes."""
    checkpoint = await checkpoint_of(call_id, owner, repeating=Outcome.READ_BACK)
    contacts = wiring.connect_contacts()
    if contacts is not None:
        attributes = {
            "readback_summary": result.summary.text,
            "readback_prompt": f"s3://{wiring.object_store().bucket}/{result.prompt.key}",
        }
        await asyncio.to_thread(contacts.update_attributes, checkpoint.record.contact_id, attributes)
    # Before the record closes: afterwards no run would come back to it.
    end = EndedCall.of(checkpoint.record, outcome=Outcome.READ_BACK, at=datetime.now(UTC), step_seconds=result.step_seconds)
    await asyncio.to_thread(file_end, wiring.object_store(), end)
    checkpoint = await asyncio.to_thread(
        wiring.call_records().save,
        checkpoint,
        outcome=Outcome.READ_BACK,
        summary=result.summary,
        prompt=result.prompt,
        step_seconds=result.step_seconds,
        failure=None,
    )
    return checkpoint.record
