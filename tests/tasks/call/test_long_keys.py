"""The longest key that S3 allows, in Hangul, goes through every file that a call writes: S3 takes 2 KB of metadata, in ASCII."""

import pytest

from clients.s3 import ObjectStore
from clients.speech_to_text import Job, JobStatus
from models.call.record import CallRecord, Outcome, Recording, Summary, Utterance
from models.call.steps import Step
from models.errors import BadRecording
from models.keys import StorageKeys
from stores.call_records import CallRecords, Checkpoint
from tasks.call.convert import PromptSound
from tasks.call.quarantine import close_as_quarantined, failure_of
from tasks.call.speak import spoken_text
from tasks.call.summarize import read_summary
from tasks.call.transcribe import keep_transcript
from tasks.call.upload import create_prompt, find_prompt
from tasks.call.write_summary import create_summary

FOLDER, END = "connect/한빛손해보험/CallRecordings/2026/11/20/", "_20261120T01:30_UTC.wav"
JOB = Job("job-1", JobStatus.COMPLETED, (Utterance(start_ms=0, duration_ms=900, text="해지하고 싶어요"),))


def key_of_1024_bytes() -> str:
    room = 1024 - len((FOLDER + END).encode())
    key = FOLDER + "녹" * (room // 3) + "x" * (room % 3) + END
    assert len(key.encode()) == 1024
    return key


@pytest.fixture
def checkpoint(faulty_store: ObjectStore) -> Checkpoint:
    recording = Recording(bucket=faulty_store.bucket, key=key_of_1024_bytes(), etag="e" * 32)
    records = CallRecords(faulty_store)
    return records.save(records.create(CallRecord.begin(recording, "run-1")), number=3)


async def test_a_call_with_the_longest_key_finds_its_three_files_again(faulty_store: ObjectStore, checkpoint: Checkpoint) -> None:
    store, records = faulty_store, CallRecords(faulty_store)
    record = keep_transcript(checkpoint, JOB, None, records=records, store=store).record
    assert record.number == 3, "its own transcript was not taken for another call's"
    summary = Summary(text="자동차 보험 해지 요청", model="kobart", version="v" * 64)
    assert create_summary(store, record, summary, condensed=False) == summary == read_summary(store, record)
    prompt, _ = create_prompt(store, record, summary, PromptSound(b"RIFF", 1.5, "문의하신 내용이 자동차 보험 해지 요청", "ko-KR-Wavenet-A"))
    assert await find_prompt.fn(record, summary) == prompt
    for key in (StorageKeys.transcript(3), StorageKeys.summary(3), StorageKeys.prompt(3)):
        facts = store.head(key)
        assert facts is not None
        assert facts.metadata["call-id"] == record.call_id
        assert facts.metadata["source"].startswith(f"s3://{store.bucket}/connect/")


async def test_a_prompt_found_again_has_its_whole_text_however_long(faulty_store: ObjectStore, checkpoint: Checkpoint) -> None:
    summary = Summary(text="실손보험 도수치료 보상 여부 확인 요청, " * 12 + "상담사 연결 요청", model="kobart", version="1")
    made, _ = create_prompt(faulty_store, checkpoint.record, summary, PromptSound(b"RIFF", 9.5, spoken_text(summary), "ko-KR-Wavenet-A"))
    assert made.spoken_text.endswith("상담사 연결 요청")
    assert await find_prompt.fn(checkpoint.record, summary) == made
    again = PromptSound(b"RIFF", 9.5, made.spoken_text, made.voice)
    assert create_prompt(faulty_store, checkpoint.record, summary, again) == (made, b"")


def test_a_call_with_the_longest_key_is_set_aside_with_its_note(faulty_store: ObjectStore, checkpoint: Checkpoint) -> None:
    failure = failure_of(BadRecording(f"{checkpoint.record.recording.key} is no sound"), Step.FETCH, "run-1")
    closed = close_as_quarantined(checkpoint, failure, records=CallRecords(faulty_store), store=faulty_store).record
    assert closed.outcome is Outcome.QUARANTINED
    assert faulty_store.head(StorageKeys.quarantine_note(closed.call_id)) is not None
