"""The archive is summarized anew behind live calls, each call once, and what callers heard stays unless somebody asks."""

from datetime import UTC, date, datetime
from functools import cache
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient
from prefect.states import Scheduled

import tasks.call.second_summary
import wiring
from clients.s3 import ObjectStore
from flows.digest import digest
from flows.summarize_archive import summarize_archive
from models.call.acceptance import AnsweredCall
from models.call.anew import DayAnew, Fate
from models.call.caller_said import Answer, CallersAnswer
from models.call.editing import Review as PersonsReview
from models.call.editing import Verdict
from models.call.ended import EndedCall
from models.call.korea import day_in_korea
from models.call.ledger import Charge, Unit
from models.call.record import CallRecord, Deed, Outcome, Prompt, Summary, Transcription, Utterance
from models.errors import AccessRefused
from models.keys import StorageKeys
from models.lifecycle.versions import Aliases
from models.summarizer.summarizer import SummaryResult
from stores.answers import file_answer
from stores.days import file_end
from tasks.operations.runs import live_calls_wait
from tests.flows.conftest import a_call_run, artifact, put_record, put_recording
from tests.in_memory import FakeContacts, FakeTextToSpeech

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SAID = "자동차 보험 해지하려던 거 철회하고 싶어요"
ANEW = "자동차보험 해지 철회 요청"


def a_call(store: ObjectStore, number: int, told: str, version: str = "old", **changes: Any) -> CallRecord:
    at = changes.pop("at", NOON)
    record = put_record(
        store,
        put_recording(store, f"c-{number}"),
        "run",
        outcome=Outcome.READ_BACK,
        number=number,
        summary=Summary(text=told, model=version.partition("+")[0], version=f"4abf1283b5d7{version[3:]}"),
        prompt=Prompt(key=StorageKeys.prompt(number), seconds=1, spoken_text=f"문의하신 내용이 {told}", voice="v"),
        transcription=Transcription(utterances=[Utterance(start_ms=0, duration_ms=900, text=SAID)], done=True),
        ended_at=at,
        **changes,
    )
    for key, body in ((StorageKeys.summary(number), told.encode()), (StorageKeys.prompt(number), b"as it was heard")):
        store.put(key, body, metadata={"call-id": record.call_id})
    charge = Charge(provider="g4dn.xlarge", unit=Unit.SUMMARIZER_SECONDS, amount=2.0, won=0.5, day=DAY, model=version)
    file_end(store, EndedCall.of(record.model_copy(update={"ledger": [charge]}), outcome=Outcome.READ_BACK, at=at, step_seconds={}))
    return record


class Model:
    """A model in service that always says the same, and counts."""

    asked = 0
    fails_after: int | None = None

    async def answer(self, text: str) -> SummaryResult:
        assert SAID in text
        if Model.fails_after is not None and Model.asked >= Model.fails_after:
            raise AccessRefused("S3 refuses the credentials")
        Model.asked += 1
        return SummaryResult(text=ANEW, model="new", version="0c1d2e3f4a5b+kinds-1")


