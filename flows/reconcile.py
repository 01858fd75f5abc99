"""Start what was forgotten: compare the recordings in S3 with the call records, and start what is missing, stuck or half done.

The same flow is the safety net (every few minutes over the latest days) and the backfill (a date range or a prefix, millions
of objects). It streams, keeps its place in S3, and starts calls behind the live ones at a pace.
"""

import asyncio
import time
from datetime import UTC, date, datetime, timedelta

from prefect import flow, get_client, get_run_logger
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State

import wiring
from models.call.reconciling import Action, Totals
from models.keys import StorageKeys
from reports.money import forecast_report
from reports.reconcile import reconcile_report
from tasks.operations.digest import foretell
from tasks.operations.reconcile import (
    Cursor,
    Scope,
    batches,
    close_cancelled,
    compare,
    idempotency_key,
    read_cursor,
    write_cursor,
)
from tasks.operations.runs import Pace, call_deployment, start_call
from tasks.operations.uneventful import outcome


@flow(name="reconcile")
async def reconcile(
    prefix: str = "",
    since: date | None = None,
    until: date | None = None,
    recent_days: int = 2,
    at_once: int = 50,
    per_minute: int = 120,
    max_minutes: float = 0.0,
    resume: bool = True,
    forecast: bool = False,
) -> State[None]:
    """Start every recording that has no finished, quarantined or living call.

    Args:
        prefix: Only recordings under this S3 prefix, such as `connect/readback/`; empty: the days below in every instance.
        since: First day (UTC, by the recording's name); empty with an empty prefix: `recent_days` back from today.
        until: Last day (UTC); empty: today.
        recent_days: How many days back from today to look when neither prefix nor since is given.
        at_once: How many calls may be unfinished on queue `backfill` at once; live calls are not counted and go first.
        per_minute: How many calls are started a minute at most.
        max_minutes: Stop after so many minutes and let the next run go on; 0: until everything has been looked at.
        resume: Go on where an interrupted run over the same prefix and dates stopped; off: begin anew.
        forecast: Start nothing; tell how many calls would be started and what they would cost.
    """
    recent, today = not prefix and since is None, datetime.now(UTC).date()
    scope = Scope(prefix, today - timedelta(days=recent_days - 1) if recent else since, until or (None if prefix else today))
    if forecast:
        return await _foretell(scope)
    totals = await _go_through(
        scope, at_once=at_once, per_minute=per_minute, seconds=max_minutes * 60 or float("inf"), resume=resume and not recent
    )
    get_run_logger().info("Looked at %s recordings, started %s", totals.looked_at, totals.starts)
    if totals.strays:
        get_run_logger().warning(
            "%s .wav are no recordings by their keys under READBACK_RECORDINGS_PREFIX (%s); nothing is started for them",
            totals.strays,
            wiring.settings().recordings_prefix or "the whole bucket",
        )
    if recent and not totals.eventful:
        return outcome("")
    await acreate_markdown_artifact(reconcile_report(str(scope), totals), key="reconcile", description=f"시작 {totals.starts:,}건")
    return outcome(f"Looked at {totals.looked_at} recordings, started {totals.starts}")


async def _foretell(scope: Scope) -> State[None]:
    """Look at everything in scope, start nothing, and tell what starting it would cost."""
    store, totals = wiring.survey_store(), Totals()
    folders = await asyncio.to_thread(scope.folders, store, wiring.settings().recordings_prefix)
    pages = batches(store, folders, None)
    while page := await asyncio.to_thread(next, pages, None):
        for finding in await compare(page[1], scope):
            totals.add(finding)
    told = await foretell(totals.starts, totals.bytes_to_start)
    await acreate_markdown_artifact(forecast_report(told, str(scope)), key="forecast", description=f"예상 {told.won:,.0f}원")
    return outcome(f"Would start {totals.starts} of {totals.looked_at} recordings for {told.won:.0f} won")


async def _go_through(scope: Scope, *, at_once: int, per_minute: int, seconds: float, resume: bool) -> Totals:
    store, totals, deadline = wiring.survey_store(), Totals(), time.monotonic() + seconds
    folders = await asyncio.to_thread(scope.folders, store, wiring.settings().recordings_prefix)
    cursor = await asyncio.to_thread(read_cursor, store, scope) if resume else None
    pages = batches(store, folders, cursor)
    async with get_client() as client:
        deployment, pace = await call_deployment(client), Pace(client, at_once, per_minute, deadline)
        while page := await asyncio.to_thread(next, pages, None):
            folder, batch = page
            for finding in await compare(batch, scope):
                totals.add(finding)
                if finding.decision.action is Action.CLOSE:
                    await close_cancelled(finding)
                if finding.decision.action not in (Action.START, Action.RESTART):
                    continue
                if not await pace.next():
                    return totals
                run = await start_call(client, deployment, finding.recording, idempotency_key(finding, datetime.now(UTC)))
                totals.note_start(finding, str(run.id))
            place = Cursor(scope=str(scope), folder=folder, key=batch[-1].key, looked_at=totals.looked_at, updated_at=datetime.now(UTC))
            await asyncio.to_thread(write_cursor, store, place)
            if time.monotonic() > deadline:
                return totals
    await asyncio.to_thread(store.delete, StorageKeys.cursor(str(scope)))
    totals.finished = True
    return totals
