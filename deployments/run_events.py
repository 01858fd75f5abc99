"""Subscribes to the `flow-run.Scheduled` events of a work pool, so that its worker need not poll."""

import asyncio
import logging
from collections.abc import Callable
from uuid import UUID

from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventAnyResourceFilter, EventFilter, EventNameFilter

_PAUSE_SECONDS = 5.0


async def listen_for_runs(
    work_pool_id: UUID, scheduled: Callable[[], None], logger: logging.Logger | logging.LoggerAdapter[logging.Logger]
) -> None:
    """Call ``scheduled`` for each run that is scheduled in a work pool, until cancelled.

    Prefect tells its events over a websocket and connects again by itself for a while. When that fails as well, the worker's own,
    slower polling finds the runs until the server is back.
    """
    ours = EventFilter(
        event=EventNameFilter(name=["prefect.flow-run.Scheduled"]),
        any_resource=EventAnyResourceFilter(id=[f"prefect.work-pool.{work_pool_id}"]),
    )
    while True:
        try:
            async with get_events_subscriber(filter=ours, reconnect_on_clean_close=True) as events:
                async for _ in events:
                    scheduled()
        except Exception as error:  # noqa: BLE001 — whatever broke, the worker goes on by polling and says so
            logger.warning("No events of scheduled runs (%s: %s); listening again in %.0f s", type(error).__name__, error, _PAUSE_SECONDS)
        await asyncio.sleep(_PAUSE_SECONDS)
