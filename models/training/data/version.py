"""A version of a data set: one content that it has had."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, TypeAdapter


class DatasetVersion(BaseModel):
    """A content's number, hash and size in bytes, and when it was first read (UTC)."""

    model_config = ConfigDict(frozen=True)

    source: str
    number: int
    sha256: str
    size: int
    at: datetime

    @property
    def name(self) -> str:
        """What reads this very content again, such as ``datasets/data.csv@2``."""
        return f"{self.source}@{self.number}"

    @classmethod
    def of(cls, source: str, number: int, body: bytes) -> Self:
        """A content under a number, as of now."""
        return cls(source=source, number=number, sha256=hashlib.sha256(body).hexdigest(), size=len(body), at=datetime.now(UTC))


def versions_json(versions: Sequence[DatasetVersion]) -> bytes:
    """What a run was made from, as its folder keeps it."""
    return TypeAdapter(list[DatasetVersion]).dump_json(list(versions), indent=1)
