"""A call as a row of the list: what it is found by, in masked words. Made from the record alone, so that the list can be made again.

Words are found by their pairs of neighbouring letters and by how words begin (``letters_of``): Korean nouns of two syllables, and those of
one (암), are too short for PostgreSQL's trigrams, which besides know no Hangul in the C locale, and morphology costs half a gigabyte in
every process that writes a row (ADR 25).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache

from pydantic import BaseModel

from models.call import besides
from models.call.privacy import mask_utterances, shown_contact
from models.call.record import CallRecord, Outcome
from models.keys import parse_recording_key
from models.summarizer import SHIPPED_MODEL
from models.summarizer.faithfulness import Guard
from models.summarizer.outcome import Kind
from models.summarizer.vocabulary import Vocabulary

UNSURE = 0.75  # a summary that is less likely right is worth a look
SURE = 0.9


class Grade(StrEnum):
    """How far a summary may be relied on, for people who choose calls by it."""

    SURE = "sure"
    FAIR = "fair"
    UNSURE = "unsure"
    OWN_WORDS = "own_words"
    UNKNOWN = "unknown"


def grade_of(kind: str, confidence: float | None) -> str:
    """A summary's grade, empty for a call that tells no request.

    >>> grade_of("summary", 0.95), grade_of("summary", 0.5), grade_of("own_words", 0.5), grade_of("summary", None), grade_of("", None)
    ('sure', 'unsure', 'own_words', 'unknown', '')
    """
    if kind == Kind.OWN_WORDS:
        return Grade.OWN_WORDS.value
    if kind != Kind.SUMMARY:
        return ""
    if confidence is None:
        return Grade.UNKNOWN.value
    return (Grade.SURE if confidence >= SURE else Grade.FAIR if confidence >= UNSURE else Grade.UNSURE).value


class ListedCall(BaseModel):
    """One row. Every word of it is masked."""

    call_id: str
    started_at: datetime
    updated_at: datetime
    number: int | None = None
    contact: str = ""
    caller: str = ""
    agent: str = ""
    queue: str = ""
    summary: str = ""
    products: list[str] = []
    kind: str = ""
    grade: str = ""
    outcome: str
    confidence: float | None = None
    model: str = ""
    seconds: float = 0.0
    error: str = ""
    emotion: str = ""
    flags: list[str] = []
    to_dos: int = 0
    verdict: str = ""
    answer: str = ""
    words: str = ""

    @classmethod
    def of(cls, record: CallRecord) -> "ListedCall":
        """What a record comes to."""
        summary, contact, said = record.summary, besides.contact(record), mask_utterances(besides.said(record))
        return cls(
            call_id=record.call_id,
            started_at=_started(record),
            updated_at=record.updated_at,
            number=record.number,
            contact=clean(shown_contact(record.contact_id)),
            caller=clean(contact.number),
            agent=clean(contact.agent),
            queue=clean(contact.queue),
            summary=clean(" ".join(mask_utterances([record.told]))),
            products=products_of(record.told),
            kind=summary.kind.value if summary else "",
            grade=grade_of(summary.kind.value, summary.confidence) if summary else "",
            outcome=record.outcome.value,
            confidence=summary.confidence if summary else None,
            model=clean(f"{summary.model} {summary.version}") if summary else "",
            seconds=record.audio_seconds,
            error=record.failure.error if record.failure else "",
            emotion=clean(besides.emotion(record)),
            flags=[clean(flag.kind) for flag in besides.flags(record)],
            to_dos=len(besides.to_dos(record)),
            verdict=record.review.verdict.value if record.review.verdict else "",
            answer=besides.answer(record),
            words=clean("\n".join(said)),
        )

    @property
    def sought(self) -> str:
        """The text that is searched, in small letters."""
        return f"{self.summary}\n{self.words}".casefold()

    @property
    def letters(self) -> list[str]:
        """What the row is found by."""
        return sorted(letters_of(self.sought))

    @property
    def worth_a_look(self) -> bool:
        """Whether people should look at it without being asked: not sure, contradicted by the caller, or flagged."""
        unsure = self.confidence is not None and self.confidence < UNSURE
        return self.outcome == Outcome.READ_BACK and bool(self.kind == Kind.OWN_WORDS or unsure or self.answer == "2" or self.flags)


def products_of(told: str) -> list[str]:
    """The products that a summary names, in the words of the trade.

    >>> products_of("실비 청구 서류 문의")
    ['실손보험']
    """
    return list(dict.fromkeys(clean(name) for name, _ in _guard().products_named(told)))


@cache
def _guard() -> Guard:
    """What ships knows the products, whichever model told the summary: the list must not depend on who wrote the row."""
    return Guard(Vocabulary.load(SHIPPED_MODEL))


def clean(text: str) -> str:
    """What PostgreSQL can keep of a text: no zero characters and no lone surrogates.

    >>> clean("가\\x00나")
    '가나'
    """
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def letters_of(text: str) -> set[str]:
    """How each word begins, and its pairs of neighbouring letters, in small letters.

    >>> sorted(letters_of("암 해지요"))
    ['^암', '^해', '지요', '해지']
    """
    return {letters for word in text.casefold().split() for letters in _of_word(word)}


def letters_to_find(query: str) -> set[str]:
    """What a row must hold to hold the query's words: a word of one letter begins one, a longer one stands anywhere.

    >>> sorted(letters_to_find("암 진단비"))
    ['^암', '단비', '진단']
    """
    words = query.casefold().split()
    return {letters for word in words for letters in (_of_word(word) if len(word) == 1 else _pairs(word))}


def _of_word(word: str) -> Iterator[str]:
    yield f"^{word[0]}"
    yield from _pairs(word)


def _pairs(word: str) -> Iterator[str]:
    return (word[at : at + 2] for at in range(len(word) - 1))


def _started(record: CallRecord) -> datetime:
    name = parse_recording_key(record.recording.key)
    try:
        return datetime.strptime(name.started_at if name else "", "%Y%m%dT%H:%M").replace(tzinfo=UTC)
    except ValueError:
        return record.created_at
