"""Prefect's services begun again when one ends: by itself Prefect starts each once, and nobody looks whether it lives.

The service that acts on events reads all automations first. Where the database does not answer just then, it ends without a word while
the server runs on, and no call is started any more (ADR 40).
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial, wraps
from types import ModuleType
from typing import Any

from prefect.server.events import stream
from prefect.server.events.services.triggers import ReactiveTriggers
from prefect.server.events.triggers import listen_for_automation_changes
from prefect.server.logs import stream as logs_stream
from prefect.server.services.base import Service

logger = logging.getLogger("readback.services")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds
TO_WRITE_WHAT_IT_HAS = 20.0  # seconds; ECS gives a task 40 to stop


def keep_services() -> None:
    """Let whatever this process starts of Prefect's services be begun again when it ends, for whatever reason."""
    Service.running = classmethod(running)  # type: ignore[method-assign, assignment]
    for module in (stream, logs_stream):
        _keep_distributor(module)


@asynccontextmanager
async def running(kind: type[Service]) -> AsyncIterator[None]:
    """In place of ``Service.running``: the enabled services until the context is left."""
    kept = [asyncio.create_task(keep(service.__name__, partial(_live, service))) for service in kind.enabled_services()]
    try:
        yield
    finally:
        for task in kept:
            task.cancel()
        await asyncio.gather(*kept, return_exceptions=True)


async def keep(name: str, live: Callable[[], Awaitable[None]]) -> None:
    """Do it again whenever it ends, until this task is cancelled; the pauses grow to half a minute while it does not last longer."""
    pause = FIRST_PAUSE
    while True:
        begun = time.monotonic()
        try:
            await live()
            why = "nobody ended it"
        except Exception as error:  # noqa: BLE001 - whatever ends a service, it is begun again; it is told
            why = f"{type(error).__name__}: {error}".partition("\n")[0]
        pause = FIRST_PAUSE if time.monotonic() - begun > LONGEST_PAUSE else pause
        logger.error("Prefect's %s has ended (%s); it is begun again in %.0f s", name, why, pause)
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


async def _live(kind: type[Service]) -> None:
    """One life of a service, from its start to its end; each has a new instance, as Prefect's remember what they began."""
    service = kind()
    begun = asyncio.create_task(service.start())
    try:
        await asyncio.shield(begun)
    finally:
        await _leave_nothing(service, begun)


async def _leave_nothing(service: Service, begun: asyncio.Task[None]) -> None:
    """Let a service write what it has in hand, and end what it began."""
    try:
        await service.stop()
        await asyncio.wait([begun], timeout=TO_WRITE_WHAT_IT_HAS)
    except AssertionError:
        await _leave_nothing_half_begun(service)
    except Exception as error:  # noqa: BLE001 - what it ended with, which has been told
        logger.info("Prefect's %s stops with %s, as it ended", type(service).__name__, type(error).__name__)
    begun.cancel()
    await asyncio.gather(begun, return_exceptions=True)


async def _leave_nothing_half_begun(service: Service) -> None:
    """End what a start leaves that did not come to its end: a subscription that nobody reads, and who listens to the database."""
    if consumer := getattr(service, "consumer", None):
        await consumer.cleanup()
    if isinstance(service, ReactiveTriggers):
        listening = [task for task in asyncio.all_tasks() if task.get_coro().__name__ == listen_for_automation_changes.__name__]  # type: ignore[union-attr]
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)


def _keep_distributor(module: ModuleType) -> None:
    """Keep what carries events and logs to websockets: where it ends before it has begun, Prefect waits for it for ever."""
    run = module.run_distributor

    @wraps(run)
    async def run_distributor(started: asyncio.Event) -> Any:
        await keep(f"{module.__name__}.run_distributor", lambda: run(started))

    module.run_distributor = run_distributor  # type: ignore[attr-defined]
