"""Conversations in, statements out: the reader, the choice of passages and the shortening of words, put together.

StatementMaker(folder).make([conversation, …])
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.summarizer.confidence import FEATURES, features, likelihood
from models.summarizer.conversation import Conversation
from models.summarizer.engine import Device
from models.summarizer.outcome import Evidence, Kind, Statement
from models.summarizer.own_words import Shortener
from models.summarizer.passages import Reading, led_by, passages, subjects, tell
from models.summarizer.reader import Reader, Thresholds

_BEST = FEATURES.index("best passage")
# 콜백 부탁드려요 is all that some callers say, and too short for the reader to be sure of.
_SERVICE = re.compile(r"(?:전화|콜백|연락|연결|통화|회신|접수|취소|해지) 요청$")
STRONG = 0.65  # of calibration calls without a request none is marked as strongly


@dataclass(frozen=True)
class Draft:
    """What could be told of a call: the caller's own words, led by their subjects, and what tells how sure it is."""

    text: str
    evidence: Sequence[Evidence]
    features: Sequence[float]


def draft_of(conversation: Conversation, reading: Reading, shortener: Shortener) -> Draft | None:
    """The draft by a reading; None where the caller said nothing."""
    told = passages(conversation, reading)
    if not told:
        return None
    named = subjects(conversation, reading, told, shortener)
    own, heard = tell(conversation, told, shortener)
    text = led_by(named, own)
    if not text:
        return None
    others = sum(not turn.by_caller for turn in conversation)
    return Draft(text, [*named, *heard], features(reading, told, len(named), others, text))


def asks_nothing(reading: Reading, draft: Draft, bound: float) -> bool:
    """Whether a call without a request is more likely; a strongly marked sentence, or one that names a service, outweighs small talk."""
    return reading.nothing_asked > bound and draft.features[_BEST] < STRONG and _SERVICE.search(draft.text) is None


class StatementMaker:
    """A loaded reader with its thresholds. Safe to call from several threads."""

    def __init__(self, model_dir: Path, device: Device = "auto", threads: int = 0, cache_dir: Path | None = None) -> None:
        self._reader = Reader(model_dir, device, threads, cache_dir)
        self._thresholds = Thresholds.load(model_dir)
        self._shortener = Shortener()
        self.device: str = self._reader.device

    def make(self, conversations: Sequence[Conversation]) -> list[Statement]:
        """One statement a conversation, in order."""
        readings = self._reader.read(conversations)
        return [self.state(conversation, reading) for conversation, reading in zip(conversations, readings, strict=True)]

    def state(self, conversation: Conversation, reading: Reading) -> Statement:
        """What one conversation comes to, by its reading."""
        draft = draft_of(conversation, reading, self._shortener)
        if draft is None or asks_nothing(reading, draft, self._thresholds.nothing):
            return Statement(Kind.NO_REQUEST, "", reading.nothing_asked if draft else 1.0)
        sure = likelihood(draft.features, self._thresholds.weights, self._thresholds.bias)
        kind = Kind.SUMMARY if sure >= self._thresholds.summary else Kind.OWN_WORDS
        return Statement(kind, draft.text, sure, draft.evidence)
