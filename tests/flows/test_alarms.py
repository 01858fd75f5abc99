"""The reaper raises an alarm once, keeps it while its cause lasts, and clears it when calls are well again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.states import Completed, Failed

import wiring
from clients.s3 import ObjectStore
from flows.reap import reap
from models.call.alarms import ALIVE, CLEARED, RAISED, Alarm
from models.call.pause import PauseReason
from models.call.steps import Step
from models.errors import QuotaExhausted, VendorUnavailable
from tasks.operations.alarms import standing_alarm
from tasks.operations.events import count_events
from tasks.operations.pause import pause_calls, resume_calls
from tasks.operations.runs import QUARANTINED
from tests.flows.conftest import a_call_run, put_recording


@pytest.fixture
async def begun(client: PrefectClient) -> AsyncIterator[datetime]:
    """When the test began; no alarm stands then, and none afterwards."""
    yield datetime.now(UTC)
    for variable in await client.read_variables():
        if variable.name.startswith("readback_"):
            await client.delete_variable_by_name(variable.name)


async def told(client: PrefectClient, event: str, since: datetime, alarm: Alarm) -> list[dict[str, Any]]:
    """What the events of an alarm tell; the server writes them down in batches."""
    while not await count_events(client, event, since, datetime.now(UTC)):
        await asyncio.sleep(0.5)
    which = {"occurred": {"since": since.isoformat()}, "event": {"name": [event]}, "resource": {"id": [alarm.resource]}}
    answer = await client.request("POST", "/events/filter", json={"filter": which})
    return [event["payload"] for event in answer.json()["events"]]


async def quarantine(client: PrefectClient, store: ObjectStore, contact: str, code: str) -> None:
    state = Failed(name=QUARANTINED, message=f"{code} in step transcribe: nobody said a word")
    await a_call_run(client, put_recording(store, contact), state)


async def test_a_rate_of_quarantine_is_told_once_with_its_commonest_reasons_until_it_has_fallen(
    store: ObjectStore, client: PrefectClient, begun: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_QUARANTINE_ALARM_CALLS", "3")
    wiring.settings.cache_clear()
    for n, code in enumerate(("no_speech", "no_speech", "bad_recording")):
        assert await standing_alarm(client, Alarm.QUARANTINE) is None
        await quarantine(client, store, f"bad-{n}", code)
        await reap()
    assert await standing_alarm(client, Alarm.QUARANTINE)
    await quarantine(client, store, "bad-4", "no_speech")
    await reap()
    raised = await told(client, RAISED, begun, Alarm.QUARANTINE)
    assert len(raised) == 1
    assert raised[0] | {"since": ""} == {
        "quarantined": "3",
        "ended": "3",
        "minutes": "60",
        "percent": "100",
        "causes": "말소리 없음 2건, 녹취를 쓸 수 없음 1건",
        "remedy": "녹취를 들어 보세요. 말이 없었다면 조치할 것이 없습니다.",
        "error": "no_speech",
        "since": "",
    }
    for run in await client.read_flow_runs():
        if run.state and run.state.name == QUARANTINED:
            await client.delete_flow_run(run.id)
    await reap()
    assert await standing_alarm(client, Alarm.QUARANTINE) is None
    assert [facts["quarantined"] for facts in await told(client, CLEARED, begun, Alarm.QUARANTINE)] == ["0"]


async def test_a_pause_that_comes_again_at_every_trial_is_told_once_and_its_end_when_calls_are_finished(
    store: ObjectStore, client: PrefectClient, begun: datetime
) -> None:
    used_up = PauseReason.because_of(QuotaExhausted("the quota is used up"), Step.TRANSCRIBE, "")
    for _ in range(2):
        assert await pause_calls(used_up)
        await resume_calls(client)
        await reap()
    assert await pause_calls(PauseReason.because_of(VendorUnavailable("HTTP 503"), None, ""))
    await a_call_run(client, put_recording(store, "c-1"), Completed())
    await reap()
    assert await standing_alarm(client, Alarm.CALLS_PAUSED)
    await resume_calls(client)
    await reap()
    assert await standing_alarm(client, Alarm.CALLS_PAUSED)
    await a_call_run(client, put_recording(store, "c-2"), Completed())
    await reap()
    assert await standing_alarm(client, Alarm.CALLS_PAUSED) is None
    await told(client, CLEARED, begun, Alarm.CALLS_PAUSED)
    assert sorted(facts["title"] for facts in await told(client, RAISED, begun, Alarm.CALLS_PAUSED)) == ["업체 응답 없음", "한도 소진"]


async def test_a_reaper_that_has_done_its_work_gives_a_sign_of_life(store: ObjectStore, client: PrefectClient, begun: datetime) -> None:
    await reap()
    while await count_events(client, ALIVE, begun, datetime.now(UTC)) < 1:
        await asyncio.sleep(0.5)
