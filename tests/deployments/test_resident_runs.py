"""Runs on a real resident worker: told of as by any worker, and cancelled, suspended and resumed one by one."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect import get_client
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import FlowRun
from prefect.settings import get_current_settings
from prefect.states import Cancelling, Suspended

POOL = "resident-runs"
STEPS = """
import asyncio
from pathlib import Path
from prefect import flow, task

@task
async def step(folder: str, name: str) -> None:
    with (Path(folder) / "steps").open("a") as file:
        file.write(name + "\\n")

@flow
async def stepping(folder: str) -> None:
    while not (Path(folder) / "go").exists():
        await step(folder, "waits")
        await asyncio.sleep(0.1)
    await step(folder, "ended")
"""


@pytest.fixture(scope="module")
def client(prefect_server: None) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as connected:
        yield connected


@pytest.fixture(scope="module")
def worker(client: SyncPrefectClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A worker of its own process; the folder holds its flow and its log."""
    folder = tmp_path_factory.mktemp("worker")
    (folder / "stepping_flows.py").write_text(STEPS)
    client.request("POST", "/work_pools/", json=WorkPoolCreate(name=POOL, type="resident").model_dump(mode="json", exclude_unset=True))
    environment = os.environ | {
        "PREFECT_API_URL": str(get_current_settings().api.url),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PYTHONPATH": str(folder),
    }
    command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL, "--type", "resident", "--name", "tested", "--limit", "4"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: "started!" in (folder / "log").read_text(), folder)
        yield folder
    finally:
        process.terminate()
        assert process.wait(60) == 0, (folder / "log").read_text()


def wait_until(there: Callable[[], bool], folder: Path) -> None:
    deadline = time.monotonic() + 900
    while not there():
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.1)


class Run:
    """One run that steps until it may go on, and then ends."""

    def __init__(self, client: SyncPrefectClient, worker: Path, folder: Path) -> None:
        self.client, self.worker, self.folder = client, worker, folder
        made = client.request("POST", "/flows/", json={"name": "stepping"}).json()
        deployment = {"name": uuid4().hex, "flow_id": made["id"], "work_pool_name": POOL, "entrypoint": "stepping_flows.stepping"}
        deployed = UUID(client.request("POST", "/deployments/", json=deployment).json()["id"])
        self.id = client.create_flow_run_from_deployment(deployed, parameters={"folder": str(folder)}).id

    def now(self) -> FlowRun:
        return self.client.read_flow_run(self.id)

    def steps(self) -> list[str]:
        file = self.folder / "steps"
        return file.read_text().split() if file.exists() else []

    def wait_for(self, state: str) -> None:
        wait_until(lambda: self.now().state_name == state, self.worker)

    def wait_for_step(self) -> None:
        wait_until(lambda: bool(self.steps()), self.worker)

    def worker_events(self) -> set[str]:
        """What the worker has told of this run."""
        about = {"event": {"prefix": ["prefect.worker."]}, "any_resource": {"id": [f"prefect.flow-run.{self.id}"]}}
        return {event["event"] for event in self.client.request("POST", "/events/filter", json={"filter": about}).json()["events"]}

    def wait_until_it_left(self) -> None:
        wait_until(lambda: "prefect.worker.executed-flow-run" in self.worker_events(), self.worker)

    def go_on(self) -> None:
        (self.folder / "go").touch()


@pytest.fixture
def run(client: SyncPrefectClient, worker: Path, tmp_path: Path) -> Run:
    return Run(client, worker, tmp_path)


def test_a_run_is_told_of_as_by_any_worker(run: Run) -> None:
    run.wait_for_step()
    run.go_on()
    run.wait_for("Completed")
    states = [state.name for state in run.client.read_flow_run_states(run.id)]
    assert states == ["Scheduled", "Pending", "Submitting", "Running", "Completed"]
    labels = run.now().labels
    assert (labels["prefect.worker.name"], labels["prefect.worker.type"], labels["prefect.work-pool.name"]) == ("tested", "resident", POOL)
    run.wait_until_it_left()
    assert run.worker_events() == {"prefect.worker.submitted-flow-run", "prefect.worker.executed-flow-run"}


def test_a_run_that_a_person_cancels_ends_and_its_neighbour_goes_on(run: Run, client: SyncPrefectClient, tmp_path: Path) -> None:
    (tmp_path / "neighbour").mkdir()
    neighbour = Run(client, run.worker, tmp_path / "neighbour")
    run.wait_for_step()
    neighbour.wait_for_step()
    client.set_flow_run_state(run.id, Cancelling(), force=True)
    run.wait_for("Cancelled")
    run.go_on()
    neighbour.go_on()
    neighbour.wait_for("Completed")
    assert ("ended" in run.steps(), "ended" in neighbour.steps()) == (False, True)


def test_a_run_that_a_person_suspends_stops_at_its_next_step_and_ends_once_it_is_resumed(run: Run) -> None:
    run.wait_for_step()
    run.client.set_flow_run_state(run.id, Suspended(timeout_seconds=600), force=True)
    run.wait_until_it_left()
    assert run.now().state_name == "Suspended"
    run.go_on()
    run.client.resume_flow_run(run.id)
    run.wait_for("Completed")
    assert run.steps()[-1] == "ended"
