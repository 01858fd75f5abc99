"""The world without a network: a bucket with S3's conditional writes, and vendors behind our protocols.

``tests/clients/test_object_store.py``, ``test_speech_to_text.py`` and ``test_text_to_speech.py`` hold them to what the real clients do.
"""

import hashlib
import io
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import soundfile

from clients import metadata as user_metadata
from clients.s3 import ObjectFacts, StoredObject
from clients.speech_to_text import Job, JobStatus, Offer
from models.call.record import Utterance
from models.errors import BadRecording, ConfigurationError, JobFailed, JobGone, ObjectGone, StorageConflict, VendorRefused


class InMemoryStore:
    """``clients.s3.ObjectStore`` in a dictionary, versions and all."""

    def __init__(self, bucket: str = "aicc-memory") -> None:
        self.bucket = bucket
        self._versions: dict[str, list[StoredObject | None]] = {}  # the last is the current one; None is a delete marker
        self._lock = threading.Lock()

    def _now(self, key: str) -> StoredObject | None:
        versions = self._versions.get(key)
        return versions[-1] if versions else None

    def get(self, key: str) -> StoredObject:
        stored = self._now(key)
        if stored is None:
            raise ObjectGone(f"could not read s3://{self.bucket}/{key}: it is not there")
        return stored

    def find(self, key: str) -> StoredObject | None:
        return self._now(key)

    def get_unless(self, key: str, etag: str) -> StoredObject | None:
        stored = self.get(key)
        return None if stored.etag == etag else stored

    def head(self, key: str) -> ObjectFacts | None:
        stored = self._now(key)
        return stored.facts if stored else None

    def put(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str = "application/octet-stream",
        metadata: Mapping[str, str] | None = None,
        only_if_absent: bool = False,
        only_if_etag: str | None = None,
    ) -> str:
        etag = hashlib.md5(body).hexdigest()
        facts = ObjectFacts(key, etag, len(body), user_metadata.decode(user_metadata.encode(metadata or {})), datetime.now(UTC))
        with self._lock:
            stands = self._now(key)
            if (only_if_absent and stands) or (only_if_etag is not None and (stands is None or stands.etag != only_if_etag)):
                raise StorageConflict(f"another writer changed s3://{self.bucket}/{key} first")
            self._versions.setdefault(key, []).append(StoredObject(facts, bytes(body)))
        return etag

    def delete(self, key: str) -> None:
        with self._lock:
            if key in self._versions:
                self._versions[key].append(None)

    def erase(self, key: str, *, only_etag: str = "") -> int:
        with self._lock:
            versions = self._versions.pop(key, [])
            others = [stored for stored in versions if only_etag and stored is not None and stored.etag != only_etag]
            if not others:
                return len(versions)
            left = [stored for stored in versions if stored is None or stored in others]
            self._versions[key] = left
            return len(versions) - len(left)

    def walk(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectFacts]:
        for key in sorted(self._versions):
            stored = self._now(key)
            if stored and key.startswith(prefix) and key > start_after:
                yield ObjectFacts(key, stored.etag, stored.facts.size, {}, stored.facts.last_modified)

    def folders(self, prefix: str) -> Sequence[str]:
        names = {facts.key.removeprefix(prefix) for facts in self.walk(prefix)}
        return sorted({f"{prefix}{name.partition('/')[0]}/" for name in names if "/" in name})

    def upload_file(self, path: Path, key: str) -> None:
        self.put(key, path.read_bytes())

    def download_file(self, key: str, path: Path) -> None:
        path.write_bytes(self.get(key).body)

    def link(self, key: str, *, seconds: int = 86_400) -> str:
        return f"https://{self.bucket}.example/{key}?seconds={seconds}"

    def keys(self, prefix: str = "") -> list[str]:
        """What lies there now."""
        return [facts.key for facts in self.walk(prefix)]


OFFER = Offer(
    languages=("ko",),
    formats=("wav",),
    diarization=True,
    channels=False,
    keywords=0,
    keyword_characters=0,
    max_bytes=2**31,
    max_seconds=4 * 3600.0,
    kept_days=3.0,
    repeatable=False,
    reads_bucket=False,
    forgets=False,
)


