"""The console's list of calls held against their records: what is missing or stale is listed, what is gone is taken out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

import wiring
from clients.s3 import ObjectStore
from models.call.listed import ListedCall
from models.errors import PermanentError
from models.keys import StorageKeys
from stores.call_index import CallIndex
from stores.call_records import CallRecords
from tasks.in_thread import task_in_thread

BATCH = 200


@dataclass(frozen=True)
class Indexed:
    """What was done: calls looked at, listed anew, taken out, and those whose record cannot be read."""

    seen: int
    written: int
    removed: int
    unreadable: tuple[str, ...]


@task_in_thread("index")
def index_records(days: Sequence[date]) -> Indexed | None:
    """Hold the list against the records of the calls that ended on these days, or of all calls where no day is given.

    None where no database is named for a list.
    """
    index = wiring.call_index()
    if index is None:
        return None
    return bring_up_to_date(index, wiring.survey_store(), days)


def bring_up_to_date(index: CallIndex, store: ObjectStore, days: Sequence[date]) -> Indexed:
    """List what is missing or stale. Of all calls, those are taken out too that have no record any more."""
    records, seen, written, unreadable = CallRecords(store), set[str](), 0, list[str]()
    known = index.listed() if not days else {}
    ids = _ids(store, days)
    while chunk := list(islice(ids, BATCH)):
        listed = known if not days else index.listed(chunk)
        fresh: list[ListedCall] = []
        for call_id in chunk:
            seen.add(call_id)
            try:
                found = records.find(call_id)
            except PermanentError:
                unreadable.append(call_id)
                continue
            if found is not None and listed.get(call_id) != found.record.updated_at:
                fresh.append(ListedCall.of(found.record))
        index.write_all(fresh)
        written += len(fresh)
    gone = [call_id for call_id in known if call_id not in seen] if not days else []
    gone = [call_id for call_id in gone if store.head(StorageKeys.call_record(call_id)) is None]  # begun since the listing
    return Indexed(len(seen), written, index.remove(gone) if gone else 0, tuple(unreadable))


def _ids(store: ObjectStore, days: Sequence[date]) -> Iterator[str]:
    folders = [StorageKeys.day_of_calls(day) for day in days] or [StorageKeys.CALLS]
    for folder in folders:
        for facts in store.walk(folder):
            yield facts.key.rpartition("/")[2].removesuffix(".json")


@task_in_thread("forget-call")
def forget_call(call_id: str) -> int:
    """Take an erased call out of the list; returns how many rows there were. A list that is away is an error: the erasure is not done."""
    index = wiring.call_index()
    return index.erase(call_id) if index is not None else 0


def last_days(today: date, count: int) -> list[date]:
    """Today and the days before.

    >>> last_days(date(2026, 3, 1), 2)
    [datetime.date(2026, 3, 1), datetime.date(2026, 2, 28)]
    """
    return [today - timedelta(days=back) for back in range(count)]
