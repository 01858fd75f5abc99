"""A question over many calls, from the bucket to the answer: by the words said, by a language model, and with a call erased afterwards."""

from collections.abc import Iterator
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient

import wiring
from clients.s3 import ObjectStore
from flows.ask_calls import ask_calls
from flows.erase import erase
from models.asking.findings import Engine, Findings
from models.asking.question import Question
from models.call.listed import ListedCall
from models.call.record import CallRecord, Outcome, Speaker, Summary, Transcription, Utterance
from models.call.wanted import Wanted
from models.errors import ObjectGone, ReadbackError
from models.keys import StorageKeys
from sandbox.stand_in import stand_in
from stores.asked import Asked
from stores.call_index import CallIndex
from tests.flows.conftest import put_record, put_recording
from tests.server_database import everything_the_server_keeps
from wiring.asking import asked_model

pytestmark = pytest.mark.slow
TALKS = {
    "dear": ["무엇을 도와드릴까요", "보험 해지하려고요 번호는 010-1234-5678이요", "이유가 있으실까요", "보험료가 너무 비싸서요"],
    "dearer": ["무엇을 도와드릴까요", "해지할게요", "네", "보험료가 올라서 그래요"],
    "sold": ["무엇을 도와드릴까요", "해지하고 싶은데요", "네", "차를 팔았거든요"],
    "other": ["무엇을 도와드릴까요", "진단비 청구 서류가 뭐예요", "진단서입니다"],
}


@pytest.fixture
def calls(store: ObjectStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, CallRecord]]:
    """Calls that are listed."""
    monkeypatch.setenv("READBACK_INDEX_URL", postgres_url)
    wiring.forget_clients()
    index = wiring.call_index()
    assert index is not None
    index._database.execute("DROP TABLE IF EXISTS readback_calls; DROP TABLE IF EXISTS readback_erased")
    yield {name: _put(store, index, name, said, number) for number, (name, said) in enumerate(TALKS.items(), 1)}
    index._database.close()


def _put(store: ObjectStore, index: CallIndex, name: str, said: list[str], number: int) -> CallRecord:
    heard = [
        Utterance(speaker=(Speaker.AGENT, Speaker.CUSTOMER)[at % 2], start_ms=3000 * at, duration_ms=2900, text=text)
        for at, text in enumerate(said)
    ]
    changes: dict[str, Any] = {
        "number": number,
        "outcome": Outcome.READ_BACK,
        "transcription": Transcription(done=True, utterances=heard),
        "summary": Summary(text="보험 해지", model="reader", version="1", confidence=0.9),
    }
    record = put_record(store, put_recording(store, name), "run-of-yesterday", **changes)
    index.write(ListedCall.of(record))
    return record


async def answered(store: ObjectStore, text: str = "해지 사유", **wanted: Any) -> Findings:
    question = Question.now(text, Wanted(**wanted), "이팀장", 4)
    Asked(store).ask(question)
    await ask_calls(question.ask_id, requested_by="이팀장")
    found = Asked(store).findings(question.ask_id)
    assert found is not None
    return found


async def test_reasons_are_found_kept_with_their_seconds_and_prefect_keeps_no_word_of_them(
    store: ObjectStore, client: PrefectClient, calls: dict[str, CallRecord]
) -> None:
    found = await answered(store)
    assert (found.engine, found.found, found.read, found.matching, found.won) == (Engine.WORDS, 4, 4, 3, 0.0)
    assert [(one.text, len(one.call_ids)) for one in found.findings] == [("보험료", 2), ("", 1)]
    quote = next(one for one in found.findings[0].citations if one.call_id == calls["dear"].call_id)
    assert (quote.text, quote.seconds) == ("보험료가 너무 비싸서요", 9.0)
    kept = await everything_the_server_keeps()
    assert not any(word in kept for word in ("비싸서", "보험료", "해지 사유", "팔았거든요", "010-1234"))
    assert found.ask_id in kept


