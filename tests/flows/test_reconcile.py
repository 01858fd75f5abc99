"""What is missing, stuck or half done is started once, behind live calls; what is well is left."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.states import Cancelled, Completed, Crashed, Failed, Running

import wiring
from clients.s3 import ObjectStore
from flows.reconcile import reconcile
from flows.redrive import redrive
from models.call.record import Outcome, Recording
from models.keys import StorageKeys
from tasks.operations import reconcile as reconciling
from tests.flows.conftest import a_call_run, artifact, calls_started, outcome_of, put_record, put_recording, recording_key

DAY = date(2026, 11, 20)
FAST = {"per_minute": 100_000}


async def test_each_recording_gets_what_it_needs(store: ObjectStore, client: PrefectClient) -> None:
    forgotten = put_recording(store, "forgotten")
    stuck = put_recording(store, "stuck")
    put_record(store, stuck, str(uuid4()))
    crashed = put_recording(store, "crashed")
    put_record(store, crashed, str((await a_call_run(client, crashed, Crashed())).id))
    alive = put_recording(store, "alive")
    put_record(store, alive, str((await a_call_run(client, alive, Running())).id))
    waiting = put_recording(store, "waiting")
    await a_call_run(client, waiting)
    put_record(store, put_recording(store, "finished"), "x", outcome=Outcome.READ_BACK)
    put_record(store, put_recording(store, "aside"), "x", outcome=Outcome.QUARANTINED)
    store.put("connect/acme/CallRecordings/2026/11/20/readme.txt", b"no call")
    before = {run.id for run in await calls_started(client)}

    await reconcile(since=DAY, until=DAY, **FAST)

    started = [run for run in await calls_started(client) if run.id not in before]
    assert {run.parameters["key"] for run in started} == {forgotten.key, stuck.key}
    assert {run.work_queue_name for run in started} == {"backfill"}
    report = await artifact(client, "reconcile")
    assert "시작 2건 / 확인 8건" in report
    for words in ("처리된 적 없음", "담당 실행 없음", "실행 대기 중", "처리 중", "방금 실패", "격리됨", "녹취 파일이 아님"):
        assert words in report
    assert "forgotten" not in report


async def test_a_call_whose_run_failed_is_started_again_when_it_has_rested(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = put_recording(store, "failed")
    put_record(store, failed, str((await a_call_run(client, failed, Failed())).id))
    monkeypatch.setattr("models.call.reconciling.pause_before_restart", lambda age: timedelta(0))
    await reconcile(since=DAY, until=DAY, **FAST)
    assert len(await calls_started(client)) == 2
    assert "실행이 끝났으나 미완료" in await artifact(client, "reconcile")


async def test_reconciling_twice_starts_nothing_twice(store: ObjectStore, client: PrefectClient) -> None:
    put_recording(store, "forgotten")
    await reconcile(since=DAY, until=DAY, **FAST)
    await reconcile(since=DAY, until=DAY, **FAST)
    assert len(await calls_started(client)) == 1


async def test_an_erased_recording_that_was_kept_is_not_started(store: ObjectStore, client: PrefectClient) -> None:
    kept = put_recording(store, "kept")
    store.put(StorageKeys.erasure_receipt(kept.call_id), b"{}")
    await reconcile(since=DAY, until=DAY, **FAST)
    assert await calls_started(client) == []


async def test_the_dates_and_the_prefix_choose(store: ObjectStore, client: PrefectClient) -> None:
    put_recording(store, "before", "2026/11/18")
    inside = put_recording(store, "inside", "2026/11/19")
    put_recording(store, "after", "2026/11/21")
    await reconcile(prefix="connect/acme/", since=date(2026, 11, 19), until=date(2026, 11, 20), **FAST)
    assert [run.parameters["key"] for run in await calls_started(client)] == [inside.key]


async def test_korean_day_folders_are_found(store: ObjectStore, client: PrefectClient) -> None:
    store.put("connect/acme/CallRecordings/11월/20일/c-1_20261120T01:30_UTC.wav", b"a")
    store.put("connect/acme/CallRecordings/ivr/2026/11/20/c-2_20261120T01:30_UTC.wav", b"b")
    await reconcile(since=DAY, until=DAY, **FAST)
    assert len(await calls_started(client)) == 2


async def test_a_backfill_that_was_interrupted_goes_on_where_it_stopped(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciling, "BATCH", 2)
    for n in range(6):
        put_recording(store, f"c-{n}")
    await reconcile(prefix="connect/acme/", max_minutes=1e-9, **FAST)
    assert len(await calls_started(client)) == 2
    scope = reconciling.Scope("connect/acme/", None, None)
    cursor = reconciling.read_cursor(store, scope)
    assert cursor is not None
    assert "c-1_" in cursor.key
    # What lies before the cursor is not looked at again.
    put_recording(store, "a-0")
    await reconcile(prefix="connect/acme/", **FAST)
    assert {run.parameters["key"] for run in await calls_started(client)} == {recording_key(f"c-{n}") for n in range(6)}
    assert reconciling.read_cursor(store, scope) is None


async def test_calls_are_started_no_faster_than_the_backfill_queue_takes_them(store: ObjectStore, client: PrefectClient) -> None:
    for n in range(5):
        put_recording(store, f"c-{n}")
    await reconcile(since=DAY, until=DAY, at_once=3, max_minutes=1e-9, **FAST)
    assert len(await calls_started(client)) == 3
    for run in await calls_started(client):
        await client.set_flow_run_state(run.id, Completed(), force=True)
        put_record(store, Recording(**run.parameters), str(run.id), outcome=Outcome.READ_BACK)
    await reconcile(since=DAY, until=DAY, at_once=3, **FAST)
    assert len(await calls_started(client)) == 5


async def test_a_record_that_cannot_be_read_is_named_and_stops_nothing(store: ObjectStore, client: PrefectClient) -> None:
    broken = put_recording(store, "broken")
    store.put(StorageKeys.call_record(broken.call_id), b"{")
    put_recording(store, "forgotten")
    await reconcile(since=DAY, until=DAY, **FAST)
    assert [run.parameters["key"] for run in await calls_started(client)] == [recording_key("forgotten")]
    assert StorageKeys.call_record(broken.call_id) in await artifact(client, "reconcile")


async def test_a_prefix_without_callrecordings_is_honoured_and_strays_are_told(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_RECORDINGS_PREFIX", "recordings")
    wiring.forget_clients()
    flat = "recordings/2026/11/20/c-1_20261120T01:30_UTC.wav"
    below = "recordings/seoul/2026/11/20/c-2_20261120T01:30_UTC.wav"
    for key in (flat, below, "recordings/2026/11/20/voicemail.wav"):
        store.put(key, key.encode())
    put_recording(store, "elsewhere")
    await reconcile(since=DAY, until=DAY, **FAST)
    started = await calls_started(client)
    assert sorted(run.parameters["key"] for run in started) == [flat, below]
    assert "| 그대로 둠 | 녹취 이름이 아닌 .wav (`READBACK_RECORDINGS_PREFIX` 확인) | 1 |" in await artifact(client, "reconcile")


async def test_a_backfill_takes_recordings_under_whatever_prefix_it_is_given(store: ObjectStore, client: PrefectClient) -> None:
    store.put("archive/of/old/calls/2026/11/20/c-1_20261120T01:30_UTC.wav", b"a")
    await reconcile(prefix="archive/", **FAST)
    assert [run.parameters["key"] for run in await calls_started(client)] == ["archive/of/old/calls/2026/11/20/c-1_20261120T01:30_UTC.wav"]


async def test_a_cancelled_call_stays_cancelled_until_a_person_takes_it_up_again(store: ObjectStore, client: PrefectClient) -> None:
    begun = put_recording(store, "begun")
    run = await a_call_run(client, begun, Cancelled())
    put_record(store, begun, str(run.id))
    waiting = put_recording(store, "waiting")
    waited = await a_call_run(client, waiting, Cancelled())
    await reconcile(since=DAY, until=DAY, **FAST)
    assert [outcome_of(call.call_id) for call in (begun, waiting)] == [Outcome.CANCELLED] * 2
    for forgotten in (run, waited):  # as Prefect's own clean-up does after a while
        await client.delete_flow_run(forgotten.id)
    await reconcile(since=DAY, until=DAY, **FAST)
    assert await calls_started(client) == []
    await redrive(calls=[waiting.call_id], **FAST)
    assert [run.parameters["key"] for run in await calls_started(client)] == [waiting.key]
    assert outcome_of(waiting.call_id) is Outcome.IN_PROGRESS


async def test_a_forecast_starts_nothing_and_tells_what_it_would_cost(store: ObjectStore, client: PrefectClient) -> None:
    put_recording(store, "forgotten", body=bytes(32_000 * 3600))
    put_record(store, put_recording(store, "finished"), "x", outcome=Outcome.READ_BACK)
    await reconcile(since=DAY, until=DAY, forecast=True, **FAST)
    assert await calls_started(client) == []
    report = await artifact(client, "forecast")
    for words in ("1건, 녹취 1.0시간", "1,000원 (통화당 1,000.0원)", "| returnzero | 음성 인식 (초) | 3,600 | 1,000 |"):
        assert words in report
