"""What a person sees of a call's run in Prefect, and does to it: the worker that runs it, Suspend and Resume."""

from typing import Any

import pytest
from prefect.client.schemas.actions import StateCreate
from prefect.states import Suspended, to_state_create

from models.call.record import Outcome
from sandbox.demo import put, record_of, recordings_in
from sandbox.faults import FaultPlan
from sandbox.stack import RECORDINGS, Stack
from tests.product.test_whole_path import ask, ended, eventually, final_state, paid_jobs, runs_of, state_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def s3(stack: Stack) -> Any:
    return stack.client("s3")


def told_of(stack: Stack, run: str) -> list[str]:
    """The names of all events about a flow run, of its tasks too."""
    about = {"any_resource": {"id": [f"prefect.flow-run.{run}"]}}
    return [event["event"] for event in ask(stack, "POST", "events/filter", {"filter": about, "limit": 50})["events"]]


def has_left_its_worker(stack: Stack, run: str) -> bool:
    logs = ask(stack, "POST", "logs/filter", {"logs": {"flow_run_id": {"any_": [run]}}})
    return any(line["message"].startswith("Finished in state") for line in logs)


def test_a_calls_run_has_its_states_and_its_workers_name_and_no_event_says_a_thing_twice(stack: Stack, s3: Any) -> None:
    upload = put(s3, recordings_in(RECORDINGS)[9:10])[0]
    assert ended(s3, upload).outcome is Outcome.READ_BACK
    run = runs_of(stack, call_id=upload.call)[0]
    assert final_state(stack, run["id"])["type"] == "COMPLETED"
    states = ask(stack, "GET", f"flow_run_states/?flow_run_id={run['id']}")
    assert [state["name"] for state in states[:3]] == ["Scheduled", "Pending", "Running"]
    assert states[1]["message"] == "Taken by worker call-worker"
    eventually(lambda: "prefect.flow-run.Completed" in told_of(stack, run["id"]), "the event of its end")
    told = told_of(stack, run["id"])
    assert {"prefect.task-run.Running", "prefect.task-run.Completed"} <= set(told)
    assert [
        one for one in told if one.startswith(("prefect.worker.", "prefect.concurrency-limit.")) or one.endswith("task-run.Pending")
    ] == []


def test_a_run_that_a_person_suspends_stops_at_its_next_step_and_ends_once_it_is_resumed(stack: Stack, s3: Any) -> None:
    paid_before = paid_jobs(stack)
    upload = put(s3, recordings_in(RECORDINGS)[10:11])[0]
    eventually(lambda: paid_jobs(stack) > paid_before, "the paid job")
    # The vendor answers slowly, so that the call cannot end before its worker is told.
    stack.inject("returnzero", FaultPlan(rate=1.0, kinds=("latency",), latency_seconds=5.0))
    run = runs_of(stack, call_id=upload.call)[0]["id"]
    suspended: StateCreate = to_state_create(Suspended(timeout_seconds=600))
    ask(stack, "POST", f"flow_runs/{run}/set_state", {"state": suspended.model_dump(mode="json"), "force": True})
    eventually(lambda: has_left_its_worker(stack, run), "the run's end at its worker")
    stack.inject("returnzero", FaultPlan())
    assert state_of(stack, run)["name"] == "Suspended"
    assert (record := record_of(s3, upload)) is not None
    assert record.outcome is Outcome.IN_PROGRESS
    ask(stack, "POST", f"flow_runs/{run}/resume")
    assert ended(s3, upload).outcome is Outcome.READ_BACK
    assert final_state(stack, run)["type"] == "COMPLETED"
    assert paid_jobs(stack) == paid_before + 1