async def test_an_erased_calls_words_vanish_from_an_answer_with_all_their_versions(
    store: ObjectStore, client: PrefectClient, calls: dict[str, CallRecord]
) -> None:
    found = await answered(store)
    await erase(calls["dear"].call_id)
    left = Asked(store).findings(found.ask_id)
    assert left is not None
    assert (left.erased, calls["dear"].call_id in left.call_ids, calls["dearer"].call_id in left.call_ids) == (1, False, True)
    versions = store._s3.list_object_versions(Bucket=store.bucket, Prefix=StorageKeys.ASKED)["Versions"]
    bodies = [store._s3.get_object(Bucket=store.bucket, Key=one["Key"], VersionId=one["VersionId"])["Body"].read() for one in versions]
    assert not any("비싸서" in body.decode() for body in bodies)
    assert list(store.walk(StorageKeys.asked_of(calls["dear"].call_id))) == []
    again = await answered(store)
    assert (again.found, "비싸서" in again.model_dump_json()) == (3, False)


async def test_filters_choose_the_calls_and_no_more_than_the_settings_say_are_read(
    store: ObjectStore, client: PrefectClient, calls: dict[str, CallRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await answered(store, words="팔았거든요")).call_ids == {calls["sold"].call_id}
    monkeypatch.setenv("READBACK_ASK_MOST_CALLS", "2")
    wiring.settings.cache_clear()
    found = await answered(store)
    assert (found.found, found.read) == (4, 2)


async def test_a_language_model_is_sent_masked_words_and_believed_by_its_citations(
    store: ObjectStore, client: PrefectClient, calls: dict[str, CallRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    import requests

    asked_model.cache_clear()
    with stand_in("sandbox.language_model") as (model, _):
        url = f"{model['url']}/v1"
        for name, value in {"LANGUAGE_MODEL_URLS": url, "LANGUAGE_MODEL_KEY": model["key"], "ASK_MODEL_URL": url}.items():
            monkeypatch.setenv(f"READBACK_{name}", value)
        monkeypatch.setenv("READBACK_ASK_MODEL", model["model"])
        monkeypatch.setenv("READBACK_ASK_WON_PER_1K_PROMPT_TOKENS", "2")
        wiring.settings.cache_clear()
        found = await answered(store)
        assert (found.engine, found.unfounded) == (Engine.MODEL, 0)
        assert {one.text for one in found.findings} == {"보험료가 너무 비싸서요", "보험료가 올라서 그래요", "차를 팔았거든요"}
        assert found.won == pytest.approx(found.prompt_tokens * 2 / 1000, abs=0.01)
        received = str(requests.get(f"{model['url']}/sandbox/counters", timeout=10).json()["received"])
        assert "[전화번호]" in received
        assert "1234" not in received
        for fault in ("invents", "misquotes"):
            requests.post(f"{model['url']}/sandbox/faults", json={"rate": 1, "kinds": [fault]}, timeout=10).raise_for_status()
            hostile = await answered(store)
            assert (hostile.findings, hostile.unfounded) == ((), 3)


async def test_what_goes_wrong_is_told_to_who_asked(
    store: ObjectStore, client: PrefectClient, calls: dict[str, CallRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ObjectGone, match="no such question"):
        await ask_calls("../records")
    monkeypatch.setenv("READBACK_ASK_MODEL_URL", "http://127.0.0.1:1/v1")
    monkeypatch.setenv("READBACK_ASK_MODEL", "m")
    wiring.settings.cache_clear()
    question = Question.now("해지 사유", Wanted(), "이팀장", 4)
    Asked(store).ask(question)
    with pytest.raises(ReadbackError):
        await ask_calls(question.ask_id)
    found = Asked(store).findings(question.ask_id)
    assert found is not None
    assert (found.failed, found.findings) == ("configuration_error", ())
