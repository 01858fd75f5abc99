"""What no rule of S3 removes: words in records, runs in Prefect; and the look at everything for what lies longer than it may.

Prefect 3.9.1 has a vacuum with one term for events, one for all flow runs, and one pass for logs and artifacts whose run is gone. Of these
its events and its orphans are used (``deployments/environment.py``). Runs go by its bulk delete instead: calls and trainings have different
terms, and the vacuum leaves no receipt.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterId,
    FlowRunFilterState,
)
from prefect.client.schemas.filters import FlowRunFilterStateType as StateTypes
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

import wiring
from clients.s3 import ObjectStore
from models.call.record import CallRecord, Outcome
from models.call.wanted import Wanted
from models.errors import StorageConflict
from models.keys import StorageKeys
from models.retention import CALL_RUNS, EVENTS, OPERATIONS_RUNS, RAW_WORDS, RECORDS, TRAINING_RUNS, By, Kind, last_kept
from models.sweep import Overdue, Removed, Sweep, overdue_in
from stores.call_records import CallRecords
from stores.retention import Receipt, Remembered, keep_receipt, remember, remembered, sweep
from tasks.call.listing import list_call
from tasks.flow_names import (
    AGAIN_FLOW,
    CALL_FLOW,
    CORRECT_FLOW,
    DRAFT_FLOW,
    EDITS_FLOW,
    ERASE_FLOW,
    HEAR_FLOW,
    SPEAK_AGAIN_FLOW,
    SUMMARY_FLOW,
)
from tasks.in_thread import task_in_thread
from tasks.operations.runs import PAGE, flow_names
from tasks.without_words import call_task

CALL_FLOWS = (CALL_FLOW, SUMMARY_FLOW, HEAR_FLOW, DRAFT_FLOW, CORRECT_FLOW, EDITS_FLOW, SPEAK_AGAIN_FLOW, AGAIN_FLOW, ERASE_FLOW)
TRAINING_TAGS = {"training", "selection", "speech"}  # of prefect.yaml's deployments
_FINAL = [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED]
_BULK = 50  # Prefect's own limit for one deletion
_EXAMPLES = 20
_REQUESTS_AT_ONCE = 16


@dataclass(frozen=True)
class PastTerm:
    """Runs of one kind that are to go, each with the day on which it ended."""

    kind: str
    days: int
    ended: dict[UUID, date]


def term(table: Sequence[Kind], name: str) -> int | None:
    """How many days a kind is kept, None where it is kept."""
    return next(kind.days for kind in table if kind.name == name)


@call_task("forget-words")
async def forget_words(table: Sequence[Kind], today: date, done_until: date | None) -> tuple[Removed | None, date | None]:
    """Take the raw words out of the records, and out of the list, of calls that ended before their term began.

    Returns what went, and the last day that is done. A record that is being worked on is left: it is filed under its new end.
    """
    days = term(table, RAW_WORDS)
    if days is None:
        return None, done_until
    last = last_kept(today, days) - timedelta(days=1)
    store, count = wiring.survey_store(), 0
    due = [day for day in await asyncio.to_thread(_days_of_calls, store) if day <= last and (done_until is None or day > done_until)]
    places = asyncio.Semaphore(_REQUESTS_AT_ONCE)

    async def forget(call_id: str) -> bool:
        async with places:
            record = await asyncio.to_thread(_forget, CallRecords(store), call_id)
            if record is not None:
                await list_call(record)
        return record is not None

    for day in due:
        calls = await asyncio.to_thread(_calls_of, store, day)
        count += sum(await asyncio.gather(*(forget(call_id) for call_id in calls)))
    removed = Removed(kind=RAW_WORDS, by=By.RETAIN, count=count, since=due[0], until=due[-1], days=days) if count else None
    return removed, max(last, done_until or last)


def _forget(records: CallRecords, call_id: str) -> CallRecord | None:
    """One call's words; None where it has none any more, or is at work."""
    while True:
        found = records.find(call_id)
        if found is None or found.record.outcome is Outcome.IN_PROGRESS or found.record.words_removed_at is not None:
            return None
        bare = found.record.without_words(datetime.now(UTC))
        names = ("summary", "spoken", "transcription", "correction", "words_removed_at")
        # What ended before its end was filed would tell it by this change.
        kept: dict[str, object] = {"ended_at": found.record.ended_at or found.record.updated_at}
        with contextlib.suppress(StorageConflict):
            return records.save(found, **kept, **{name: getattr(bare, name) for name in names}).record


