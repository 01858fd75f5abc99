"""What people correct reaches record, files, contact and list by flows, and goes with the call when it is erased."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient

import wiring
from clients.s3 import ObjectStore
from flows.apply_edits import apply_edits
from flows.correct_call import correct_call
from flows.erase import erase
from flows.index_calls import index_calls
from flows.speak_again import speak_again
from models.call.editing import Edit, EditKind, Verdict, WordEdit
from models.call.listed import ListedCall
from models.call.record import CallRecord, Deed, Outcome, Prompt, Summary, Transcription, Utterance
from models.errors import ConfigurationError, PermanentError, VendorUnreachable
from models.keys import DatasetKeys, StorageKeys
from models.training.data.loader import read_pairs
from stores.call_index import CallIndex, Wanted
from stores.datasets import CORRECTIONS, Datasets
from stores.edits import Edits
from stores.proposals import Proposals, corrected_pairs
from tasks.call import listing
from tests.flows.conftest import put_record, put_recording
from tests.in_memory import FakeContacts, FakeTextToSpeech
from tests.server_database import everything_the_server_keeps

WORDS = "암 진단비를 청구하고 싶어요"


@pytest.fixture
def index(store: ObjectStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[CallIndex]:
    """The product's list, empty."""
    monkeypatch.setenv("READBACK_INDEX_URL", postgres_url)
    wiring.settings.cache_clear()
    wiring.call_index.cache_clear()
    found = wiring.call_index()
    assert found is not None
    found._database.execute("DROP TABLE IF EXISTS readback_calls; DROP TABLE IF EXISTS readback_erased")
    monkeypatch.setattr(listing, "_away", listing._Away())
    yield found
    found._database.close()


def a_call(store: ObjectStore, contact: str, number: int, **changes: Any) -> CallRecord:
    heard = Transcription(done=True, utterances=[Utterance(start_ms=0, duration_ms=1000, text=WORDS)])
    told = Summary(text="보험 해지", model="reader", version="1", confidence=0.9)
    prompt = Prompt(key=StorageKeys.prompt(number), seconds=1, spoken_text="문의하신 내용이 보험 해지", voice="v")
    record = put_record(
        store,
        put_recording(store, contact),
        "run-of-yesterday",
        **{"number": number, "outcome": Outcome.READ_BACK, "transcription": heard, "summary": told, "prompt": prompt, **changes},
    )
    store.put(StorageKeys.prompt(number), b"old", metadata={"call-id": record.call_id})
    store.put(StorageKeys.summary(number), "보험 해지".encode(), metadata={"call-id": record.call_id})
    return record


async def test_corrections_come_into_the_record_once_and_in_order_and_prefect_keeps_no_word_of_them(
    store: ObjectStore, client: PrefectClient, index: CallIndex
) -> None:
    record, edits = a_call(store, "c-1", 1), Edits(store)
    edits.add(Edit.now(record.call_id, 1, EditKind.SUMMARY, "김상담", text="암 진단비 비밀 청구"))
    edits.add(Edit.now(record.call_id, 2, EditKind.CONFIRM, "이팀장"))
    await apply_edits(record.call_id, requested_by="김상담")
    await apply_edits(record.call_id)
    kept = wiring.call_records().read(record.call_id).record
    assert [(act.deed, act.by) for act in kept.history] == [(Deed.SUMMARY_CORRECTED, "김상담"), (Deed.CONFIRMED, "이팀장")]
    assert (kept.review.verdict, kept.told, kept.review.edits) == (Verdict.RIGHT, "보험 해지", 2)
    assert [call.verdict for call in index.find(Wanted())] == ["right"]
    assert "비밀" not in await everything_the_server_keeps()


