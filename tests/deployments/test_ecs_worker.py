"""A training on AWS: the container `ecs-worker`, started as ECS would start it, makes a task of each run and tells how it ended.

moto stands in for ECS. It brings no machine up, all its machines are of one size, and it tells nobody how a task fares: machines and
news are made here, as AWS documents them.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import UUID

import boto3
import pytest
import requests
from moto.ecs import ecs_backends
from prefect import flow, get_client
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import State
from prefect.settings import get_current_settings

from deployments.aws import processes
from deployments.register import TRAINING_POOL, register_pool, training_pool
from sandbox.aws.account import Account
from sandbox.aws.allowed import CREDENTIALS, REFUSED
from sandbox.aws.templates import ACCOUNT, REGION, SERVICES, Templates
from sandbox.processes import Child, program, spawn, until
from sandbox.s3 import listen
from tests.deployments.conftest import ROOT
from wiring.configuration import Settings

pytestmark = pytest.mark.skipif(
    find_spec("prefect_aws") is None, reason="prefect-aws is not installed (pip install -r requirements/ecs.txt)"
)

CLUSTER = "readback"
AN_IMAGE = "ami-12c6146b"  # any that moto knows
G4DN_MEMORY = 15_500  # MiB that are left to tasks of the 16 GiB of a g4dn.xlarge, about


@dataclass(frozen=True)
class Trainings:
    """What the stacks made, and the worker that runs in it."""

    url: str
    templates: Templates
    worker: Child

    def client(self, service: str) -> Any:
        return _client(self.url, service)

    @contextmanager
    def a_machine(self, memory: int) -> Iterator[None]:
        """As long as the block runs the cluster has one machine, with so many MiB for tasks."""
        ecs = self.client("ecs")
        [instance] = self.client("ec2").run_instances(ImageId=AN_IMAGE, MinCount=1, MaxCount=1)["Instances"]
        document = json.dumps({"instanceId": instance["InstanceId"]})
        joined = ecs.register_container_instance(cluster=CLUSTER, instanceIdentityDocument=document)["containerInstance"]
        machine = joined["containerInstanceArn"]
        held = ecs_backends[ACCOUNT][REGION].container_instances[CLUSTER][machine.rpartition("/")[2]]
        [room] = [one for one in held.remaining_resources if one["name"] == "MEMORY"]
        room["integerValue"] = memory
        try:
            yield
        finally:
            ecs.deregister_container_instance(cluster=CLUSTER, containerInstance=machine, force=True)

    def task_of(self, run: UUID) -> dict[str, Any]:
        """The task that the worker has made of a run, when it is there."""
        until(lambda: bool(self._tasks_of(run)) or self._is(run, "Crashed"), self.worker, "make a task of the run")
        [task] = self._tasks_of(run)
        return task

    def _tasks_of(self, run: UUID) -> list[dict[str, Any]]:
        ecs = self.client("ecs")
        arns = ecs.list_tasks(cluster=CLUSTER)["taskArns"]
        tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns, include=["TAGS"])["tasks"] if arns else []
        return [task for task in tasks if {"key": "prefect.io/flow-run-id", "value": str(run)} in task["tags"]]

    def ecs_tells(self, task: dict[str, Any], **detail: object) -> None:
        """As ECS tells EventBridge how a task fares."""
        told = {name: task[name] for name in ("taskArn", "clusterArn", "taskDefinitionArn")} | detail
        event = {"Source": "aws.ecs", "DetailType": "ECS Task State Change", "Resources": [task["taskArn"]], "Detail": json.dumps(told)}
        assert self.client("events").put_events(Entries=[event])["FailedEntryCount"] == 0

    def container_says(self, task: dict[str, Any], line: str) -> None:
        """As the driver of logs writes what a container says."""
        logs = self.client("logs")
        [group] = [name for _, name, _ in self.templates.of_type("AWS::Logs::LogGroup") if name.startswith("Logs")]
        stream = f"trainer/trainer/{task['taskArn'].rpartition('/')[2]}"
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(time.time() * 1000)
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[{"timestamp": now, "message": line}])

    def refused(self) -> list[dict[str, str]]:
        """What the worker asked of AWS that its role may not do."""
        told: list[dict[str, str]] = requests.get(f"{self.url}{REFUSED}", timeout=10).json()
        return told

    def state_of(self, run: UUID, name: str) -> State:
        """A run's state, when it has this name."""
        until(lambda: self._is(run, name), self.worker, f"lead the run to {name}")
        return _state(run)

    def _is(self, run: UUID, name: str) -> bool:
        return _state(run).name == name


def _state(run: UUID) -> State:
    with get_client(sync_client=True) as client:
        state = client.read_flow_run(run).state
    assert state is not None
    return state


def _logs(run: UUID) -> list[str]:
    with get_client(sync_client=True) as client:
        found = client.read_logs(LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run])))
    return [line.message for line in found]


def _client(url: str, service: str) -> Any:
    return boto3.client(  # type: ignore[call-overload]
        service, endpoint_url=url, region_name=REGION, aws_access_key_id="admin", aws_secret_access_key="admin"
    )


