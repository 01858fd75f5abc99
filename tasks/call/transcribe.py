"""Speech-to-text: one paid job for each recording, whatever happens.

The record says what was done before each irreversible step: ``submitting`` and the request's name before the paid request, the job id
right after. A run that finds a job id polls it. A run that finds ``submitting`` alone cannot know whether the vendor took the job: where
a request of the same name is the same job (``Offer.repeatable``) it is sent again, elsewhere a person decides.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import cast

from prefect import get_run_logger
from prefect.concurrency.asyncio import concurrency

import wiring
from clients.paid_once import submit_paid_once
from clients.s3 import ObjectStore
from clients.speech_to_text import Job, SpeechToText, account
from models.call.ledger import Charge, Unit, answered, sent
from models.call.record import CallRecord, Transcription
from models.call.transcript import check_plausible, name_speakers, transcript_text
from models.errors import AnswerLost, CallTakenOver, JobGone, ReadbackError, TransientError, VendorUnavailable
from models.keys import StorageKeys
from models.sound.recording import RecordingAudio
from stores.call_files import TEXT, create_file, is_of
from stores.call_records import CallRecords, Checkpoint
from stores.corrected import keep_corrected
from stores.recordings import check_still_there, read_recording
from tasks.call.bill import today
from tasks.call.claim import HeldCall, own_checkpoint
from tasks.call.correct import correct
from tasks.call.route import AWAY, Choice, choose_vendor, fallback_for, is_back
from tasks.without_words import call_task

# A holder that dies gives its slot back when its lease ends; Prefect's shortest. A living holder renews it.
LEASE_SECONDS = 60.0
# Between attempts to write down what came of a paid request: half a minute in all.
_NOTE_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


def jobs_limit(provider: str) -> str:
    """The name of the limit on a vendor's jobs in flight over all workers."""
    return f"{account(provider)}-jobs"


@call_task("transcribe")
async def transcribe(call: HeldCall, audio: RecordingAudio) -> CallRecord:
    """Bring the call's transcript into the record and ``stt/stt_<n>.txt``, paying for one job at most."""
    records, store = wiring.call_records(), wiring.object_store()
    checkpoint = await call.checkpoint()
    if checkpoint.record.transcription.done:
        return checkpoint.record
    choice = await asyncio.to_thread(choose_vendor, checkpoint.record.transcription, checkpoint.record.recording)
    try:
        checkpoint, job = await _have_heard(checkpoint, audio, choice)
    except AWAY as error:
        checkpoint = await asyncio.to_thread(own_checkpoint, records, call.call)
        fallback = await asyncio.to_thread(_fallback, checkpoint.record, choice.provider, error)
        if not fallback:
            raise
        get_run_logger().warning("%s takes no job (%s), so %s hears the call", choice.provider, error.code, fallback)
        checkpoint, job = await _have_heard(checkpoint, audio, Choice(fallback, choice.provider))
    call.left = await asyncio.to_thread(keep_transcript, checkpoint, job, audio, records=records, store=store)
    return call.left.record


def _fallback(record: CallRecord, provider: str, error: ReadbackError) -> str:
    """Another vendor, where the vendor itself refused and nothing of this call is there or in doubt."""
    begun = record.transcription
    if begun.refused != error.code or begun.job_id or begun.submitting:
        return ""
    return fallback_for(provider, error)


async def _have_heard(checkpoint: Checkpoint, audio: RecordingAudio, choice: Choice) -> tuple[Checkpoint, Job]:
    """Submit the recording to a vendor unless a job of it is there, and wait for the job's end."""
    records, store = wiring.call_records(), wiring.object_store()
    vendor = wiring.speech_to_text(choice.provider)
    submit = partial(submit_once, audio=audio, vendor=vendor, records=records, store=store, instead_of=choice.instead_of)
    async with concurrency(jobs_limit(vendor.provider), occupy=1, lease_duration=LEASE_SECONDS, strict=True):
        if not checkpoint.record.transcription.job_id:
            checkpoint = await _uninterrupted(partial(submit, checkpoint))
            if choice.noted_away:
                await asyncio.to_thread(is_back, choice.provider)
        try:
            job = await wait_for(vendor, checkpoint.record.transcription.job_id, get_run_logger().warning)
        except JobGone:
            if vendor.offer.billed:
                raise
            # Another process of ours heard it and has ended; to hear it here costs nothing.
            forgotten = Transcription(provider=vendor.provider, instead_of=choice.instead_of)
            checkpoint = await asyncio.to_thread(records.save, checkpoint, transcription=forgotten)
            checkpoint = await _uninterrupted(partial(submit, checkpoint))
            job = await wait_for(vendor, checkpoint.record.transcription.job_id, get_run_logger().warning)
    if vendor.offer.reads_bucket:
        await asyncio.to_thread(check_still_there, store, checkpoint.record.recording)
    return checkpoint, job


async def _uninterrupted(submit: Callable[[], Checkpoint]) -> Checkpoint:
    """Let a paid request and the note of its job id finish together, even while the run is being cancelled or given back."""
    work = asyncio.ensure_future(asyncio.to_thread(submit))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await work
        raise


