"""What contact records have told before the call was closed; what they tell later the listener writes into the record."""

import wiring
from clients.s3 import ObjectStore
from models.call.caller_said import CallersAnswer
from models.call.record import CallRecord
from stores.answers import file_answer
from stores.contact_records import ContactRecords, said_about


def mark_contact(record: CallRecord) -> None:
    """Let whoever learns something of the contact from now on find the call."""
    if wiring.settings().contact_records_prefix:
        ContactRecords(wiring.object_store()).mark(record.contact_id, record.call_id)


def already_said(store: ObjectStore, record: CallRecord) -> dict[str, object]:
    """What a record that is being closed is given of what is known of its contact; ``record`` as it will be."""
    if not wiring.settings().contact_records_prefix:
        return {}
    contacts = ContactRecords(store)
    known = contacts.known(record.contact_id)
    if known is None:
        return {}
    changes = said_about(record, known, contacts.calls(record.contact_id))
    if isinstance(changes["answer"], CallersAnswer):
        file_answer(store, record, changes["answer"])
    return {"contact": changes["contact"], "answer": changes["answer"]}