def _days_of_calls(store: ObjectStore) -> list[date]:
    """The days under which calls are filed, oldest first."""
    years = store.folders(StorageKeys.DAYS)
    days = [day for year in years for month in store.folders(year) for day in store.folders(month)]
    found = []
    for folder in days:
        with contextlib.suppress(ValueError):
            found.append(date(*(int(part) for part in folder.removeprefix(StorageKeys.DAYS).strip("/").split("/"))))
    return sorted(found)


def _calls_of(store: ObjectStore, day: date) -> list[str]:
    return [facts.key.rpartition("/")[2].removesuffix(".json") for facts in store.walk(StorageKeys.day_of_calls(day))]


@call_task("look-for-runs-past-their-term")
async def runs_past_term(table: Sequence[Kind], today: date) -> list[PastTerm]:
    """The runs that ended before their kind's term, by kind."""
    found = list[PastTerm]()
    async with get_client() as client:
        for kind, flows in (await _flows_by_kind(client)).items():
            days = term(table, kind)
            if days is None or not flows:
                continue
            bound, ended = _midnight(last_kept(today, days)), dict[UUID, date]()
            while page := await _ended_before(client, flows, bound, offset=len(ended)):
                ended |= {run.id: run.end_time.date() for run in page if run.end_time}
            if ended:
                found.append(PastTerm(kind, days, ended))
    return found


@call_task("delete-runs")
async def delete_runs(past: PastTerm) -> tuple[Removed | None, list[str]]:
    """Delete runs, with what hangs on them; returns what went, and some of their ids.

    What was to go and is no longer there counts, so that a second attempt tells what the first one did.
    """
    ids, gone = list(past.ended), list[UUID]()
    async with get_client() as client:
        for begin in range(0, len(ids), _BULK):
            chosen = FlowRunFilter(id=FlowRunFilterId(any_=ids[begin : begin + _BULK]))
            await _bulk_delete(client, chosen)
            left = {run.id for run in await client.read_flow_runs(flow_run_filter=chosen)}
            gone += [one for one in ids[begin : begin + _BULK] if one not in left]
    if not gone:
        return None, []
    ended = [past.ended[one] for one in gone]
    removed = Removed(kind=past.kind, by=By.RETAIN, count=len(gone), since=min(ended), until=max(ended), days=past.days)
    return removed, [str(one) for one in gone[:_EXAMPLES]]


async def _flows_by_kind(client: PrefectClient) -> dict[str, list[str]]:
    """Names of flows: about one call, about models by their deployments' tags, and all others."""
    names = await flow_names(client)
    training = {names.get(one.flow_id, "") for one in await client.read_deployments() if TRAINING_TAGS & set(one.tags)}
    return {
        CALL_RUNS: [name for name in names.values() if name in CALL_FLOWS],
        TRAINING_RUNS: [name for name in names.values() if name in training],
        OPERATIONS_RUNS: [name for name in names.values() if name not in training and name not in CALL_FLOWS],
    }


async def _ended_before(client: PrefectClient, flows: Sequence[str], bound: datetime, offset: int) -> list[FlowRun]:
    ended = FlowRunFilter(
        state=FlowRunFilterState(type=StateTypes(any_=_FINAL)), end_time=FlowRunFilterEndTime(before_=bound - timedelta(microseconds=1))
    )
    named = FlowFilter(name=FlowFilterName(any_=list(flows)))
    return await client.read_flow_runs(flow_filter=named, flow_run_filter=ended, sort=FlowRunSort.END_TIME_DESC, limit=PAGE, offset=offset)


