"""How one call ended, in as few bytes as a daily digest needs, and the figures of a day made from many of them.

No key, contact or words of anybody: a digest may be kept longer than the calls it counts.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from models.call.korea import KOREA, day_in_korea
from models.call.ledger import Charge, Spent, charges_of, spent, won_of
from models.call.pause import PauseReason
from models.call.record import CallRecord, Failure, Outcome
from models.errors import ErrorCode


class EndedCall(BaseModel):
    """One call's end. ``waited_seconds`` is from the first run to the end."""

    call_id: str
    outcome: Outcome
    at: datetime
    waited_seconds: float
    audio_seconds: float = 0.0
    step_seconds: dict[str, float] = {}
    error: ErrorCode = ""
    case: str = ""
    step: str = ""
    flow_run_id: str = ""
    version: str | None = Field(default=None, description="Model version that spoke; None in entries of before it was filed")
    charges: list[Charge] = []

    @classmethod
    def of(
        cls, record: CallRecord, *, outcome: Outcome, at: datetime, step_seconds: dict[str, float], failure: Failure | None = None
    ) -> Self:
        """What a record's end comes to."""
        return cls(
            call_id=record.call_id,
            outcome=outcome,
            at=at,
            waited_seconds=round((at - record.created_at).total_seconds(), 1),
            audio_seconds=record.audio_seconds,
            step_seconds=step_seconds,
            error=failure.error if failure else "",
            case=failure.case if failure else "",
            step=failure.step if failure else "",
            flow_run_id=failure.flow_run_id if failure else record.owner,
            version=record.summary.told_by if record.summary else "",
            charges=charges_of(record.ledger, day_in_korea(at)),
        )

    @property
    def day(self) -> date:
        """The day in Korea on which it ended."""
        return day_in_korea(self.at)


@dataclass(frozen=True)
class OpenCalls:
    """What is not finished now: calls in Prefect, the oldest one's run, calls in quarantine, and a pause in force."""

    running: int
    waiting: int
    oldest_run: str
    oldest_since: datetime | None
    in_quarantine: int
    pause: PauseReason | None


@dataclass(frozen=True)
class StepTimes:
    """Seconds of one step over a day's calls."""

    step: str
    median: float
    p95: float
    calls: int


@dataclass(frozen=True)
class ModelCost:
    """Calls that one model version told, and what they cost with everything."""

    calls: int
    won: float


@dataclass(frozen=True)
class Day:
    """What a day's calls come to."""

    read_back: int
    quarantined: int
    superseded: int
    by_error: Counter[str]
    examples: dict[str, EndedCall]
    steps: list[StepTimes]
    waited: StepTimes | None
    per_hour: list[int]
    spent: list[Spent]
    by_model: dict[str, ModelCost]


def figures(calls: Iterable[EndedCall], later: Iterable[Charge] = ()) -> Day:
    """Count and measure a day's ended calls. ``examples`` holds the latest call of each error class.

    ``later`` is what was paid on the day for calls that had ended before: it is on the bill and makes no call dearer.
    """
    by_error: Counter[str] = Counter()
    examples: dict[str, EndedCall] = {}
    seconds: dict[str, list[float]] = {}
    waited: list[float] = []
    per_hour = [0] * 24
    read_back = superseded = 0
    charges: list[Charge] = []
    by_model: dict[str, ModelCost] = {}
    for call in calls:
        charges += call.charges
        if call.outcome is Outcome.READ_BACK:
            read_back += 1
            so_far = by_model.get(call.version or "", ModelCost(0, 0.0))
            by_model[call.version or ""] = ModelCost(so_far.calls + 1, so_far.won + won_of(call.charges))
            waited.append(call.waited_seconds)
            per_hour[call.at.astimezone(KOREA).hour] += 1
            for step, took in call.step_seconds.items():
                seconds.setdefault(step, []).append(took)
        elif call.outcome is Outcome.SUPERSEDED:
            superseded += 1  # its successor is counted by itself
        else:
            by_error[call.error] += 1
            if call.error not in examples or examples[call.error].at < call.at:
                examples[call.error] = call
    return Day(
        read_back=read_back,
        quarantined=by_error.total(),
        superseded=superseded,
        by_error=by_error,
        examples=examples,
        steps=[_times(step, values) for step, values in seconds.items()],
        waited=_times("", waited) if waited else None,
        per_hour=per_hour,
        spent=spent([*charges, *later]),
        by_model=by_model,
    )


def _times(step: str, values: Sequence[float]) -> StepTimes:
    ordered = sorted(values)
    # The value that at most one in twenty calls exceeds.
    p95 = ordered[min(len(ordered) - 1, -(-95 * len(ordered) // 100) - 1)]
    return StepTimes(step, statistics.median(ordered), p95, len(ordered))
