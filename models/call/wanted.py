"""What is looked for in the list of calls: a page of it, or all that a question is about."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Wanted:
    """What is looked for; what is left empty is not asked for. ``after`` is the last row of the page before, by time and id.

    ``danger`` is the Korean name of one sign (``models.signals.labels``), ``flagged`` asks for any.
    """

    since: datetime | None = None
    until: datetime | None = None
    digits: str = ""
    words: str = ""
    agent: str = ""
    queue: str = ""
    product: str = ""
    outcome: str = ""
    kind: str = ""
    grade: str = ""
    model: str = ""
    emotion: str = ""
    danger: str = ""
    flagged: bool = False
    after: tuple[datetime, str] | None = None
    most: int = 50
