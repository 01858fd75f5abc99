"""The calls of each contact in S3, one small object a call: what the contact's attributes are made from.

They are kept only where contacts are told at all. Erasing a call erases its object, and the attributes are made anew from the others.
"""

from collections.abc import Sequence

from clients.s3 import ObjectStore
from models.call.contact import ContactCall
from models.keys import StorageKeys


class ContactCalls:
    """Reads and writes the calls of the contacts of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def file(self, contact_id: str, call: ContactCall) -> None:
        """File a call under its contact; filing it again replaces it."""
        key = StorageKeys.contact_call(contact_id, call.call_id)
        self._store.put(key, call.model_dump_json().encode("utf-8"), content_type="application/json")

    def of(self, contact_id: str) -> Sequence[ContactCall]:
        """All calls of a contact: one listing, and a request for each of the one or two."""
        keys = [facts.key for facts in self._store.walk(StorageKeys.contact_calls(contact_id))]
        return [ContactCall.model_validate_json(stored.body) for key in keys if (stored := self._store.find(key))]

    def erase(self, contact_id: str, call_id: str) -> int:
        """Erase a call with all its versions; returns how many there were."""
        return self._store.erase(StorageKeys.contact_call(contact_id, call_id))
