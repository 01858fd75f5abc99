"""Approved openings in the bucket, an object a version, created once; and the replies that were proposed for calls."""

from collections.abc import Sequence
from datetime import UTC, datetime

from clients.s3 import ObjectStore
from models.errors import StorageConflict
from models.keys import StorageKeys
from models.replies.drafts import Drafts
from models.replies.openings import Opening, OpeningTable, edited, shipped

ATTEMPTS = 8


class Openings:
    """Reads and edits the table of one bucket; the one that ships counts until somebody edits it."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def current(self) -> OpeningTable:
        """The latest version."""
        versions = [facts.key for facts in self._store.walk(StorageKeys.OPENINGS)]
        return OpeningTable.model_validate_json(self._store.get(versions[-1]).body) if versions else shipped()

    def edit(self, add: Sequence[Opening], remove: Sequence[str], *, by: str) -> OpeningTable:
        """Make the next version of whatever counts now; StorageConflict after eight lost races."""
        for _ in range(ATTEMPTS):
            wanted = edited(self.current(), add, remove, by=by, at=datetime.now(UTC))
            body = wanted.model_dump_json(indent=1).encode("utf-8")
            try:
                self._store.put(StorageKeys.openings(wanted.version), body, content_type="application/json", only_if_absent=True)
            except StorageConflict:
                continue
            return wanted
        raise StorageConflict(f"{ATTEMPTS} other edits of the openings came in between", remedy="Look at them, then edit again")


def find_drafts(store: ObjectStore, call_id: str) -> Drafts:
    """What was proposed for a call so far."""
    stored = store.find(StorageKeys.drafts(call_id))
    return Drafts.model_validate_json(stored.body) if stored else Drafts()


def keep_drafts(store: ObjectStore, call_id: str, drafts: Drafts) -> None:
    """Write them; of two runs at once the last one counts, as each shows its own in its artifact."""
    store.put(StorageKeys.drafts(call_id), drafts.model_dump_json().encode("utf-8"), content_type="application/json")
