"""Whichever way AWS announces an object, the recording is the same; anything else is named and kept."""

import json
from typing import Any

import pytest

from models.call.notifications import Landed, UnreadableMessage, event_id, landed
from models.call.record import Recording

KEY = "connect/acme/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav"
WANTED = Recording(bucket="aicc-all", key=KEY, etag="abc", size=3)
OBJECT = {"key": KEY.replace(":", "%3A"), "size": 3, "eTag": "abc"}


def s3(**changes: Any) -> dict[str, Any]:
    record = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "aicc-all"}, "object": OBJECT}}
    return {"Records": [record | changes]}


def test_s3_eventbridge_and_sns_announce_the_same_recording() -> None:
    eventbridge = {
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "aicc-all"}, "object": {"key": KEY, "size": 3, "etag": "abc"}},
    }
    sns = {"TopicArn": "arn", "Message": json.dumps(s3())}
    for message in (s3(), eventbridge, sns):
        assert landed(json.dumps(message), "connect/") == Landed([WANTED], [])


def test_a_key_with_spaces_plus_signs_and_korean_is_decoded() -> None:
    key = "connect/a c+d/CallRecordings/11월/21일/c_20261121T01:30_UTC.wav"
    encoded = "connect/a+c%2Bd/CallRecordings/11%EC%9B%94/21%EC%9D%BC/c_20261121T01%3A30_UTC.wav"
    message = s3(s3={"bucket": {"name": "b"}, "object": OBJECT | {"key": encoded}})
    assert [recording.key for recording in landed(json.dumps(message), "connect/").recordings] == [key]


@pytest.mark.parametrize(
    "message",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent"},
        s3(eventName="ObjectRemoved:Delete"),
        s3(s3={"bucket": {"name": "b"}, "object": OBJECT | {"key": "connect/readme.txt"}}),
        {"Records": []},
    ],
)
def test_what_announces_no_recording_starts_nothing(message: dict[str, Any]) -> None:
    assert landed(json.dumps(message), "connect/") == Landed([], [])


@pytest.mark.parametrize(
    "body", ["", "no json", "[]", "3", "{}", '{"Records": [{}]}', '{"Records": 1}', '{"detail-type": "Object Created"}']
)
def test_an_unreadable_message_says_so(body: str) -> None:
    with pytest.raises(UnreadableMessage, match="the message is"):
        landed(body, "connect/")


def test_a_repeated_announcement_is_the_same_event_and_another_upload_is_not() -> None:
    assert event_id(WANTED) == event_id(WANTED.model_copy(update={"size": 9}))
    assert event_id(WANTED) != event_id(WANTED.model_copy(update={"etag": "def"}))


@pytest.mark.parametrize(
    ("prefix", "key", "recorded"),
    [
        ("recordings/", "recordings/2026/11/21/c-1_20261121T01:30_UTC.wav", True),
        ("recordings/", "recordings/ivr/11월/21일/c-1_20261121T01:30_UTC.wav", True),
        ("recordings/", "recordings/seoul/2026/11/21/c-1_20261121T01:30_UTC.wav", True),
        ("recordings/", KEY, False),
        ("connect/", "connect/acme/CallRecordings/2026/11/21/voicemail.wav", False),
        ("connect/", "connect/hello.WAV", False),
        ("connect/", "connect/acme/Analysis/Voice/2026/11/21/c-1_20261121T01:30_UTC.wav", False),
    ],
)
def test_a_wav_is_a_recording_under_the_prefix_or_is_told_as_a_stray(prefix: str, key: str, recorded: bool) -> None:
    found = landed(json.dumps(s3(s3={"bucket": {"name": "b"}, "object": OBJECT | {"key": key.replace(":", "%3A")}})), prefix)
    assert [item.key for item in (found.recordings if recorded else found.strays)] == [key]
    assert len(found.recordings) + len(found.strays) == 1


@pytest.mark.parametrize("key", ["tts/tts_1.wav", "connect/acme/CallRecordings/2026/11/21/readme.txt", "somewhere/else.wav"])
def test_what_only_lies_in_the_bucket_is_no_stray(key: str) -> None:
    assert landed(json.dumps(s3(s3={"bucket": {"name": "b"}, "object": OBJECT | {"key": key}})), "connect/") == Landed([], [])
