"""What a record tells besides the request, as the console reads it: emotion, danger, what is to be done, whose call it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.actions.action import Action
from models.answers.told import NotHeld, Suggested
from models.call.caller_said import ContactFacts
from models.call.record import CallRecord
from models.signals.labels import DANGER_LABELS


@dataclass(frozen=True)
class Mood:
    """One utterance on the curve of the caller's emotion: from -1 (bad) to 1 (good); ``label`` is empty where nothing is sure."""

    utterance: int
    label: str
    mood: float


@dataclass(frozen=True)
class Flag:
    """A sign of danger and the utterance that shows it, None where it is not known."""

    kind: str
    utterance: int | None


def emotion(record: CallRecord) -> str:
    """The caller's emotion over the whole call; empty where none is sure."""
    found = record.signals.emotion if record.signals else None
    return found.label if found else ""


def moods(record: CallRecord) -> list[Mood]:
    """The curve of the caller's emotion."""
    found = record.signals.emotion if record.signals else None
    return [Mood(one.utterance, one.label, one.mood) for one in found.curve] if found else []


def flags(record: CallRecord) -> list[Flag]:
    """Signs of danger, the likeliest first, by their Korean names."""
    found = record.signals.danger if record.signals else None
    return [Flag(DANGER_LABELS[one.kind], one.utterance) for one in found.signs] if found else []


def to_dos(record: CallRecord) -> Sequence[Action]:
    """What is to be done, in the order said."""
    return (record.signals.actions or ()) if record.signals else ()


def suggestion(record: CallRecord) -> Suggested | NotHeld | None:
    """What the company's documents say to the request; None where nobody looked."""
    return record.signals.suggestion if record.signals else None


def answer(record: CallRecord) -> str:
    """What the caller answered after the prompt: ``1`` for right, ``2`` for wrong, empty where nothing is known."""
    return record.answer.answer.value if record.answer else ""


def contact(record: CallRecord) -> ContactFacts:
    """The caller's masked number, agent and queue, as far as Amazon Connect told them."""
    return record.contact or ContactFacts()


def said(record: CallRecord) -> list[str]:
    """The utterances' texts as they stand: mended, then with what people corrected."""
    return [utterance.text for utterance in record.said]
