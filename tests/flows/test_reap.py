"""Dead runs come back by themselves; a used-up quota or an outage pauses the queues instead of failing calls."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import AwaitingRetry, Completed, Crashed, Failed, Paused, Pending, Running, Scheduled

import wiring
from clients.s3 import ObjectStore
from flows import reap as reaper
from flows.process_call import process_call
from flows.reap import reap
from flows.reconcile import reconcile
from models.call.steps import Step
from models.errors import QuotaExhausted
from tasks.operations.pause import WAITING, PauseReason, pause_calls, pause_in_force, resume_calls
from tasks.operations.runs import heard_since, move
from tasks.operations.uneventful import NOTHING_TO_DO
from tests.flows.conftest import a_call_run, artifact, put_recording, queues_paused


async def no_time_passes(seconds: float) -> None:
    """Instead of the reaper's wait for one more heartbeat."""


async def state_of(client: PrefectClient, run: FlowRun) -> str:
    state = (await client.read_flow_run(run.id)).state
    assert state is not None
    return state.name


def settings(monkeypatch: pytest.MonkeyPatch, **values: float) -> None:
    """Shorter times: the server dates every state itself."""
    for name, value in values.items():
        monkeypatch.setenv(f"READBACK_{name.upper()}", str(value))
    wiring.settings.cache_clear()


async def test_a_crashed_call_is_run_again_after_its_pause(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await a_call_run(client, put_recording(store, "c-1"), Crashed())
    settings(monkeypatch, crashed_pause_seconds=600)
    await reap()
    assert await state_of(client, run) == "Crashed"
    settings(monkeypatch, crashed_pause_seconds=0)
    await reap()
    assert await state_of(client, run) == "AwaitingRetry"


async def test_a_call_that_crashed_three_times_is_left_to_reconcile(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, crashed_pause_seconds=0)
    run = await a_call_run(client, put_recording(store, "c-1"))
    for _ in range(3):
        await client.set_flow_run_state(run.id, Running(), force=True)
        await client.set_flow_run_state(run.id, Crashed(), force=True)
    assert (await client.read_flow_run(run.id)).run_count == 3
    await reap()
    assert await state_of(client, run) == "Crashed"


async def test_a_run_that_its_worker_never_began_goes_back_to_the_queue(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await a_call_run(client, put_recording(store, "c-1"), Pending())
    await reap()
    assert await state_of(client, run) == "Pending"
    settings(monkeypatch, pending_seconds=0.001)
    await reap()
    assert await state_of(client, run) == "AwaitingRetry"


async def heartbeat(client: PrefectClient, run: FlowRun, age: timedelta) -> None:
    event = {
        "id": str(uuid4()),
        "occurred": (datetime.now(UTC) - age).isoformat(),
        "event": "prefect.flow-run.heartbeat",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run.id}"},
    }
    (await client.request("POST", "/events", json=[event])).raise_for_status()


async def until_heard(client: PrefectClient, since: datetime, runs: list[FlowRun]) -> None:
    for _ in range(60):
        if await heard_since(client, since, runs) == {run.id for run in runs}:
            return
        await asyncio.sleep(0.5)
    raise AssertionError("the server did not file the heartbeats")


async def test_a_run_that_fell_silent_is_crashed_and_one_that_speaks_again_is_not(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, dead_after_seconds=1)
    silent, back, mute = [await a_call_run(client, put_recording(store, f"c-{n}"), Running()) for n in range(3)]
    for run in (silent, back):
        await heartbeat(client, run, timedelta(minutes=5))
    await until_heard(client, datetime.now(UTC) - timedelta(hours=1), [silent, back])
    await asyncio.sleep(1.5)

    async def while_the_reaper_waits(seconds: float) -> None:
        # The server was away, and this run's next heartbeat comes through.
        asked_at = datetime.now(UTC)
        await heartbeat(client, back, timedelta(0))
        await until_heard(client, asked_at, [back])

    monkeypatch.setattr(reaper, "pause", while_the_reaper_waits)
    # A run that never spoke is left where heartbeats are switched off, and was killed in its first moments where they are not.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        await reap()
    assert [await state_of(client, run) for run in (silent, back, mute)] == ["Crashed", "Running", "Running"]
    await reap()
    assert [await state_of(client, run) for run in (back, mute)] == ["Running", "Crashed"]


async def test_a_silent_run_that_is_paused_or_ends_while_the_reaper_waits_is_left_as_it_is(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, dead_after_seconds=1)
    paused, ended, dead = [await a_call_run(client, put_recording(store, f"c-{n}"), Running()) for n in range(3)]
    await asyncio.sleep(1.5)

    async def while_the_reaper_waits(seconds: float) -> None:
        await client.set_flow_run_state(paused.id, Paused(timeout_seconds=600), force=True)
        await client.set_flow_run_state(ended.id, Completed(), force=True)

    monkeypatch.setattr(reaper, "pause", while_the_reaper_waits)
    await reap()
    assert [await state_of(client, run) for run in (paused, ended, dead)] == ["Paused", "Completed", "Crashed"]


async def test_a_call_that_begins_while_the_reaper_looks_is_not_taken_from_its_worker(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, pending_seconds=0.001)
    seen = await a_call_run(client, put_recording(store, "c-1"), Pending())
    await client.set_flow_run_state(seen.id, Running(), force=True)
    assert not await move(client, seen, AwaitingRetry(), force=True)
    assert await state_of(client, seen) == "Running"


async def test_a_dead_reconciliation_does_not_look_alive_for_ever(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, dead_after_seconds=1)
    dead = await client.create_flow_run(reconcile, state=Running())
    await asyncio.sleep(1.5)

    monkeypatch.setattr(reaper, "pause", no_time_passes)
    await reap()
    assert await state_of(client, dead) == "Crashed"


async def test_a_reaper_leaves_the_work_to_one_that_began_before_unless_that_one_is_dead(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, crashed_pause_seconds=0)
    run = await a_call_run(client, put_recording(store, "c-1"), Crashed())
    earlier = await client.create_flow_run(reap, state=Running())
    await reap()
    assert await state_of(client, run) == "Crashed"
    settings(monkeypatch, dead_after_seconds=1)
    await asyncio.sleep(1.5)

    monkeypatch.setattr(reaper, "pause", no_time_passes)
    await reap()
    assert [await state_of(client, one) for one in (run, earlier)] == ["AwaitingRetry", "Crashed"]


async def endings(client: PrefectClient, flow: str) -> list[str]:
    """How the runs of a flow have ended, the latest first."""
    found = await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])), sort=FlowRunSort.END_TIME_DESC)
    return [run.state.name for run in found if run.state]


