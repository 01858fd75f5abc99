"""What a resident worker keeps for all its runs: flows, clients, and what was loaded."""

import asyncio
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect import flow_engine
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.responses import OrchestrationResult, SetStateStatus, StateAcceptDetails
from prefect.concurrency import _leases
from prefect.settings import get_current_settings
from prefect.states import Completed, Pending, Running
from prefect.workers.base import BaseWorker

from deployments import prefect_private
from deployments.prefect_private import (
    Supervision,
    join_updates,
    know_what_begins,
    name_who_takes,
    one_heart,
    remember_deployments,
    renew_leases_when_due,
    supervise,
)
from deployments.resident import ResidentWorker
from tests.deployments.conftest import RunPython


def test_the_worker_type_is_found_by_prefect_itself() -> None:
    assert BaseWorker.get_worker_class_from_type("resident") is ResidentWorker


def test_a_sync_flow_is_refused_since_nothing_could_interrupt_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "blocking_flows.py").write_text("from prefect import flow\n\n@flow\ndef blocking() -> None:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    worker = ResidentWorker(work_pool_name="calls")
    with pytest.raises(TypeError, match="blocking is a sync flow"):
        asyncio.run(worker._load("blocking_flows.blocking"))


def test_a_flow_is_imported_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kept_flows.py").write_text("from prefect import flow\n\n@flow\nasync def kept() -> None:\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    worker = ResidentWorker(work_pool_name="calls")

    async def load_twice() -> bool:
        return await worker._load("kept_flows.kept") is await worker._load("kept_flows.kept")

    assert asyncio.run(load_twice())


CLIENTS = """
from prefect import get_client
from deployments.resident import _RunInFlight, _RunLoop

clients = set()

async def remember():
    client = get_client()
    pool = client._client._transport._pool
    print(pool._max_keepalive_connections == pool._max_connections)
    clients.update({client, get_client(sync_client=True)})

class Run:
    id = "a run"

loop = _RunLoop()
loop.start()
for _ in range(2):
    loop.submit(_RunInFlight(Run), remember()).result(30)
print(len(clients))
loop.stop()
"""


def test_all_runs_share_one_client_of_each_kind_and_it_keeps_its_connections(prefect_server: None, run_python: RunPython) -> None:
    said = run_python(CLIENTS, PREFECT_API_URL=str(get_current_settings().api.url)).stdout
    assert said.split() == ["True", "True", "2"]


WARM_UP = """
import asyncio, gc
from deployments.resident import ResidentWorker

async def start():
    worker = ResidentWorker(work_pool_name="calls")
    for name in ("without", "broken", "warm"):
        await worker._load(f"{name}_flows.{name}")
    await worker._warm_up()

asyncio.run(start())
import warm_flows
print(warm_flows.clients, gc.get_freeze_count() > 0)
"""


def test_clients_are_made_before_a_run_asks_and_what_is_loaded_is_left_to_itself(tmp_path: Path, run_python: RunPython) -> None:
    flow = "from prefect import flow\n\n@flow\nasync def {}() -> None:\n    pass\n\n"
    (tmp_path / "without_flows.py").write_text(flow.format("without"))
    (tmp_path / "broken_flows.py").write_text(flow.format("broken") + "def warm_up():\n    raise OSError('no credentials')\n")
    (tmp_path / "warm_flows.py").write_text(flow.format("warm") + "clients = []\n\ndef warm_up():\n    clients.append('made')\n")
    done = run_python(WARM_UP, PYTHONPATH=str(tmp_path))
    assert done.stdout.split("\n")[0] == "['made'] True"
    assert "broken_flows.broken could not be warmed up: OSError: no credentials" in done.stderr


class Deployments:
    """A client that knows one deployment and counts the questions."""

    def __init__(self) -> None:
        self.asked = 0
        self.there = True

    async def read_deployment(self, deployment_id: str) -> str:
        self.asked += 1
        if not self.there:
            raise LookupError(deployment_id)
        return f"deployment {deployment_id}"


def test_a_worker_asks_for_a_deployment_once_a_minute_and_one_that_is_gone_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    server: Any = Deployments()
    client: Any = SimpleNamespace(read_deployment=server.read_deployment)
    remember_deployments(client)

    async def read_twice() -> list[str]:
        return [await client.read_deployment("d") for _ in range(2)]

    assert (asyncio.run(read_twice()), server.asked) == (["deployment d"] * 2, 1)
    server.there = False
    monkeypatch.setattr(prefect_private, "_REMEMBER_SECONDS", -1.0)
    for asked in (2, 3):
        with pytest.raises(LookupError):
            asyncio.run(read_twice())
        assert server.asked == asked


def test_a_lease_is_renewed_when_three_quarters_of_it_have_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    renewed: list[float] = []
    monkeypatch.setattr(_leases, "_lease_renewal_loop", lambda lease_id, lease_duration, stop_event: renewed.append(lease_duration))
    renew_leases_when_due()
    ended = threading.Event()
    ended.set()
    _leases._lease_renewal_loop(uuid4(), 60.0, ended)
    assert renewed == []
    _leases._lease_renewal_loop(uuid4(), 0.04, threading.Event())
    assert renewed == [0.04]


class Runs:
    """A client that writes down what it is told of runs."""

    def __init__(self) -> None:
        self.told: list[object] = []

    async def update_flow_run(self, flow_run_id: UUID, **noted: Any) -> None:
        self.told.append(noted)

    async def set_flow_run_state(self, flow_run_id: UUID, state: State[Any], force: bool = False) -> None:
        self.told.append(state.name)


def test_what_the_engine_notes_of_a_run_goes_with_its_name_or_else_before_its_end() -> None:
    begun, named, run = {"flow_version": "v", "empirical_policy": "p"}, {"name": "통화 1"}, uuid4()
    client: Any = Runs()
    join_updates(client)

    async def a_run(*notes: dict[str, str]) -> list[object]:
        client.told.clear()
        await client.update_flow_run(flow_run_id=run, **begun)
        await client.set_flow_run_state(run, Running())
        for note in notes:
            await client.update_flow_run(run, **note)
        await client.set_flow_run_state(run, Completed(), force=False)
        return list(client.told)

    assert asyncio.run(a_run(named)) == ["Running", begun | named, "Completed"]
    assert asyncio.run(a_run()) == ["Running", begun, "Completed"]


class Server:
    """A client of a server that accepts each state, but none of a run that is paused, and writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.paused = False

    async def set_flow_run_state(self, flow_run_id: UUID, state: State[Any], force: bool = False) -> OrchestrationResult[Any]:
        status = SetStateStatus.REJECT if self.paused else SetStateStatus.ACCEPT
        self.asked.append(state)
        return OrchestrationResult(state=state, status=status, details=StateAcceptDetails())

    async def read_flow_run(self, flow_run_id: UUID) -> str:
        self.asked.append(flow_run_id)
        return "as the server knows it"


def test_a_run_that_has_begun_is_known_once_and_counts_how_often_it_has_begun() -> None:
    server: Any = Server()
    client: Any = SimpleNamespace(set_flow_run_state=server.set_flow_run_state, read_flow_run=server.read_flow_run)
    know_what_begins(client)
    taken = FlowRun(flow_id=uuid4(), name="통화 1", run_count=2, state=Pending())

    async def begin(run: UUID) -> tuple[Any, Any]:
        supervise(Supervision(taken=taken))
        await client.set_flow_run_state(run, Running())
        return await client.read_flow_run(run), await client.read_flow_run(run)

    first, again = asyncio.run(begin(taken.id))
    assert (first.name, first.run_count, first.state.type, again) == ("통화 1", 3, StateType.RUNNING, "as the server knows it")
    assert taken.run_count == 2
    other = uuid4()
    assert asyncio.run(begin(other)) == ("as the server knows it", "as the server knows it")
    server.paused = True
    assert asyncio.run(begin(taken.id)) == ("as the server knows it", "as the server knows it")


def test_the_state_in_which_a_run_is_taken_names_its_worker() -> None:
    server: Any = Server()
    name_who_takes(server, "call-worker")

    async def take() -> None:
        states: list[State[Any]] = [Pending(), Pending(message="NotReady"), Completed()]
        for state in states:
            await server.set_flow_run_state(uuid4(), state)

    asyncio.run(take())
    assert [state.message for state in server.asked] == ["Taken by worker call-worker", "NotReady", None]


class Engine:
    """As much of Prefect's engine as a heartbeat needs."""

    heartbeat_seconds = 0.02

    def __init__(self) -> None:
        self.flow_run = SimpleNamespace(state=Running())
        self.beats, self.beat = 0, threading.Event()

    def _emit_flow_run_heartbeat(self) -> None:
        self.beats += 1
        self.beat.set()


def test_one_thread_sends_the_heartbeats_of_all_runs_the_first_when_one_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_private, "_WAKE_SECONDS", 0.005)
    monkeypatch.setattr(flow_engine, "_send_heartbeats", None)
    short, long, silent = Engine(), Engine(), Engine()
    silent.heartbeat_seconds = 0

    def beats_again() -> bool:
        long.beat.clear()
        return long.beat.wait(10)

    with one_heart():
        send: Any = flow_engine._send_heartbeats
        threads = threading.active_count()
        with send(long, join_on_exit=False), send(silent):
            with send(short):
                assert threading.active_count() == threads
                assert short.beat.wait(10)
            assert beats_again()
            beaten = short.beats
            assert beats_again()
            assert (short.beats, silent.beats) == (beaten, 0)
            long.flow_run.state = Completed()
            time.sleep(0.05)
            told = long.beats
            time.sleep(0.1)
            assert long.beats == told


