"""The canary of each line: one object, which is never deleted and tells how the latest one ended."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from clients.s3 import ObjectStore
from models.errors import ModelRefused
from models.keys import RegistryKeys
from models.lifecycle.canary import Canary, Verdict
from models.lifecycle.line import Line


class Canaries:
    """Reads and moves the canary of one line."""

    def __init__(self, store: ObjectStore, line: Line[Any], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Use this bucket."""
        self._store, self._key, self._now = store, RegistryKeys(line.name).canary, now

    def latest(self) -> Canary | None:
        """The canary that goes on, or the one that ended last."""
        return self._read()[0]

    def active(self) -> Canary | None:
        """The canary that goes on."""
        latest = self.latest()
        return latest if latest and latest.active else None

    def start(self, challenger: str, champion: str, *, share: float, most_answers: int, by: str, reason: str) -> Canary:
        """Begin one; ModelRefused while another goes on."""
        latest, etag = self._read()
        if latest and latest.active:
            said = f"a canary of {latest.challenger} goes on since {latest.began_at:%Y-%m-%d %H:%M} UTC"
            raise ModelRefused(said, remedy="Let it end, or withdraw it with the flow canary")
        fresh = Canary(
            challenger=challenger, champion=champion, share=share, most_answers=most_answers, by=by, reason=reason, began_at=self._now()
        )
        self._write(fresh, etag)
        return fresh

    def end(self, canary: Canary, verdict: Verdict) -> Canary:
        """End this canary; one that has ended already stays as it ended."""
        latest, etag = self._read()
        if latest is None or latest != canary:
            return latest or canary
        ended = canary.model_copy(update={"verdict": verdict, "ended_at": self._now()})
        self._write(ended, etag)
        return ended

    def _read(self) -> tuple[Canary | None, str | None]:
        stored = self._store.find(self._key)
        return (Canary.model_validate_json(stored.body), stored.etag) if stored else (None, None)

    def _write(self, canary: Canary, etag: str | None) -> None:
        body = canary.model_dump_json(indent=1).encode()
        self._store.put(self._key, body, content_type="application/json", only_if_absent=etag is None, only_if_etag=etag)
