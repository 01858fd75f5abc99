"""What the daily digest tells: a day's ended calls from their folder in S3, and what is open from Prefect."""

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice

from prefect import get_client
from prefect.client.schemas.objects import StateType

import wiring
from clients.s3 import ObjectStore
from models.call.ended import Day, EndedCall, OpenCalls, figures
from models.call.korea import KOREA
from models.call.notifications import STRAY_EVENT_NAME
from models.keys import StorageKeys
from tasks.operations.events import count_events
from tasks.operations.pause import pause_in_force
from tasks.operations.runs import UNFINISHED, count_calls, oldest_unfinished
from tasks.without_words import call_task

_REQUESTS_AT_ONCE = 32


@call_task("count-strays")
async def count_strays(day: date) -> int:
    """How many objects the listener passed over on a day since they were no recordings by their keys."""
    begun = datetime(day.year, day.month, day.day, tzinfo=KOREA)
    async with get_client() as client:
        return await count_events(client, STRAY_EVENT_NAME, begun, begun + timedelta(days=1))


@call_task("read-day")
async def read_day(day: date) -> Day:
    """The figures of the calls that ended on a day: a request for each 1,000 calls and one for each."""
    calls: list[EndedCall] = []
    keys = _keys(wiring.object_store(), day)
    while some := await asyncio.to_thread(lambda: list(islice(keys, _REQUESTS_AT_ONCE))):
        bodies = await asyncio.gather(*(asyncio.to_thread(wiring.object_store().find, key) for key in some))
        calls += [EndedCall.model_validate_json(found.body) for found in bodies if found]
    return figures(calls)


def _count(store: ObjectStore, prefix: str) -> int:
    return sum(1 for _ in store.walk(prefix))


def _keys(store: ObjectStore, day: date) -> Iterator[str]:
    for facts in store.walk(StorageKeys.day_of_calls(day)):
        yield facts.key


@call_task("look-at-open-calls")
async def look_at_open_calls() -> OpenCalls:
    """What is open now."""
    async with get_client() as client:
        running = await count_calls(client, types=[StateType.PENDING, StateType.RUNNING])
        unfinished = await count_calls(client, types=UNFINISHED)
        oldest, pause = await oldest_unfinished(client), await pause_in_force(client)
    notes = await asyncio.to_thread(_count, wiring.object_store(), StorageKeys.QUARANTINE)
    return OpenCalls(
        running=running,
        waiting=unfinished - running,
        oldest_run=str(oldest.id) if oldest else "",
        oldest_since=oldest.created if oldest else None,
        in_quarantine=notes,
        pause=pause,
    )


def yesterday(now: datetime) -> date:
    """The day in Korea that has just ended."""
    return date.fromordinal(now.astimezone(KOREA).date().toordinal() - 1)