@pytest.fixture(scope="module")
def trainings(prefect_server: None, assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trainings]:
    """The account that the templates describe, with the worker of trainings in it."""
    templates = Templates.read(assembly)
    server = listen("127.0.0.1", 0, templates.roles())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url, folder = f"http://127.0.0.1:{server.port}", tmp_path_factory.mktemp("worker")
    made = Account(templates, lambda service: _client(url, service))
    made.make(
        {
            "AWS::RDS::DBInstance": {"Endpoint.Address": "database"},
            "AWS::ElastiCache::ReplicationGroup": {"PrimaryEndPoint.Address": "redis"},
        }
    )
    container = templates.containers()[processes.ECS_WORKER.name]
    environment = {
        **container.environment,
        **{name: made.secret(source) for name, source in container.secrets.items()},
        "PREFECT_API_URL": str(get_current_settings().api.url),
        "AWS_ENDPOINT_URL": url,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}{CREDENTIALS}{container.name}",
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
    }
    worker = spawn(container.name, [program(container.argv[0]), *container.argv[1:]], environment, folder, ROOT)
    try:
        yield Trainings(url, templates, worker)
    finally:
        worker.stop()
        server.shutdown()
        server.server_close()


@flow(name="finetune")
def a_training() -> None:
    """Only ever scheduled."""


@pytest.fixture
async def run(trainings: Trainings) -> UUID:
    """A training that is due, in the pool that ``register`` makes of what its container is told."""
    told = trainings.templates.containers()[processes.REGISTER.name].environment["READBACK_TRAINING_ON_ECS"]
    pool = training_pool(Settings(training_on_ecs=told)) or pytest.fail("no pool")
    async with get_client() as client:
        await register_pool(client, *pool)
        deployment = await client.create_deployment(
            await client.create_flow(a_training),
            "on-ecs",
            entrypoint="tests.nothing",
            work_pool_name=TRAINING_POOL,
            work_queue_name="training",
        )
        return (await client.create_flow_run_from_deployment(deployment)).id


def test_a_training_becomes_a_task_on_the_group_that_scales_to_zero_with_the_trainers_role(trainings: Trainings, run: UUID) -> None:
    with trainings.a_machine(G4DN_MEMORY):
        task = trainings.task_of(run)
    providers = {name: one["AutoScalingGroupProvider"] for _, name, one in trainings.templates.of_type("AWS::ECS::CapacityProvider")}
    group = providers[task["capacityProviderName"]]["AutoScalingGroupArn"]["Ref"]
    assert trainings.templates.resources[SERVICES][group]["Properties"]["MinSize"] == "0"
    assert not task.get("launchType")  # which ECS does not take beside a capacity provider
    definition = trainings.client("ecs").describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
    [container] = definition["containerDefinitions"]
    assert definition["taskRoleArn"].startswith(f"arn:aws:iam::{ACCOUNT}:role/trainerrole")
    assert container["resourceRequirements"] == [{"type": "GPU", "value": "1"}]
    [given] = task["overrides"]["containerOverrides"]
    assert (given["name"], given["command"]) == (container["name"], ["prefect", "flow-run", "execute"])
    variables = {one["name"]: one["value"] for one in given["environment"]}
    assert variables["PREFECT__FLOW_RUN_ID"] == str(run)
    # ECS refuses a variable that repeats a secret's name, and shows all of them to who may describe tasks.
    assert not {secret["name"] for secret in container["secrets"]} & set(variables)
    assert trainings.refused() == []


NO_CAPACITY = "Capacity is unavailable at this time. Please try again later or in a different availability zone"


def test_people_see_that_a_training_waits_for_a_machine_and_that_none_came(trainings: Trainings, run: UUID) -> None:
    with trainings.a_machine(G4DN_MEMORY):
        task = trainings.task_of(run)
    trainings.ecs_tells(task, lastStatus="PROVISIONING", desiredStatus="RUNNING", containers=[])
    assert trainings.state_of(run, "InfrastructurePending").message == "ECS task is provisioning."
    trainings.ecs_tells(task, lastStatus="STOPPED", stopCode="TaskFailedToStart", stoppedReason=NO_CAPACITY, containers=[])
    said = trainings.state_of(run, "Crashed").message
    assert said == f"ECS task failed to start: {NO_CAPACITY}. The capacity provider could not place the task."
    assert trainings.refused() == []


def test_a_training_that_the_machine_killed_is_crashed_with_the_end_of_its_log(trainings: Trainings, run: UUID) -> None:
    with trainings.a_machine(G4DN_MEMORY):
        task = trainings.task_of(run)
    trainings.container_says(task, "Killed")
    killed = [{"name": "trainer", "lastStatus": "STOPPED", "exitCode": 137, "reason": "OutOfMemoryError: Container killed"}]
    trainings.ecs_tells(task, lastStatus="STOPPED", stopCode="EssentialContainerExited", containers=killed)
    assert "['trainer']" in str(trainings.state_of(run, "Crashed").message)
    until(lambda: "Killed" in _logs(run), trainings.worker, "forward the container's log")
    assert trainings.refused() == []


def test_a_training_that_ecs_does_not_take_is_crashed_and_says_so(trainings: Trainings, run: UUID) -> None:
    with trainings.a_machine(G4DN_MEMORY // 2):
        said = trainings.state_of(run, "Crashed").message
    assert "Failed to run ECS task" in str(said)
