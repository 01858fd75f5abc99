"""The term list in the bucket: one object in use, changed by compare-and-swap, and every version that there was beside it."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from pydantic import ValidationError

from clients.s3 import ObjectStore, StoredObject
from models.call.terms import TermList, TermsEdit, edited
from models.errors import ObjectGone, PermanentError, StorageConflict, TermsRefused, TransientError
from models.keys import TermKeys

ATTEMPTS = 8
# How long a process believes what it read: an edit is used by calls that begin later, and a busy worker asks once a second.
FRESH_SECONDS = 1.0

_log = logging.getLogger("readback.terms")


class TermLists:
    """Reads and edits the list of one bucket. The list that ships is version 0, until somebody edits it."""

    def __init__(self, store: ObjectStore, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Use this bucket."""
        self._store, self._now = store, now

    def current(self) -> TermList:
        """The list in use; PermanentError where the object is not what an edit wrote."""
        return self._read()[0]

    def edit(self, edit: TermsEdit, *, expected_version: int | None = None) -> TermList:
        """Apply an edit to whatever is in use, and return the list that then is.

        A damaged list is replaced by its last good version, edited. TermsRefused where the edit contradicts the list, or where
        ``expected_version``, the one that the editor looked at, is no longer in use. StorageConflict after eight lost races.
        """
        for _ in range(ATTEMPTS):
            now, etag = self._read(mend=True)
            if expected_version is not None and now.version != expected_version:
                raise TermsRefused(
                    f"the term list is at version {now.version}, the edit was made for version {expected_version}",
                    remedy="Look at what was changed meanwhile, then edit again",
                )
            wanted = edited(now, edit, self._now())
            if wanted is now:
                return now
            self._keep(now)
            try:
                self._put(TermKeys.LIST, wanted, only_if_absent=etag is None, only_if_etag=etag)
            except StorageConflict:
                continue
            self._keep(wanted)
            return wanted
        raise StorageConflict(f"{ATTEMPTS} other edits of the term list came in between", remedy="Look at them, then edit again")

    def version(self, version: int) -> TermList:
        """A version that was or is in use."""
        if version == 0:
            return TermList.shipped()
        return _parsed(self._store.get(TermKeys.version(version)))

    def history(self, most: int = 20) -> list[TermList]:
        """The versions that people made, the latest first."""
        newest = self._read()[0]
        self._keep(newest)
        return [self.version(number) for number in range(newest.version, max(0, newest.version - most), -1)]

    def read_unless(self, etag: str) -> tuple[TermList, str] | None:
        """The list with its entity tag, or None where it still has the given one; the list that ships has none."""
        try:
            stored = self._store.get_unless(TermKeys.LIST, etag) if etag else self._store.get(TermKeys.LIST)
        except ObjectGone:
            return TermList.shipped(), ""
        return (_parsed(stored), stored.etag) if stored else None

    def last_good(self) -> TermList:
        """The newest version that can be read: what is used where somebody wrote something else into the list."""
        for facts in reversed(list(self._store.walk(TermKeys.HISTORY))):
            with contextlib.suppress(PermanentError):
                return _parsed(self._store.get(facts.key))
        return TermList.shipped()

    def _read(self, *, mend: bool = False) -> tuple[TermList, str | None]:
        """The list in use with its entity tag; to ``mend`` a damaged one, the last good version in its place."""
        stored = self._store.find(TermKeys.LIST)
        if stored is None:
            return TermList.shipped(), None
        try:
            return _parsed(stored), stored.etag
        except PermanentError:
            if not mend:
                raise
            return self.last_good(), stored.etag

    def _keep(self, version: TermList) -> None:
        """Write a version into the history, unless it is there: the swap that made it was won by one writer only."""
        if version.version:
            with contextlib.suppress(StorageConflict):
                self._put(TermKeys.version(version.version), version, only_if_absent=True)

    def _put(self, key: str, terms: TermList, *, only_if_absent: bool = False, only_if_etag: str | None = None) -> None:
        body = terms.model_dump_json(indent=1).encode("utf-8")
        self._store.put(key, body, content_type="application/json", only_if_absent=only_if_absent, only_if_etag=only_if_etag)


class LiveTerms:
    """The list in use as one process knows it: asked for by entity tag, so that an unchanged list is not sent again. Thread-safe."""

    def __init__(self, lists: TermLists, *, fresh_seconds: float = FRESH_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._lists, self._fresh_seconds, self._clock = lists, fresh_seconds, clock
        self._lock = threading.Lock()
        self._known: tuple[TermList, str] | None = None
        self._asked_at = 0.0

    def current(self) -> TermList:
        """The list, at most ``fresh_seconds`` old.

        Neither a damaged one nor an S3 that is away for a moment stops a call: the last good version is used, and the log says so. A
        process that has read none yet raises what S3 said.
        """
        with self._lock:
            if self._known is None or self._clock() - self._asked_at >= self._fresh_seconds:
                asked_at = self._clock()
                try:
                    self._known = self._lists.read_unless(self._known[1] if self._known else "") or self._known
                except TransientError as error:
                    if self._known is None:
                        raise
                    _log.warning("The term list of before stays in use: %s", error)
                except PermanentError as damage:
                    _log.error("%s", damage)
                    self._known = self._lists.last_good(), ""
                self._asked_at = asked_at
            assert self._known is not None  # an answer without an entity tag to compare is a list
            return self._known[0]


def _parsed(stored: StoredObject) -> TermList:
    try:
        return TermList.model_validate_json(stored.body)
    except ValidationError as error:
        raise PermanentError(
            f"the term list {stored.facts.key} cannot be read: {error.error_count()} fields are wrong",
            remedy=f"Restore an older version of the object, such as the latest under {TermKeys.HISTORY}",
            case="unreadable_terms",
        ) from None
