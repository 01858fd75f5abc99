"""Which model of a line is in service: immutable versions, two aliases moved by compare-and-swap, and the history of every move.

    <line>/registry/versions/<version>.json        what a version is: its files with their checksums, scores, who made it; never rewritten
    <line>/registry/artefacts/<version>/<file>     its files, copied out of the training run so that the run may be repeated or deleted
    <line>/registry/aliases.json                   champion and previous in one object, so that they always move together
    <line>/registry/history/<revision>.json        one object a move: who, when, why, from, to; never rewritten

``<line>`` is ``models`` for the summarizer and ``models/<name>`` for any other line. While there is no alias, the model that ships with
the product is the champion, under the version ``shipped``.

The aliases carry their own last move. A process that dies between moving the aliases and writing the history loses nothing: the
next move, and every reading of the history, writes the missing entry first.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from models.errors import ModelRefused, StorageConflict
from models.keys import RegistryKeys
from models.lifecycle.line import Line
from models.lifecycle.versions import SHIPPED, Aliases, Move, Version, check_version_name
from stores.aliases import parsed, read_aliases
from stores.stored import Store

ATTEMPTS = 8


class Registry:
    """A line's registry in a bucket. Every method reads what is there now; nothing is remembered between calls."""

    def __init__(self, store: Store, line: Line[Any], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.keys = RegistryKeys(line.name)
        self._line = line.name
        self._store = store
        self._now = now

    def register_version(self, version: Version) -> Version:
        """Write a version down and return what is written.

        Registering the same files again returns the version that is there; other files under a taken name are refused.
        """
        check_version_name(version.version)
        try:
            self._put(self.keys.version(version.version), version, only_if_absent=True)
        except StorageConflict:
            present = self.version(version.version)
            if present.files != version.files:
                raise ModelRefused(
                    f"version {version.version} is taken by other files", remedy="Versions never change; register under another name"
                ) from None
            return present
        return version

    def find_version(self, name: str) -> Version | None:
        """What a version is, None when it was never registered."""
        stored = self._store.find(self.keys.version(name))
        return parsed(Version, stored.body, self.keys.version(name)) if stored else None

    def version(self, name: str) -> Version:
        """What a version is; ModelRefused when it was never registered."""
        version = self.find_version(name)
        if version is None:
            raise ModelRefused(f"no model version {name!r} is registered", remedy=f"See {self.keys.versions} for those that are")
        return version

    def aliases(self) -> Aliases:
        """Who is in service now and who was before."""
        return self._read()[0]

    def champion(self) -> str:
        """Version in service."""
        return self.aliases().champion

    def promote(self, version: str, *, by: str, reason: str) -> Aliases:
        """Put a registered version (or ``shipped``) into service; the one it replaces becomes ``previous``.

        Promoting the champion moves nothing, so a repeated request is harmless. StorageConflict after eight lost races.
        """
        if version != SHIPPED:
            self.version(version)
        return self._swap(lambda now: now.promoted(version, by=by, reason=reason, at=self._now()))

    def rollback(self, *, by: str, reason: str, leaving: str | None = None) -> Aliases:
        """Put the previous version back into service.

        ``leaving`` names the model that disappoints, by default the champion of this moment. Two people who roll back at the same
        moment roll back once: the second one finds the model gone and moves nothing.
        """
        disappointing = leaving or self.aliases().champion
        return self._swap(lambda now: now.rolled_back(leaving=disappointing, by=by, reason=reason, at=self._now()))

    def history(self) -> list[Move]:
        """Every move, oldest first."""
        aliases = self.aliases()
        self._write_history(aliases)
        moves = []
        for revision in range(1, aliases.revision + 1):
            key = self.keys.history(revision)
            stored = self._store.find(key)
            if stored is None:
                raise ModelRefused(f"{key} is missing", remedy="History is never deleted; restore the object")
            moves.append(parsed(Move, stored.body, key))
        return moves

    def _swap(self, decide: Callable[[Aliases], Aliases | None]) -> Aliases:
        """Compare-and-swap: read, decide (None: leave it), write, and decide anew when another writer was faster."""
        for _ in range(ATTEMPTS):
            now, etag = self._read()
            wanted = decide(now)
            if wanted is None:
                return now
            self._write_history(now)
            try:
                self._put(self.keys.aliases, wanted, only_if_absent=etag is None, only_if_etag=etag)
            except StorageConflict:
                continue
            self._write_history(wanted)
            return wanted
        raise StorageConflict(f"{ATTEMPTS} other writers moved the aliases meanwhile", remedy="Look who is promoting, then run this again")

    def _write_history(self, aliases: Aliases) -> None:
        if aliases.move is None:
            return
        key = self.keys.history(aliases.revision)
        if self._store.find(key) is None:
            try:
                self._put(key, aliases.move, only_if_absent=True)
            except StorageConflict:
                return  # Another process wrote the same move: the revision was won by one writer only.

    def _read(self) -> tuple[Aliases, str | None]:
        return read_aliases(self._store, self._line)

    def _put(self, key: str, content: BaseModel, *, only_if_absent: bool = False, only_if_etag: str | None = None) -> None:
        body = content.model_dump_json(indent=1).encode()
        self._store.put(key, body, content_type="application/json", only_if_absent=only_if_absent, only_if_etag=only_if_etag)
