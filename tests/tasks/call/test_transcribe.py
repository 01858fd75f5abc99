"""A paid job's id is never lost for a storage's bad minute, and no file takes a number that is not written down."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sounds import wav

from clients.s3 import ObjectStore
from clients.speech_to_text import Job, JobStatus
from models.call.record import CallRecord, Outcome, Recording, Transcription, Utterance
from models.errors import AnswerLost, CallTakenOver, StorageConflict, Superseded, TooManyRequests, VendorUnavailable
from models.keys import StorageKeys
from models.sound.recording import inspect_recording
from stores.call_records import CallRecords, Checkpoint
from stores.recordings import check_still_there
from tasks.call import transcribe
from tests.in_memory import OFFER, FakeSpeechToText, InMemoryStore

JOB = Job("job-1", JobStatus.COMPLETED, (Utterance(label=0, start_ms=0, duration_ms=900, text="해지하고 싶어요"),))


@pytest.fixture
def submitting(faulty_store: ObjectStore) -> Checkpoint:
    """A call whose paid request has just been sent."""
    recording = Recording(bucket=faulty_store.bucket, key="connect/x.wav", etag="e")
    records = CallRecords(faulty_store)
    return records.save(
        records.create(CallRecord.begin(recording, "run-1")), number=3, transcription=Transcription(submitting=True, request="first")
    )


@pytest.mark.slow
def test_a_job_id_is_written_down_although_s3_asks_for_a_slower_pace(
    faulty_store: ObjectStore, spoil_s3: Callable[..., None], submitting: Checkpoint
) -> None:
    spoil_s3("SlowDown")
    threading.Timer(1.2, spoil_s3).start()
    noted = transcribe.note(CallRecords(faulty_store), submitting, Transcription(job_id="job-1"))
    assert noted.record.transcription.job_id == "job-1"
    assert CallRecords(faulty_store).read(submitting.record.call_id) == noted


def test_patience_for_a_note_ends(
    faulty_store: ObjectStore, spoil_s3: Callable[..., None], submitting: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribe, "_NOTE_PAUSES", (0.0, 0.0))
    spoil_s3("SlowDown")
    with pytest.raises(TooManyRequests, match="slower pace"):
        transcribe.note(CallRecords(faulty_store), submitting, Transcription(job_id="job-1"))


def test_a_call_set_aside_meanwhile_keeps_the_job_id_and_stops_this_run(
    faulty_store: ObjectStore, submitting: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribe, "_NOTE_PAUSES", (0.0, 0.0))
    records = CallRecords(faulty_store)
    records.save(submitting, outcome=Outcome.QUARANTINED)
    with pytest.raises(CallTakenOver, match="set aside"):
        transcribe.note(CallRecords(faulty_store), submitting, Transcription(job_id="job-1"))
    left = records.read(submitting.record.call_id).record
    assert (left.outcome, left.transcription.job_id) == (Outcome.QUARANTINED, "job-1")


def test_another_runs_job_is_not_overwritten_by_a_late_note(
    faulty_store: ObjectStore, submitting: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribe, "_NOTE_PAUSES", (0.0, 0.0))
    records = CallRecords(faulty_store)
    records.save(submitting, owner="run-2", transcription=Transcription(job_id="job-2"))
    with pytest.raises(CallTakenOver, match="run-2"):
        transcribe.note(CallRecords(faulty_store), submitting, Transcription(job_id="job-1"))
    assert records.read(submitting.record.call_id).record.transcription.job_id == "job-2"


def test_a_late_note_leaves_alone_what_a_person_had_submitted_again(
    faulty_store: ObjectStore, submitting: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcribe, "_NOTE_PAUSES", (0.0, 0.0))
    records = CallRecords(faulty_store)
    again = records.save(submitting, owner="run-2", transcription=Transcription(submitting=True, request="second"))
    with pytest.raises(CallTakenOver, match="run-2"):
        transcribe.note(CallRecords(faulty_store), submitting, Transcription())
    assert transcribe.note(CallRecords(faulty_store), again, Transcription(job_id="job-2")).record.transcription.job_id == "job-2"


def test_a_file_of_another_system_costs_a_number_that_is_written_down_before_it_is_used(
    faulty_store: ObjectStore, submitting: Checkpoint
) -> None:
    faulty_store.put(StorageKeys.transcript(3), b"from before")
    done = transcribe.keep_transcript(submitting, JOB, None, records=CallRecords(faulty_store), store=faulty_store)
    number = done.record.number
    assert number is not None
    assert number != 3
    assert faulty_store.get(StorageKeys.transcript(number)).body.decode() == "해지하고 싶어요\n"
    assert faulty_store.get(StorageKeys.transcript(3)).body == b"from before"


def test_a_write_that_s3_turned_away_for_both_writers_is_repeated_under_the_same_number(
    faulty_store: ObjectStore, spoil_s3: Callable[..., None], submitting: Checkpoint
) -> None:
    spoil_s3("409")
    with pytest.raises(StorageConflict, match="another writer"):
        transcribe.keep_transcript(submitting, JOB, None, records=CallRecords(faulty_store), store=faulty_store)
    spoil_s3()
    assert transcribe.keep_transcript(submitting, JOB, None, records=CallRecords(faulty_store), store=faulty_store).record.number == 3


SOUND = wav(np.random.default_rng(1).normal(0, 0.1, 8000))
REPEATABLE = replace(OFFER, repeatable=True)


def uploaded(store: Any) -> Checkpoint:
    """A call whose recording lies in the bucket."""
    recording = Recording(bucket=store.bucket, key="connect/x.wav", etag=store.put("connect/x.wav", SOUND))
    return CallRecords(store).create(CallRecord.begin(recording, "run-1"))


def submit(checkpoint: Checkpoint, vendor: FakeSpeechToText, store: Any) -> Checkpoint:
    return transcribe.submit_once(checkpoint, inspect_recording(SOUND), vendor, records=CallRecords(store), store=store)


def test_a_lost_answer_is_asked_again_under_the_same_name_where_that_is_one_job() -> None:
    store: Any = InMemoryStore()
    vendor = FakeSpeechToText(offer=REPEATABLE, lost_answers=deque([AnswerLost("silence")]))
    begun = uploaded(store)
    with pytest.raises(VendorUnavailable, match="silence"):
        submit(begun, vendor, store)
    left = CallRecords(store).read(begun.record.call_id)
    assert (left.record.transcription.submitting, left.record.transcription.job_id) == (True, "")
    after = submit(left, vendor, store).record.transcription
    assert (after.job_id, after.submitting, len(vendor.paid)) == ("returnzero-job-1", False, 1)


def test_a_run_that_died_while_submitting_is_followed_by_one_that_asks_again_where_that_is_one_job() -> None:
    store: Any = InMemoryStore()
    vendor = FakeSpeechToText(offer=REPEATABLE)
    left = CallRecords(store).save(uploaded(store), transcription=Transcription(submitting=True, request="first"))
    vendor.submit(SOUND, "x", request="first")
    assert submit(left, vendor, store).record.transcription.job_id == "returnzero-job-1"
    assert len(vendor.paid) == 1


def test_a_lost_answer_is_for_a_person_where_a_second_request_would_be_a_second_job() -> None:
    store: Any = InMemoryStore()
    vendor = FakeSpeechToText(lost_answers=deque([AnswerLost("silence")]))
    begun = uploaded(store)
    with pytest.raises(AnswerLost, match="silence"):
        submit(begun, vendor, store)
    with pytest.raises(AnswerLost, match="a run ended between"):
        submit(CallRecords(store).read(begun.record.call_id), vendor, store)
    assert len(vendor.paid) == 1


def test_a_vendor_that_reads_the_bucket_may_have_heard_the_later_upload() -> None:
    store: Any = InMemoryStore()
    recording = uploaded(store).record.recording
    check_still_there(store, recording)
    store.put(recording.key, SOUND + b"another")
    with pytest.raises(Superseded):
        check_still_there(store, recording)
