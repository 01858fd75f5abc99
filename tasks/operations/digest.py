"""What the daily digest tells: a day's ended calls from their folder in S3, and what is open from Prefect."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from prefect import get_client
from prefect.client.schemas.objects import StateType

import wiring
from clients.s3 import ObjectStore
from models.call.acceptance import Acceptance
from models.call.ended import Day, EndedCall, OpenCalls, figures
from models.call.forecast import Forecast, forecast, forecast_anew
from models.call.korea import KOREA
from models.call.notifications import STRAY_EVENT_NAME
from models.call.spending import DayMoney
from models.keys import StorageKeys
from stores.answers import acceptance_lately
from stores.later_charges import later_charges_of
from stores.money import keep_money
from tasks.operations.events import count_events
from tasks.operations.pause import pause_in_force
from tasks.operations.runs import UNFINISHED, count_calls, oldest_unfinished
from tasks.without_words import call_task

_REQUESTS_AT_ONCE = 32
# A forecast learns from the calls of a week, and from so many of them at most: a request each.
_LEARN_DAYS, _LEARN_CALLS = 7, 500


@call_task("count-strays")
async def count_strays(day: date) -> int:
    """How many objects the listener passed over on a day since they were no recordings by their keys."""
    begun = datetime(day.year, day.month, day.day, tzinfo=KOREA)
    async with get_client() as client:
        return await count_events(client, STRAY_EVENT_NAME, begun, begun + timedelta(days=1))


@call_task("read-day")
async def read_day(day: date) -> Day:
    """The figures of the calls that ended on a day: a request for each 1,000 calls and one for each."""
    later = await asyncio.to_thread(lambda: list(later_charges_of(wiring.object_store(), day)))
    return figures(await _ended_on(day), later)


@call_task("keep-money")
async def keep_days_money(day: date, ended: Day) -> None:
    """Write down what a day cost, for the console."""
    await asyncio.to_thread(keep_money, wiring.object_store(), DayMoney.of(day, ended))


@call_task("read-answers")
async def read_answers(day: date) -> dict[str, Acceptance]:
    """What callers answered on a day."""
    return await asyncio.to_thread(acceptance_lately, wiring.object_store(), day)


@call_task("foretell")
async def foretell(calls: int, size: int) -> Forecast:
    """What so many calls with recordings of so many bytes together will cost, by the calls of the last days."""
    today, settings = datetime.now(UTC).astimezone(KOREA).date(), wiring.settings()
    lately = await _lately(today)
    return forecast(
        calls,
        size,
        lately,
        stt_provider=settings.stt_provider,
        prices=wiring.prices(),
        day=today,
        budgets=wiring.budgets(),
    )


async def foretell_anew(calls: int, seconds: float, *, champion: str, speak: bool) -> Forecast:
    """What it will cost to have so many calls summarized anew, by the calls of the last days."""
    lately = await _lately(datetime.now(UTC).astimezone(KOREA).date())
    return forecast_anew(calls, seconds, lately, champion=champion, speak=speak, budgets=wiring.budgets())


async def _lately(today: date) -> list[EndedCall]:
    found: list[EndedCall] = []
    for back in range(_LEARN_DAYS):
        if len(found) < _LEARN_CALLS:
            found += await _ended_on(today - timedelta(days=back), most=_LEARN_CALLS)
    return found


async def _ended_on(day: date, most: int | None = None) -> list[EndedCall]:
    return [EndedCall.model_validate_json(body) for body in await _bodies(StorageKeys.day_of_calls(day), most)]


async def _bodies(folder: str, most: int | None = None) -> list[bytes]:
    bodies: list[bytes] = []
    keys = islice(_keys(wiring.object_store(), folder), most)
    while some := await asyncio.to_thread(lambda: list(islice(keys, _REQUESTS_AT_ONCE))):
        found = await asyncio.gather(*(asyncio.to_thread(wiring.object_store().find, key) for key in some))
        bodies += [stored.body for stored in found if stored]
    return bodies


def _count(store: ObjectStore, prefix: str) -> int:
    return sum(1 for _ in store.walk(prefix))


def _keys(store: ObjectStore, folder: str) -> Iterator[str]:
    for facts in store.walk(folder):
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
