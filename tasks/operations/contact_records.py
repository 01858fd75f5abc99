"""Contact records into the records of their calls, whichever came first."""

import wiring
from clients.s3 import ObjectStore
from models.call.caller_said import Known, records_in, told_by
from models.call.notifications import Landed
from models.errors import ObjectGone
from models.keys import StorageKeys
from stores.contact_records import ContactRecords, tell_calls


def take_contact_records(announced: Landed) -> int:
    """Read the contact records that a message brings or names, and tell their calls; returns how many calls were told.

    Everything may be repeated: a message that is handed out again changes nothing.
    """
    store, key = wiring.object_store(), wiring.settings().number_key.get_secret_value()
    found = list(announced.contact_records)
    for file in announced.contact_files:
        try:
            found += records_in(store.get(file.key).body)
        except ObjectGone:
            continue  # a lifecycle rule or a person was faster; there is nothing more to learn
    told = 0
    for record in found:
        for contact, known in told_by(record, key).by_contact.items():
            told += _tell(store, contact, known)
    return told


def _tell(store: ObjectStore, contact: str, told: Known) -> int:
    if store.head(StorageKeys.erased_contact(contact)):
        return 0
    return tell_calls(store, contact, ContactRecords(store).learn(contact, told))
