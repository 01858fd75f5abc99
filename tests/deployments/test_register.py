"""Registering makes what the deployments need, and registering again changes nothing but what the settings changed."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from prefect import get_client
from prefect.testing.utilities import prefect_test_harness

from deployments.register import SILENT_RUNS, limits, pools, register, silent_runs
from models.settings import Settings


@pytest.fixture(scope="module")
def prefect_server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=180):
        yield


async def test_registering_twice_makes_everything_once(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await register()
    monkeypatch.setenv("READBACK_DEAD_AFTER_SECONDS", "120")
    monkeypatch.setenv("READBACK_STT_CONCURRENCY", "20")
    await register()
    async with get_client() as client:
        automations = await client.read_automations_by_name(SILENT_RUNS)
        assert [automation.trigger.within for automation in automations] == [timedelta(seconds=120)]
        queues = {queue.name: queue for queue in await client.read_work_queues(work_pool_name="calls")}
        assert queues["operations"].priority < queues["live"].priority < queues["backfill"].priority
        assert (queues["live"].concurrency_limit, queues["backfill"].concurrency_limit) == (None, 10)
        limit = await client.read_global_concurrency_limit_by_name("returnzero-jobs")
        assert (limit.limit, limit.slot_decay_per_second) == (20, 0)
        rate = await client.read_global_concurrency_limit_by_name("google-tts")
        assert (rate.limit, round(rate.slot_decay_per_second, 1)) == (100, 16.7)


def test_backfill_never_takes_all_speech_to_text_jobs() -> None:
    for concurrency in (1, 2, 10, 21):
        queues = {queue.name: queue for pool in pools(Settings(stt_concurrency=concurrency)) for queue in pool.queues}
        taken = queues["backfill"].concurrency
        assert taken is not None
        assert 1 <= taken <= max(1, concurrency // 2)


def test_the_silent_are_told_from_the_ended() -> None:
    trigger = silent_runs(Settings(dead_after_seconds=90)).trigger
    assert trigger.within == timedelta(seconds=90)
    assert trigger.after == {"prefect.flow-run.heartbeat"}
    assert {"prefect.flow-run.Completed", "prefect.flow-run.Failed", "prefect.flow-run.AwaitingRetry"} <= trigger.expect


def test_the_limits_are_the_vendors_over_all_workers() -> None:
    jobs, speech = limits(Settings(stt_concurrency=7, tts_per_minute=600))
    assert (jobs.slots, jobs.decay_per_second) == (7, 0)
    assert (speech.slots, speech.decay_per_second) == (60, 10)
