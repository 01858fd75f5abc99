"""The list of the calls that ended on a day: one small object a call, so that a digest reads one folder and no record."""

from clients.s3 import ObjectStore
from models.call.ended import EndedCall
from models.keys import StorageKeys


def file_end(store: ObjectStore, call: EndedCall) -> None:
    """File a call under its day; filing it again changes nothing but the figures."""
    store.put(StorageKeys.ended_call(call.day, call.call_id), call.model_dump_json().encode("utf-8"), content_type="application/json")
