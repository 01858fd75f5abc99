"""What the flow ``retain`` remembers from day to day, and the receipts that it leaves: counts and days, no caller's data."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel

from clients.s3 import ObjectStore
from models.keys import StorageKeys
from models.retention import Kind
from models.sweep import Overdue, Removed, Sweep, swept_as


class Remembered(BaseModel):
    """The last sweep; up to which day calls have lost their words; and some of the runs that were deleted then, and the time before.

    Artifacts of these must be gone: Prefect's pass for orphans comes once a day.
    """

    sweep: Sweep | None = None
    words_until: date | None = None
    runs: list[str] = []
    runs_before: list[str] = []


class Receipt(BaseModel):
    """What went on one look, by which rule, and what lies too long."""

    at: datetime
    flow_run_id: str
    removed: list[Removed]
    overdue: list[Overdue]


def remembered(store: ObjectStore) -> Remembered:
    """What the run before left."""
    stored = store.find(StorageKeys.LAST_SWEEP)
    return Remembered.model_validate_json(stored.body) if stored else Remembered()


def remember(store: ObjectStore, what: Remembered) -> None:
    """Leave it to the next run."""
    store.put(StorageKeys.LAST_SWEEP, what.model_dump_json().encode("utf-8"), content_type="application/json")


def keep_receipt(store: ObjectStore, receipt: Receipt) -> str:
    """Write a receipt down, once; returns its key."""
    key = StorageKeys.retention_receipt(receipt.at)
    store.put(key, receipt.model_dump_json(indent=1).encode("utf-8"), content_type="application/json", only_if_absent=True)
    return key


def sweep(store: ObjectStore, table: Sequence[Kind], now: datetime) -> Sweep:
    """Count all that lies in the bucket: a request for each 1,000 versions."""
    found = Sweep(at=now)
    for version in store.walk_versions():
        current = version.ended_at is None and not version.marker
        ended = version.ended_at or version.written_at
        found.add(swept_as(version.key, current=current, table=table), ended.date(), version.key, version.size)
    return found
