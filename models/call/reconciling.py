"""What to do about a recording or a run that may have been forgotten: pure decisions, no clock, no network.

S3 says which recordings there are, the call records say how far each came, and Prefect says which runs live. Every decision
carries its reason, so that the counts of a reconciliation explain themselves.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from models.call.record import CallRecord, Outcome, Recording
from models.keys import StorageKeys

# A call that failed is tried again after a quarter of its age: a minute for a fresh one, an hour at most.
_SHARE_OF_AGE = 4
_SHORTEST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
# Runs and records that a report names; the others are counted, so that its memory does not grow with a backfill.
NAMED = 50


class Action(StrEnum):
    """What a reconciliation does about one recording."""

    START = "start"
    RESTART = "restart"
    CLOSE = "close"
    LEAVE = "leave"


class Reason(StrEnum):
    """Why."""

    NEVER_BEGUN = "never begun"
    RUN_ENDED = "its run ended without finishing it"
    RUN_UNKNOWN = "no run works on it"
    IS_BACK = "superseded, and its upload lies there again"
    READ_BACK = "read back"
    QUARANTINED = "in quarantine"
    IN_FLIGHT = "a live run works on it"
    WAITING = "a run waits to begin"
    TOO_YOUNG = "its event may still be on the way"
    TRIED_RECENTLY = "its last run ended a moment ago"
    CANCELLED = "a person cancelled it"
    ERASED = "erased"
    NO_RECORDING = "no call recording by its key"
    STRAY = "a .wav that is no call recording by its key"
    OUTSIDE = "outside the dates"
    UNREADABLE = "its record cannot be read"


@dataclass(frozen=True)
class Decision:
    """One decision and its reason."""

    action: Action
    reason: Reason


@dataclass(frozen=True)
class OwnerRun:
    """What Prefect says of the run that owns a record: whether it may still write, when it ended, and whether a person cancelled it."""

    alive: bool
    ended_at: datetime | None = None
    cancelled: bool = False


@dataclass(frozen=True)
class CallRuns:
    """What Prefect says of a recording's runs: whether one was created and has not ended, and the id of one that was cancelled."""

    waiting: bool = False
    cancelled: str = ""


def decide(
    *, landed_at: datetime, record: CallRecord | None, owner: OwnerRun | None, runs: CallRuns, now: datetime, grace: timedelta
) -> Decision:
    """Decide about one recording that was not erased.

    ``owner`` is None where Prefect does not know the run (any more); ``grace`` is how long an event may take before its recording
    counts as forgotten. A call whose run a person cancelled is closed as cancelled: what Prefect knows of the run may be deleted.
    """
    if record is None:
        return _without_record(landed_at, runs=runs, now=now, grace=grace)
    if record.outcome is Outcome.READ_BACK:
        return Decision(Action.LEAVE, Reason.READ_BACK)
    if record.outcome is Outcome.QUARANTINED:
        return Decision(Action.LEAVE, Reason.QUARANTINED)
    if record.outcome is Outcome.CANCELLED:
        return Decision(Action.LEAVE, Reason.CANCELLED)
    if owner is not None and owner.alive:
        return Decision(Action.LEAVE, Reason.IN_FLIGHT)
    if runs.waiting:
        return Decision(Action.LEAVE, Reason.WAITING)
    if record.outcome is Outcome.SUPERSEDED:
        # The listing shows the very upload that the record is about.
        return Decision(Action.RESTART, Reason.IS_BACK)
    if owner is None:
        return Decision(Action.RESTART, Reason.RUN_UNKNOWN)
    if owner.cancelled:
        return Decision(Action.CLOSE, Reason.CANCELLED)
    if owner.ended_at is not None and now - owner.ended_at < pause_before_restart(now - record.created_at):
        return Decision(Action.LEAVE, Reason.TRIED_RECENTLY)
    return Decision(Action.RESTART, Reason.RUN_ENDED)


def _without_record(landed_at: datetime, *, runs: CallRuns, now: datetime, grace: timedelta) -> Decision:
    if runs.waiting:
        return Decision(Action.LEAVE, Reason.WAITING)
    if runs.cancelled:
        return Decision(Action.CLOSE, Reason.CANCELLED)
    if now - landed_at < grace:
        return Decision(Action.LEAVE, Reason.TOO_YOUNG)
    return Decision(Action.START, Reason.NEVER_BEGUN)


