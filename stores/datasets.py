"""Data sets: CSV or Excel files in the bucket, or on this machine."""

from pathlib import Path

from clients.s3 import ObjectStore
from models.errors import ConfigurationError, ObjectGone


def read_dataset(store: ObjectStore, source: str) -> bytes:
    """The bytes of a local file, or else of an object of the bucket; ConfigurationError where it is neither."""
    if Path(source).is_file():
        return Path(source).read_bytes()
    try:
        return store.get(source).body
    except ObjectGone as error:
        raise ConfigurationError(
            f"{source} is no file on this machine and no object of the bucket", remedy="Upload the table and name its key"
        ) from error
