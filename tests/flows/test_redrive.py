"""Quarantined calls are done again when a person asks, and never paid for twice without their word."""

from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import PrefectClient

import wiring
from clients.s3 import ObjectStore
from flows.redrive import redrive
from models.call.record import Deed, Outcome
from models.call.redriving import Result
from models.errors import ConfigurationError
from models.keys import StorageKeys
from tests.flows.conftest import artifact, calls_started, outcome_of, quarantined

FAST = {"per_minute": 100_000}


async def test_one_call_is_reopened_and_started_behind_live_calls(store: ObjectStore, client: PrefectClient) -> None:
    call = await quarantined(store, "c-1")
    other = await quarantined(store, "c-2")
    lines = await redrive(calls=[call.call_id], **FAST)
    assert [line.result for line in lines] == [Result.REDRIVEN]
    assert (outcome_of(call.call_id), outcome_of(other.call_id)) == (Outcome.IN_PROGRESS, Outcome.QUARANTINED)
    assert store.head(StorageKeys.quarantine_note(call.call_id)) is None
    run = (await calls_started(client))[0]
    assert (run.parameters["key"], run.work_queue_name) == (call.recording.key, "backfill")
    report = await artifact(client, "redrive")
    assert call.call_id in report
    assert "c-1" not in report


async def test_who_asked_for_a_redrive_stands_in_the_calls_history_and_the_report_and_nobody_is_invented(
    store: ObjectStore, client: PrefectClient
) -> None:
    asked, unasked = await quarantined(store, "c-1"), await quarantined(store, "c-2")
    await redrive(calls=[asked.call_id], requested_by=" 김운영 \n <b>팀</b> ", **FAST)
    (act,) = wiring.call_records().read(asked.call_id).record.history
    assert (act.deed, act.by, bool(act.flow_run_id)) == (Deed.REDRIVEN, "김운영 <b>팀</b>", True)
    assert "요청자: 김운영 \\<b\\>팀" in await artifact(client, "redrive")
    await redrive(calls=[unasked.call_id], **FAST)
    assert [act.by for act in wiring.call_records().read(unasked.call_id).record.history] == [""]
    assert "요청자: 알 수 없음" in await artifact(client, "redrive")


async def test_all_calls_of_a_class_and_time_are_redriven(store: ObjectStore, client: PrefectClient) -> None:
    now = datetime.now(UTC)
    wanted = [await quarantined(store, f"c-{n}", "vendor_refused", at=now) for n in range(2)]
    await quarantined(store, "c-8", "no_speech", at=now)
    await quarantined(store, "c-9", "vendor_refused", at=now - timedelta(days=3))
    lines = await redrive(error="vendor_refused", since=now - timedelta(hours=1), until=now + timedelta(hours=1), **FAST)
    assert {line.call_id for line in lines if line.result is Result.REDRIVEN} == {call.call_id for call in wanted}
    assert {run.parameters["key"] for run in await calls_started(client)} == {call.recording.key for call in wanted}


async def test_a_dry_run_changes_nothing(store: ObjectStore, client: PrefectClient) -> None:
    call = await quarantined(store, "c-1")
    lines = await redrive(error="bad_recording", dry_run=True)
    assert [line.result for line in lines] == [Result.WOULD]
    assert outcome_of(call.call_id) is Outcome.QUARANTINED
    assert await calls_started(client) == []


@pytest.mark.parametrize(("error", "job"), [("answer_lost", {"submitting": True}), ("job_gone", {"job_id": "old"})])
async def test_what_may_be_paid_twice_waits_for_a_word(
    store: ObjectStore, client: PrefectClient, error: str, job: dict[str, object]
) -> None:
    call = await quarantined(store, "c-1", error, **job)
    assert [line.result for line in await redrive(error=error, **FAST)] == [Result.PAY]
    assert await calls_started(client) == []
    assert [line.result for line in await redrive(error=error, pay_again=True, **FAST)] == [Result.REDRIVEN]
    transcription = wiring.call_records().read(call.call_id).record.transcription
    assert (transcription.submitting, transcription.job_id) == (False, "")


async def test_a_finished_job_is_asked_again_for_nothing(store: ObjectStore, client: PrefectClient) -> None:
    call = await quarantined(store, "c-1", "no_speech", job_id="paid")
    await redrive(calls=[call.call_id], pay_again=True, **FAST)
    assert wiring.call_records().read(call.call_id).record.transcription.job_id == "paid"


async def test_redriving_twice_starts_one_run(store: ObjectStore, client: PrefectClient) -> None:
    call = await quarantined(store, "c-1")
    await redrive(calls=[call.call_id], **FAST)
    await redrive(calls=[call.call_id], **FAST)
    assert len(await calls_started(client)) == 1


async def test_a_call_without_a_record_is_said_to_be_unknown(store: ObjectStore, client: PrefectClient) -> None:
    assert [line.result for line in await redrive(calls=["0" * 32], **FAST)] == [Result.UNKNOWN]


async def test_choosing_nothing_is_refused(store: ObjectStore, client: PrefectClient) -> None:
    with pytest.raises(ConfigurationError, match="nothing was chosen"):
        await redrive()
