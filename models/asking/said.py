"""What a question reads of a call: its lines, masked, with who said them and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.call.korea import called_at
from models.call.privacy import mask_utterances
from models.call.record import CallRecord, Speaker
from models.keys import parse_recording_key


@dataclass(frozen=True)
class Line:
    """One utterance of one call, masked; ``seconds`` from the recording's start."""

    call_id: str
    began: datetime
    utterance: int
    seconds: float
    by_caller: bool
    text: str


@dataclass(frozen=True)
class ReadCall:
    """One call. ``rests_on`` are the utterances that its summary rests on."""

    call_id: str
    lines: Sequence[Line]
    rests_on: frozenset[int]


def read_call(record: CallRecord) -> ReadCall:
    """A call's lines as everybody may read them; of a voice that nobody told apart, every line may be the caller's."""
    utterances, began = record.said, _began(record)
    masked = mask_utterances([utterance.text for utterance in utterances])
    lines = [
        Line(record.call_id, began, at, utterance.start_ms / 1000, utterance.speaker is not Speaker.AGENT, " ".join(text.split()))
        for at, (utterance, text) in enumerate(zip(utterances, masked, strict=True))
    ]
    evidence = record.summary.evidence if record.summary else []
    return ReadCall(record.call_id, lines, frozenset(one.utterance for one in evidence))


def _began(record: CallRecord) -> datetime:
    name = parse_recording_key(record.recording.key)
    return (called_at(name.started_at) if name else None) or record.created_at
