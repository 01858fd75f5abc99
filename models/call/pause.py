"""Why the calls' queues are paused, as a Prefect variable keeps it."""

from datetime import UTC, datetime
from typing import Self

from pydantic import BaseModel

from models.call.steps import Step
from models.errors import ErrorCode, ReadbackError


class PauseReason(BaseModel):
    """Why the calls' queues are paused, since when, and by which run."""

    error: ErrorCode
    case: str = ""
    reason: str
    remedy: str
    step: str
    since: datetime
    flow_run_id: str

    @classmethod
    def because_of(cls, error: ReadbackError, step: Step | None, flow_run_id: str) -> Self:
        """The reason that an error gives."""
        return cls(
            error=error.code,
            case=error.case,
            reason=error.message,
            remedy=error.remedy,
            step=step.value if step else "",
            since=datetime.now(UTC),
            flow_run_id=flow_run_id,
        )
