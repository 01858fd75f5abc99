"""Which vendors cannot be given jobs, as all workers share it; written only where settings name a fallback."""

import contextlib
from datetime import datetime

from clients.s3 import ObjectStore
from models.call.routing import Away
from models.errors import ReadbackError, StorageConflict
from models.keys import StorageKeys


class VendorsAway:
    """One object for each vendor that is away."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def find(self, provider: str) -> Away | None:
        """Since when it is away, or None where it is not known to be."""
        stored = self._store.find(StorageKeys.away(provider))
        return Away.model_validate_json(stored.body) if stored else None

    def note(self, provider: str, error: ReadbackError, now: datetime) -> Away:
        """Write down that a job could not be given; the first to notice counts."""
        away = Away(since=now, tried=now, error=error.code)
        with contextlib.suppress(StorageConflict):
            self._store.put(StorageKeys.away(provider), away.model_dump_json().encode(), only_if_absent=True)
            return away
        return self.find(provider) or away

    def take_probe(self, provider: str, now: datetime, probe_seconds: float) -> bool:
        """Let one call of all try the vendor again, once in a while."""
        stored = self._store.find(StorageKeys.away(provider))
        if stored is None:
            return True
        away = Away.model_validate_json(stored.body)
        if not away.due(now, probe_seconds):
            return False
        tried = away.model_copy(update={"tried": now})
        try:
            self._store.put(StorageKeys.away(provider), tried.model_dump_json().encode(), only_if_etag=stored.etag)
        except StorageConflict:
            return False
        return True

    def clear(self, provider: str) -> None:
        """It took a job."""
        self._store.delete(StorageKeys.away(provider))
