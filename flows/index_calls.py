"""Make the console's list of calls from the calls' records: what is missing or stale, of the last days or of all calls."""

from datetime import UTC, datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from models.call.korea import day_in_korea
from tasks.operations.index import index_records, last_days
from tasks.operations.uneventful import outcome
from tasks.without_words import without_words


@flow(name="index-calls")
@without_words
async def index_calls(recent_days: int = 0) -> State[Any]:
    """Hold the list against the records. The records are the truth; the list's database may be emptied at any time.

    Args:
        recent_days: Only calls that ended on so many days, today (Korean time) included; 0: all calls.
    """
    done = await index_records(last_days(day_in_korea(datetime.now(UTC)), recent_days))
    if done is None or not (done.written or done.removed or done.unreadable):
        return outcome("")
    unreadable = f"; {len(done.unreadable)} records cannot be read: {', '.join(done.unreadable[:5])}" if done.unreadable else ""
    return outcome(f"{done.seen} calls looked at, {done.written} listed anew, {done.removed} taken out{unreadable}")
