"""After a rollback the calls of the withdrawn model are listed, and summarized again for a person to compare."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient

import tasks.call.second_summary
import wiring
from clients.s3 import ObjectStore
from flows.review_calls import review_calls
from models.call.ended import EndedCall
from models.call.korea import day_in_korea
from models.call.ledger import Unit
from models.call.record import CallRecord, Outcome, Summary, Transcription, Utterance
from models.call.review import Review
from models.errors import ModelUnavailable
from models.keys import StorageKeys
from models.summarizer.outcome import Kind
from models.summarizer.sense import sense_changed
from models.summarizer.summarizer import SummaryResult
from stores.days import file_end
from stores.later_charges import later_charges_of
from tests.flows.conftest import artifact, put_record, put_recording

SINCE = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
WITHDRAWN = "bart-stammering-0123abcd"
SAID = "자동차 보험 해지하려던 거 철회하고 싶어요"


def a_call(store: ObjectStore, contact: str, told: str, version: str = WITHDRAWN, after: timedelta = timedelta(hours=1)) -> CallRecord:
    record = put_record(
        store,
        put_recording(store, contact),
        "run",
        outcome=Outcome.READ_BACK,
        summary=Summary(text=told, model=version.partition("+")[0], version=f"4abf1283b5d7{version[len(version.partition('+')[0]) :]}"),
        transcription=Transcription(utterances=[Utterance(start_ms=0, duration_ms=900, text=SAID)], done=True),
    )
    file_end(store, EndedCall.of(record, outcome=Outcome.READ_BACK, at=SINCE + after, step_seconds={}))
    return record


class TellsTheCancellation:
    """A model in service that always says the same."""

    async def answer(self, text: str) -> SummaryResult:
        assert SAID in text
        return SummaryResult(text="자동차보험 해지 철회 요청", model="shipped", version="0c1d2e3f4a5b")


@pytest.fixture
def model_in_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_SUMMARIZE_IN_CALL", "true")
    wiring.settings.cache_clear()
    monkeypatch.setattr(tasks.call.second_summary, "model_of_this_process", TellsTheCancellation)


async def test_the_calls_of_a_withdrawn_model_are_listed_and_no_others(store: ObjectStore, client: PrefectClient) -> None:
    spoken = a_call(store, "c-1", "해지 요청")
    with_classifier = a_call(store, "c-2", "해지 요청", version=f"{WITHDRAWN}+svm-c1")
    others = [a_call(store, "c-3", "해지 요청", version="shipped"), a_call(store, "c-4", "해지 요청", after=timedelta(days=3))]
    of_before = a_call(store, "c-5", "해지 요청")
    file_end(  # as releases of before filed it: without the version
        store, EndedCall.of(of_before, outcome=Outcome.READ_BACK, at=SINCE, step_seconds={}).model_copy(update={"version": None})
    )
    listed = await review_calls(WITHDRAWN, SINCE, SINCE + timedelta(days=1))
    assert {call.call_id for call in listed} == {record.call_id for record in (spoken, with_classifier, of_before)}
    report = await artifact(client, "withdrawn-calls")
    assert all(call.call_id in report for call in listed)
    assert not any(record.call_id in report for record in others)
    assert store.find(StorageKeys.review(spoken.call_id)) is None


async def test_a_call_whose_sense_changed_is_marked_and_what_the_caller_heard_stays(
    store: ObjectStore, client: PrefectClient, model_in_service: None
) -> None:
    wrong, right = a_call(store, "c-1", "자동차보험 해지 요청"), a_call(store, "c-2", "자동차보험 해지 철회 문의")
    looked = {call.call_id: call for call in await review_calls(WITHDRAWN, SINCE, SINCE + timedelta(days=1), again=True)}
    assert (looked[wrong.call_id].changed, looked[right.call_id].changed) == ("요청이 다름", "")
    report = await artifact(client, "withdrawn-calls")
    assert "| 1 | 1 | 0 |" in report
    assert report.index(wrong.call_id) < report.index(right.call_id)
    assert "철회 요청" not in report  # an artifact with a key is kept in events, and holds no words
    kept = Review.model_validate_json(store.get(StorageKeys.review(wrong.call_id)).body)
    assert (kept.then.text, kept.now.text, kept.now.told_by) == ("자동차보험 해지 요청", "자동차보험 해지 철회 요청", "shipped")
    for record in (wrong, right):
        after = wiring.call_records().read(record.call_id).record
        assert after.model_copy(update={"ledger": record.ledger, "updated_at": record.updated_at}) == record


async def test_a_second_look_is_paid_for_in_the_calls_ledger_and_in_the_days_figures(
    store: ObjectStore, client: PrefectClient, model_in_service: None
) -> None:
    calls = [a_call(store, f"c-{number}", "자동차보험 해지 요청") for number in range(2)]
    for _ in range(2):
        await review_calls(WITHDRAWN, SINCE, SINCE + timedelta(days=1), again=True)
    today = day_in_korea(datetime.now(UTC))
    for record in calls:
        paid = wiring.call_records().read(record.call_id).record.ledger
        assert [(one.unit, one.model, one.filed) for one in paid] == [(Unit.SUMMARIZER_SECONDS, "shipped", today)] * 2
    later = list(later_charges_of(store, today))
    assert sum(one.amount for one in later) == pytest.approx(
        sum(one.amount for record in calls for one in wiring.call_records().read(record.call_id).record.ledger)
    )


async def test_a_call_that_cannot_be_summarized_again_stops_no_other(
    store: ObjectStore, client: PrefectClient, model_in_service: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_model() -> Any:
        raise ModelUnavailable("no model could be loaded")

    monkeypatch.setattr(tasks.call.second_summary, "model_of_this_process", no_model)
    a_call(store, "c-1", "해지 요청")
    looked = await review_calls(WITHDRAWN, SINCE, SINCE + timedelta(days=1), again=True)
    assert [call.failure for call in looked] == ["model_unavailable"]
    assert "다시 요약하지 못함" in await artifact(client, "withdrawn-calls")


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ((Kind.SUMMARY, "암보험 청구 서류 문의"), (Kind.SUMMARY, "치아보험 청구 서류 문의"), "상품이 다름"),
        ((Kind.SUMMARY, "대출 300만원 신청"), (Kind.SUMMARY, "대출 500만원 신청"), "숫자가 다름"),
        ((Kind.SUMMARY, "자동차보험 해지 요청"), (Kind.NO_REQUEST, ""), "요청이 있다가 없음"),
        ((Kind.OWN_WORDS, "해지 말고 보험료만 낮춰 주세요"), (Kind.SUMMARY, "보험 해지 요청"), "고객이 아니라고 한 말"),
        ((Kind.OWN_WORDS, "주소 좀 바꾸려고요"), (Kind.SUMMARY, "주소 변경 요청"), ""),
        ((Kind.NO_REQUEST, ""), (Kind.NO_REQUEST, ""), ""),
    ],
)
def test_two_summaries_that_ask_for_different_things_are_told_apart(
    before: tuple[Kind, str], after: tuple[Kind, str], changed: str
) -> None:
    assert sense_changed(before, after) == changed
