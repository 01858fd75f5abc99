"""What a queue message says has landed in the bucket, whichever way AWS delivered it.

S3 notifications come at least once and unordered, with the key form-URL-encoded; EventBridge's "Object Created" has the key
as it is; SNS wraps either. S3 also sends a test event when a notification is set up.
"""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from models.call.caller_said import UnreadableContactRecord, records_of
from models.call.record import Recording
from models.errors import PermanentError
from models.keys import Place, place_of

EVENT_NAME = "readback.recording.landed"
STRAY_EVENT_NAME = "readback.recording.stray"
# A namespace of our own for event ids: uuid5 of bucket, key and ETag, so that a repeated notification is the same event.
_EVENT_IDS = uuid.UUID("6f0f3c3e-2f0e-5d0f-9d62-1d3b7a5b2c11")


class UnreadableMessage(PermanentError):
    """A queue message that is no notification of any known shape."""


@dataclass(frozen=True)
class Landed:
    """What a message announces: call recordings, objects that look like one and are none by their keys, and contact records.

    ``contact_files`` are objects that hold contact records, ``contact_records`` such records that the message itself brings.
    """

    recordings: list[Recording] = field(default_factory=list)
    strays: list[Recording] = field(default_factory=list)
    contact_files: list[Recording] = field(default_factory=list)
    contact_records: list[dict[str, Any]] = field(default_factory=list)


def landed(body: str, prefix: str, contact_records_prefix: str = "") -> Landed:
    """The recordings and strays that a message announces; none for a test event, other objects, or removals.

    ``prefix`` is the folder under which Amazon Connect writes recordings, ``contact_records_prefix`` that of contact records, empty where
    none are read.

    >>> landed('{"Service": "Amazon S3", "Event": "s3:TestEvent"}', "connect/")
    Landed(recordings=[], strays=[], contact_files=[], contact_records=[])
    """
    message = _json_object(body)
    if isinstance(message.get("Message"), str) and "TopicArn" in message:
        message = _json_object(message["Message"])
    try:
        if contact_records_prefix and (told := records_of(message)):
            return Landed(contact_records=told)
        if message.get("Event") == "s3:TestEvent":
            found = []
        elif message.get("detail-type") == "Object Created":
            found = [_from_eventbridge(message["detail"])]
        else:
            found = [_from_s3(record["s3"]) for record in message["Records"] if record["eventName"].startswith("ObjectCreated:")]
    except UnreadableContactRecord as error:
        raise UnreadableMessage(error.message) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableMessage(f"the message is no S3 notification: {type(error).__name__} {error}") from error
    files = [item for item in found if contact_records_prefix and item.key.startswith(contact_records_prefix)]
    places = [(place_of(item.key, prefix), item) for item in found if item not in files]
    recordings, strays = ([item for place, item in places if place is wanted] for wanted in (Place.RECORDING, Place.STRAY))
    return Landed(recordings, strays, files)


def event_id(recording: Recording) -> uuid.UUID:
    """The id of the event that announces a recording: the same however often it is announced."""
    return uuid.uuid5(_EVENT_IDS, "\n".join((recording.bucket, recording.key, recording.etag)))


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UnreadableMessage(f"the message is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise UnreadableMessage(f"the message is a JSON {type(value).__name__}, not an object")
    return value


def _from_s3(s3: dict[str, Any]) -> Recording:
    item = s3["object"]
    return Recording(
        bucket=s3["bucket"]["name"], key=unquote_plus(item["key"]), etag=item["eTag"].strip('"'), size=int(item.get("size", 0))
    )


def _from_eventbridge(detail: dict[str, Any]) -> Recording:
    item = detail["object"]
    etag = item.get("etag") or item["eTag"]
    return Recording(bucket=detail["bucket"]["name"], key=item["key"], etag=etag.strip('"'), size=int(item.get("size", 0)))