async def test_a_day_of_watching_leaves_the_runs_that_did_something_and_the_latest_of_those_that_did_not(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(monkeypatch, crashed_pause_seconds=0)
    run = await a_call_run(client, put_recording(store, "c-1"), Crashed())
    await reap()
    await reconcile(recent_days=1)
    for _ in range(3):
        await reap()
    await reconcile(recent_days=1)
    failed = await client.create_flow_run(reap, state=Failed(message="the server was away"))
    done = await client.create_flow_run(process_call, state=Completed(name=NOTHING_TO_DO))
    await reap()
    # the run at hand has looked before it ended; the one before it has told until then that the reaper lives
    assert sorted(await endings(client, "reap")) == ["Failed", "NothingToDo", "NothingToDo", "TookCare"]
    assert await endings(client, "reconcile") == ["NothingToDo"]
    assert [await state_of(client, one) for one in (run, failed, done)] == ["AwaitingRetry", "Failed", "NothingToDo"]


def used_up(age: timedelta = timedelta(0)) -> PauseReason:
    stop = PauseReason.because_of(QuotaExhausted("the quota is used up", remedy="Buy more"), Step.TRANSCRIBE, "")
    return stop.model_copy(update={"since": datetime.now(UTC) - age})


async def test_a_used_up_quota_pauses_the_queues_once_and_tells_why(store: ObjectStore, client: PrefectClient) -> None:
    assert await pause_calls(used_up())
    assert not await pause_calls(used_up())
    assert await queues_paused(client) == [True, True]
    assert "업체의 유료 한도를 다 썼습니다" in await artifact(client, "calls-paused")
    await reap()
    assert await queues_paused(client) == [True, True]
    await reap(resume_now=True)
    assert await queues_paused(client) == [False, False]
    assert await pause_in_force(client) is None


async def test_paused_queues_open_after_a_while_so_that_the_next_call_tries(store: ObjectStore, client: PrefectClient) -> None:
    await pause_calls(used_up(timedelta(hours=1)))
    await reap()
    assert await queues_paused(client) == [False, False]


async def test_what_a_person_paused_stays_paused(store: ObjectStore, client: PrefectClient) -> None:
    queue = await client.read_work_queue_by_name("backfill", work_pool_name="calls")
    await client.update_work_queue(queue.id, is_paused=True)
    await reap()
    assert await queues_paused(client) == [False, True]
    await resume_calls(client)


async def test_an_outage_pauses_the_queues_unless_calls_are_finished(store: ObjectStore, client: PrefectClient) -> None:
    waiting = Scheduled(name=WAITING, scheduled_time=datetime.now(UTC) + timedelta(minutes=5))
    for n in range(5):
        await a_call_run(client, put_recording(store, f"c-{n}"), waiting)
    done = await a_call_run(client, put_recording(store, "done"), Completed())
    await reap()
    assert await queues_paused(client) == [False, False]
    await client.delete_flow_run(done.id)
    await reap()
    assert await queues_paused(client) == [True, True]
    await resume_calls(client)
