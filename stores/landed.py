"""Which recording each call is about, from the moment that its upload was announced.

Prefect keeps events for days and has no request that deletes one. So the event of a recording names its call, which is a hash, and this
object, which may be read by those who may read the bucket and is erased with the call, names the recording.
"""

import contextlib

from clients.s3 import ObjectStore
from models.call.record import Recording
from models.errors import StorageConflict
from models.keys import StorageKeys
from stores.receipts import is_erased


def announce(store: ObjectStore, recording: Recording) -> bool:
    """Write down which recording the call is about; again changes nothing. False for an erased call, which is announced no more."""
    if is_erased(store, recording.call_id):
        return False
    body = recording.model_dump_json().encode("utf-8")
    with contextlib.suppress(StorageConflict):
        store.put(StorageKeys.landed(recording.call_id), body, content_type="application/json", only_if_absent=True)
    return True


def announced(store: ObjectStore, call_id: str) -> Recording | None:
    """The recording of a call, or None where it was never announced or is erased."""
    stored = store.find(StorageKeys.landed(call_id))
    return Recording.model_validate_json(stored.body) if stored else None
