"""People's conversations with the documents, in the bucket: an object each, changed by compare-and-swap, found by its person alone."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from clients.s3 import ObjectStore, StoredObject
from models.chat.conversation import Chat, is_id, new_id
from models.errors import ObjectGone, StorageConflict
from models.keys import StorageKeys

ATTEMPTS = 8


class Chats:
    """The conversations of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def begin(self, by: str, service: str) -> Chat:
        """A new conversation of a person about a service."""
        now = datetime.now(UTC)
        chat = Chat(chat_id=new_id(now), by=by, service=service, begun_at=now)
        self._put(chat, only_if_absent=True)
        return chat

    def read(self, by: str, chat_id: str) -> Chat:
        """A person's own conversation; ObjectGone where there is none of that id, or it is somebody else's."""
        return self._read(by, chat_id)[0]

    def change(self, by: str, chat_id: str, change: Callable[[Chat], Chat]) -> Chat:
        """Change a conversation as it is now, again where another change came in between; what ``change`` raises goes through.

        ObjectGone where it was erased meanwhile, StorageConflict after eight lost races.
        """
        for _ in range(ATTEMPTS):
            now, etag = self._read(by, chat_id)
            wanted = change(now)
            if wanted is now:
                return now
            try:
                self._put(wanted, only_if_etag=etag)
            except StorageConflict:
                continue
            return wanted
        raise StorageConflict(f"{ATTEMPTS} other changes of the conversation came in between", remedy="Load the page again")

    def latest(self, by: str, most: int) -> Sequence[Chat]:
        """A person's last conversations, the latest first; a damaged one is left out."""
        keys = [facts.key for facts in self._store.walk(StorageKeys.chats(by))]
        found = [_parsed(stored) for key in reversed(keys[-most:]) if (stored := self._store.find(key))]
        return [chat for chat in found if chat]

    def erase(self, by: str, chat_id: str) -> int:
        """Erase a person's conversation with all its versions; returns how many there were."""
        return self._store.erase(StorageKeys.chat(by, chat_id)) if is_id(chat_id) else 0

    def _read(self, by: str, chat_id: str) -> tuple[Chat, str]:
        stored = self._store.find(StorageKeys.chat(by, chat_id)) if is_id(chat_id) else None
        chat = _parsed(stored) if stored else None
        if stored is None or chat is None:
            raise ObjectGone("there is no such conversation, or it is damaged", remedy="Begin a new one", case="no_chat")
        return chat, stored.etag

    def _put(self, chat: Chat, *, only_if_absent: bool = False, only_if_etag: str | None = None) -> None:
        self._store.put(
            StorageKeys.chat(chat.by, chat.chat_id),
            chat.model_dump_json().encode("utf-8"),
            content_type="application/json",
            only_if_absent=only_if_absent,
            only_if_etag=only_if_etag,
        )


def _parsed(stored: StoredObject) -> Chat | None:
    try:
        return Chat.model_validate_json(stored.body)
    except ValidationError:
        return None
