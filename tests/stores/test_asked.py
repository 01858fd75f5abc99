"""Questions over many calls in the bucket: asked once, found once, and without an erased call's words whoever was faster."""

from datetime import UTC, datetime

import pytest

from models.asking.findings import Citation, Finding, Findings
from models.asking.question import Question
from models.call.korea import day_in_korea
from models.call.wanted import Wanted
from models.errors import StorageConflict
from models.keys import StorageKeys
from stores.asked import Asked
from tests.in_memory import InMemoryStore

AT = datetime(2026, 11, 29, 10, tzinfo=UTC)
CALLS = ("a" * 32, "b" * 32)


def a_question() -> Question:
    return Question.now("이번 주 해지 사유", Wanted(since=AT, flagged=True), "이팀장", 2)


def findings_of(question: Question, *calls: str) -> Findings:
    quotes = [Citation(call_id=call, began=AT, utterance=1, seconds=2.0, by_caller=True, text=f"{call[0]}의 말") for call in calls]
    return Findings(ask_id=question.ask_id, at=AT, findings=(Finding(text="보험료", call_ids=calls, citations=tuple(quotes)),))


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def asked(store: InMemoryStore) -> Asked:
    return Asked(store)  # type: ignore[arg-type]


def erase(store: InMemoryStore, call: str) -> None:
    """As the eraser does: the receipt first."""
    store.put(StorageKeys.erasure_receipt(call), b"{}")
    Asked(store).forget(call)  # type: ignore[arg-type]


def everything(store: InMemoryStore) -> str:
    """All that was ever written and not erased, former versions too."""
    return "".join(stored.body.decode() for versions in store._versions.values() for stored in versions if stored)


def test_a_question_and_its_answer_are_found_by_its_day(asked: Asked) -> None:
    question = a_question()
    asked.ask(question)
    assert asked.question(question.ask_id) == question
    assert asked.of_day(day_in_korea(question.at)) == [(question, None)]
    found = asked.keep(findings_of(question, *CALLS))
    assert asked.of_day(day_in_korea(question.at)) == [(question, found)]
    with pytest.raises(StorageConflict):
        asked.ask(question)


def test_an_erased_calls_words_vanish_with_every_former_version_and_the_others_stay(store: InMemoryStore, asked: Asked) -> None:
    question = a_question()
    asked.keep(findings_of(question, *CALLS))
    erase(store, CALLS[0])
    left = asked.findings(question.ask_id)
    assert left is not None
    assert (left.call_ids, left.erased) == (frozenset(CALLS[1:]), 1)
    assert "a의 말" not in everything(store)
    assert "b의 말" in everything(store)
    assert store.keys(StorageKeys.asked_of(CALLS[0])) == []


def test_a_call_that_is_erased_while_the_answer_is_written_is_not_in_it(store: InMemoryStore, asked: Asked) -> None:
    question = a_question()
    erase(store, CALLS[0])
    kept = asked.keep(findings_of(question, *CALLS))
    assert kept.call_ids == frozenset(CALLS[1:])
    assert "a의 말" not in everything(store)


def test_two_erasures_at_once_do_not_bring_each_others_words_back(store: InMemoryStore, asked: Asked) -> None:
    question = a_question()
    asked.keep(findings_of(question, *CALLS))
    store.put(StorageKeys.erasure_receipt(CALLS[0]), b"{}")  # the other eraser has begun, and will write what it read before
    erase(store, CALLS[1])
    assert "의 말" not in everything(store)
    assert asked.findings(question.ask_id) is not None
    assert Asked(store).forget(CALLS[0]) == 1  # type: ignore[arg-type]


def test_a_call_that_no_answer_quotes_is_forgotten_without_a_trace(asked: Asked) -> None:
    assert asked.forget("c" * 32) == 0
