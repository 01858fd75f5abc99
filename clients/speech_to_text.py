"""What every speech-to-text vendor's client offers: submit a recording once, poll its job, get our utterances.

A vendor's JSON, limits, error codes and payment semantics stay in its client. The record of a call names the vendor of its job
(``Transcription.provider``), so that an id is only ever asked of the vendor that gave it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from models.call.record import Utterance


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
        """The vendor's name in call records and settings, such as ``returnzero``; never changed, for records outlive releases."""
        ...

    def submit(self, audio: bytes, filename: str) -> str:
        """Start a paid job and return its id; store the id before anything else is done.

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

    def close(self) -> None:
        """Close what is open."""
        ...
