"""The calls that one model version spoke, and a second look at each by the model in service."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from itertools import islice

from prefect.deployments import arun_deployment

import wiring
from models.call.ended import EndedCall
from models.call.korea import day_in_korea
from models.call.record import Outcome
from models.call.review import Review, SpokenCall, names_version
from models.errors import ObjectGone, ReadbackError
from models.keys import StorageKeys
from tasks.call.summarize import wait_until_final
from tasks.without_words import call_task

DEPLOYMENT = "summarize-again/summarize-again"
_REQUESTS_AT_ONCE = 32


@call_task("calls-spoken-by")
async def calls_spoken_by(version: str, since: datetime, until: datetime) -> list[SpokenCall]:
    """The calls that were read back between two times with summaries of this version, oldest first."""
    found: list[SpokenCall] = []
    day = day_in_korea(since)
    while day <= day_in_korea(until):
        ended = [call async for call in _read_back_on(day) if since <= call.at <= until]
        for begin in range(0, len(ended), _REQUESTS_AT_ONCE):
            some = ended[begin : begin + _REQUESTS_AT_ONCE]
            versions = await asyncio.gather(*(asyncio.to_thread(_version_of, call) for call in some))
            found += [SpokenCall.of(call) for call, spoken in zip(some, versions, strict=True) if names_version(spoken, version)]
        day += timedelta(days=1)
    return sorted(found, key=lambda call: call.at)


async def _read_back_on(day: date) -> AsyncIterator[EndedCall]:
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
    return found.record.summary.version if found and found.record.summary else ""


async def look_again(call: SpokenCall) -> SpokenCall:
    """Have a call summarized again; a call whose second summary fails is told and stops no other."""
    try:
        review = await _second_look(call.call_id)
    except ReadbackError as error:
        return call.model_copy(update={"failure": error.code})
    return call.model_copy(update={"reviewed": True, "changed": review.changed})


@call_task("second-look")
async def _second_look(call_id: str) -> Review:
    if wiring.settings().summarize_in_call:
        from tasks.call.second_summary import summarize_again  # loads the model's code

        return await summarize_again.fn(call_id)
    run = await arun_deployment(DEPLOYMENT, parameters={"call_id": call_id}, flow_run_name=f"다시 요약 #{call_id[:8]}", timeout=0)
    await wait_until_final(run, patience=wiring.settings().summary_patience_seconds)
    stored = await asyncio.to_thread(wiring.object_store().find, StorageKeys.review(call_id))
    if stored is None:
        raise ObjectGone(f"the second summary of call {call_id} is not there")
    return Review.model_validate_json(stored.body)
