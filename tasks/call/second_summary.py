"""Calls that have been read back, summarized again by the model in service: nothing that the caller heard or the agent saw changes."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from prefect import get_run_logger

import wiring
from models.call.review import Review
from models.call.transcript import summarizer_input
from models.errors import AccessRefused, ObjectGone, ReadbackError, TransientError
from models.keys import StorageKeys
from models.lifecycle.in_service import ModelInService
from models.summarizer.summarizer import SummaryResult
from tasks.call.write_summary import model_of_this_process, summary_of, used_for
from tasks.without_words import call_task


@call_task("summarize-again")
async def summarize_again(calls: Sequence[str], at_once: int) -> dict[str, str]:
    """Summarize calls and keep what came of each beside it (``calls/reviews/``), in the place of an earlier look.

    Returns the error's code for each call that cannot be summarized; what would fail for every call is raised.
    """
    model, places = await asyncio.to_thread(model_of_this_process), asyncio.Semaphore(at_once)

    async def one(call_id: str) -> str:
        async with places:
            try:
                await _second_look(model, call_id)
            except (AccessRefused, TransientError):
                raise
            except ReadbackError as error:
                get_run_logger().warning("Call %s cannot be summarized again: %s", call_id, error)
                return error.code
        return ""

    codes = await asyncio.gather(*(one(call_id) for call_id in calls))
    return {call_id: code for call_id, code in zip(calls, codes, strict=True) if code}


async def _second_look(model: ModelInService[SummaryResult], call_id: str) -> None:
    record = (await asyncio.to_thread(wiring.call_records().read, call_id)).record
    if record.summary is None:
        raise ObjectGone(f"call {call_id} has no summary that could be held against another one")
    begun = time.perf_counter()
    result = await model.answer(summarizer_input(record.said))
    now = summary_of(result).model_copy(update={"used": used_for(result, time.perf_counter() - begun)})
    body = Review.of(record, now, datetime.now(UTC)).model_dump_json(indent=1).encode()
    await asyncio.to_thread(wiring.object_store().put, StorageKeys.review(call_id), body, content_type="application/json")
