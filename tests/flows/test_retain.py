"""What has passed its term goes with a receipt, and what lies too long is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import ArtifactCreate
from prefect.states import Completed

import wiring
from clients.s3 import ObjectStore
from flows.retain import retain
from models.call.ended import EndedCall
from models.call.record import CallRecord, Change, Correction, Outcome, Rule, Summary, Transcription, Utterance
from models.keys import StorageKeys
from models.summarizer.outcome import Evidence
from models.sweep import Sweep
from stores.days import file_end
from stores.retention import Receipt, Remembered, remember, sweep
from tasks.operations.retain import delete_runs, runs_past_term
from tests.flows.conftest import a_call_run, artifact, put_record, put_recording

NOW = datetime.now(UTC)
SECRET = "비밀번호를 잊어버렸어요"


@pytest.fixture
def terms(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_KEPT_DAYS", "raw-words=30")
    wiring.settings.cache_clear()


def a_call(store: ObjectStore, contact: str, ended: datetime, **changes: Any) -> CallRecord:
    record = put_record(
        store,
        put_recording(store, contact),
        "run",
        **{
            "outcome": Outcome.READ_BACK,
            "ended_at": ended,
            "summary": Summary(text="비밀번호 변경 요청", model="m", version="1", evidence=[Evidence(phrase="비밀번호", utterance=0)]),
            "transcription": Transcription(done=True, utterances=[Utterance(start_ms=0, duration_ms=900, text="비밀번호를 이저버렸어요")]),
            "correction": Correction(
                changes=[Change(utterance=0, start=6, before="이저버렸어요", after="잊어버렸어요", rule=Rule.HEARD, seconds=0)]
            ),
            **changes,
        },
    )
    file_end(store, EndedCall.of(record, outcome=Outcome.READ_BACK, at=ended, step_seconds={}))
    return record


async def receipts(store: ObjectStore) -> list[Receipt]:
    return [Receipt.model_validate_json(store.get(facts.key).body) for facts in store.walk(f"{StorageKeys.RETENTION}receipts/")]


async def test_words_go_out_of_old_records_once_and_what_the_call_came_to_stays(
    store: ObjectStore, client: PrefectClient, terms: None
) -> None:
    old, young = a_call(store, "c-1", NOW - timedelta(days=40)), a_call(store, "c-2", NOW - timedelta(days=5))
    at_work = a_call(store, "c-3", NOW - timedelta(days=40), outcome=Outcome.IN_PROGRESS)
    assert SECRET in "".join(utterance.text for utterance in old.said)
    await retain(return_state=True)
    kept = wiring.call_records().read(old.call_id).record
    assert (kept.said, kept.told, kept.summary and kept.summary.evidence) == ([], "비밀번호 변경 요청", [])
    assert kept.words_removed_at is not None
    assert kept.ended_at == old.ended_at
    assert "버렸어요" not in store.get(StorageKeys.call_record(old.call_id)).body.decode()
    assert [wiring.call_records().read(call.call_id).record for call in (young, at_work)] == [young, at_work]
    await retain(return_state=True)
    first, second = await receipts(store)
    assert [(one.kind, one.count) for one in first.removed] == [("raw-words", 1)]
    assert second.removed == []
    assert "지운 것 0건" in await artifact(client, "retention")


async def test_runs_go_when_their_term_is_over_and_those_of_trainings_stay(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = [await a_call_run(client, put_recording(store, f"c-{n}"), Completed()) for n in range(3)]
    waiting = await a_call_run(client, put_recording(store, "c-9"))
    await retain(return_state=True)
    assert {run.id for run in await client.read_flow_runs()} >= {run.id for run in ended}
    in_forty_days = NOW + timedelta(days=40)
    monkeypatch.setattr("flows.retain.day_in_korea", lambda at: in_forty_days.date())
    await retain(return_state=True)
    left = {run.id for run in await client.read_flow_runs()}
    assert waiting.id in left
    assert not left & {run.id for run in ended}
    [*_, receipt] = await receipts(store)
    assert ("call-runs", 3) in [(one.kind, one.count) for one in receipt.removed]


async def test_an_attempt_that_is_repeated_counts_the_runs_that_the_first_one_deleted(store: ObjectStore, client: PrefectClient) -> None:
    for n in range(2):
        await a_call_run(client, put_recording(store, f"c-{n}"), Completed())
    [past] = await runs_past_term.fn(wiring.kept(), (NOW + timedelta(days=40)).date())
    first, examples = await delete_runs.fn(past)
    assert first is not None
    assert (first.kind, first.count, set(examples)) == ("call-runs", 2, {str(one) for one in past.ended})
    assert await client.read_flow_runs() == []
    assert await delete_runs.fn(past) == (first, examples)


async def test_what_s3s_own_rules_removed_is_counted_by_comparing_two_sweeps(store: ObjectStore, client: PrefectClient) -> None:
    store.put(StorageKeys.drafts("0" * 32), b"{}")
    lay = sweep(store, wiring.kept(), NOW - timedelta(days=1))
    [seen] = lay.seen["drafts"].values()
    lay.seen["drafts"] = {(NOW - timedelta(days=31)).date(): seen.model_copy(update={"objects": 3, "size": 30})}
    remember(store, Remembered(sweep=lay))
    await retain(return_state=True)
    [receipt] = await receipts(store)
    assert [one.kind for one in receipt.overdue if one.kind != "events"] == []  # other tests send events of long ago
    assert [(one.kind, one.count, one.by) for one in receipt.removed] == [("drafts", 3, "S3 lifecycle")]
    assert "S3 수명 주기" in await artifact(client, "retention")


async def test_what_lies_too_long_fails_the_run_with_key_and_remedy(store: ObjectStore, client: PrefectClient) -> None:
    store.put("notes/of-somebody.txt", b"a caller's words")
    state = await retain(return_state=True)
    assert (state.name, state.is_failed()) == ("KeptTooLong", True)
    assert "notes/of-somebody.txt" in state.message
    assert "models/retention.py" in state.message
    assert "기간을 정하지 않은 것" in await artifact(client, "retention")


async def test_a_dry_run_removes_nothing_and_leaves_no_receipt(store: ObjectStore, client: PrefectClient, terms: None) -> None:
    old = a_call(store, "c-1", NOW - timedelta(days=40))
    await retain(dry_run=True, return_state=True)
    assert wiring.call_records().read(old.call_id).record == old
    assert await receipts(store) == []


def test_old_versions_and_markers_are_counted_by_when_they_ended(store: ObjectStore) -> None:
    store.put("nlp/nlp_1.txt", b"first")
    store.put("nlp/nlp_1.txt", b"second")
    store.put("nlp/nlp_2.txt", b"gone")
    store.delete("nlp/nlp_2.txt")
    versions = list(store.walk_versions())
    assert [(one.key, one.ended_at is None, one.marker) for one in versions] == [
        ("nlp/nlp_1.txt", True, False),
        ("nlp/nlp_1.txt", False, False),
        ("nlp/nlp_2.txt", True, True),
        ("nlp/nlp_2.txt", False, False),
    ]
    assert versions[1].ended_at == versions[0].written_at
    found: Sweep = sweep(store, wiring.kept(), NOW)
    assert {kind: sum(seen.objects for seen in days.values()) for kind, days in found.seen.items()} == {"summaries": 1, "old-versions": 3}


async def test_artifacts_that_outlive_their_deleted_runs_are_named(store: ObjectStore, client: PrefectClient) -> None:
    """As on a server whose vacuum of orphans is not switched on."""
    run = await a_call_run(client, put_recording(store, "c-1"), Completed())
    left = ArtifactCreate(type="markdown", data="words", flow_run_id=run.id)
    await client.create_artifact(left)
    await client.delete_flow_run(run.id)
    remember(store, Remembered(runs_before=[str(run.id)]))
    await retain(return_state=True)
    [receipt] = await receipts(store)
    remedies = {one.kind: one.remedy for one in receipt.overdue}
    assert "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED=events,orphans" in remedies["artifacts"]
