"""Every way a call can fail, drawn once.

    ReadbackError
    ├── PermanentError            repeating cannot help: the recording goes to quarantine with this reason
    │   ├── BadRecording          the object is empty, truncated, silent, too large or no audio at all
    │   ├── ObjectGone            an object that should be in the bucket is not there (any more)
    │   ├── NoSpeech              the recording was transcribed and nobody said anything
    │   ├── BadTranscript         the transcript is there and cannot be summarized or spoken
    │   ├── BadPrompt             the finished prompt breaks one of Amazon Connect's rules
    │   ├── VendorRefused         a vendor understood the request and will never accept it
    │   ├── JobFailed             a vendor accepted the job and reported that it failed
    │   ├── JobGone               a vendor no longer knows the job: it expired, or the id was never one
    │   ├── AnswerLost            a paid request may have been accepted; repeating it could be billed twice
    │   ├── TrainingFailed        a fine-tuning run diverged or outgrew the machine: the same run would fail again
    │   ├── ModelRefused          a model version is unknown, damaged, or fails the gate before promotion
    │   ├── DocumentRefused       a document of the company cannot be read: it is set aside, the others of its collection are indexed
    │   └── TermsRefused          an edit of the term list, or a correction of a transcript, contradicts what is there
    ├── ConfigurationError        our own settings are wrong: nothing is the recording's fault
    │   └── AccessRefused         a vendor refuses our credentials: every call would fail, so they wait until people act
    ├── ModelUnavailable          no model can be loaded: calls wait until people act
    ├── QuotaExhausted            a paid quota is used up: the step pauses until people act
    ├── CallTakenOver             another run works on this call now: this one stops without touching it
    ├── Superseded                another upload lies under the recording's key: it is a call of its own, and this one ends
    ├── Unexpected                a fault of ours that no class was drawn for: the run fails, its log has the rest
    └── TransientError            the same request may succeed later
        ├── VendorUnavailable     no usable answer: a reset, a timeout, a 5xx
        │   └── VendorUnreachable there is no connection, or nobody answers: the next seconds will not help
        ├── TooManyRequests       the vendor asks for a slower pace
        └── StorageConflict       another writer was faster; read again

Which class an error belongs to decides what happens next, so a client maps every documented vendor error to exactly one
class and nothing above the clients looks at status codes.

What is stored of an error is its ``code``, which stays when a class gets another name, and where one class has many reasons its ``case``;
``reports/messages.py`` says in Korean what each of them means and what is to be done.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import BeforeValidator


@dataclass(frozen=True)
class VendorReply:
    """What a vendor said when it refused: enough to open a support case with.

    ``status`` is the HTTP (or gRPC-equivalent) status, 0 when there was no answer; ``code`` the vendor's own code, such as
    ``A0002``; ``request_id`` whatever id the vendor gave the request.
    """

    vendor: str
    status: int = 0
    code: str = ""
    request_id: str = ""


def stable_code(name: str) -> str:
    """An error's code from its class's name, as older records and people's commands have it; a code stays as it is.

    >>> stable_code("BadRecording"), stable_code("bad_recording")
    ('bad_recording', 'bad_recording')
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


ErrorCode = Annotated[str, BeforeValidator(stable_code)]


