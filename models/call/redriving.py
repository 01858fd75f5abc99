"""Which calls a redrive means, and what becomes of each."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel

from models.call.record import Failure
from models.errors import ErrorCode


class Selection(BaseModel):
    """Which quarantined calls are meant: those named, or all that match error code and time."""

    calls: list[str] = []
    error: ErrorCode = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was chosen at all."""
        return not (self.calls or self.error or self.since or self.until)

    def takes(self, failure: Failure) -> bool:
        """Whether a quarantined call is meant."""
        return (
            (not self.error or failure.error == self.error)
            and (self.since is None or failure.at >= self.since)
            and (self.until is None or failure.at <= self.until)
        )


class Result(StrEnum):
    """What became of a call."""

    REDRIVEN = "redriven"
    WOULD = "would be redriven"
    PAY = "left: it may be paid twice"
    SUPERSEDED = "left: another upload took its place"
    LEFT = "left: not in quarantine any more"
    UNKNOWN = "left: it has no record"


class Redriven(BaseModel):
    """What became of one call: a line of the report. ``successor`` is the call of a later upload of its recording."""

    call_id: str
    result: Result
    error: str = ""
    step: str = ""
    run_id: str = ""
    successor: str = ""