@pytest.fixture(autouse=True)
def in_service(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version ``new`` is champion, in this process."""
    monkeypatch.setenv("READBACK_SUMMARIZE_IN_CALL", "true")
    wiring.settings.cache_clear()
    monkeypatch.setattr(tasks.call.second_summary, "model_of_this_process", Model)
    monkeypatch.setattr(Model, "asked", 0)
    monkeypatch.setattr(Model, "fails_after", None)
    store.put("models/registry/aliases.json", Aliases(revision=1, champion="new", previous="old").model_dump_json().encode())


def record_of(record: CallRecord) -> CallRecord:
    return wiring.call_records().read(record.call_id).record


def days_file(store: ObjectStore) -> DayAnew:
    return DayAnew.model_validate_json(store.get(StorageKeys.day_anew("new", DAY)).body)


async def run(**given: Any) -> Any:
    return await summarize_archive(DAY, DAY, **{"forecast": False, **given})


async def test_first_it_tells_what_it_would_cost_and_asks_no_model(store: ObjectStore, client: PrefectClient) -> None:
    calls = [a_call(store, n, "해지 요청", at=datetime.now(UTC)) for n in (1, 2, 3)]
    a_call(store, 4, ANEW, version="new+kinds-1", at=datetime.now(UTC))
    today = day_in_korea(datetime.now(UTC))
    state = await summarize_archive(today, today, return_state=True)
    assert state.message == f"Would summarize 3 calls of {today}..{today} for 2 won"  # by the call that the new model told: 0.5 won each
    report = await artifact(client, "forecast-anew")
    assert "다시 요약할 통화**: 3건" in report
    assert (Model.asked, [record_of(call).summary for call in calls]) == (0, [call.summary for call in calls])
    refused = await summarize_archive(today, today, forecast=False, most_won=1.0, return_state=True)
    assert (refused.name, Model.asked) == ("TooDear", 0)


async def test_summaries_take_their_places_and_what_was_heard_stays(store: ObjectStore, client: PrefectClient) -> None:
    wrong, same = a_call(store, 1, "자동차보험 해지 요청"), a_call(store, 2, ANEW)
    await run(requested_by="김운영")
    kept = record_of(wrong)
    assert kept.summary is not None
    assert (kept.summary.text, kept.summary.told_by, kept.spoken, kept.prompt) == (ANEW, "new+kinds-1", wrong.summary, wrong.prompt)
    assert [(act.deed, act.by) for act in kept.history] == [(Deed.SUMMARIZED_AGAIN, "김운영")]
    assert [charge.unit for charge in kept.ledger] == [Unit.SUMMARIZER_SECONDS]
    assert store.get(StorageKeys.summary(1)).body.decode() == ANEW
    assert store.get(StorageKeys.prompt(1)).body == b"as it was heard"
    found = {call.call_id: call for call in days_file(store).calls}
    assert (found[wrong.call_id].fate, found[wrong.call_id].difference) == (Fate.CHANGED, "요청이 다름")
    assert (found[same.call_id].fate, found[same.call_id].before, found[same.call_id].after) == (Fate.SAME, "old", "new+kinds-1")
    report = await artifact(client, "archive-anew")
    assert wrong.call_id in report
    assert "해지 철회" not in report + store.get(StorageKeys.day_anew("new", DAY)).body.decode()


async def test_an_answer_that_comes_later_is_about_what_was_heard(store: ObjectStore, client: PrefectClient) -> None:
    call = a_call(store, 1, "자동차보험 해지 요청")
    await run()
    answer = CallersAnswer(answer=Answer.WRONG, at=NOON)
    file_answer(store, record_of(call), answer)
    filed = AnsweredCall.model_validate_json(store.get(StorageKeys.answer(answer.day, call.call_id)).body)
    assert filed.model == "old"


async def test_whoever_begins_again_does_no_call_twice(store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = [a_call(store, n, "자동차보험 해지 요청") for n in range(1, 24)]
    monkeypatch.setattr(Model, "fails_after", 20)
    stopped = await run(return_state=True, at_once=1)
    assert (stopped.name, Model.asked) == ("Stopped", 20)
    assert "이어서 합니다" in await artifact(client, "archive-anew")
    monkeypatch.setattr(Model, "fails_after", None)
    await run()
    assert Model.asked == 23
    assert all((kept := record_of(call).summary) is not None and kept.text == ANEW for call in calls)
    await run()
    assert Model.asked == 23


async def test_a_look_alone_is_paid_for_changes_nothing_and_is_used_when_the_summaries_are_replaced(
    store: ObjectStore, client: PrefectClient
) -> None:
    call = a_call(store, 1, "자동차보험 해지 요청")
    await run(replace=False)
    looked_at = record_of(call)
    assert looked_at.model_copy(update={"ledger": [], "updated_at": call.updated_at}) == call
    assert [(one.unit, one.model) for one in looked_at.ledger] == [(Unit.SUMMARIZER_SECONDS, "new+kinds-1")]
    assert [one.fate for one in days_file(store).calls] == [Fate.CHANGED]
    await run()
    assert (Model.asked, record_of(call).told, record_of(call).ledger) == (1, ANEW, looked_at.ledger)


async def test_what_a_person_has_judged_stays_and_so_does_a_call_without_its_words(store: ObjectStore, client: PrefectClient) -> None:
    judged = a_call(store, 1, "해지 요청", review=PersonsReview(edits=1, verdict=Verdict.WRONG, text="보험 해지 철회"))
    wordless = a_call(store, 2, "해지 요청", words_removed_at=NOON)
    await run()
    assert ([record_of(call) for call in (judged, wordless)], Model.asked) == ([judged, wordless], 0)
    assert {one.call_id: one.fate for one in days_file(store).calls} == {judged.call_id: Fate.JUDGED, wordless.call_id: Fate.WORDLESS}


@pytest.mark.parametrize("tell", [False, True])
async def test_prompts_are_spoken_again_where_the_words_changed_and_contacts_are_told_where_asked(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch, tell: bool
) -> None:
    voice, contacts = FakeTextToSpeech(), FakeContacts()
    monkeypatch.setattr(wiring, "text_to_speech", cache(lambda: voice))
    monkeypatch.setattr(wiring, "connect_contacts", cache(lambda: contacts))
    changed, same = a_call(store, 1, "자동차보험 해지 요청"), a_call(store, 2, ANEW)
    await run()
    assert voice.spoken == []
    await run(speak=True, tell_contacts=tell)
    assert (voice.spoken, Model.asked) == ([f"문의하신 내용이 {ANEW}"], 2)
    assert store.get(StorageKeys.prompt(1)).body.startswith(b"RIFF")
    assert record_of(changed).spoken is None
    assert store.get(StorageKeys.prompt(2)).body == b"as it was heard"
    assert set(contacts.attributes) == ({changed.contact_id} if tell else set())
    assert same.contact_id not in contacts.attributes


async def test_the_days_digest_counts_what_the_archive_cost(store: ObjectStore, client: PrefectClient) -> None:
    a_call(store, 1, "자동차보험 해지 요청")
    await run()
    await digest(day_in_korea(datetime.now(UTC)))
    report = await artifact(client, "digest")
    assert "| g4dn.xlarge | 요약 모델 (초) | new+kinds-1 |" in report.replace("\\", "")


async def test_it_waits_while_a_live_call_does(store: ObjectStore, client: PrefectClient) -> None:
    assert not await live_calls_wait(client)
    live = await a_call_run(client, put_recording(store, "c-live"))
    assert not await live_calls_wait(client), "it is about to begin"
    await client.set_flow_run_state(live.id, Scheduled(scheduled_time=datetime(2026, 11, 20, tzinfo=UTC)), force=True)
    assert await live_calls_wait(client)
