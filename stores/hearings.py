"""What vendors made of recordings in comparisons, the plans of these, and their leaderboards. What was heard is kept: it was paid for."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from clients.s3 import ObjectStore
from models.call.record import Utterance
from models.errors import ConfigurationError, ObjectGone
from models.hearing.comparison import Comparison, Hearing, ReferenceRecording, conditions_of
from models.keys import HearingKeys
from models.sound.recording import inspect_recording

_PLAN = TypeAdapter(list[ReferenceRecording])
_JSON = "application/json"


@dataclass(frozen=True)
class Kept:
    """A hearing as it lies in the bucket; ``etag`` is empty where none does."""

    hearing: Hearing
    etag: str = ""


def question_of(asks: str) -> str:
    """A vendor's question in a key: other keywords, another model, other settings are another question."""
    return hashlib.sha256(asks.encode()).hexdigest()[:16]


class Hearings:
    """The comparisons of one bucket."""

    def __init__(self, store: ObjectStore) -> None:
        """Use this bucket."""
        self._store = store

    def find(self, recording: ReferenceRecording, provider: str, question: str) -> Kept | None:
        """What the vendor made of the recording, None where it has never been asked."""
        stored = self._store.find(HearingKeys.heard(recording.etag, provider, question))
        return Kept(Hearing.model_validate_json(stored.body), stored.etag) if stored else None

    def save(self, recording: ReferenceRecording, provider: str, question: str, kept: Kept) -> Kept:
        """Write a hearing where nobody else wrote meanwhile (StorageConflict)."""
        key, body = HearingKeys.heard(recording.etag, provider, question), kept.hearing.model_dump_json().encode()
        if kept.etag:
            return Kept(kept.hearing, self._store.put(key, body, content_type=_JSON, only_if_etag=kept.etag))
        return Kept(kept.hearing, self._store.put(key, body, content_type=_JSON, only_if_absent=True))

    def read_set(self, folder: str, most: int) -> list[ReferenceRecording]:
        """The recordings of a folder that have a reference, at most so many; ConfigurationError names what cannot be used."""
        prefix = f"{folder.strip('/')}/"
        keys = [facts.key for facts in self._store.walk(prefix)]
        references = {key.removesuffix(".json") for key in keys if key.endswith(".json")}
        names = [key.removesuffix(".wav") for key in keys if key.endswith(".wav")]
        if not names:
            remedy = f"Put <name>.wav and <name>.json with its utterances under {HearingKeys.SETS}<name>/"
            raise ConfigurationError(f"there is no recording under {prefix}", remedy=remedy)
        if lacking := [name for name in names if name not in references]:
            raise ConfigurationError(f"{len(lacking)} recordings have no reference, such as {lacking[0]}.wav", remedy="Add <name>.json")
        return [self._read(name) for name in names[:most]]

    def _read(self, name: str) -> ReferenceRecording:
        sound, text = self._store.get(f"{name}.wav"), self._store.get(f"{name}.json")
        try:
            said = [
                Utterance(label=one["spk"], start_ms=one["start_at"], duration_ms=one["duration"], text=one["msg"])
                for one in json.loads(text.body)["utterances"]
            ]
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            remedy = 'Write {"utterances": [{"spk": 0, "start_at": 0, "duration": 900, "msg": "…"}]}, times in milliseconds'
            raise ConfigurationError(f"{name}.json is no reference: {type(error).__name__}", remedy=remedy) from None
        audio = inspect_recording(sound.body, f"{name}.wav")
        return ReferenceRecording(
            key=f"{name}.wav",
            etag=sound.etag,
            seconds=audio.seconds,
            channels=audio.channels,
            conditions=conditions_of(audio, said),
            reference=tuple(said),
        )

    def sound(self, recording: ReferenceRecording) -> bytes:
        """A recording's bytes; ObjectGone where another upload lies under its key."""
        stored = self._store.get(recording.key)
        if stored.etag != recording.etag:
            raise ObjectGone(f"{recording.key} is another recording by now", remedy="Launch the comparison again")
        return stored.body

    def location(self, recording: ReferenceRecording) -> str:
        """Where a recording lies, as vendors that read from the bucket are told."""
        return f"s3://{self._store.bucket}/{recording.key}"

    def save_plan(self, recordings: Sequence[ReferenceRecording]) -> str:
        """Keep the recordings of a comparison under a key that changes with any of them."""
        body = _PLAN.dump_json(list(recordings))
        key = HearingKeys.plan(hashlib.sha256(body).hexdigest()[:32])
        self._store.put(key, body, content_type=_JSON)
        return key

    def plan(self, key: str) -> list[ReferenceRecording]:
        """The recordings of a comparison."""
        return _PLAN.validate_json(self._store.get(key).body)

    def save_comparison(self, name: str, comparison: Comparison) -> None:
        """Keep a leaderboard."""
        self._store.put(HearingKeys.comparison(name), comparison.model_dump_json(indent=1).encode(), content_type=_JSON)
