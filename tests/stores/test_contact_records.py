"""What contact records tell reaches its call, whichever of the two is first, and is gone when the call is erased."""

from datetime import UTC, datetime, timedelta

import pytest

from models.call.acceptance import Acceptance
from models.call.caller_said import Answer, CallersAnswer, ContactFacts, Known
from models.call.record import CallRecord, Outcome, Prompt, Recording, Summary
from models.keys import StorageKeys
from stores.answers import acceptance_lately
from stores.call_records import CallRecords, Checkpoint
from stores.contact_records import ContactRecords, said_about, tell_calls
from tests.in_memory import InMemoryStore

AT = datetime(2026, 11, 29, 3, tzinfo=UTC)
PROMPT = "s3://aicc-memory/tts/tts_7.wav"
RIGHT, WRONG = (CallersAnswer(answer=answer, at=AT) for answer in Answer)
KNOWN = Known(facts=ContactFacts(agent="kim", told_at=AT), answers={PROMPT: WRONG})


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


def call(store: InMemoryStore, *, ivr: bool = False, number: int = 7) -> Checkpoint:
    key = f"connect/a/CallRecordings/{'ivr/' if ivr else ''}2026/11/29/c-1_20261129T03:00_UTC.wav"
    records = CallRecords(store)  # type: ignore[arg-type]
    record = CallRecord.begin(Recording(bucket=store.bucket, key=key, etag=f"e{number}"), "run")
    prompt = Prompt(key=f"tts/tts_{number}.wav", seconds=1, spoken_text="", voice="")
    found = records.save(
        records.create(record),
        outcome=Outcome.READ_BACK,
        prompt=prompt,
        summary=Summary(text="해지 요청", model="v7", version="4abf1283b5d7"),
    )
    ContactRecords(store).mark("c-1", record.call_id)  # type: ignore[arg-type]
    return found


def record_of(store: InMemoryStore, found: Checkpoint) -> CallRecord:
    return CallRecords(store).read(found.record.call_id).record  # type: ignore[arg-type]


def tell(store: InMemoryStore, told: Known) -> None:
    tell_calls(store, "c-1", ContactRecords(store).learn("c-1", told))  # type: ignore[arg-type]


def test_a_late_contact_record_is_written_into_the_call_and_counted_once(store: InMemoryStore) -> None:
    found = call(store)
    for _ in range(3):
        tell(store, KNOWN)
    record = record_of(store, found)
    assert (record.contact.agent, record.answer) == ("kim", WRONG)
    assert acceptance_lately(store, WRONG.day) == {"v7": Acceptance(0, 1)}  # type: ignore[arg-type]
    assert acceptance_lately(store, WRONG.day - timedelta(days=1)) == {}  # type: ignore[arg-type]


def test_a_contact_record_before_its_call_waits_for_it(store: InMemoryStore) -> None:
    tell(store, KNOWN)
    found = call(store)
    contacts = ContactRecords(store)  # type: ignore[arg-type]
    assert said_about(found.record, contacts.known("c-1"), contacts.calls("c-1"))["answer"] == WRONG


def test_an_answer_is_about_the_call_whose_prompt_was_played(store: InMemoryStore) -> None:
    agent, ivr = call(store), call(store, ivr=True, number=8)
    tell(store, KNOWN)
    assert (record_of(store, agent).answer, record_of(store, ivr).answer) == (WRONG, None)
    assert record_of(store, ivr).contact.agent == "kim"


def test_an_answer_that_names_no_prompt_is_about_the_conversation_with_the_agent(store: InMemoryStore) -> None:
    agent, ivr = call(store), call(store, ivr=True, number=8)
    tell(store, Known(answers={"": RIGHT}))
    assert (record_of(store, agent).answer, record_of(store, ivr).answer) == (RIGHT, None)


def test_a_contact_without_calls_is_only_remembered(store: InMemoryStore) -> None:
    tell(store, KNOWN)
    assert store.keys() == [StorageKeys.contact_record("c-1")]


def test_a_record_that_its_run_changes_meanwhile_keeps_both(store: InMemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    found, records = call(store), CallRecords(store)  # type: ignore[arg-type]
    find, changed = CallRecords.find, []

    def find_and_be_late(self: CallRecords, call_id: str) -> Checkpoint | None:
        read = find(self, call_id)
        if not changed and read:
            changed.append(records.save(read, owner="another run"))
        return read

    monkeypatch.setattr(CallRecords, "find", find_and_be_late)
    tell(store, KNOWN)
    record = record_of(store, found)
    assert (record.owner, record.answer) == ("another run", WRONG)


def test_what_was_told_goes_with_the_contacts_last_call(store: InMemoryStore) -> None:
    first, second, contacts = call(store), call(store, ivr=True, number=8), ContactRecords(store)  # type: ignore[arg-type]
    tell(store, KNOWN)
    contacts.erase("c-1", first.record.call_id)
    assert contacts.known("c-1") == KNOWN
    contacts.erase("c-1", second.record.call_id)
    assert store.keys(StorageKeys.CONTACT_RECORDS) == []