@pytest.mark.parametrize("by_flow", [False, True])
async def test_a_word_proposes_its_term_marks_the_summary_and_is_an_edit_wherever_it_is_corrected(
    store: ObjectStore, client: PrefectClient, index: CallIndex, by_flow: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_LEARN_FROM_CORRECTIONS", "true")
    wiring.settings.cache_clear()
    record, edits = a_call(store, "c-1", 1), Edits(store)
    if by_flow:
        await correct_call(record.call_id, "진단비를", "진단피를", requested_by="김상담")
    else:
        word = WordEdit(utterance=0, start=2, before="진단비를", after="진단피를")
        edits.add(Edit.now(record.call_id, 1, EditKind.WORD, "김상담", word=word))
        await apply_edits(record.call_id)
    kept = wiring.call_records().read(record.call_id).record
    assert (kept.said[0].text, kept.review.edits, edits.last(record.call_id)) == ("암 진단피를 청구하고 싶어요", 1, 1)
    assert (kept.review.verdict, kept.review.by, [act.by for act in kept.history]) == (None, "", ["김상담"])
    assert kept.summary is not None
    assert kept.summary.stale
    (proposal,) = Proposals(store).open()
    assert (proposal.heard, proposal.term, proposal.proposed_by, proposal.times) == ("진단비", "진단피", "김상담", 1)
    ((_, pair),) = corrected_pairs(store).items()
    assert (pair.heard, pair.said) == (WORDS, "암 진단피를 청구하고 싶어요")
    await apply_edits(record.call_id)  # once more finds nothing to learn
    assert [one.times for one in Proposals(store).open()] == [1]


async def test_a_word_corrected_by_flow_meets_what_waits_from_the_console(
    store: ObjectStore, client: PrefectClient, index: CallIndex
) -> None:
    record, edits = a_call(store, "c-1", 1), Edits(store)
    word = WordEdit(utterance=0, start=2, before="진단비를", after="진단피를")
    edits.add(Edit.now(record.call_id, 1, EditKind.WORD, "김상담", word=word))
    await correct_call(record.call_id, "청구하고", "신청하고", requested_by="이팀장")
    kept = wiring.call_records().read(record.call_id).record
    assert (kept.said[0].text, kept.review.edits) == ("암 진단피를 신청하고 싶어요", 2)
    assert [act.by for act in kept.history] == ["김상담", "이팀장"]


def consenting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_LEARN_FROM_CORRECTIONS", "true")
    wiring.settings.cache_clear()


async def test_what_is_corrected_is_learnt_from_where_callers_consented_and_is_gone_from_every_version_when_a_call_is_erased(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    consenting(monkeypatch)
    datasets, edits = Datasets(store), Edits(store)
    first, second = a_call(store, "c-1", 1), a_call(store, "c-2", 2)
    for record, by in ((first, "김상담"), (second, "이상담")):
        edits.add(Edit.now(record.call_id, 1, EditKind.SUMMARY, by, text="010-1234-5678로 암 진단비 청구"))
        for _ in range(2):
            await apply_edits(record.call_id)
    table = datasets.read(CORRECTIONS)
    version = datasets.keep(CORRECTIONS, table)
    pairs, _ = read_pairs(table + f"다른 말,다른 요약,,{'x#0'},\n".encode(), "corrections")
    assert [(pair.input, pair.summary) for pair in pairs] == [
        (f"고객: {WORDS}", "[전화번호]로 암 진단비 청구"),
        ("다른 말", "다른 요약"),
    ]
    assert datasets.read(version.name) == table
    await erase(first.call_id)
    left = datasets.read(version.name).decode()
    assert first.call_id not in left
    assert second.call_id in left
    assert not any("진단비" in store.get(facts.key).body.decode() for facts in store.walk(DatasetKeys.ROOT))


async def test_without_consent_nothing_corrected_is_kept(store: ObjectStore, client: PrefectClient) -> None:
    record = a_call(store, "c-1", 1)
    Edits(store).add(Edit.now(record.call_id, 1, EditKind.SUMMARY, "김상담", text="암 진단비 청구"))
    await apply_edits(record.call_id)
    assert corrected_pairs(store) == {}
    with pytest.raises(ConfigurationError, match="holds no corrected summary"):
        Datasets(store).read(CORRECTIONS)


async def test_a_corrected_summary_is_spoken_written_and_told_again_in_the_place_of_the_old_one(
    store: ObjectStore, client: PrefectClient, index: CallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice, contacts = FakeTextToSpeech(), FakeContacts()
    monkeypatch.setattr(wiring, "text_to_speech", cache(lambda: voice))
    monkeypatch.setattr(wiring, "connect_contacts", cache(lambda: contacts))
    record = a_call(store, "c-1", 1)
    Edits(store).add(Edit.now(record.call_id, 1, EditKind.SUMMARY, "김상담", text="암 진단비 청구"))
    await speak_again(record.call_id, requested_by="김상담")
    kept = wiring.call_records().read(record.call_id).record
    assert voice.spoken == ["문의하신 내용이 암 진단비 청구"]
    assert store.get(StorageKeys.summary(1)).body.decode() == "암 진단비 청구"
    assert store.get(StorageKeys.prompt(1)).body.startswith(b"RIFF")
    assert contacts.attributes[record.contact_id]["readback_summary"] == "암 진단비 청구"
    assert [act.deed for act in kept.history] == [Deed.SUMMARY_CORRECTED, Deed.SPOKEN_AGAIN]
    assert kept.prompt is not None
    assert kept.prompt.spoken_text == "문의하신 내용이 암 진단비 청구"


async def test_another_calls_file_is_never_replaced(store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "text_to_speech", cache(FakeTextToSpeech))
    record = a_call(store, "c-1", 1)
    store.put(StorageKeys.prompt(1), b"theirs", metadata={"call-id": "another"})
    with pytest.raises(PermanentError, match="belongs to another call"):
        await speak_again(record.call_id)
    assert store.get(StorageKeys.prompt(1)).body == b"theirs"


async def test_the_list_is_made_from_the_records_and_an_erased_call_is_in_it_no_more(
    store: ObjectStore, client: PrefectClient, index: CallIndex
) -> None:
    record, other = a_call(store, "c-1", 1), a_call(store, "c-2", 2)
    Edits(store).add(Edit.now(record.call_id, 1, EditKind.SUMMARY, "김상담", text="암 진단비 청구"))
    await index_calls()
    assert {call.call_id for call in index.find(Wanted())} == {record.call_id, other.call_id}
    await erase(record.call_id)
    assert [call.call_id for call in index.find(Wanted())] == [other.call_id]
    assert list(store.walk(StorageKeys.edits(record.call_id))) == []
    index.write(ListedCall.of(record))
    assert [call.call_id for call in index.find(Wanted())] == [other.call_id]


async def test_an_erasure_is_not_done_while_the_list_is_away_and_is_finished_later(
    store: ObjectStore, client: PrefectClient, index: CallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = a_call(store, "c-1", 1)
    index.write(ListedCall.of(record))

    def away(call_id: str) -> int:
        raise VendorUnreachable("PostgreSQL does not answer", case="index")

    with monkeypatch.context() as patched:
        patched.setattr(index, "erase", away)
        patched.setattr("tasks.operations.index.forget_call.retries", 0)
        with pytest.raises(VendorUnreachable):
            await erase(record.call_id)
    assert wiring.call_records().find(record.call_id) is not None
    await erase(record.call_id)
    assert (wiring.call_records().find(record.call_id), index.find(Wanted())) == (None, [])


async def test_a_call_ends_while_the_list_is_away_and_the_next_calls_do_not_even_ask(
    store: ObjectStore, client: PrefectClient, index: CallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(call: ListedCall) -> None:
        asked.append(call.call_id)
        raise VendorUnreachable("PostgreSQL does not answer", case="index")

    monkeypatch.setattr(index, "write", away)
    one, two = a_call(store, "c-1", 1), a_call(store, "c-2", 2)
    for record in (one, two):
        Edits(store).add(Edit.now(record.call_id, 1, EditKind.CONFIRM, "김상담"))
        assert (await apply_edits(record.call_id, return_state=True)).is_completed()
    assert asked == [one.call_id]
    assert wiring.call_records().read(two.call_id).record.review.verdict is Verdict.RIGHT
