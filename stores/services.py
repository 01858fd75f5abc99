"""The services that a chat begins with, in the bucket, an object a version."""

from collections.abc import Sequence
from datetime import UTC, datetime

from clients.s3 import ObjectStore
from models.chat.services import Service, ServiceTable, edited, shipped
from models.keys import StorageKeys
from stores.versioned import VersionedTable


class Services(VersionedTable[ServiceTable]):
    """Reads and edits the table of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        super().__init__(store, ServiceTable, shipped, folder=StorageKeys.SERVICES, key=StorageKeys.services)

    def edit(self, add: Sequence[Service], remove: Sequence[str], *, by: str) -> ServiceTable:
        """Add services, or change those of the same name, and take others out, by their names."""
        return self.change(lambda table: edited(table, add, remove, by=by, at=datetime.now(UTC)))
