"""The calls that ended on some days, those that one model version spoke, and a second look at calls by the model in service."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import islice

from prefect.deployments import arun_deployment

import wiring
from clients.s3 import ObjectStore
from models.call.ended import EndedCall
from models.call.korea import day_in_korea
from models.call.ledger import Charge
from models.call.record import Outcome
from models.call.review import Review, SpokenCall, failures_in, names_version
from models.errors import ObjectGone, ReadbackError, StorageConflict
from models.keys import StorageKeys
from stores.later_charges import LaterCharges
from tasks.call.bill import Bill, today
from tasks.call.summarize import wait_until_final
from tasks.without_words import call_task

DEPLOYMENT = "summarize-again/summarize-again"
BATCH = 20  # calls that are summarized again in one run
_REQUESTS_AT_ONCE = 32


@call_task("calls-spoken-by")
async def calls_spoken_by(version: str, since: datetime, until: datetime) -> list[SpokenCall]:
    """The calls that were read back between two times with summaries of this version, oldest first."""
    found: list[SpokenCall] = []
    day = day_in_korea(since)
    while day <= day_in_korea(until):
        ended = [call async for call in read_back_on(day) if since <= call.at <= until]
        for begin in range(0, len(ended), _REQUESTS_AT_ONCE):
            some = ended[begin : begin + _REQUESTS_AT_ONCE]
            versions = await asyncio.gather(*(asyncio.to_thread(_version_of, call) for call in some))
            found += [SpokenCall.of(call) for call, spoken in zip(some, versions, strict=True) if names_version(spoken, version)]
        day += timedelta(days=1)
    return sorted(found, key=lambda call: call.at)


async def read_back_on(day: date) -> AsyncIterator[EndedCall]:
    """Stream the calls that were read back on a day in Korea, by their ids."""
    store = wiring.object_store()
    keys = (facts.key for facts in store.walk(StorageKeys.day_of_calls(day)))
    while some := await asyncio.to_thread(lambda: list(islice(keys, _REQUESTS_AT_ONCE))):
        for stored in await asyncio.gather(*(asyncio.to_thread(store.find, key) for key in some)):
            call = EndedCall.model_validate_json(stored.body) if stored else None
            if call is not None and call.outcome is Outcome.READ_BACK:
                yield call


def _version_of(call: EndedCall) -> str:
    """The version that spoke; entries of before it was filed are looked up in the call's record."""
    if call.version is not None:
        return call.version
    found = wiring.call_records().find(call.call_id)
    return found.record.summary.told_by if found and found.record.summary else ""


@call_task("look-again")
async def look_again(calls: list[str], at_once: int) -> dict[str, str]:
    """Have calls summarized again, into ``calls/reviews/``; returns the error's code for each that cannot be."""
    if wiring.summarizes_in_call():
        from tasks.call.second_summary import summarize_again  # loads the model's code

        return await summarize_again.fn(calls, at_once)
    parameters = {"calls": calls, "at_once": at_once}
    run = await arun_deployment(DEPLOYMENT, parameters=parameters, flow_run_name=f"다시 요약 {len(calls)}건", timeout=0)
    state = await wait_until_final(run, patience=wiring.settings().summary_patience_seconds * len(calls))
    return failures_in(state.message or "")


async def reviewed(calls: Sequence[SpokenCall], at_once: int, later: LaterCharges) -> list[SpokenCall]:
    """Calls with what a second look came to, which is paid for; one that fails is told and stops no other."""
    ids = [call.call_id for call in calls]
    try:
        failures = await look_again(ids, at_once)
    except ReadbackError as error:
        failures = dict.fromkeys(ids, error.code)
    found = await asyncio.gather(*(asyncio.to_thread(find_review, wiring.object_store(), call_id) for call_id in ids))
    charges = [
        charge
        for call_id, review in zip(ids, found, strict=True)
        if review is not None and call_id not in failures
        for charge in await asyncio.to_thread(_pay, call_id, review)
    ]
    await asyncio.to_thread(later.add, charges)
    return [_after(call, review, failures.get(call.call_id, "")) for call, review in zip(calls, found, strict=True)]


def _pay(call_id: str, review: Review) -> list[Charge]:
    """What a look took, written into the call's ledger."""
    bill = Bill()
    bill.summarized(review.now)
    # A call that was erased or is being edited meanwhile stops no other; the day's figures have what it cost.
    with suppress(ObjectGone, StorageConflict):
        wiring.call_records().pay_later(call_id, bill.charges, today())
    return bill.charges


def _after(call: SpokenCall, review: Review | None, failure: str) -> SpokenCall:
    if failure or review is None:
        return call.model_copy(update={"failure": failure or ObjectGone.code})
    return call.model_copy(update={"reviewed": True, "changed": review.changed})


def find_review(store: ObjectStore, call_id: str) -> Review | None:
    """What the latest second look at a call came to."""
    stored = store.find(StorageKeys.review(call_id))
    return Review.model_validate_json(stored.body) if stored else None
