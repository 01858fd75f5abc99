"""A call that has been read back, summarized again by the model in service: nothing that the caller heard or the agent saw changes."""

import asyncio
from datetime import UTC, datetime

import wiring
from models.call.review import Review
from models.call.transcript import summarizer_input
from models.errors import ObjectGone
from models.keys import StorageKeys
from tasks.call.write_summary import model_of_this_process, summary_of
from tasks.without_words import call_task


@call_task("summarize-again")
async def summarize_again(call_id: str) -> Review:
    """Summarize a call's transcript and keep what came of it beside the call (``calls/reviews/``), in the place of an earlier look."""
    record = (await asyncio.to_thread(wiring.call_records().read, call_id)).record
    if record.summary is None:
        raise ObjectGone(f"call {call_id} has no summary that could be held against another one")
    model = await asyncio.to_thread(model_of_this_process)
    review = Review.of(record, summary_of(await model.answer(summarizer_input(record.said))), datetime.now(UTC))
    body = review.model_dump_json(indent=1).encode()
    await asyncio.to_thread(wiring.object_store().put, StorageKeys.review(call_id), body, content_type="application/json")
    return review
