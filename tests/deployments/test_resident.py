"""What a resident worker keeps for all its runs: flows, clients, and what was loaded."""

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from prefect.concurrency import _leases
from prefect.settings import get_current_settings
from prefect.workers.base import BaseWorker

from deployments import prefect_private
from deployments.prefect_private import remember_deployments, renew_leases_when_due
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
