"""What an encoder makes of a conversation: how likely each token is part of the request or its subject; and passages chosen by that."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """One token: its turn, where it stands in it (characters), and how likely it is part of the request, or its subject (0 to 1)."""

    turn: int
    start: int
    end: int
    request: float
    subject: float


@dataclass(frozen=True)
class Reading:
    """What the encoder makes of a conversation; ``nothing_asked`` is the likelihood that the caller wants nothing."""

    marks: Sequence[Mark]
    nothing_asked: float


@dataclass(frozen=True)
class Passage:
    """A sentence of the caller, from its first word of interest on; ``marked`` where more than one token is part of the request."""

    turn: int
    start: int
    end: int
    score: float
    marked: bool
