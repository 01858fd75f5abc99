"""Approved openings in the bucket, an object a version, created once; and the replies that were proposed for calls."""

from clients.s3 import ObjectStore
from models.keys import StorageKeys
from models.replies.drafts import Drafts
from models.replies.openings import Opening, OpeningTable, edited, shipped
from stores.versioned import VersionedTable


class Openings(VersionedTable[OpeningTable, Opening]):
    """Reads and edits the table of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        super().__init__(store, OpeningTable, shipped, edited, folder=StorageKeys.OPENINGS, key=StorageKeys.openings)


def find_drafts(store: ObjectStore, call_id: str) -> Drafts:
    """What was proposed for a call so far."""
    stored = store.find(StorageKeys.drafts(call_id))
    return Drafts.model_validate_json(stored.body) if stored else Drafts()


def keep_drafts(store: ObjectStore, call_id: str, drafts: Drafts) -> None:
    """Write them; of two runs at once the last one counts, as each shows its own in its artifact."""
    store.put(StorageKeys.drafts(call_id), drafts.model_dump_json().encode("utf-8"), content_type="application/json")
