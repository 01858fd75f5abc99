"""The term list in the bucket: versions that nobody can lose, and readers that need no restart."""

import threading

import pytest

from models.call.terms import Term, TermList, TermsEdit
from models.errors import PermanentError, TermsRefused, VendorUnavailable
from models.keys import TermKeys
from stores.terms import LiveTerms, TermLists
from tests.in_memory import InMemoryStore


def add(spelling: str) -> TermsEdit:
    return TermsEdit(add=[Term(term=spelling, pronounced=spelling)], by="김운영")


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def lists(store: InMemoryStore) -> TermLists:
    return TermLists(store)  # type: ignore[arg-type]


def test_a_bucket_begins_with_the_list_that_ships(lists: TermLists) -> None:
    assert lists.current() == TermList.shipped()
    assert lists.history() == []


def test_every_version_is_kept_and_can_be_gone_back_to(lists: TermLists) -> None:
    lists.edit(add("가나다보험"))
    lists.edit(TermsEdit(remove=["가나다보험"], by="이운영"))
    assert [(one.version, one.change.by) for one in lists.history()] == [(2, "이운영"), (1, "김운영")]
    back = lists.edit(TermsEdit(rows=list(lists.version(1).terms), rows_are_all=True, by="박운영"))
    assert (back.version, back.terms) == (3, lists.version(1).terms)


def test_editors_at_the_same_moment_lose_nothing(lists: TermLists) -> None:
    words = ["가가보험", "나나보험", "다다보험", "라라보험"]
    editors = [threading.Thread(target=lists.edit, args=(add(word),)) for word in words]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert set(words) <= {term.term for term in lists.current().terms}
    assert [one.version for one in lists.history()] == [4, 3, 2, 1]


def test_a_history_that_was_not_written_in_time_is_written_by_the_next_edit(store: InMemoryStore, lists: TermLists) -> None:
    lists.edit(add("가가보험"))
    store.delete(TermKeys.version(1))
    lists.edit(add("나나보험"))
    assert [one.version for one in lists.history()] == [2, 1]


def test_an_edit_made_for_another_version_is_refused(lists: TermLists) -> None:
    lists.edit(add("가가보험"))
    with pytest.raises(TermsRefused, match="at version 1, the edit was made for version 0"):
        lists.edit(add("나나보험"), expected_version=0)


def test_a_reader_sees_an_edit_without_a_restart_and_is_sent_an_unchanged_list_once(store: InMemoryStore, lists: TermLists) -> None:
    now = 0.0
    live = LiveTerms(lists, fresh_seconds=1.0, clock=lambda: now)
    assert "가가보험" not in live.current().keywords
    lists.edit(add("가가보험"))
    assert "가가보험" not in live.current().keywords  # within the second that it believes what it read
    now = 1.0
    seen = live.current()
    assert "가가보험" in seen.keywords
    now = 2.0
    assert live.current() is seen  # by its entity tag


def test_a_damaged_list_stops_no_call_and_the_next_edit_mends_it(store: InMemoryStore, lists: TermLists) -> None:
    lists.edit(add("가가보험"))
    store.put(TermKeys.LIST, b"{")
    with pytest.raises(PermanentError, match=r"terms/list\.json cannot be read"):
        lists.current()
    assert "가가보험" in LiveTerms(lists).current().keywords
    assert lists.edit(add("나나보험")).version == 2
    assert {"가가보험", "나나보험"} <= set(lists.current().keywords)


def test_an_s3_that_is_away_for_a_moment_leaves_the_list_of_before_in_use(lists: TermLists, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    live = LiveTerms(lists, fresh_seconds=1.0, clock=lambda: now)
    lists.edit(add("가나다보험"))

    def away(known: str) -> None:
        raise VendorUnavailable("could not read the list")

    with monkeypatch.context() as during:
        during.setattr(lists, "read_unless", away)
        with pytest.raises(VendorUnavailable):
            live.current()
    assert "가나다보험" in live.current().keywords
    now = 2.0
    with monkeypatch.context() as during:
        during.setattr(lists, "read_unless", away)
        assert "가나다보험" in live.current().keywords
    lists.edit(add("라마바보험"))
    now = 4.0
    assert "라마바보험" in live.current().keywords
