"""What every speech-to-text vendor's client offers: submit a recording once, poll its job, get our utterances.

A vendor's JSON, limits, error codes and payment semantics stay in its client; what it can do and what it costs stands in its ``Offer``. The
record of a call names the vendor of its job (``Transcription.provider``), so that an id is only ever asked of the vendor that gave it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from models.call.record import Utterance


@dataclass(frozen=True)
class Offer:
    """What a vendor can do, where its limits are and what it costs: facts of the vendor, not settings of ours.

    ``channels``: the two sides of a stereo call are heard apart, so that nobody need guess who speaks. ``keywords`` is how many terms a
    job takes, of ``keyword_characters`` each. ``repeatable``: a request sent again under the same name is the same job, so a lost answer is
    asked for again instead of being left to a person. ``reads_bucket``: the vendor reads the recording where it lies in S3. ``forgets``: it
    deletes a job and its transcript when asked to; elsewhere they go after ``kept_days``.
    ``billed`` is False where our own machines hear; what the others cost stands in the price file (``models/call/prices.csv``).
    """

    languages: tuple[str, ...]
    formats: tuple[str, ...]
    diarization: bool
    channels: bool
    keywords: int
    keyword_characters: int
    max_bytes: int
    max_seconds: float
    kept_days: float
    repeatable: bool
    reads_bucket: bool
    forgets: bool
    billed: bool = True


class JobStatus(StrEnum):
    """Where a job stands; a failed one is raised as ``JobFailed``."""

    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


@dataclass(frozen=True)
class Job:
    """One poll's answer; the utterances are there once the job is completed, in the vendor's order, without speakers' names."""

    id: str
    status: JobStatus
    utterances: tuple[Utterance, ...] = ()

    @property
    def completed(self) -> bool:
        """Whether the transcript is there."""
        return self.status is JobStatus.COMPLETED


class SpeechToText(Protocol):
    """One vendor with our credentials. Safe to share between threads; all calls block.

    ``tests/clients/test_speech_to_text.py`` holds every implementation to this.
    """

    @property
    def provider(self) -> str:
        """The vendor's name in call records and settings, such as ``returnzero``; never changed, for records outlive releases.

        A second model of a vendor is ``<vendor>/<model>``: both share the vendor's limit on jobs (``account``).
        """
        ...

    @property
    def offer(self) -> Offer:
        """What the vendor can do and what it costs."""
        ...

    @property
    def asks(self) -> str:
        """What every job is asked for beside the sound, as text: results of another question are other results."""
        ...

    def submit(self, audio: bytes, filename: str, *, location: str = "", request: str = "") -> str:
        """Start a paid job and return its id; store the id before anything else is done.

        ``location`` is where the recording lies (``s3://bucket/key``), for a vendor that reads it there. ``request`` names this request: a
        vendor whose offer is ``repeatable`` makes one job of all requests of that name.

        Raises ``AnswerLost`` where the job may exist although no id arrived, ``BadRecording`` for what is no sound of a call,
        ``QuotaExhausted``, ``ConfigurationError`` or a ``TransientError`` where nothing was paid.
        """
        ...

    def poll(self, job_id: str) -> Job:
        """Ask how a job stands; costs nothing and may be repeated.

        Raises ``JobFailed`` with the vendor's reason, ``JobGone`` where the id is unknown or too old, ``BadTranscript`` where the job is
        completed and its transcript makes no sense, or a ``TransientError``.
        """
        ...

    def forget(self, job_id: str) -> None:
        """Have the vendor delete a job with its transcript, for an erasure; nothing where its offer does not forget.

        A job that is gone is what was wanted. Raises ``AccessRefused``, ``ConfigurationError`` or a ``TransientError``.
        """
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


def account(provider: str) -> str:
    """Whose limits and bills a provider's jobs count towards.

    >>> account("returnzero/whisper"), account("google")
    ('returnzero', 'google')
    """
    return provider.partition("/")[0]
