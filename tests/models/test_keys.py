"""Keys as Amazon Connect lays them out, keys that only look like it, and the names that calls keep for ever."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.keys import Place, RecordingName, StorageKeys, call_id, day_folders, parse_recording_key, place_of, recording_folders

ACME = "connect/acme/CallRecordings/"
DAY = ACME + "2026/11/21/"


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (DAY + "c-1_20261121T01:30_UTC.wav", RecordingName(ACME, "c-1", "20261121T01:30", False)),
        (DAY + "c-1_20261121T01_30_UTC.wav", RecordingName(ACME, "c-1", "20261121T01:30", False)),
        (
            "connect/acme/CallRecordings/ivr/2026/11/21/c_20261121T23:59_UTC.wav",
            RecordingName(ACME, "c", "20261121T23:59", True),
        ),
        (
            "connect/acme/CallRecordings/11월/21일/c_20261121T01:30_UTC.wav",
            RecordingName(ACME, "c", "20261121T01:30", False),
        ),
        (
            "connect/acme/CallRecordings/2026년/11월/21일/c_20261121T01:30_UTC.wav",
            RecordingName(ACME, "c", "20261121T01:30", False),
        ),
        (
            "CallRecordings/2026/11/21/홍 길동+1_20261121T01:30_UTC.wav",
            RecordingName("CallRecordings/", "홍 길동+1", "20261121T01:30", False),
        ),
    ],
)
def test_a_recordings_key_tells_contact_time_and_channel(key: str, name: RecordingName) -> None:
    assert parse_recording_key(key) == name


@pytest.mark.parametrize(
    "key",
    [
        "",
        DAY,
        DAY + "readme.txt",
        DAY + "c-1_20261121T01:30_UTC.json",
        DAY + "c-1_20261121T01:30_UTC.wav/",
        DAY + "_20261121T01:30_UTC.wav",
        DAY + "c-1_2026T01:30_UTC.wav",
        "stt/stt_1.txt",
        "x" * 1024,
    ],
)
def test_an_object_that_is_no_recording_has_no_name(key: str) -> None:
    assert parse_recording_key(key) is None


@pytest.mark.parametrize(
    ("prefix", "folder"),
    [
        ("connect/", "connect/acme/CallRecordings/"),
        ("connect/", "connect/acme/"),
        ("connect/", "connect/"),
        ("connect/", "connect/a/b/CallRecordings/"),
        ("calls/acme/", "calls/acme/"),
        ("", ""),
        ("", "rec/"),
    ],
)
def test_every_recording_that_the_listener_takes_one_instance_down_is_found_by_the_reconciler(prefix: str, folder: str) -> None:
    keys = [
        f"{folder}{ivr}{day}/c_20261121T01:30_UTC.wav" for ivr in ("", "ivr/") for day in ("2026/11/21", "11월/21일", "2026년/11월/21일")
    ]
    assert {place_of(key, prefix) for key in keys} == {Place.RECORDING}
    if folder == "connect/a/b/CallRecordings/":
        return  # found by a backfill of the prefix
    below = sorted({prefix + key.removeprefix(prefix).partition("/")[0] + "/" for key in keys})
    listed = [day for found in recording_folders(prefix, below) for day in day_folders(found, date(2026, 11, 21))]
    assert [key for key in keys if not key.startswith(tuple(listed))] == []


def test_folders_beside_the_recordings_hold_no_recordings() -> None:
    assert place_of("connect/acme/ChatTranscripts/2026/11/21/c_20261121T01:30_UTC.wav", "connect/") is Place.STRAY


@given(st.text(max_size=60), st.text(max_size=1024), st.text(max_size=40))
def test_any_key_even_of_control_characters_has_a_call_id(bucket: str, key: str, etag: str) -> None:
    name = call_id(bucket, key, etag)
    assert len(name) == 32
    assert set(name) <= set("0123456789abcdef")


def test_a_call_id_depends_on_bucket_key_and_upload_and_not_on_quotes() -> None:
    known = call_id("b", "k", '"e"')
    assert known == call_id("b", "k", "e")
    assert len({known, call_id("x", "k", "e"), call_id("b", "x", "e"), call_id("b", "k", "x"), call_id("bk", "", "e")}) == 5


def test_a_lone_surrogate_in_a_key_breaks_no_call_id() -> None:
    assert len(call_id("b", "\ud800", "e")) == 32


def test_the_three_files_of_a_call_carry_its_number() -> None:
    assert StorageKeys.transcript(7) == "stt/stt_7.txt"
    assert StorageKeys.summary(7) == "nlp/nlp_7.txt"
    assert StorageKeys.prompt(7) == "tts/tts_7.wav"


def test_records_and_notes_lie_under_their_own_prefixes() -> None:
    assert StorageKeys.call_record("abcd").startswith(StorageKeys.CALLS)
    assert StorageKeys.call_record("abcd").endswith("/ab/abcd.json")
    assert StorageKeys.quarantine_note("abcd") == "quarantine/abcd.json"
