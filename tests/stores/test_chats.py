"""Conversations in the bucket: each person's own, changed by compare-and-swap, erased with every version."""

import pytest

from models.errors import ObjectGone, StorageConflict
from models.keys import StorageKeys
from stores.chats import ATTEMPTS, Chats
from stores.services import Services
from tests.in_memory import InMemoryStore


def test_a_conversation_is_found_by_its_person_alone_and_its_key_names_nobody() -> None:
    store = InMemoryStore()
    chats = Chats(store)
    begun = chats.begin("김상담", "전체")
    assert chats.read("김상담", begun.chat_id) == begun
    for by, chat_id in (("이팀장", begun.chat_id), ("김상담", "../" + begun.chat_id), ("김상담", "")):
        with pytest.raises(ObjectGone):
            chats.read(by, chat_id)
    assert [chat.chat_id for chat in chats.latest("김상담", 5)] == [begun.chat_id]
    assert chats.latest("이팀장", 5) == []
    assert "김상담" not in "".join(store.keys())


def test_a_change_is_made_to_what_lies_there_now_and_none_is_lost() -> None:
    store = InMemoryStore()
    chats = Chats(store)
    chat_id = chats.begin("a", "전체").chat_id
    races = []

    def change(now):  # another window changes it between reading and writing, once
        if not races:
            races.append(1)
            chats.change("a", chat_id, lambda chat: chat.model_copy(update={"done": ("other",)}))
        return now.model_copy(update={"done": (*now.done, "mine")})

    assert chats.change("a", chat_id, change).done == ("other", "mine")


def test_a_change_that_never_wins_says_so_and_one_of_an_erased_conversation_too() -> None:
    store = InMemoryStore()
    chats = Chats(store)
    chat_id = chats.begin("a", "전체").chat_id
    count = iter(range(100))

    def always_late(now):
        chats.change("a", chat_id, lambda chat: chat.model_copy(update={"done": (str(next(count)),)}))
        return now.model_copy(update={"done": ("mine",)})

    with pytest.raises(StorageConflict, match=f"{ATTEMPTS} other changes"):
        chats.change("a", chat_id, always_late)
    with pytest.raises(ObjectGone):
        chats.change("a", chat_id, lambda now: (chats.erase("a", chat_id), now.model_copy(update={"done": ("x",)}))[1])


def test_erasing_takes_every_version_and_only_ones_own() -> None:
    store = InMemoryStore()
    chats = Chats(store)
    mine, other = chats.begin("a", "전체"), chats.begin("b", "전체")
    chats.change("a", mine.chat_id, lambda now: now.model_copy(update={"done": ("d",)}))
    assert chats.erase("a", other.chat_id) == 0
    assert chats.erase("a", mine.chat_id) == 2
    assert store.keys(StorageKeys.CHATS) == [StorageKeys.chat("b", other.chat_id)]


def test_a_damaged_conversation_is_left_out_and_said_to_be_gone() -> None:
    store = InMemoryStore()
    chats = Chats(store)
    begun = chats.begin("a", "전체")
    store.put(StorageKeys.chat("a", begun.chat_id), b"{")
    assert chats.latest("a", 5) == []
    with pytest.raises(ObjectGone, match="damaged"):
        chats.read("a", begun.chat_id)


def test_services_are_those_that_ship_until_somebody_edits_them() -> None:
    services = Services(InMemoryStore())
    assert services.current().version == 0
    assert services.edit([], ["전체"], by="김 팀장").version == 1
    assert services.current().named("전체") is None
