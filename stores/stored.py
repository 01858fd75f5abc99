"""As much of a bucket as the registry needs; ``clients.s3.ObjectStore`` is one."""

from typing import Protocol


class Stored(Protocol):
    """An object's body and its entity tag without quotes."""

    @property
    def body(self) -> bytes:
        """The whole content."""

    @property
    def etag(self) -> str:
        """Entity tag without quotes."""


class Store(Protocol):
    """As much of a bucket as the registry needs; ``clients.s3.ObjectStore`` is one."""

    def find(self, key: str) -> Stored | None:
        """Read an object, None when there is none."""

    def put(self, key: str, body: bytes, *, content_type: str = ..., only_if_absent: bool = ..., only_if_etag: str | None = ...) -> str:
        """Write an object and return its tag; StorageConflict when the condition does not hold."""
