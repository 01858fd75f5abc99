"""The record of a call: how it begins, and that it survives being written and read."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from models.call.record import CallRecord, Outcome, Recording, Speaker, Transcription, Utterance
from models.keys import call_id

RECORDING = Recording(bucket="aicc-all", key="connect/acme/CallRecordings/2026/11/21/c-9_20261121T01:30_UTC.wav", etag="e1", size=5)
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def spoken(*speakers: Speaker) -> CallRecord:
    words = [Utterance(speaker=speaker, start_ms=i, duration_ms=1, text=f"{i}번") for i, speaker in enumerate(speakers)]
    return CallRecord.begin(RECORDING, "run-1", NOW).model_copy(update={"transcription": Transcription(utterances=words)})


def test_a_new_record_belongs_to_its_run_and_has_done_nothing_yet() -> None:
    record = CallRecord.begin(RECORDING, "run-1", NOW)
    assert (record.owner, record.outcome, record.contact_id) == ("run-1", Outcome.IN_PROGRESS, "c-9")
    assert record.call_id == call_id(RECORDING.bucket, RECORDING.key, "e1")
    assert record.created_at == record.updated_at == NOW
    assert not record.transcription.done
    assert record.summary is None
    assert record.prompt is None


def test_another_upload_to_the_same_key_is_another_call() -> None:
    assert RECORDING.call_id != RECORDING.model_copy(update={"etag": "e2"}).call_id


def test_a_recording_whose_key_names_no_contact_is_named_by_its_call_id() -> None:
    odd = Recording(bucket="b", key="connect/strange.wav", etag="e")
    assert odd.contact_id == odd.call_id
    assert odd.uri == "s3://b/connect/strange.wav"


def test_a_record_read_back_is_the_record_written() -> None:
    record = spoken(Speaker.CUSTOMER, Speaker.AGENT)
    assert CallRecord.model_validate_json(record.model_dump_json()) == record


def test_numbers_begin_at_one_and_times_at_zero() -> None:
    with pytest.raises(ValidationError, match="number"):
        CallRecord.model_validate({**spoken().model_dump(), "number": 0})
    with pytest.raises(ValidationError, match="start_ms"):
        Utterance(start_ms=-1, duration_ms=0, text="네")


def test_a_job_in_a_record_of_before_is_at_returnzero() -> None:
    old = spoken(Speaker.CUSTOMER).model_dump(mode="json")
    del old["transcription"]["provider"]
    del old["transcription"]["utterances"][0]["label"]
    for name in ("contact_refusal", "superseded_by"):
        del old[name]
    record = CallRecord.model_validate(old)
    assert (record.transcription.provider, record.transcription.utterances[0].label) == ("returnzero", None)
