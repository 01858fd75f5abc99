"""A call's three files in S3: created once, and recognized as one's own by the call that their metadata names."""

from collections.abc import Mapping

from clients.s3 import ObjectFacts, ObjectStore
from models.call.record import CallRecord
from models.errors import StorageConflict

TEXT, SOUND = "text/plain; charset=utf-8", "audio/wav"


def create_file(
    store: ObjectStore, record: CallRecord, key: str, body: bytes, *, content_type: str, metadata: Mapping[str, str] | None = None
) -> ObjectFacts | None:
    """Create one of the call's files; None when it was written now, else the facts of what stands there, whoever wrote it.

    StorageConflict when nothing stands there: S3 saw two writers and let neither through (409).
    """
    try:
        store.put(key, body, content_type=content_type, metadata=record.provenance | dict(metadata or {}), only_if_absent=True)
    except StorageConflict:
        facts = store.head(key)
        if facts is None:
            raise
        return facts
    return None


def is_of(facts: ObjectFacts | None, record: CallRecord) -> bool:
    """Whether a file is there and an attempt of this call wrote it."""
    return facts is not None and facts.metadata.get("call-id") == record.call_id
