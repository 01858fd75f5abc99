"""The recordings in S3, read only as the upload that a call is about: another upload under the same key is another call."""

from clients.s3 import ObjectStore
from models.call.record import Recording
from models.errors import Superseded


def check_still_there(store: ObjectStore, recording: Recording) -> None:
    """Superseded when another upload lies under the key by now: a vendor that reads from the bucket may have heard that one."""
    by = successor_of(store, recording)
    if by:
        raise Superseded(f"call {recording.call_id} is superseded by call {by}", by=by)


def read_recording(store: ObjectStore, recording: Recording) -> bytes:
    """The recording's bytes; Superseded when another upload lies under its key, ObjectGone when none does."""
    stored = store.get(recording.key)
    if stored.etag != recording.etag:
        by = recording.model_copy(update={"etag": stored.etag}).call_id
        raise Superseded(f"call {recording.call_id} is superseded by call {by}", by=by)
    return stored.body


def successor_of(store: ObjectStore, recording: Recording) -> str:
    """The call of a later upload under the recording's key; empty where it is this very recording, or nothing."""
    facts = store.head(recording.key)
    if facts is None or facts.etag == recording.etag:
        return ""
    return recording.model_copy(update={"etag": facts.etag}).call_id
