"""Compare what S3 holds with what the call records and Prefect know, a page at a time, and start what is missing."""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from pydantic import BaseModel

import wiring
from clients.s3 import ObjectFacts, ObjectStore
from models.call.reconciling import Action, Decision, Finding, Reason, decide
from models.call.record import CallRecord, Outcome, Recording
from models.errors import PermanentError, StorageConflict, TransientError
from models.keys import Place, StorageKeys, day_folders, place_of, recorded_on, recording_folders
from stores.call_records import CallRecords
from stores.receipts import is_erased
from tasks.call.claim import close_as_cancelled
from tasks.in_thread import task_in_thread
from tasks.operations.runs import KnownRuns, known_runs, owners
from tasks.without_words import call_task

BATCH = 500
_REQUESTS_AT_ONCE = 32
# Before a read of one record is repeated. Repeating the task instead would read all the others again, and never end on a bad day.
_PAUSES = (0.5, 2.0, 8.0)
_IDEMPOTENCE = timedelta(minutes=10)


@dataclass(frozen=True)
class Scope:
    """Which recordings a reconciliation goes through: those under a prefix, or those of some days in every instance's folders."""

    prefix: str
    since: date | None
    until: date | None

    def folders(self, store: ObjectStore, root: str) -> list[str]:
        """The S3 prefixes to list, in an order that a cursor can rely on."""
        if self.prefix or self.since is None or self.until is None:
            return [self.prefix or root]
        below = recording_folders(root, store.folders(root))
        days = [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]
        return [folder for day in days for recordings in below for folder in day_folders(recordings, day)]

    def holds(self, day: date) -> bool:
        """Whether a recording of this day (UTC) is meant."""
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def __str__(self) -> str:
        """What the scope is, for its cursor and its report."""
        return f"{self.prefix or '*'} {self.since or ''}..{self.until or ''}"


class Cursor(BaseModel):
    """How far a backfill has come: everything up to ``key`` in ``folder`` is dealt with."""

    scope: str
    folder: str
    key: str
    looked_at: int
    updated_at: datetime


def idempotency_key(finding: Finding, now: datetime) -> str:
    """Two reconciliations at the same time start a call once; a later one may start it again."""
    return f"reconcile-{finding.recording.call_id}-{finding.run or 'new'}-{int(now.timestamp() // _IDEMPOTENCE.total_seconds())}"


def batches(store: ObjectStore, folders: Sequence[str], cursor: Cursor | None) -> Iterator[tuple[str, list[ObjectFacts]]]:
    """Stream the objects of the folders, ``BATCH`` at a time with their folder, from where the cursor stands."""
    begin = folders.index(cursor.folder) if cursor and cursor.folder in folders else 0
    for folder in folders[begin:]:
        facts = store.walk(folder, start_after=cursor.key if cursor and cursor.folder == folder else "")
        while batch := list(islice(facts, BATCH)):
            yield folder, batch


@call_task("compare")
async def compare(batch: list[ObjectFacts], scope: Scope) -> list[Finding]:
    """Decide about one batch: a request for each recording's record, and two or so to Prefect for all of them."""
    now, places = datetime.now(UTC), asyncio.Semaphore(_REQUESTS_AT_ONCE)

    async def look(facts: ObjectFacts) -> tuple[ObjectFacts, CallRecord | Decision | None]:
        async with places:
            for seconds in _PAUSES:
                with contextlib.suppress(TransientError):
                    return facts, await asyncio.to_thread(_known, facts, scope)
                await asyncio.sleep(seconds)
            return facts, await asyncio.to_thread(_known, facts, scope)

    looked = await asyncio.gather(*(look(facts) for facts in batch))
    async with get_client() as client:
        return await _decide_all(client, looked, now)


def _recording(facts: ObjectFacts) -> Recording:
    return Recording(bucket=wiring.object_store().bucket, key=facts.key, etag=facts.etag, size=facts.size)


def _known(facts: ObjectFacts, scope: Scope) -> CallRecord | Decision | None:
    day = recorded_on(facts.key)
    place = place_of(facts.key, wiring.settings().recordings_prefix)
    # Whoever names another prefix for a backfill means it.
    if day is None or not (place is Place.RECORDING or scope.prefix):
        return Decision(Action.LEAVE, Reason.NO_RECORDING if place is Place.OTHER else Reason.STRAY)
    if not scope.holds(day):
        return Decision(Action.LEAVE, Reason.OUTSIDE)
    call = _recording(facts).call_id
    try:
        found = CallRecords(wiring.survey_store()).find(call)
    except PermanentError:
        return Decision(Action.LEAVE, Reason.UNREADABLE)
    if found is None:
        return Decision(Action.LEAVE, Reason.ERASED) if is_erased(wiring.object_store(), call) else None
    return found.record


async def _decide_all(
    client: PrefectClient, looked: Sequence[tuple[ObjectFacts, CallRecord | Decision | None]], now: datetime
) -> list[Finding]:
    working = [known.owner for _, known in looked if isinstance(known, CallRecord) and known.outcome is Outcome.IN_PROGRESS]
    alive = await owners(client, working) if working else {}
    grace = timedelta(seconds=wiring.settings().reconcile_grace_seconds)

    def finding(facts: ObjectFacts, known: CallRecord | Decision | None, runs: KnownRuns) -> Finding:
        recording = _recording(facts)
        if isinstance(known, Decision):
            return Finding(recording, known)
        of_call, owner = runs.of(recording), alive.get(known.owner) if known else None
        landed_at = facts.last_modified or now
        decision = decide(landed_at=landed_at, record=known, owner=owner, runs=of_call, now=now, grace=grace)
        return Finding(recording, decision, known.owner if known else of_call.cancelled)

    findings = [finding(facts, known, KnownRuns()) for facts, known in looked]
    begun = [
        facts.last_modified or now for (facts, _), found in zip(looked, findings, strict=True) if found.decision.action is not Action.LEAVE
    ]
    if not begun:
        return findings
    # Only now is it worth asking which runs have been created and have not begun, or were cancelled before they did.
    runs = await known_runs(client, cancelled_since=min(begun))
    return [finding(facts, known, runs) for facts, known in looked]


@task_in_thread("close-cancelled")
def close_cancelled(finding: Finding) -> None:
    """Close a call whose run a person cancelled, so that it stays so."""
    with contextlib.suppress(StorageConflict):  # somebody took it up again meanwhile
        close_as_cancelled(finding.recording, finding.run, records=wiring.call_records())


def read_cursor(store: ObjectStore, scope: Scope) -> Cursor | None:
    """Where an interrupted backfill of the same scope stopped."""
    stored = store.find(StorageKeys.cursor(str(scope)))
    return Cursor.model_validate_json(stored.body) if stored else None


def write_cursor(store: ObjectStore, cursor: Cursor) -> None:
    """Remember how far a backfill has come."""
    store.put(StorageKeys.cursor(cursor.scope), cursor.model_dump_json().encode("utf-8"), content_type="application/json")
