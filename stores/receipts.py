"""The receipts of erased calls, which keep them from being processed again."""

from clients.s3 import ObjectStore
from models.keys import StorageKeys


def is_erased(store: ObjectStore, call_id: str) -> bool:
    """Whether a receipt says that the call was erased."""
    return store.head(StorageKeys.erasure_receipt(call_id)) is not None
