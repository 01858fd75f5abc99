"""What people corrected in calls, in S3: numbered in each call, created once and never changed.

The number is the guard: whoever has seen edit 2 writes edit 3, and of two who do so at once the second is told (``If-None-Match``).
"""

from clients.s3 import ObjectStore
from models.call.editing import Edit
from models.keys import StorageKeys


class Edits:
    """The edits of the calls of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def add(self, edit: Edit) -> None:
        """Write an edit down; StorageConflict where somebody else has written one of its number."""
        key = StorageKeys.edit(edit.call_id, edit.number)
        self._store.put(key, edit.model_dump_json(indent=1).encode("utf-8"), content_type="application/json", only_if_absent=True)

    def find(self, call_id: str, number: int) -> Edit | None:
        """One edit, None where there is none of this number."""
        stored = self._store.find(StorageKeys.edit(call_id, number))
        return Edit.model_validate_json(stored.body) if stored else None

    def last(self, call_id: str) -> int:
        """The number of the last edit, 0 where there is none."""
        names = [facts.key.removeprefix(StorageKeys.edits(call_id)) for facts in self._store.walk(StorageKeys.edits(call_id))]
        return max((int(name.removesuffix(".json")) for name in names), default=0)

    def after(self, call_id: str, number: int) -> list[Edit]:
        """The edits that follow one, in order."""
        edits: list[Edit] = []
        while (stored := self._store.find(StorageKeys.edit(call_id, number + len(edits) + 1))) is not None:
            edits.append(Edit.model_validate_json(stored.body))
        return edits

    def erase(self, call_id: str) -> int:
        """Erase a call's edits with all their versions; returns how many there were."""
        return sum(self._store.erase(facts.key) for facts in list(self._store.walk(StorageKeys.edits(call_id))))
