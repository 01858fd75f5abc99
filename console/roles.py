"""Who may do what in the console: one table, asked by every page and shown nowhere else."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody is; a person may be several."""

    AGENT = "agent"
    LEAD = "lead"
    COMPLIANCE = "compliance"
    ML = "ml"
    ADMIN = "admin"


class May(StrEnum):
    """What somebody may do."""

    READ = "read"
    CORRECT = "correct"
    SPEAK = "speak"
    REDRIVE = "redrive"
    REVIEW = "review"
    RAW = "raw"
    AUDIT = "audit"
    MONEY = "money"
    ERASE = "erase"
    ASK = "ask"
    CHAT = "chat"


ROLES: Final = {
    Role.AGENT: "상담원",
    Role.LEAD: "팀장",
    Role.COMPLIANCE: "준법",
    Role.ML: "ML",
    Role.ADMIN: "관리자",
}

# An administrator keeps the system and sees no more of the callers than others; compliance sees everything and changes nothing of what
# was told.
_TABLE: Final = {
    Role.AGENT: {May.READ, May.CORRECT, May.SPEAK, May.CHAT},
    Role.LEAD: {May.READ, May.CORRECT, May.SPEAK, May.REDRIVE, May.REVIEW, May.RAW, May.MONEY, May.ASK, May.CHAT},
    Role.COMPLIANCE: {May.READ, May.RAW, May.AUDIT, May.ERASE, May.ASK},
    Role.ML: {May.READ, May.CORRECT, May.REVIEW, May.ASK},
    Role.ADMIN: {May.READ, May.REDRIVE, May.REVIEW, May.AUDIT, May.MONEY, May.CHAT},
}


def allowed(roles: Iterable[Role]) -> frozenset[May]:
    """Everything that these roles together may do.

    >>> sorted(allowed([Role.AGENT]))
    [<May.CHAT: 'chat'>, <May.CORRECT: 'correct'>, <May.READ: 'read'>, <May.SPEAK: 'speak'>]
    """
    return frozenset(deed for role in roles for deed in _TABLE[role])
