"""The deployments are registered as `prefect deploy --all` would, whatever of them was there before."""

import os
import subprocess
import sys
from typing import Any

import pytest
from prefect import get_client
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.deployments.runner import RunnerDeployment
from prefect.settings import PREFECT_API_URL

from deployments.deploying import ROOT, deploy, deployments
from deployments.register import register
from models.errors import ConfigurationError

pytestmark = pytest.mark.slow

# What the server gives each anew, and what depends on the checkout alone: Prefect names a commit only where there is a remote.
_ITS_OWN = {"id", "created", "updated", "flow_id", "work_queue_id", "created_by", "updated_by", "last_polled", "status", "version"}
Kept = dict[str, dict[str, Any]]


async def kept_by_the_server() -> Kept:
    async with get_client() as client:
        automations = await client.read_automations()
        found = {}
        for known in await client.read_deployments():
            said = known.model_dump(mode="json", exclude=_ITS_OWN)
            for schedule in said["schedules"]:
                for name in ("id", "created", "updated", "deployment_id"):
                    schedule.pop(name, None)
            said["schedules"].sort(key=repr)
            if said["global_concurrency_limit"]:
                said["global_concurrency_limit"] = said["global_concurrency_limit"]["limit"]
            said["flow"] = (await client.read_flow(known.flow_id)).name
            started_by = [one for one in automations if any(getattr(action, "deployment_id", None) == known.id for action in one.actions)]
            said["automations"] = [one.model_dump(mode="json", exclude={"id"}) for one in started_by]
            for one in said["automations"]:
                one["actions"][0].pop("deployment_id")
            found[f"{said['flow']}/{known.name}"] = said
        return found


async def ids() -> dict[str, tuple[Any, ...]]:
    async with get_client() as client:
        known = [(one.name, one.id, one.updated) for one in await client.read_deployments()]
        return {str(one.id): (one.id,) for one in await client.read_automations()} | {name: more for name, *more in known}  # type: ignore[dict-item]


async def forget(some: slice = slice(None)) -> None:
    async with get_client() as client:
        for known in sorted(await client.read_deployments(), key=lambda one: one.name)[some]:
            await client.delete_resource_owned_automations(f"prefect.deployment.{known.id}")
            await client.delete_deployment(known.id)


@pytest.fixture
async def registered(prefect_server: None) -> Kept:
    await register()
    await forget()
    await deploy()
    return await kept_by_the_server()


async def test_they_are_what_prefects_own_command_makes(registered: Kept) -> None:
    await forget()
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"PREFECT_API_URL": str(PREFECT_API_URL.value())}, check=True, capture_output=True)
    assert await kept_by_the_server() == registered
    assert len(registered) == len(deployments())
    assert registered["process-call/process-call"]["automations"][0]["name"] == "A recording landed"


async def test_what_is_there_as_it_is_wanted_is_left_alone(registered: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    before = await ids()

    async def refuse(self: RunnerDeployment, **_: Any) -> None:
        raise AssertionError(f"{self.full_name} was registered again")

    with monkeypatch.context() as patched:
        patched.setattr(RunnerDeployment, "aapply", refuse)
        await deploy()
    assert await ids() == before
    assert await kept_by_the_server() == registered


async def test_after_a_half_that_failed_the_rest_follows(registered: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    await forget()
    apply, seen = RunnerDeployment.aapply, 0

    async def fail_later(self: RunnerDeployment, **given: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen > len(deployments()) / 2:
            raise ConnectionError("the server is gone")
        return await apply(self, **given)

    with monkeypatch.context() as patched:
        patched.setattr(RunnerDeployment, "aapply", fail_later)
        with pytest.raises(ConnectionError, match="the server is gone"):
            await deploy()
    assert 0 < len(await kept_by_the_server()) < len(registered)
    await deploy()
    assert await kept_by_the_server() == registered


async def test_what_was_changed_meanwhile_is_put_right(registered: Kept) -> None:
    async with get_client() as client:
        known = {one.name: one for one in await client.read_deployments()}
        await client.update_deployment(known["digest"].id, DeploymentUpdate(description="another"))
        await client.pause_deployment(known["retain"].id)
        await client.update_deployment(known["reconcile"].id, DeploymentUpdate(schedules=[]))
        await client.update_deployment(known["hear"].id, DeploymentUpdate(concurrency_limit=3))
        await client.delete_resource_owned_automations(f"prefect.deployment.{known['process-call'].id}")
        [schedule] = known["reap"].schedules
        await client.delete_deployment_schedule(known["reap"].id, schedule.id)
    await forget(slice(0, 5))
    await deploy()
    assert await kept_by_the_server() == registered


@pytest.mark.parametrize(
    ("line", "named"),
    [("pull: []", "pull of a deployment"), ("schedules: [{ interval: 60 }]", "interval of a schedule")],
)
def test_what_nobody_reads_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, line: str, named: str) -> None:
    pool = "work_pool: { name: calls, work_queue_name: live }"
    written = f"deployments:\n  - name: one\n    entrypoint: flows.digest.digest\n    {pool}\n    {line}\n"
    (tmp_path / "prefect.yaml").write_text(written)
    monkeypatch.setattr("deployments.deploying.ROOT", tmp_path)
    with pytest.raises(ConfigurationError, match=named):
        deployments.__wrapped__()
