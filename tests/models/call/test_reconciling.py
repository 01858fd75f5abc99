"""What is done about forgotten recordings and dead runs, without any network."""

from datetime import UTC, datetime, timedelta

import pytest

from models.call.reconciling import (
    Action,
    CallRuns,
    Decision,
    OwnerRun,
    ReapAction,
    ReapingRules,
    Reason,
    RunFacts,
    decide,
    pause_before_restart,
    reap_action,
)
from models.call.record import CallRecord, Outcome, Recording

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RECORDING = Recording(bucket="b", key="connect/a/CallRecordings/2026/11/21/c_20261121T01:30_UTC.wav", etag="e")


def record(outcome: Outcome = Outcome.IN_PROGRESS, age: timedelta = HOUR) -> CallRecord:
    return CallRecord.begin(RECORDING, "run", NOW - age).model_copy(update={"outcome": outcome})


def decided(
    known: CallRecord | None, owner: OwnerRun | None = None, *, landed: timedelta = HOUR, waiting: bool = False, cancelled: str = ""
) -> Decision:
    runs = CallRuns(waiting, cancelled)
    return decide(landed_at=NOW - landed, record=known, owner=owner, runs=runs, now=NOW, grace=timedelta(minutes=5))


def test_a_recording_that_nobody_began_is_started_after_the_grace() -> None:
    assert decided(None) == Decision(Action.START, Reason.NEVER_BEGUN)
    assert decided(None, landed=timedelta(minutes=4)) == Decision(Action.LEAVE, Reason.TOO_YOUNG)


def test_a_recording_whose_run_waits_in_a_long_queue_is_not_started_again() -> None:
    assert decided(None, waiting=True) == Decision(Action.LEAVE, Reason.WAITING)


def test_a_call_that_a_person_cancelled_is_closed_and_not_started_again() -> None:
    assert decided(None, cancelled="run") == Decision(Action.CLOSE, Reason.CANCELLED)
    assert decided(None, cancelled="run", waiting=True) == Decision(Action.LEAVE, Reason.WAITING)
    assert decided(record(), OwnerRun(alive=False, ended_at=NOW - HOUR, cancelled=True)) == Decision(Action.CLOSE, Reason.CANCELLED)
    assert decided(record(Outcome.CANCELLED)) == Decision(Action.LEAVE, Reason.CANCELLED)


@pytest.mark.parametrize(("outcome", "reason"), [(Outcome.READ_BACK, Reason.READ_BACK), (Outcome.QUARANTINED, Reason.QUARANTINED)])
def test_a_call_that_has_ended_is_left(outcome: Outcome, reason: Reason) -> None:
    assert decided(record(outcome), None) == Decision(Action.LEAVE, reason)


def test_a_superseded_call_whose_upload_is_listed_again_is_restarted() -> None:
    assert decided(record(Outcome.SUPERSEDED)) == Decision(Action.RESTART, Reason.IS_BACK)
    assert decided(record(Outcome.SUPERSEDED), waiting=True) == Decision(Action.LEAVE, Reason.WAITING)


def test_a_call_is_restarted_when_its_run_has_ended_or_is_unknown() -> None:
    assert decided(record(), OwnerRun(alive=False, ended_at=NOW - HOUR)) == Decision(Action.RESTART, Reason.RUN_ENDED)
    assert decided(record(), None) == Decision(Action.RESTART, Reason.RUN_UNKNOWN)
    assert decided(record(), OwnerRun(alive=True)) == Decision(Action.LEAVE, Reason.IN_FLIGHT)


def test_a_call_that_was_restarted_and_still_waits_is_left() -> None:
    assert decided(record(), OwnerRun(alive=False, ended_at=NOW - HOUR), waiting=True) == Decision(Action.LEAVE, Reason.WAITING)


def test_the_older_a_failing_call_the_longer_it_rests() -> None:
    young, old = record(age=timedelta(minutes=3)), record(age=timedelta(days=3))
    ended = OwnerRun(alive=False, ended_at=NOW - timedelta(minutes=10))
    assert decided(young, ended).action is Action.RESTART
    assert decided(old, ended) == Decision(Action.LEAVE, Reason.TRIED_RECENTLY)
    assert pause_before_restart(timedelta(0)) == timedelta(minutes=1)
    assert pause_before_restart(timedelta(days=30)) == HOUR


RULES = ReapingRules(crashed_for=timedelta(minutes=1), pending_for=timedelta(minutes=5), silent_for=timedelta(seconds=90), reruns=3)


@pytest.mark.parametrize(
    ("state", "age", "run_count", "heard", "care"),
    [
        ("CRASHED", 61, 1, False, ReapAction.RERUN),
        ("CRASHED", 59, 1, False, ReapAction.NOTHING),
        ("CRASHED", 61, 3, False, ReapAction.GIVE_UP),
        ("PENDING", 301, 0, False, ReapAction.RERUN),
        ("PENDING", 20, 0, False, ReapAction.NOTHING),
        ("RUNNING", 91, 1, False, ReapAction.CRASH),
        ("RUNNING", 91, 1, True, ReapAction.NOTHING),
        ("RUNNING", 60, 1, False, ReapAction.NOTHING),
        ("COMPLETED", 999, 1, False, ReapAction.NOTHING),
    ],
)
def test_the_reaper_reruns_the_dead_and_leaves_the_living(state: str, age: int, run_count: int, heard: bool, care: ReapAction) -> None:
    assert reap_action(RunFacts(state, NOW - timedelta(seconds=age), run_count), heard=heard, now=NOW, rules=RULES) is care
