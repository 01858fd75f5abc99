"""The services that a chat begins with, in the bucket, an object a version."""

from clients.s3 import ObjectStore
from models.chat.services import Service, ServiceTable, edited, shipped
from models.keys import StorageKeys
from stores.versioned import VersionedTable


class Services(VersionedTable[ServiceTable, Service]):
    """Reads and edits the table of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        super().__init__(store, ServiceTable, shipped, edited, folder=StorageKeys.SERVICES, key=StorageKeys.services)