async def _bulk_delete(client: PrefectClient, runs: FlowRunFilter) -> None:
    body = {"flow_runs": runs.model_dump(mode="json", exclude_unset=True), "limit": _BULK}
    path: Any = "/flow_runs/bulk_delete"  # the server has it, the client's list of paths does not name it yet
    (await client.request("POST", path, json=body)).raise_for_status()


@task_in_thread("sweep")
def sweep_bucket(table: Sequence[Kind], now: datetime) -> Sweep:
    """Count what lies in the bucket."""
    return sweep(wiring.survey_store(), table, now)


@call_task("look-for-what-lies-too-long")
async def look_for_overdue(table: Sequence[Kind], found: Sweep | None, today: date, deleted_before: Sequence[str]) -> list[Overdue]:
    """What lies longer than its term anywhere: in the bucket, in Prefect, in the console's list."""
    overdue = overdue_in(found, table) if found else []
    async with get_client() as client:
        overdue += [one for one in (await _old_events(client, table, today), await _left_of_runs(client, deleted_before)) if one]
    listed = await asyncio.to_thread(_listed_too_long, table, today)
    return [*overdue, *([listed] if listed else [])]


async def _old_events(client: PrefectClient, table: Sequence[Kind], today: date) -> Overdue | None:
    days = term(table, EVENTS)
    if days is None:
        return None
    bound = _midnight(last_kept(today, days, grace=1))
    which = {"occurred": {"since": (bound - timedelta(days=3650)).isoformat(), "until": bound.isoformat()}, "order": "ASC"}
    answer = await client.request("POST", "/events/filter", json={"filter": which, "limit": 1})
    answer.raise_for_status()
    page = answer.json()
    if not page["events"]:
        return None
    first = page["events"][0]
    remedy = f"Set PREFECT_SERVER_EVENTS_RETENTION_PERIOD of the server to {days} days, and let its vacuum of events run"
    oldest = datetime.fromisoformat(first["occurred"]).date()
    return Overdue(kind=EVENTS, count=page["total"], oldest=oldest, example=first["event"], remedy=remedy)


async def _left_of_runs(client: PrefectClient, deleted: Sequence[str]) -> Overdue | None:
    """Artifacts of runs that were deleted two nights ago: the vacuum's daily pass for orphans must have taken them."""
    if not deleted:
        return None
    answer = await client.request("POST", "/artifacts/count", json={"artifacts": {"flow_run_id": {"any_": list(deleted)}}})
    answer.raise_for_status()
    if not (count := int(answer.json())):
        return None
    remedy = "Set PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=events,orphans on the server"
    then = datetime.now(UTC).date() - timedelta(days=2)
    return Overdue(kind="artifacts", count=count, oldest=then, example=f"of the run {deleted[0]}", remedy=remedy)


def _listed_too_long(table: Sequence[Kind], today: date) -> Overdue | None:
    """Rows of the console's list whose record must be gone; the nightly ``index-calls`` takes them out."""
    index, days = wiring.call_index(), term(table, RECORDS)
    if index is None or days is None:
        return None
    rows = index.find(Wanted(until=_midnight(last_kept(today, days, grace=2)), most=1))
    # A record that was changed since is younger than its call.
    gone = [row for row in rows if wiring.call_records().find(row.call_id) is None]
    remedy = "Run index-calls with recent_days 0"
    return Overdue(kind="list", count=len(gone), oldest=gone[0].started_at.date(), example=gone[0].call_id, remedy=remedy) if gone else None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


@task_in_thread("read-what-is-remembered")
def read_remembered() -> Remembered:
    """What the run before left."""
    return remembered(wiring.object_store())


@task_in_thread("leave-receipt")
def leave_receipt(receipt: Receipt, left: Remembered) -> str:
    """Write the receipt down, then what the next run goes on from; returns the receipt's key."""
    key = keep_receipt(wiring.object_store(), receipt)
    remember(wiring.object_store(), left)
    return key


def kept_here() -> tuple[Kind, ...]:
    """How long each kind of data is kept, by this process's settings."""
    return wiring.kept()
