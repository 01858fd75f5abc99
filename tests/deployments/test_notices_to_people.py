"""People are told: an event on a real Prefect server becomes a notice at a real webhook."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from uuid import uuid5

import pytest
import requests
from prefect import get_client
from prefect.blocks.system import Secret
from prefect.client.orchestration import PrefectClient
from prefect.events.schemas.automations import Automation
from prefect.settings import PREFECT_API_URL

import wiring
from deployments.notifications import OWNER, register_notifications
from models.call.alarms import DANGER, DANGER_FOUND, Alarm, Watched
from models.call.pause import PauseReason
from models.call.steps import Step
from models.errors import ConfigurationError, QuotaExhausted
from reports.notices import NOTICES, danger_facts, paused_facts
from sandbox.notices import make_block
from sandbox.stand_in import stand_in
from tasks.operations.alarms import clear_alarm, raise_alarm, standing_alarm
from tasks.operations.alive import expect_alive, say_alive
from tasks.operations.danger import EVENTS
from tasks.operations.events import event_about, post_events
from wiring.configuration import Settings

SILENT = 10  # Prefect's shortest


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    with stand_in("sandbox.notices") as (address, _):
        yield address["url"]


@pytest.fixture(scope="module")
def block(prefect_server: None, receiver: str) -> str:
    return make_block(str(PREFECT_API_URL.value()), receiver)


@pytest.fixture
async def client(prefect_server: None) -> AsyncIterator[PrefectClient]:
    async with get_client() as connected:
        yield connected


@pytest.fixture
async def told(client: PrefectClient, block: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setenv("READBACK_PROCESS_SILENT_SECONDS", str(SILENT))
    wiring.settings.cache_clear()
    await register_notifications(client, Settings(notification_block=block, process_silent_seconds=SILENT))
    yield
    await register_notifications(client, Settings())
    wiring.settings.cache_clear()


async def arrived(receiver: str, subject: str, *, times: int = 1) -> str:
    """Wait until a notice has come; its body."""
    while True:
        if len(bodies := so_far(receiver, subject)) >= times:
            return bodies[-1]
        await asyncio.sleep(0.2)


def so_far(receiver: str, subject: str) -> list[str]:
    return [notice["body"] for notice in requests.get(f"{receiver}/notices", timeout=10).json() if notice["subject"] == subject]


async def ours(client: PrefectClient) -> dict[str, Automation]:
    return {automation.name: automation for automation in await client.read_resource_related_automations(OWNER)}


async def test_a_call_that_shows_a_danger_reaches_people_once_and_tells_nothing_of_what_was_said(
    client: PrefectClient, told: None, receiver: str
) -> None:
    async def tell(call: str) -> None:
        facts = danger_facts(call, "the run", datetime.now(UTC))
        await post_events(client, [event_about(DANGER_FOUND, DANGER, facts, event_id=str(uuid5(EVENTS, call)))])

    subject = "[Readback] 위험 신호가 있는 통화"
    for call in ("first call", "first call", "second call"):  # a run that was killed before it noted that it had told tells again
        await tell(call)
    while not any("second call" in body for body in so_far(receiver, subject)):
        await asyncio.sleep(0.2)
    bodies = so_far(receiver, subject)
    assert sum("first call" in body for body in bodies) == 1
    assert "할 일: 지금 실행 `the run`을 열어" in bodies[0]


async def test_a_pause_reaches_people_once_until_it_is_over(client: PrefectClient, told: None, receiver: str) -> None:
    reason = PauseReason.because_of(QuotaExhausted("used up"), Step.TRANSCRIBE, "run")
    facts = paused_facts(reason, probe_minutes=15)
    assert await raise_alarm(client, Alarm.CALLS_PAUSED, facts, cause="quota_exhausted")
    body = await arrived(receiver, "[Readback] 통화 처리 일시 정지: 한도 소진")
    assert body.startswith("무슨 일: 업체의 유료 한도를 다 썼습니다.")
    assert not await raise_alarm(client, Alarm.CALLS_PAUSED, facts, cause="quota_exhausted")
    standing = await standing_alarm(client, Alarm.CALLS_PAUSED)
    assert standing is not None
    await clear_alarm(client, Alarm.CALLS_PAUSED, standing)
    await arrived(receiver, "[Readback] 통화 처리 재개")
    assert await standing_alarm(client, Alarm.CALLS_PAUSED) is None
    assert len(so_far(receiver, "[Readback] 통화 처리 일시 정지: 한도 소진")) == 1


async def test_a_process_that_falls_silent_or_never_starts_is_told_and_so_is_its_return(
    client: PrefectClient, told: None, receiver: str
) -> None:
    await expect_alive(client)
    await say_alive(client, Watched.LISTENER)
    body = await arrived(receiver, "[Readback] 녹취 수신기 멈춤")
    assert "마지막 신호 20" in body
    await arrived(receiver, "[Readback] 통화 작업자 멈춤")
    await say_alive(client, Watched.LISTENER)
    await arrived(receiver, "[Readback] 녹취 수신기 복구")
    await arrived(receiver, "[Readback] 녹취 수신기 멈춤", times=2)


async def test_registering_again_changes_nothing_and_leaves_off_what_a_person_switched_off(
    client: PrefectClient, block: str, told: None
) -> None:
    settings = Settings(notification_block=block, process_silent_seconds=SILENT)
    first = await ours(client)
    assert first.keys() == {notice.name for notice in NOTICES}
    off = first[NOTICES[0].name]
    await client.pause_automation(off.id)
    await register_notifications(client, settings)
    again = await ours(client)
    assert {name: automation.id for name, automation in again.items()} == {name: automation.id for name, automation in first.items()}
    assert again[off.name] == off.model_copy(update={"enabled": False})
    await register_notifications(client, settings.model_copy(update={"process_silent_seconds": 60}))
    changed = await ours(client)
    assert {name: automation.id for name, automation in changed.items()} == {name: automation.id for name, automation in first.items()}
    assert {automation.model_dump()["trigger"]["within"].total_seconds() for automation in changed.values()} == {0, 60}


async def test_without_a_block_there_are_no_automations(client: PrefectClient, told: None) -> None:
    await register_notifications(client, Settings())
    assert await ours(client) == {}


@pytest.mark.parametrize("named", ["slack-webhook/nobody", "nothing", "secret/silent"])
async def test_a_block_that_is_not_there_or_sends_nothing_is_refused_with_a_remedy(client: PrefectClient, named: str) -> None:
    await Secret(value="x").save("silent", overwrite=True)  # type: ignore[misc]
    with pytest.raises(ConfigurationError, match=r"READBACK_NOTIFICATION_BLOCK: (there is no block|block 'secret/silent' cannot notify)"):
        await register_notifications(client, Settings(notification_block=named))
