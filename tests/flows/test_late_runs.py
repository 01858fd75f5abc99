"""Runs that are due and that nobody takes are counted by queue, and a paused queue asks for no more workers."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.states import Running, Scheduled

from clients.s3 import ObjectStore
from deployments.aws.late_runs import late_runs, tell
from tests.flows.conftest import a_call_run, put_recording


async def test_late_runs_are_counted_by_queue(store: ObjectStore, client: PrefectClient, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    for contact, due in (("late", -60), ("later", -30), ("just due", -1), ("tomorrow", 86_400)):
        await a_call_run(client, put_recording(store, contact), Scheduled(scheduled_time=now + timedelta(seconds=due)))
    await a_call_run(client, put_recording(store, "running"), Running())
    assert (await late_runs(client, now))["live"] == 2
    await tell(client, now)
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert {"queue": "live", "late_runs": 2} in told
    live = await client.read_work_queue_by_name("live", work_pool_name="calls")
    await client.update_work_queue(live.id, is_paused=True)
    assert (await late_runs(client, now))["live"] == 0
    await client.update_work_queue(live.id, is_paused=False)
