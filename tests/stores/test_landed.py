"""Which recording a call is about is written down once, and not for a call that was erased."""

from models.call.record import Recording
from models.keys import StorageKeys
from stores.landed import announce, announced
from tests.in_memory import InMemoryStore

RECORDING = Recording(bucket="b", key="connect/a/CallRecordings/2026/11/20/c_20261120T00:44_UTC.wav", etag="e", size=7)


def test_an_announced_recording_is_found_by_its_call() -> None:
    store = InMemoryStore()
    assert announce(store, RECORDING)  # type: ignore[arg-type]
    assert announce(store, RECORDING)  # type: ignore[arg-type]
    assert announced(store, RECORDING.call_id) == RECORDING  # type: ignore[arg-type]
    assert announced(store, "0" * 32) is None  # type: ignore[arg-type]


def test_an_erased_call_is_announced_no_more() -> None:
    store = InMemoryStore()
    store.put(StorageKeys.erasure_receipt(RECORDING.call_id), b"{}")
    assert not announce(store, RECORDING)  # type: ignore[arg-type]
    assert store.keys(StorageKeys.LANDED) == []