def pause_before_restart(age: timedelta) -> timedelta:
    """How long a failed call rests: the older it is, the longer, so that what never works does not crowd out what may.

    >>> pause_before_restart(timedelta(minutes=2)), pause_before_restart(timedelta(hours=1)), pause_before_restart(timedelta(days=2))
    (datetime.timedelta(seconds=60), datetime.timedelta(seconds=900), datetime.timedelta(seconds=3600))
    """
    return min(max(age / _SHARE_OF_AGE, _SHORTEST_PAUSE), _LONGEST_PAUSE)


@dataclass(frozen=True)
class Finding:
    """A recording and what is to be done about it; ``run`` is the one that worked on it last, or was to, empty where there was none."""

    recording: Recording
    decision: Decision
    run: str = ""


@dataclass
class Totals:
    """What a reconciliation has seen and done."""

    looked_at: int = 0
    decisions: Counter[Decision] = field(default_factory=Counter)
    started: list[tuple[str, str, Reason]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    finished: bool = False
    bytes_to_start: int = 0

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        self.looked_at += 1
        self.decisions[finding.decision] += 1
        if finding.decision.action in (Action.START, Action.RESTART):
            self.bytes_to_start += finding.recording.size
        if finding.decision.reason is Reason.UNREADABLE and len(self.unreadable) < NAMED:
            self.unreadable.append(StorageKeys.call_record(finding.recording.call_id))

    def note_start(self, finding: Finding, run_id: str) -> None:
        """Remember a started run for the report: call, run and reason."""
        if len(self.started) < NAMED:
            self.started.append((finding.recording.call_id, run_id, finding.decision.reason))

    @property
    def strays(self) -> int:
        """How many .wav files are no recordings by their keys."""
        return sum(count for decision, count in self.decisions.items() if decision.reason is Reason.STRAY)

    @property
    def starts(self) -> int:
        """How many calls were to be started."""
        return sum(count for decision, count in self.decisions.items() if decision.action in (Action.START, Action.RESTART))

    @property
    def eventful(self) -> bool:
        """Whether anything was started, closed, or cannot be read."""
        return bool(self.unreadable) or any(decision.action is not Action.LEAVE for decision in self.decisions)


@dataclass(frozen=True)
class RunFacts:
    """A flow run as Prefect lists it: its state's type, since when, and how many times it has run."""

    state: str
    since: datetime
    run_count: int


class ReapAction(StrEnum):
    """What the reaper does about a run."""

    RERUN = "rerun"
    CRASH = "crash"
    GIVE_UP = "leave to reconcile"
    NOTHING = "nothing"


@dataclass(frozen=True)
class ReapingRules:
    """How long a state may last before the reaper acts, and how often a crashed run is run at most."""

    crashed_for: timedelta
    pending_for: timedelta
    silent_for: timedelta
    reruns: int


def reap_action(run: RunFacts, *, heard: bool, now: datetime, rules: ReapingRules) -> ReapAction:
    """Decide about one run that is Crashed, Pending or Running; ``heard`` tells that it sent a heartbeat lately.

    A run that is Pending for long was taken by a worker that died before it began, so no heartbeat can be missed.
    """
    age = now - run.since
    if run.state == "CRASHED" and age >= rules.crashed_for:
        return ReapAction.RERUN if run.run_count < rules.reruns else ReapAction.GIVE_UP
    if run.state == "PENDING" and age >= rules.pending_for:
        return ReapAction.RERUN
    if run.state == "RUNNING" and age >= rules.silent_for and not heard:
        return ReapAction.CRASH
    return ReapAction.NOTHING


def asked_by_a_person(states: Sequence[str]) -> bool:
    """Whether a person asked for the present attempt of a run; ``states`` are the types of all states it has had, in their order.

    Machines start again what did not end by itself: the reaper a run that crashed or was taken and never begun, a stopping worker one
    that it cannot finish, the flow its own that has to wait. Only Retry takes a run out of an end of its own. A person's retry whose
    attempt died is answered by the machine's next one: what the attempt had begun, such as a paid job, is not begun twice.

    >>> asked_by_a_person(["SCHEDULED", "PENDING", "RUNNING", "FAILED", "SCHEDULED", "PENDING", "RUNNING"])
    True
    >>> asked_by_a_person(["SCHEDULED", "PENDING", "RUNNING", "CRASHED", "SCHEDULED", "PENDING", "RUNNING"])
    False
    """
    attempts = [place for place, state in enumerate(states) if state == "RUNNING"]
    before = states[: attempts[-1]] if attempts else states
    last = next((state for state in reversed(before) if state not in ("SCHEDULED", "PENDING")), "")
    return last in ("COMPLETED", "FAILED", "CANCELLED")
