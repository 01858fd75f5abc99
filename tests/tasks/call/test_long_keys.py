"""The longest key that S3 allows, in Hangul, goes through every file that a call writes: S3 takes 2 KB of metadata, in ASCII."""

import pytest

import wiring
from clients.returnzero import Job, JobStatus
from clients.s3 import ObjectStore
from models.call.record import CallRecord, Outcome, Recording, Summary
from models.errors import BadRecording
from models.keys import StorageKeys
from stores.call_records import CallRecords
from tasks.call.convert import PromptSound
from tasks.call.quarantine import failure_of, set_aside
from tasks.call.summarize import read_summary
from tasks.call.transcribe import _keep_transcript
from tasks.call.upload import _create_prompt, _own_prompt
from tasks.call.write_summary import _create_summary

FOLDER, END = "connect/한빛손해보험/CallRecordings/2026/11/20/", "_20261120T01:30_UTC.wav"
JOB = Job("job-1", JobStatus.COMPLETED, ({"start_at": 0, "duration": 900, "msg": "해지하고 싶어요", "spk": 0, "lang": "ko"},))


def key_of_1024_bytes() -> str:
    room = 1024 - len((FOLDER + END).encode())
    key = FOLDER + "녹" * (room // 3) + "x" * (room % 3) + END
    assert len(key.encode()) == 1024
    return key


@pytest.fixture
def record(faulty_store: ObjectStore) -> CallRecord:
    recording = Recording(bucket=faulty_store.bucket, key=key_of_1024_bytes(), etag="e" * 32)
    records = CallRecords(faulty_store)
    return records.save(records.create(CallRecord.begin(recording, "run-1")), number=3).record


def test_a_call_with_the_longest_key_writes_its_three_files_and_finds_them_again(faulty_store: ObjectStore, record: CallRecord) -> None:
    done = _keep_transcript(wiring.call_records().read(record.call_id), JOB, None).record  # type: ignore[arg-type]
    assert done.number == 3, "its own transcript was not taken for another call's"
    summary = Summary(text="자동차 보험 해지 요청", model="kobart", version="v" * 64)
    assert _create_summary(record, summary, condensed=False) == summary == read_summary(record)
    prompt = _create_prompt(record, summary, PromptSound(b"RIFF", 1.5, "문의하신 내용이 자동차 보험 해지 요청", "ko-KR-Wavenet-A"))
    assert _own_prompt(record) == prompt
    for key in (StorageKeys.transcript(3), StorageKeys.summary(3), StorageKeys.prompt(3)):
        facts = faulty_store.head(key)
        assert facts is not None
        assert facts.metadata["call-id"] == record.call_id
        assert facts.metadata["source"].startswith(f"s3://{faulty_store.bucket}/connect/")


async def test_a_call_with_the_longest_key_is_set_aside_with_its_note(faulty_store: ObjectStore, record: CallRecord) -> None:
    failure = failure_of(BadRecording(f"{record.recording.key} is no sound"), "fetch", "run-1")
    assert (await set_aside.fn(record.call_id, "run-1", failure)).outcome is Outcome.QUARANTINED
    assert faulty_store.head(StorageKeys.quarantine_note(record.call_id)) is not None