@dataclass
class FakeSpeechToText:
    """Knows the words of given sounds; ``submit_errors`` and ``poll_errors`` are raised first, one a request.

    With a ``repeatable`` offer requests of one name are one job, and an error of ``lost_answers`` is raised after the job was taken.
    """

    words: dict[bytes, list[Utterance]] = field(default_factory=dict)
    provider: str = "returnzero"
    polls_until_done: int = 1
    submit_errors: deque[Exception] = field(default_factory=deque)
    poll_errors: deque[Exception] = field(default_factory=deque)
    lost_answers: deque[Exception] = field(default_factory=deque)
    offer: Offer = OFFER
    asks: str = "what a fake is asked"
    paid: list[bytes] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    _jobs: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    _job_of: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def submit(self, audio: bytes, filename: str, *, location: str = "", request: str = "") -> str:
        if self.submit_errors:
            raise self.submit_errors.popleft()
        if not audio.startswith(b"RIFF"):
            raise BadRecording(f"{filename} is no sound")
        with self._lock:
            if self.offer.repeatable and request in self._job_of:
                return self._job_of[request]
            self.paid.append(audio)
            job_id = f"{self.provider}-job-{len(self.paid)}"
            self._jobs[job_id] = (audio, 0)
            if request:
                self._job_of[request] = job_id
        if self.lost_answers:
            raise self.lost_answers.popleft()
        return job_id

    def poll(self, job_id: str) -> Job:
        if self.poll_errors:
            raise self.poll_errors.popleft()
        if job_id not in self._jobs:
            raise JobGone(f"job {job_id} is not known")
        audio, polls = self._jobs[job_id]
        self._jobs[job_id] = (audio, polls + 1)
        if polls + 1 < self.polls_until_done:
            return Job(job_id, JobStatus.IN_PROGRESS)
        if audio not in self.words:
            raise JobFailed(f"job {job_id}: the sound is not known")
        return Job(job_id, JobStatus.COMPLETED, tuple(self.words[audio]))

    def forget(self, job_id: str) -> None:
        self.forgotten.append(job_id)

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class FakeTextToSpeech:
    """Hums for a tenth of a second a letter; ``errors`` are raised first, one a request."""

    voice: str = "ko-KR-Wavenet-A"
    voices: tuple[str, ...] = ("ko-KR-Wavenet-A",)
    errors: deque[Exception] = field(default_factory=deque)
    check_errors: deque[Exception] = field(default_factory=deque)
    spoken: list[str] = field(default_factory=list)

    __hash__ = object.__hash__

    @property
    def provider(self) -> str:
        return "google-tts/wavenet"

    def billed_characters(self, text: str) -> int:
        return len(text)

    def split(self, text: str) -> list[str]:
        return [piece for piece in text.split("\n") if piece.strip()]

    def synthesize(self, text: str) -> bytes:
        if self.errors:
            raise self.errors.popleft()
        self.check_voice()
        if not text.strip():
            raise VendorRefused("there is nothing to speak")
        self.spoken.append(text)
        sound = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(24_000 * 0.1 * len(text))) / 24_000)
        wav = io.BytesIO()
        soundfile.write(wav, sound, 24_000, format="WAV", subtype="PCM_16")
        return wav.getvalue()

    def check_voice(self) -> None:
        if self.check_errors:
            raise self.check_errors.popleft()
        if self.voice not in self.voices:
            raise ConfigurationError(f"there is no voice {self.voice!r}", remedy="Choose another one")

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class FakeContacts:
    """Amazon Connect's attributes and callers' numbers by contact; ``refusal`` is raised instead."""

    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    refusal: Exception | None = None

    def update_attributes(self, contact_id: str, attributes: Mapping[str, str]) -> None:
        if self.refusal:
            raise self.refusal
        self.attributes.setdefault(contact_id, {}).update(attributes)

    def customer_number(self, contact_id: str) -> str:
        if self.refusal:
            raise self.refusal
        return self.numbers.get(contact_id, "")
