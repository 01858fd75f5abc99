"""What became of a day's calls when they were summarized anew by a version: one object a day, which marks the day as done."""

from datetime import date

from clients.s3 import ObjectStore
from models.call.anew import DayAnew
from models.keys import StorageKeys


def find_day(store: ObjectStore, champion: str, day: date) -> DayAnew | None:
    """What an earlier run did on a day; None where none finished it."""
    stored = store.find(StorageKeys.day_anew(champion, day))
    return DayAnew.model_validate_json(stored.body) if stored else None


def keep_day(store: ObjectStore, done: DayAnew) -> None:
    """Write a finished day down, in the place of an earlier run's."""
    key = StorageKeys.day_anew(done.champion, done.day)
    store.put(key, done.model_dump_json(indent=1).encode("utf-8"), content_type="application/json")
