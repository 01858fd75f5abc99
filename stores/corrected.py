"""A call's corrected transcript in S3, beside the record that holds the changes: for people and systems that read files."""

from clients.s3 import ObjectStore
from models.call.record import CallRecord
from models.call.transcript import transcript_text
from models.keys import StorageKeys
from stores.call_files import TEXT


def keep_corrected(store: ObjectStore, record: CallRecord) -> None:
    """Write the corrected text and its changes; where nothing was changed there are no such files."""
    if not record.correction.changes:
        return
    text = transcript_text(record.said).encode("utf-8")
    store.put(StorageKeys.corrected(record.call_id), text, content_type=TEXT, metadata=record.provenance)
    changes = record.correction.model_dump_json(indent=1).encode("utf-8")
    store.put(StorageKeys.corrections(record.call_id), changes, content_type="application/json", metadata=record.provenance)