class ReadbackError(Exception):
    """Base of every error raised on purpose: a sentence for engineers, a remedy, and the vendor's reply where there was one.

    The sentence stands in states, events and logs, so it names no caller, no contact and no recording's key (``models.keys.shown_key``).
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, remedy: str = "", reply: VendorReply | None = None, case: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.reply = reply
        self.case = case

    def __str__(self) -> str:
        parts = [self.message.rstrip(".")]
        if self.reply is not None:
            details = [self.reply.vendor]
            details += [f"HTTP {self.reply.status}"] if self.reply.status else []
            details += [self.reply.code] if self.reply.code else []
            details += [f"request {self.reply.request_id}"] if self.reply.request_id else []
            parts[0] += f" ({', '.join(details)})"
        if self.remedy:
            parts.append(self.remedy.rstrip("."))
        return ". ".join(parts) + "."

    def __reduce__(self) -> tuple[object, ...]:
        """Keep keyword-only fields when an error crosses a process boundary."""
        return _rebuild, (type(self), self.message, self.remedy, self.reply, self.case)


def _rebuild(kind: type[ReadbackError], message: str, remedy: str, reply: VendorReply | None, case: str) -> ReadbackError:
    return kind(message, remedy=remedy, reply=reply, case=case)


class PermanentError(ReadbackError):
    """Repeating the same request cannot help."""

    code = "permanent_error"


class BadRecording(PermanentError):
    """The object under the recordings prefix cannot be treated as a call."""

    code = "bad_recording"


class ObjectGone(PermanentError):
    """An object is not in the bucket."""

    code = "object_gone"


class NoSpeech(PermanentError):
    """The recording holds no words."""

    code = "no_speech"


class BadTranscript(PermanentError):
    """The transcript cannot be summarized or spoken."""

    code = "bad_transcript"


class BadPrompt(PermanentError):
    """The prompt would not play correctly in Amazon Connect."""

    code = "bad_prompt"


class VendorRefused(PermanentError):
    """The vendor understood the request and will not accept it, now or later."""

    code = "vendor_refused"


class JobFailed(PermanentError):
    """The vendor accepted the job and reported its failure."""

    code = "job_failed"


class JobGone(PermanentError):
    """The vendor no longer knows the job; the recording itself is fine, so the step that holds the job id decides what follows."""

    code = "job_gone"


class AnswerLost(PermanentError):
    """A paid request was sent and its answer never arrived; a person decides whether to pay again."""

    code = "answer_lost"


class TrainingFailed(PermanentError):
    """A fine-tuning run diverged or did not fit into memory; the remedy says what to change."""

    code = "training_failed"


class ModelRefused(PermanentError):
    """A model version is unknown, damaged, or did not pass the gate; the model in service stays."""

    code = "model_refused"


class DocumentRefused(PermanentError):
    """A document that cannot be read: damaged, empty, locked, foreign. ``case`` says which; the others of a collection are read."""

    code = "document_refused"


class TermsRefused(PermanentError):
    """An edit of the term list, or a correction of a transcript, contradicts what is there; nothing was changed."""

    code = "terms_refused"


class ConfigurationError(ReadbackError):
    """A setting, credential or permission of ours is wrong."""

    code = "configuration_error"


class AccessRefused(ConfigurationError):
    """A vendor does not accept our credentials, or they do not permit what every call needs."""

    code = "access_refused"


class ModelUnavailable(ReadbackError):
    """No model can be loaded that could summarize a call; it is the same for every call until people act."""

    code = "model_unavailable"


class QuotaExhausted(ReadbackError):
    """A paid quota is used up; waiting seconds will not help, quarantining calls would be wrong."""

    code = "quota_exhausted"


class CallTakenOver(ReadbackError):
    """Another run works on this call now; this one must stop without touching it."""

    code = "call_taken_over"


class Superseded(ReadbackError):
    """Another upload lies under the key of the call's recording; it is the call ``by``, with a run of its own."""

    code = "superseded"

    def __init__(self, message: str, *, remedy: str = "", reply: VendorReply | None = None, case: str = "", by: str = "") -> None:
        super().__init__(message, remedy=remedy, reply=reply, case=case)
        self.by = by

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the other call as well when the error crosses a process boundary."""
        return *super().__reduce__(), {"by": self.by}


class Unexpected(ReadbackError):
    """A fault that nobody foresaw; its own message, which may hold a caller's words, stays in the log of its run."""

    code = "unexpected"


class TransientError(ReadbackError):
    """The same request may succeed later."""

    code = "transient_error"


class VendorUnavailable(TransientError):
    """No usable answer: a reset, a timeout, a 5xx."""

    code = "vendor_unavailable"


class VendorUnreachable(VendorUnavailable):
    """No connection, silence, or a gateway that answers for a vendor that is away."""

    code = "vendor_unreachable"


class TooManyRequests(TransientError):
    """The vendor asks for a slower pace; ``retry_after_seconds`` is how long it asked us to wait, None where it named no time."""

    code = "too_many_requests"

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        reply: VendorReply | None = None,
        case: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy, reply=reply, case=case)
        self.retry_after_seconds = retry_after_seconds

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the wait as well when the error crosses a process boundary."""
        return *super().__reduce__(), {"retry_after_seconds": self.retry_after_seconds}


class StorageConflict(TransientError):
    """A conditional write lost against another writer."""

    code = "storage_conflict"


@contextmanager
def in_one_sentence() -> Iterator[None]:
    """Let a command end with an error's sentence and exit code 1, instead of a traceback around it; for a function's decorator as well."""
    try:
        yield
    except Unexpected:
        raise
    except ReadbackError as error:
        raise SystemExit(str(error)) from None
