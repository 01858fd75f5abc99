"""A call lists itself for the console when it ends.

The list is a convenience and its database no part of a call's path: a call that cannot list itself ends all the same and says so in its
log, the next calls do not even try for a while, and ``index-calls`` makes it good.
"""

import asyncio
import time
from dataclasses import dataclass

from prefect import get_run_logger

import wiring
from models.call.listed import ListedCall
from models.call.record import CallRecord
from models.errors import ReadbackError

REST_SECONDS = 30.0


@dataclass
class _Away:
    """Until when (``time.monotonic()``) a database that did not answer is left alone."""

    until: float = 0.0


_away = _Away()


async def list_call(record: CallRecord) -> None:
    """List a call as its record says; never an error, for no call may end otherwise because of the list."""
    index = wiring.call_index()
    if index is None or time.monotonic() < _away.until:
        return
    try:
        await asyncio.to_thread(index.write, ListedCall.of(record))
    except ReadbackError as error:
        _away.until = time.monotonic() + REST_SECONDS
        get_run_logger().warning("Call %s is not in the console's list until index-calls has run: %s", record.call_id, error)
