"""What to do about a recording or a run that may have been forgotten: pure decisions, no clock, no network.

S3 says which recordings there are, the call records say how far each came, and Prefect says which runs live. Every decision
carries its reason, so that the counts of a reconciliation explain themselves.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.call.record import CallRecord, Outcome

# A call that failed is tried again after a quarter of its age: a minute for a fresh one, an hour at most.
_SHARE_OF_AGE = 4
_SHORTEST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)


class Action(StrEnum):
    """What a reconciliation does about one recording."""

    START = "start"
    RESTART = "restart"
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
    """What Prefect says of the run that owns a record: whether it may still write, and when it ended."""

    alive: bool
    ended_at: datetime | None = None


def decide(
    *, landed_at: datetime, record: CallRecord | None, owner: OwnerRun | None, waiting: bool, erased: bool, now: datetime, grace: timedelta
) -> Decision:
    """Decide about one recording.

    ``owner`` is None where Prefect does not know the run (any more); ``waiting`` tells that a run for this recording has been
    created and has not ended; ``grace`` is how long an event may take before its recording counts as forgotten.
    """
    if record is None:
        return _without_record(landed_at, waiting=waiting, erased=erased, now=now, grace=grace)
    if record.outcome is Outcome.READ_BACK:
        return Decision(Action.LEAVE, Reason.READ_BACK)
    if record.outcome is Outcome.QUARANTINED:
        return Decision(Action.LEAVE, Reason.QUARANTINED)
    if owner is not None and owner.alive:
        return Decision(Action.LEAVE, Reason.IN_FLIGHT)
    if waiting:
        return Decision(Action.LEAVE, Reason.WAITING)
    if record.outcome is Outcome.SUPERSEDED:
        # The listing shows the very upload that the record is about.
        return Decision(Action.RESTART, Reason.IS_BACK)
    if owner is None:
        return Decision(Action.RESTART, Reason.RUN_UNKNOWN)
    if owner.ended_at is not None and now - owner.ended_at < pause_before_restart(now - record.created_at):
        return Decision(Action.LEAVE, Reason.TRIED_RECENTLY)
    return Decision(Action.RESTART, Reason.RUN_ENDED)


def _without_record(landed_at: datetime, *, waiting: bool, erased: bool, now: datetime, grace: timedelta) -> Decision:
    if erased:
        return Decision(Action.LEAVE, Reason.ERASED)
    if waiting:
        return Decision(Action.LEAVE, Reason.WAITING)
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
