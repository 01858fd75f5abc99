"""A worker hears of its pool's runs, and of no other's; it goes on when the stream of events breaks."""

import asyncio
import logging
from contextlib import suppress

import pytest
from prefect import flow, get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import WorkPoolCreate

from deployments import run_events
from deployments.run_events import listen_for_runs


@flow
def a_flow() -> None:
    """Never run here."""


async def schedule_in(client: PrefectClient, pool: str) -> None:
    flow_id = await client.create_flow(a_flow)
    deployment = await client.create_deployment(flow_id, f"in {pool}", work_pool_name=pool)
    await client.create_flow_run_from_deployment(deployment)


async def until_heard(client: PrefectClient, pool: str, heard: asyncio.Event) -> None:
    """Schedule until it is heard: what is scheduled before anybody listens is for the worker's own questions."""
    while not heard.is_set():
        await schedule_in(client, pool)
        with suppress(TimeoutError):
            await asyncio.wait_for(heard.wait(), 1)


async def test_a_worker_hears_of_the_runs_of_its_own_pool(prefect_server: None) -> None:
    async with get_client() as client:
        pools = [await client.create_work_pool(WorkPoolCreate(name=name, type="process")) for name in ("ours", "theirs")]
        ours, theirs = asyncio.Event(), asyncio.Event()
        listening = [
            asyncio.create_task(listen_for_runs(pool.id, event.set, logging.getLogger("test")))
            for pool, event in zip(pools, (ours, theirs), strict=True)
        ]
        await until_heard(client, "ours", ours)
        assert not theirs.is_set()
        await until_heard(client, "theirs", theirs)
        for task in listening:
            task.cancel()


async def test_a_broken_stream_is_told_and_listened_to_again(
    prefect_server: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, broken = run_events.get_events_subscriber, iter([True])

    def subscribe(**options: object) -> object:
        if next(broken, False):
            raise ConnectionResetError("the server went away")
        return real(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(run_events, "get_events_subscriber", subscribe)
    monkeypatch.setattr(run_events, "_PAUSE_SECONDS", 0.1)
    async with get_client() as client:
        pool = await client.create_work_pool(WorkPoolCreate(name="mended", type="process"))
        heard = asyncio.Event()
        listening = asyncio.create_task(listen_for_runs(pool.id, heard.set, logging.getLogger("test")))
        await until_heard(client, "mended", heard)
        listening.cancel()
    assert "ConnectionResetError: the server went away" in caplog.text
