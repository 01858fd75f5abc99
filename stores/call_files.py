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

    The call's own file of an earlier revision gives way. StorageConflict when nothing stands there: S3 saw two writers and let neither
    through (409).
    """
    try:
        store.put(key, body, content_type=content_type, metadata=record.provenance | dict(metadata or {}), only_if_absent=True)
    except StorageConflict:
        facts = store.head(key)
        if facts is None:
            raise
        if not is_of(facts, record) or is_current(facts, record):
            return facts
        store.put(key, body, content_type=content_type, metadata=record.provenance | dict(metadata or {}), only_if_etag=facts.etag)
    return None


def is_of(facts: ObjectFacts | None, record: CallRecord) -> bool:
    """Whether a file is there and an attempt of this call wrote it."""
    return facts is not None and facts.metadata.get("call-id") == record.call_id


def is_current(facts: ObjectFacts | None, record: CallRecord) -> bool:
    """Whether a file is the call's and of its present revision: a summary that was asked for anew does not count as made."""
    return facts is not None and is_of(facts, record) and int(facts.metadata.get("revision", "0")) >= record.revision