TOLD = """
import asyncio
from prefect import flow, task
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker
from deployments import prefect_private
from deployments.prefect_private import tell_less

tell_less()
EventsWorker.set_client_override(AssertingEventsClient)

@task
async def short():
    pass

@task
async def long():
    await asyncio.sleep(0.5)

@task
async def broken():
    raise ValueError

@task
def in_a_thread_of_its_own():
    pass

@flow
async def steps():
    prefect_private._SHORT_SECONDS = 600.0
    await short()
    await broken(return_state=True)
    in_a_thread_of_its_own.submit().wait()
    prefect_private._SHORT_SECONDS = 0.05
    await long()

asyncio.run(steps())
EventsWorker.drain_all()
for event in AssertingEventsClient.last.events:
    if event.event.startswith("prefect.task-run."):
        task = event.resource["prefect.resource.name"].rpartition("-")[0]
        print(task, event.event.rpartition(".")[2], *[resource.role for resource in event.related])
"""


def test_a_task_that_lasts_or_fails_tells_that_it_runs_and_each_tells_its_end_and_names_its_flow_run_alone(
    prefect_server: None, run_python: RunPython
) -> None:
    said = run_python(TOLD, PREFECT_API_URL=str(get_current_settings().api.url)).stdout.splitlines()
    assert said == [
        "short Completed flow-run",
        "broken Running flow-run",
        "broken Failed flow-run",
        "in_a_thread_of_its_own Running flow-run",
        "in_a_thread_of_its_own Completed flow-run",
        "long Running flow-run",
        "long Completed flow-run",
    ]


LOGGED = """
import logging
from deployments.prefect_private import tell_less
from prefect.logging.loggers import flow_run_logger
from prefect.client.schemas.objects import FlowRun
from uuid import uuid4

class Kept(logging.Handler):
    def emit(self, record):
        print(record.getMessage())

tell_less()
for name in ("prefect.flow_runs", "prefect.flow_runs.worker"):
    logging.getLogger(name).handlers = [Kept()]
    logging.getLogger(name).propagate = False
run = flow_run_logger(FlowRun(flow_id=uuid4()))
run.info("Beginning flow run 'a' for flow 'b'")
run.info("Finished in state Completed()")
run.error("Finished in state Failed('why')")
run.info("Worker of ours")
run.info("3 calls are behind")
run.getChild("worker").info("Worker 'w' submitting flow run 'a'")
run.getChild("worker").error("Worker lost")
"""


def test_the_log_of_a_run_repeats_no_state_but_a_failure(run_python: RunPython) -> None:
    assert run_python(LOGGED).stdout.splitlines() == [
        "Finished in state Failed('why')",
        "Worker of ours",
        "3 calls are behind",
        "Worker lost",
    ]
