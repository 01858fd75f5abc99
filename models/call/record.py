"""The record of one call: the only checkpoint of the pipeline and the only place that knows the whole story.

A run reads it, does what is missing, and writes it back by compare-and-swap. Because it lies in S3 beside the files, a
retry, a redrive, a duplicate event and a backfill all resume from the same truth, whichever run or machine they are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from models.call.caller_said import CallersAnswer, ContactFacts
from models.call.editing import Review
from models.call.korea import began_in_korea, called_at
from models.call.ledger import Charge, Used
from models.errors import BadTranscript, ErrorCode
from models.keys import call_id, parse_recording_key, short_contact, shown_key
from models.signals.told import CallSignals
from models.summarizer.outcome import Evidence, Kind


class Speaker(StrEnum):
    """Who speaks: Amazon Connect records the customer on the left channel and the agent on the right."""

    CUSTOMER = "customer"
    AGENT = "agent"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """Where a call stands."""

    IN_PROGRESS = "in_progress"
    READ_BACK = "read_back"
    QUARANTINED = "quarantined"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class Recording(BaseModel):
    """One uploaded object: the bucket, its key, the entity tag without quotes, and its size in bytes."""

    model_config = ConfigDict(frozen=True)

    bucket: str = Field(description="S3 bucket that holds the recording")
    key: str = Field(description="S3 key of the recording, as Amazon Connect wrote it")
    etag: str = Field(description="Entity tag of the object; another upload to the same key is another call")
    size: int = Field(default=0, ge=0, description="Size in bytes")

    @property
    def call_id(self) -> str:
        """The recording's name for ever, 32 hexadecimal digits."""
        return call_id(self.bucket, self.key, self.etag)

    @property
    def contact_id(self) -> str:
        """The Amazon Connect contact, or the call id where the key names none."""
        name = parse_recording_key(self.key)
        return name.contact_id if name else self.call_id

    @property
    def called_at(self) -> datetime | None:
        """When the call began in Korea, None where its key does not tell."""
        name = parse_recording_key(self.key)
        return called_at(name.started_at) if name else None

    @property
    def uri(self) -> str:
        """``s3://bucket/key``; it names the contact, so it belongs into the bucket alone."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def shown(self) -> str:
        """The recording as messages name it, without its contact."""
        return f"s3://{self.bucket}/{shown_key(self.key)}"

    @property
    def short_name(self) -> str:
        """The contact's first eight digits, or the call's where the contact's id is not one of Connect's own."""
        return short_contact(self.contact_id) or f"#{self.call_id[:8]}"

    @property
    def run_name(self) -> str:
        """How runs about it are called: the contact in short, and when the call began in Korea.

        >>> Recording(bucket="b", key="connect/a/CallRecordings/2026/11/20/010-1234-5678_20261120T00:44_UTC.wav", etag="e").run_name
        '#d1769305 2026-11-20 09:44'
        """
        name = parse_recording_key(self.key)
        return f"{self.short_name} {began_in_korea(name.started_at) if name else ''}".rstrip()


# Of a recognizer's other readings so many are kept, and of its words those that it was less sure of than this: a record stays small.
MOST_ALTERNATIVES = 4
SURE = 0.9


class UnsureWord(BaseModel):
    """A word of an utterance that the recognizer was not sure of: ``confidence`` from 0 to 1, as the vendor gives it."""

    model_config = ConfigDict(frozen=True)

    text: str
    confidence: float = Field(ge=0, le=1)


def unsure_words(words: Iterable[tuple[str, float]]) -> tuple[UnsureWord, ...]:
    """The words of an utterance that are worth keeping, of all with their confidence; 0 means that the vendor gave none.

    >>> unsure_words([("암보험", 0.41), ("해지", 0.97), ("요", 0.0)])
    (UnsureWord(text='암보험', confidence=0.41),)
    """
    return tuple(UnsureWord(text=text, confidence=round(min(1.0, sure), 2)) for text, sure in words if 0 < sure < SURE)


def other_readings(text: str, readings: Iterable[str]) -> tuple[str, ...]:
    """Readings of an utterance that differ from its text by more than spaces, each once, in the recognizer's order.

    >>> other_readings("암보험 해지", ["암 보험 해지", "안보험 해지", "안보험  해지"])
    ('안보험 해지',)
    """
    found: dict[str, str] = {}
    for reading in readings:
        found.setdefault("".join(reading.split()), " ".join(reading.split()))
    found.pop("".join(text.split()), None)
    return tuple(reading for reading in found.values() if reading)[:MOST_ALTERNATIVES]


class Utterance(BaseModel):
    """One stretch of speech: who, when (milliseconds from the recording's start) and what.

    ``label`` is the voice as speech-to-text numbers it, None where it told nobody apart; ``speaker`` is who that turned out to be.
    ``alternatives`` are other readings of the whole utterance, and ``unsure`` its words of low confidence, where the recognizer tells.
    """

    speaker: Speaker = Speaker.UNKNOWN
    label: int | None = None
    start_ms: int = Field(ge=0)
    duration_ms: int = Field(ge=0)
    text: str
    alternatives: tuple[str, ...] = ()
    unsure: tuple[UnsureWord, ...] = ()


class Rule(StrEnum):
    """What a change of a transcript rests on (``models/call/correction.py``)."""

    HEARD = "heard"
    NEAR = "near"
    ALTERNATIVE = "alternative"
    WORD = "word"
    MODEL = "model"
    PERSON = "person"


class Change(BaseModel):
    """One change of one utterance (from 0): ``before``, from character ``start`` of the text as it stood, became ``after``.

    ``seconds`` is where in the recording that was said. ``by`` is who corrected it, and ``at`` when, where a person did.
    """

    model_config = ConfigDict(frozen=True)

    utterance: int = Field(ge=0)
    start: int = Field(ge=0)
    before: str
    after: str
    rule: Rule
    seconds: float = Field(ge=0)
    by: str = ""
    at: datetime | None = None


class Correction(BaseModel):
    """What was mended in a call's transcript, in order, by which version of the term list; ``took`` is in seconds of our time.

    ``doubtful`` are utterances that hold a doubtful spot. ``unread`` says why a language model, where one is set, did not read them.
    """

    terms_version: int = 0
    changes: list[Change] = []
    doubtful: list[int] = []
    unread: str = ""
    took: float = 0.0


class Transcription(BaseModel):
    """The speech-to-text job. ``submitting`` without a ``job_id`` means that a submit's answer was lost.

    ``request`` names the paid request that is being sent, so that what came of another one is never taken for its answer.
    ``provider`` is the vendor that the job is at; records without one are older than the second vendor. ``instead_of`` is the vendor that
    was away for so long that this one was asked. ``refused`` is the code of the error with which the vendor took no job.
    """

    provider: str = "returnzero"
    instead_of: str = ""
    refused: ErrorCode = ""
    submitting: bool = False
    request: str = ""
    job_id: str = ""
    utterances: list[Utterance] = []
    done: bool = False


class Summary(BaseModel):
    """What the caller wants, how sure that is, where it was said, and which model said so.

    ``kind``: a summary, the caller's own words, or no request; records of before hold summaries. ``text`` is empty for no request.
    ``instead`` is the reason where ``model`` answered in the place of a language model in service. ``stale``: a word that it rests on was
    corrected since.
    """

    text: str
    model: str
    version: str
    kind: Kind = Kind.SUMMARY
    confidence: float | None = None
    evidence: list[Evidence] = []
    instead: str = ""
    stale: bool = False
    used: Used = Field(default_factory=Used)

    @property
    def told_by(self) -> str:
        """Who told it, as the registry and who counts by model knows it: the model's name, and the classifier's where one took part.

        ``version`` begins with digits over the model's files, which no registry knows.

        >>> Summary(text="", model="bart-a", version="4abf1283b5d7+svm-b").told_by
        'bart-a+svm-b'
        """
        _, plus, classifier = self.version.partition("+")
        return f"{self.model}{plus}{classifier}"


class Prompt(BaseModel):
    """The spoken read-back as Amazon Connect plays it."""

    key: str
    seconds: float
    spoken_text: str
    voice: str


class PromptCheck(BaseModel):
    """What a speech-to-text vendor heard of the prompt, and how far that is from ``spoken_text`` (``cer``: share of the characters).

    ``transcription`` is its job, without utterances. ``failure`` is the code of the error with which it ended without an answer.
    """

    spoken_text: str
    transcription: Transcription = Field(default_factory=Transcription)
    heard: str = ""
    cer: float | None = None
    failure: ErrorCode = ""
    at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether it is done, with an answer or without."""
        return self.at is not None


class Failure(BaseModel):
    """Why a call stopped, for the person who looks at it."""

    error: ErrorCode = Field(description="Code of the error, such as bad_recording")
    case: str = Field(default="", description="Which of the error's cases it is, such as silent")
    reason: str
    remedy: str = ""
    step: str
    vendor: str = ""
    vendor_code: str = ""
    request_id: str = ""
    flow_run_id: str = ""
    at: datetime

    @property
    def told(self) -> str:
        """Reason and remedy, as states tell them."""
        return f"{self.reason.rstrip('.')}. {self.remedy}".rstrip()


class Deed(StrEnum):
    """What a person did to a call that had ended."""

    RETRIED = "retried"
    REDRIVEN = "redriven"
    CORRECTED = "corrected"
    SUMMARIZED_AGAIN = "summarized again"
    SUMMARY_CORRECTED = "summary_corrected"
    CONFIRMED = "confirmed"
    MARKED_WRONG = "marked_wrong"
    SPOKEN_AGAIN = "spoken_again"


class PersonsAct(BaseModel):
    """Who did something to a call, when, and by which flow run: the one that was retried, or the one that did it.

    ``by`` is the name that was given with ``requested_by``, and empty where nobody is known: Prefect records no person, neither for a run
    that is started nor for one that is retried, and its password is one for all.
    """

    deed: Deed
    at: datetime
    by: str = ""
    flow_run_id: str = ""

    @classmethod
    def now(cls, deed: Deed, flow_run_id: str, *, by: str = "") -> Self:
        """What a person does at this moment; the name as one line of 100 characters at most."""
        return cls(deed=deed, at=datetime.now(UTC), by=" ".join(by.split())[:100], flow_run_id=flow_run_id)


def corrected(utterances: Sequence[Utterance], changes: Sequence[Change]) -> list[Utterance]:
    """The utterances as the changes leave them; BadTranscript where a change does not fit its text."""
    return _changed(utterances, [(change.utterance, change.start, change.before, change.after) for change in changes])


def taken_back(utterances: Sequence[Utterance], changes: Sequence[Change]) -> list[Utterance]:
    """The other way: of corrected utterances, what they were before the changes."""
    return _changed(utterances, [(change.utterance, change.start, change.after, change.before) for change in reversed(changes)])


def _changed(utterances: Sequence[Utterance], steps: Sequence[tuple[int, int, str, str]]) -> list[Utterance]:
    texts = [utterance.text for utterance in utterances]
    for number, start, before, after in steps:
        text = texts[number] if number < len(texts) else ""
        if text[start : start + len(before)] != before:
            raise BadTranscript(
                f"a change of utterance {number}, character {start}, does not fit the transcript", remedy="The transcript is another one"
            )
        texts[number] = text[:start] + after + text[start + len(before) :]
    return [one if one.text == text else one.model_copy(update={"text": text}) for one, text in zip(utterances, texts, strict=True)]


@dataclass(frozen=True)
class OwnedCall:
    """A call and the flow run that may write its record: what one step hands to the next."""

    call_id: str
    owner: str


class CallRecord(BaseModel):
    """Everything known about one call. ``owner`` is the flow run that may write; Prefect knows whether it lives."""

    call_id: str
    number: int | None = Field(default=None, ge=1, description="Number of the three files; claimed before the first paid step")
    recording: Recording
    contact_id: str
    owner: str
    outcome: Outcome = Outcome.IN_PROGRESS
    audio_seconds: float = 0.0
    channels: int = 0
    transcription: Transcription = Field(default_factory=Transcription, description="What the vendor heard, as it heard it")
    correction: Correction = Field(default_factory=Correction, description="What was mended in it since; ``said`` is both together")
    summary: Summary | None = None
    signals: CallSignals | None = Field(
        default=None, description="Emotion, danger, what to do, an answer from the documents; None where nobody judged the call (yet)"
    )
    danger_told: bool = Field(default=False, description="Whether people were told of the call's danger")
    spoken: Summary | None = Field(
        default=None, description="The summary that the caller was told, where the call was summarized anew since and not spoken again"
    )
    prompt: Prompt | None = None
    prompt_check: PromptCheck | None = Field(default=None, description="What a vendor heard of the prompt; None where nobody listened")
    revision: int = Field(default=0, ge=0, description="How often summary and prompt were asked for anew")
    step_seconds: dict[str, float] = Field(default_factory=dict)
    ledger: list[Charge] = Field(default_factory=list, description="What was used, at the price of its day")
    failure: Failure | None = None
    history: list[PersonsAct] = Field(default_factory=list, description="What people did to the call after it had ended, oldest first")
    review: Review = Field(default_factory=Review, description="What people corrected, and whether they found the summary right")
    contact_refusal: str = Field(default="", description="Why Amazon Connect did not take the attributes of a finished call")
    ended_at: datetime | None = Field(default=None, description="When it was closed: the day under which its end is filed")
    words_removed_at: datetime | None = Field(default=None, description="When the words went, since their term was over")
    contact: ContactFacts | None = Field(default=None, description="What Amazon Connect told of the contact afterwards")
    answer: CallersAnswer | None = Field(default=None, description="What the caller pressed after the prompt: 1 right, 2 wrong")
    superseded_by: str = Field(default="", description="The call of the later upload under the same key")
    created_at: datetime
    updated_at: datetime

    @classmethod
    def begin(cls, recording: Recording, owner: str, now: datetime | None = None) -> Self:
        """Open the record of a recording that nobody has worked on yet."""
        now = now or datetime.now(UTC)
        return cls(
            call_id=recording.call_id,
            recording=recording,
            contact_id=recording.contact_id,
            owner=owner,
            created_at=now,
            updated_at=now,
        )

    @property
    def said(self) -> list[Utterance]:
        """The conversation as it is read and summarized: as the vendor heard it, corrected."""
        return corrected(self.transcription.utterances, self.correction.changes)

    def without_words(self, now: datetime) -> Self:
        """The record when the term of the raw words is over: what was heard, what was mended in it, and phrases that quote it are gone.

        What the call came to stays for the term of the records: the summary, though it may be in the caller's own words, and what is to be
        done.
        """
        told = {name: summary.model_copy(update={"evidence": []}) for name in ("summary", "spoken") if (summary := getattr(self, name))}
        return self.model_copy(
            update={
                **told,
                "transcription": self.transcription.model_copy(update={"utterances": []}),
                "correction": Correction(terms_version=self.correction.terms_version),
                "words_removed_at": now,
            }
        )

    @property
    def heard(self) -> Summary | None:
        """The summary that the caller was told: what answers are about."""
        return self.spoken or self.summary

    @property
    def told(self) -> str:
        """The summary as it stands: a person's, or else the model's; empty where there is none."""
        return self.review.text or (self.summary.text if self.summary else "")

    @property
    def provenance(self) -> dict[str, str]:
        """Object metadata that says where a file comes from."""
        return {
            "call-id": self.call_id,
            "contact-id": self.contact_id,
            "source": self.recording.uri,
            "source-etag": self.recording.etag,
            **({"revision": str(self.revision)} if self.revision else {}),
        }
