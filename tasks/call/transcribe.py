"""Speech-to-text: one paid job for each recording, whatever happens.

The record says what was done before each irreversible step: ``submitting`` before the paid request, the job id right after.
A run that finds a job id polls it; a run that finds ``submitting`` alone cannot know whether the vendor took the job, and a
person decides.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any, cast

from prefect import get_run_logger, task
from prefect.concurrency.asyncio import concurrency

import wiring
from clients.returnzero import Job
from models.call.record import CallRecord, Transcription
from models.call.transcript import read_utterances, transcript_text
from models.errors import AnswerLost, CallTakenOver, StorageConflict, TransientError, VendorUnavailable
from models.keys import StorageKeys
from models.sound.recording import RecordingAudio
from stores.call_records import Checkpoint
from tasks.call.claim import checkpoint_of
from tasks.retrying import PATIENT

JOBS_LIMIT = "returnzero-jobs"
# A holder that dies gives its slot back when its lease ends; Prefect's shortest. A living holder renews it.
LEASE_SECONDS = 60.0
# Between attempts to write down what came of a paid request: half a minute in all.
_NOTE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@task(name="transcribe", **PATIENT)
async def transcribe(call_id: str, owner: str, audio: RecordingAudio) -> CallRecord:
    """Bring the call's transcript into the record and ``stt/stt_<n>.txt``, paying for one job at most."""
    checkpoint = await checkpoint_of(call_id, owner)
    if checkpoint.record.transcription.done:
        return checkpoint.record
    async with concurrency(JOBS_LIMIT, occupy=1, lease_duration=LEASE_SECONDS, strict=True):
        if not checkpoint.record.transcription.job_id:
            checkpoint = await _uninterrupted(_submit_once, checkpoint, audio)
        job = await _wait_for(checkpoint.record.transcription.job_id)
    return (await asyncio.to_thread(_keep_transcript, checkpoint, job, audio)).record


async def _uninterrupted(submit: Callable[[Checkpoint, RecordingAudio], Checkpoint], *args: Any) -> Checkpoint:
    """Let a paid request and the note of its job id finish together, even while the run is being cancelled or given back."""
    work = asyncio.ensure_future(asyncio.to_thread(submit, *args))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await work
        raise


def _submit_once(checkpoint: Checkpoint, audio: RecordingAudio) -> Checkpoint:
    record, records = checkpoint.record, wiring.call_records()
    if record.transcription.submitting:
        raise AnswerLost(
            f"a run ended between submitting {record.recording.key} to ReturnZero and writing down the job's id",
            remedy="Redrive the call: it is submitted again, which may be billed twice",
        )
    sound = wiring.object_store().get(record.recording.key).body
    number = record.number or records.next_number()
    checkpoint = records.save(
        checkpoint,
        number=number,
        audio_seconds=round(audio.seconds, 3),
        channels=audio.channels,
        transcription=Transcription(submitting=True),
    )
    try:
        job_id = wiring.returnzero().submit(sound, PurePosixPath(record.recording.key).name, wiring.transcribe_config())
    except AnswerLost:
        raise
    except Exception:
        # The vendor refused, or nothing reached it: no job exists, so a retry may submit.
        _note(checkpoint, Transcription())
        raise
    return _note(checkpoint, Transcription(job_id=job_id))


def _note(checkpoint: Checkpoint, transcription: Transcription) -> Checkpoint:
    """Write down what came of a paid request, patiently: a job whose id is lost was paid for nothing.

    Another run that took the call over meanwhile finds the note in its record; CallTakenOver tells this one to stop.
    """
    records, before = wiring.call_records(), checkpoint.record
    for seconds in (*_NOTE_PAUSES, None):
        try:
            checkpoint = records.save(checkpoint, transcription=transcription)
            break
        except TransientError:
            if seconds is None:
                raise
        time.sleep(seconds)
        with contextlib.suppress(TransientError):
            checkpoint = records.read(before.call_id)
            if checkpoint.record.transcription != Transcription(submitting=True):
                break
    after = checkpoint.record
    if (after.owner, after.outcome, after.transcription) != (before.owner, before.outcome, transcription):
        raise CallTakenOver(f"flow run {after.owner} works on call {after.call_id} now, or it was set aside")
    return checkpoint


async def _wait_for(job_id: str) -> Job:
    chosen = wiring.settings()
    deadline = time.monotonic() + chosen.stt_deadline_seconds
    while True:
        await asyncio.sleep(chosen.stt_poll_seconds)
        try:
            job = await asyncio.to_thread(wiring.returnzero().poll, job_id)
        except TransientError as error:
            # A poll costs nothing and says nothing about the job: ask again later, within the deadline.
            if time.monotonic() > deadline:
                raise
            get_run_logger().warning("Poll of job %s had no answer, asking again: %s", job_id, error)
            continue
        if job.completed:
            return job
        if time.monotonic() > deadline:
            raise VendorUnavailable(f"ReturnZero has not finished job {job_id} in {chosen.stt_deadline_seconds:.0f} s")


def _keep_transcript(checkpoint: Checkpoint, job: Job, audio: RecordingAudio) -> Checkpoint:
    utterances = read_utterances(list(job.utterances), audio)
    text = transcript_text(utterances)
    records = wiring.call_records()
    while not _write_transcript(checkpoint.record, text):
        # A file of an earlier system stands there: its number was never ours. The new one is written down before it is used.
        checkpoint = records.save(checkpoint, number=records.next_number())
    return records.save(checkpoint, transcription=Transcription(job_id=job.id, utterances=utterances, done=True))


def _write_transcript(record: CallRecord, text: str) -> bool:
    """Create the file, or recognize our own from an earlier attempt; False when it is another call's."""
    key, store = StorageKeys.transcript(cast(int, record.number)), wiring.object_store()
    try:
        store.put(
            key,
            text.encode("utf-8"),
            content_type="text/plain; charset=utf-8",
            metadata=provenance(record),
            only_if_absent=True,
        )
    except StorageConflict:
        facts = store.head(key)
        if facts is None:
            raise  # S3 saw two writers and let neither through (409)
        return facts.metadata.get("call-id") == record.call_id
    return True


def provenance(record: CallRecord) -> dict[str, str]:
    """Object metadata that says where a file comes from."""
    return {
        "call-id": record.call_id,
        "contact-id": record.contact_id,
        "source": record.recording.uri,
        "source-etag": record.recording.etag,
    }
