"""Tables that staff edit, in the bucket: an object a version, created once, so that of two who edit at once none is lost."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

from clients.s3 import ObjectStore
from models.errors import StorageConflict
from models.versioned import Versioned

ATTEMPTS = 8
Table = TypeVar("Table", bound=Versioned)
Row = TypeVar("Row", contravariant=True)


class Edited(Protocol[Table, Row]):
    """Makes the next version of a table: rows that are added or changed, and names of those that go."""

    def __call__(self, table: Table, add: Sequence[Row], remove: Sequence[str], *, by: str, at: datetime) -> Table:
        """Return it, or raise ConfigurationError where it would not be one."""


class VersionedTable(Generic[Table, Row]):
    """Reads and edits one table of one bucket; the one that ships counts until somebody edits it.

    ``folder`` holds the versions; ``key`` names one by its number, so that names sort as numbers do.
    """

    def __init__(
        self,
        store: ObjectStore,
        kind: type[Table],
        shipped: Callable[[], Table],
        edited: Edited[Table, Row],
        *,
        folder: str,
        key: Callable[[int], str],
    ) -> None:
        self._store, self._kind, self._shipped, self._edited = store, kind, shipped, edited
        self._folder, self._key = folder, key

    def edit(self, add: Sequence[Row], remove: Sequence[str], *, by: str) -> Table:
        """Add rows, or change those of the same name, and take others out."""
        return self.change(lambda table: self._edited(table, add, remove, by=by, at=datetime.now(UTC)))

    def current(self) -> Table:
        """The latest version."""
        versions = [facts.key for facts in self._store.walk(self._folder)]
        return self._kind.model_validate_json(self._store.get(versions[-1]).body) if versions else self._shipped()

    def change(self, edit: Callable[[Table], Table]) -> Table:
        """Make the next version of whatever counts now; StorageConflict after eight lost races."""
        for _ in range(ATTEMPTS):
            wanted = edit(self.current())
            body = wanted.model_dump_json(indent=1).encode("utf-8")
            try:
                self._store.put(self._key(wanted.version), body, content_type="application/json", only_if_absent=True)
            except StorageConflict:
                continue
            return wanted
        raise StorageConflict(f"{ATTEMPTS} other edits of the table came in between", remedy="Look at it, then edit again")
