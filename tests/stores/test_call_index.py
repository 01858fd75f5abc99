"""The list of the calls on a real PostgreSQL: found by words, digits and time, never older than the record, gone when erased."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from clients.postgres import Postgres
from models.call.caller_said import ContactFacts
from models.call.listed import ListedCall
from models.call.record import CallRecord, Outcome, Recording, Summary, Transcription, Utterance
from models.errors import VendorUnreachable
from models.keys import StorageKeys
from models.signals.labels import Danger
from models.signals.told import CallDanger, CallSignals, DangerSign
from models.summarizer.outcome import Kind
from stores.call_index import CallIndex, Wanted
from tasks.operations.index import bring_up_to_date
from tests.in_memory import InMemoryStore

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


@pytest.fixture
def index(postgres_url: str) -> Iterator[CallIndex]:
    database = Postgres(postgres_url, timeout_seconds=10)
    database.execute("DROP TABLE IF EXISTS readback_calls; DROP TABLE IF EXISTS readback_erased")
    yield CallIndex(database)
    database.close()


def a_record(name: str, *said: str, summary: str = "자동차보험 해지 요청", hour: int = 3, **changes: object) -> CallRecord:
    key = f"connect/acme/CallRecordings/2026/11/20/{name}_20261120T{hour:02d}:30_UTC.wav"
    recording = Recording(bucket="b", key=key, etag="e", size=1)
    heard = [Utterance(start_ms=1000 * at, duration_ms=900, text=text) for at, text in enumerate(said)]
    return CallRecord.begin(recording, "run", NOON).model_copy(
        update={
            "outcome": Outcome.READ_BACK,
            "number": 1,
            "transcription": Transcription(done=True, utterances=heard),
            "summary": Summary(text=summary, model="reader", version="1", confidence=0.9),
            **changes,
        }
    )


def found(index: CallIndex, **wanted: object) -> list[str]:
    return [call.contact for call in index.find(Wanted(**wanted))]  # type: ignore[arg-type]


def test_many_who_come_first_at_once_make_the_table_together(postgres_url: str, index: CallIndex) -> None:
    databases = [Postgres(postgres_url, timeout_seconds=10) for _ in range(8)]
    at_once = Barrier(len(databases))

    def first(number: int) -> None:
        at_once.wait()
        CallIndex(databases[number]).write(ListedCall.of(a_record(f"c-{number}")))

    with ThreadPoolExecutor(len(databases)) as threads:
        list(threads.map(first, range(len(databases))))
    for database in databases:
        database.close()
    assert len(found(index)) == len(databases)


def test_a_call_is_found_by_any_part_of_a_word_and_by_words_of_one_letter(index: CallIndex) -> None:
    index.write(ListedCall.of(a_record("c-1", "암 진단비를 청구하고 싶어요")))
    index.write(ListedCall.of(a_record("c-2", "보험을 해지해 주세요 ABC카드")))
    assert found(index, words="암") == ["c-1"]
    assert found(index, words="진단비 청구") == ["c-1"]
    assert found(index, words="지해") == ["c-2"]
    assert found(index, words="abc카") == ["c-2"]
    assert found(index, words="청구서") == []
    assert found(index, words="%") == found(index, words="' OR 1=1 --") == []


def test_pairs_of_letters_from_different_words_make_no_word(index: CallIndex) -> None:
    index.write(ListedCall.of(a_record("c-1", "가나 나다", summary="없음")))
    assert found(index, words="가나다") == []


def test_numbers_are_masked_before_they_are_listed_and_nobody_finds_them(index: CallIndex) -> None:
    index.write(ListedCall.of(a_record("c-1", "제 번호는 010-1234-5678이에요", contact=ContactFacts(number="010-****-5678"))))
    assert found(index, words="1234") == []
    assert found(index, digits="5678") == found(index, digits="78") == ["c-1"]
    assert found(index, digits="1234") == []


def test_pages_follow_one_another_without_gap_or_double_though_calls_arrive_meanwhile(index: CallIndex) -> None:
    index.write_all([ListedCall.of(a_record(f"c-{n:02d}", "네", hour=n % 3)) for n in range(23)])
    seen: list[str] = []
    after = None
    while page := index.find(Wanted(most=5, after=after)):
        seen += [call.contact for call in page]
        after = (page[-1].started_at, page[-1].call_id)
        index.write(ListedCall.of(a_record(f"new-{len(seen)}", "네", hour=5)))
    assert sorted(seen) == [f"c-{n:02d}" for n in range(23)]


def test_filters_by_time_outcome_kind_and_model_hold_together(index: CallIndex) -> None:
    index.write(ListedCall.of(a_record("c-1", "네", hour=1)))
    index.write(ListedCall.of(a_record("c-2", "네", hour=2, outcome=Outcome.QUARANTINED)))
    own = Summary(text="말한 그대로", model="reader", version="2", kind=Kind.OWN_WORDS, confidence=0.4)
    index.write(ListedCall.of(a_record("c-3", "네", hour=3).model_copy(update={"summary": own})))
    assert found(index, outcome="quarantined") == ["c-2"]
    assert found(index, kind="own_words") == found(index, model="reader 2") == ["c-3"]
    assert found(index, since=NOON - timedelta(hours=1), until=NOON) == ["c-2"]
    assert index.values_of("model") == ["reader 1", "reader 2"]
    assert [call.contact for call in index.to_review("00")] == ["c-3"]
    assert {call.contact for call in index.to_review("gg")} == {"c-1", "c-3"}


def test_a_call_that_shows_a_danger_is_the_first_to_be_reviewed_however_many_came_later(index: CallIndex) -> None:
    own = Summary(text="말한 그대로", model="reader", version="2", kind=Kind.OWN_WORDS, confidence=0.4)
    threat = CallSignals(danger=CallDanger(signs=(DangerSign(kind=Danger.THREAT, utterance=0, likelihood=0.9),), version="1"))
    index.write(ListedCall.of(a_record("dangerous", "네", hour=1).model_copy(update={"signals": threat})))
    index.write_all([ListedCall.of(a_record(f"later-{hour}", "네", hour=hour).model_copy(update={"summary": own})) for hour in (2, 3)])
    assert [call.contact for call in index.to_review("00")] == ["dangerous", "later-3", "later-2"]


def test_what_is_older_than_the_listed_record_changes_nothing(index: CallIndex) -> None:
    older, newer = a_record("c-1", "네"), a_record("c-1", "네", summary="새 요약", updated_at=NOON + timedelta(minutes=1))
    index.write(ListedCall.of(newer))
    index.write(ListedCall.of(older))
    assert index.find(Wanted())[0].summary == "새 요약"


def test_an_erased_call_is_gone_and_who_has_read_its_record_before_cannot_list_it_again(index: CallIndex) -> None:
    record = a_record("c-1", "네")
    index.write(ListedCall.of(record))
    assert index.erase(record.call_id) == 1
    index.write(ListedCall.of(record))
    assert index.find(Wanted()) == []


def test_the_list_is_made_again_from_the_records_and_a_record_that_cannot_be_read_hides_no_other(index: CallIndex) -> None:
    store = InMemoryStore()
    records = [a_record(f"c-{n}", "네") for n in range(3)]
    for record in records:
        store.put(StorageKeys.call_record(record.call_id), record.model_dump_json().encode())
    store.put(StorageKeys.call_record("0" * 32), b"{broken")
    gone = a_record("c-gone", "네")
    index.write(ListedCall.of(gone))
    done = bring_up_to_date(index, store, [])
    assert (done.seen, done.written, done.removed, done.unreadable) == (4, 3, 1, ("0" * 32,))
    again = bring_up_to_date(index, store, [])
    assert (again.written, again.removed) == (0, 0)
    assert sorted(found(index)) == ["c-0", "c-1", "c-2"]


def test_hostile_words_are_kept_as_words(index: CallIndex) -> None:
    index.write(ListedCall.of(a_record("c-1", "nul\x00 반쪽\ud800 '); DROP TABLE readback_calls; --")))
    assert found(index, words="drop table") == ["c-1"]


def test_a_database_that_is_away_is_told_as_such() -> None:
    database = Postgres("postgresql://nobody@127.0.0.1:1/none", timeout_seconds=1)
    with pytest.raises(VendorUnreachable, match="PostgreSQL does not answer"):
        CallIndex(database).find(Wanted())
    database.close()