def submit_once(
    checkpoint: Checkpoint,
    audio: RecordingAudio,
    vendor: SpeechToText,
    *,
    records: CallRecords,
    store: ObjectStore,
    instead_of: str = "",
) -> Checkpoint:
    """Submit the recording unless an earlier attempt may have, with a note in the record before and after."""
    record = checkpoint.record
    charges: list[Charge] = []

    def write(transcription: Transcription) -> None:
        nonlocal checkpoint
        if not transcription.submitting:
            checkpoint = note(records, checkpoint, transcription)
            return
        number = record.number or records.next_number()
        told = {"number": number, "audio_seconds": round(audio.seconds, 3), "channels": audio.channels}
        charges.append(_charge(vendor, audio, transcription.request))
        checkpoint = records.save(checkpoint, **told, transcription=transcription, ledger=sent(record.ledger, charges[0]))

    try:
        submit_paid_once(
            vendor,
            record.transcription,
            lambda: read_recording(store, record.recording),
            f"{record.call_id}.wav",
            location=record.recording.uri,
            shown=record.recording.shown,
            write=write,
            instead_of=instead_of,
        )
    except AnswerLost:
        _count(charges)
        raise
    _count(charges)
    return checkpoint


def _charge(vendor: SpeechToText, audio: RecordingAudio, request: str) -> Charge:
    return wiring.prices().charge(vendor.provider, Unit.STT_SECONDS, audio.seconds, today(), channels=audio.channels, request=request)


def _count(charges: list[Charge]) -> None:
    """Count a job that is, or may be, billed against the day's budget."""
    if budget := wiring.budget():
        for charge in charges:
            budget.spend(charge)


def note(records: CallRecords, checkpoint: Checkpoint, transcription: Transcription) -> Checkpoint:
    """Write down what came of a paid request, patiently: a job whose id is lost was paid for nothing.

    It is written only where the record still tells of this very request: a person may have had the recording submitted again meanwhile,
    and that request's job must not be forgotten for this one. Another run that took the call over meanwhile finds the note in its record;
    CallTakenOver tells this one to stop.
    """
    before = checkpoint.record
    for seconds in (*_NOTE_PAUSES, None):
        try:
            ledger = answered(checkpoint.record.ledger, before.transcription.request, paid=bool(transcription.job_id))
            checkpoint = records.save(checkpoint, transcription=transcription, ledger=ledger)
            break
        except TransientError:
            if seconds is None:
                raise
        time.sleep(seconds)
        with contextlib.suppress(TransientError):
            checkpoint = records.read(before.call_id)
            if checkpoint.record.transcription != before.transcription:
                break
    after = checkpoint.record
    if (after.owner, after.outcome, after.transcription) != (before.owner, before.outcome, transcription):
        raise CallTakenOver(f"flow run {after.owner} works on call {after.call_id} now, or it was set aside")
    return checkpoint


async def wait_for(vendor: SpeechToText, job_id: str, warn: Callable[..., None]) -> Job:
    """Poll a job until it is completed; ``warn`` is told of polls without an answer."""
    settings = wiring.settings()
    deadline = time.monotonic() + settings.stt_deadline_seconds
    while True:
        await asyncio.sleep(settings.stt_poll_seconds)
        try:
            job = await asyncio.to_thread(vendor.poll, job_id)
        except TransientError as error:
            # A poll costs nothing and says nothing about the job: ask again later, within the deadline.
            if time.monotonic() > deadline:
                raise
            warn("Poll of job %s had no answer, asking again: %s", job_id, error)
            continue
        if job.completed:
            return job
        if time.monotonic() > deadline:
            raise VendorUnavailable(f"{vendor.provider} has not finished job {job_id} in {settings.stt_deadline_seconds:.0f} s")


def keep_transcript(
    checkpoint: Checkpoint, job: Job, audio: RecordingAudio | None, *, records: CallRecords, store: ObjectStore
) -> Checkpoint:
    """Write a completed job's transcript to its file and into the record, with what is mended in it."""
    if audio is not None:
        check_plausible(job.utterances, audio.seconds)
    utterances = name_speakers(job.utterances, audio)
    text = transcript_text(utterances).encode("utf-8")
    correction = correct(utterances)
    while not _write_transcript(store, checkpoint.record, text):
        # A file of an earlier system stands there: its number was never ours. The new one is written down before it is used.
        checkpoint = records.save(checkpoint, number=records.next_number())
    heard = checkpoint.record.transcription.model_copy(update={"job_id": job.id, "utterances": utterances, "done": True})
    done = {"transcription": heard, "correction": correction}
    keep_corrected(store, checkpoint.record.model_copy(update=done))
    return records.save(checkpoint, **done)


def _write_transcript(store: ObjectStore, record: CallRecord, text: bytes) -> bool:
    """Create the file, or recognize our own from an earlier attempt; False when it is another call's."""
    stands_there = create_file(store, record, StorageKeys.transcript(cast(int, record.number)), text, content_type=TEXT)
    return stands_there is None or is_of(stands_there, record)
