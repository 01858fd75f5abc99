"""Conversations in, statements out: the reader, the choice of passages and the shortening of words, put together.

StatementMaker(folder).make([conversation, …])
"""

from collections.abc import Sequence
from pathlib import Path

from models.summarizer.confidence import features, likelihood
from models.summarizer.conversation import Conversation
from models.summarizer.engine import Device
from models.summarizer.own_words import Shortener
from models.summarizer.reader import Reader, Thresholds
from models.summarizer.statement import Kind, Reading, Statement, passages, subjects, tell


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
        told = passages(conversation, reading)
        if not told or reading.nothing_asked > self._thresholds.nothing:
            return Statement(Kind.NO_REQUEST, "", reading.nothing_asked if told else 1.0)
        named = subjects(conversation, reading, told, self._shortener)
        text, evidence = tell(conversation, told, named, self._shortener)
        others = sum(not turn.by_caller for turn in conversation)
        sure = likelihood(features(reading, told, len(named), others, text), self._thresholds.weights, self._thresholds.bias)
        if sure >= self._thresholds.summary:
            return Statement(Kind.SUMMARY, text, sure, evidence)
        own, heard = tell(conversation, told, (), self._shortener)
        return Statement(Kind.OWN_WORDS, own or text, sure, heard if own else evidence)
