"""What was told of a call beside its summary, on its way from the summarizer's run to the call's record."""

from clients.s3 import ObjectStore
from models.keys import StorageKeys
from models.signals.told import CallSignals


def keep_signals(store: ObjectStore, call_id: str, signals: CallSignals) -> None:
    """Write them; a repeated try may have told them by another version, and the last one counts."""
    store.put(StorageKeys.signals(call_id), signals.model_dump_json().encode("utf-8"), content_type="application/json")


def find_signals(store: ObjectStore, call_id: str) -> CallSignals | None:
    """What was told, None where nobody has told anything."""
    stored = store.find(StorageKeys.signals(call_id))
    return CallSignals.model_validate_json(stored.body) if stored else None
