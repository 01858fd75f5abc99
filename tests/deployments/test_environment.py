"""What is tried in the sandbox, deployed by compose and written on the configuration page is one table."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.environment import VARIABLES, Layout, Process, environment, environment_table, site_variables
from sandbox.image import DOCKERFILE, REAPER, stages
from sandbox.stack import Stack, StackOptions
from wiring.configuration import Settings

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deployments" / "compose.yaml").read_text("utf-8"))
SERVICES = {
    "server": Process.SERVER,
    "register": Process.COMMAND,
    "call-worker": Process.RESIDENT,
    "listener": Process.LISTENER,
    "console": Process.COMMAND,
}


def test_every_service_of_ours_is_held_against_the_table() -> None:
    assert {name for name, service in COMPOSE["services"].items() if "build" in service} == {*SERVICES, "mlflow"}  # no process of Prefect's


@pytest.mark.parametrize("service", SERVICES)
def test_compose_gives_each_process_what_the_table_says(service: str) -> None:
    given = COMPOSE["services"][service]["environment"]
    sites = {name for name in given if name in site_variables()}
    assert {name: value for name, value in given.items() if name not in sites} == environment(SERVICES[service], Layout.REDIS)
    assert all(
        value.startswith(("${", "http://server", "redis", "postgresql+asyncpg://")) for name, value in given.items() if name in sites
    )


@pytest.mark.parametrize("process", Process)
def test_the_sandbox_gives_each_process_what_the_table_says(process: Process, tmp_path: Path) -> None:
    given = Stack(StackOptions(work_dir=tmp_path)).environment_of(process)
    told = environment(process, Layout.ONE_MACHINE)
    assert {name: given.get(name) for name in told} == told


def test_compose_asks_the_listener_at_the_port_where_it_answers() -> None:
    probe = COMPOSE["services"]["listener"]["healthcheck"]["test"]
    assert f"http://127.0.0.1:{Settings().listener_health_port}/healthz" in probe[-1]


def test_the_configuration_page_is_the_table() -> None:
    assert environment_table() in (ROOT / "docs" / "configuration.md").read_text("utf-8"), "run: python -m deployments.environment"


def test_the_image_sets_nothing_of_prefects() -> None:
    assert re.findall(r"(PREFECT_\w+)", DOCKERFILE.read_text("utf-8")) == []


def test_no_variable_has_two_values_for_one_process() -> None:
    for process in Process:
        for layout in Layout:
            names = [v.name for v in VARIABLES if process in v.readers and v.layout in (None, layout)]
            assert len(names) == len(set(names))


def test_compose_builds_a_stage_of_the_dockerfile_that_holds_every_room_of_the_product() -> None:
    steps = stages(DOCKERFILE.read_text("utf-8"))
    assert {service["build"]["target"] for service in COMPOSE["services"].values() if "build" in service} <= set(steps)
    copied = {source for step in steps["run"] if step.instruction == "COPY" for source in step.text.split()[:-1]}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"sandbox", "benchmarks", "tests"}
    assert rooms | {"requirements", "pyproject.toml", "prefect.yaml"} == copied
    assert all((ROOT / source).exists() for source in copied)


def test_the_flow_that_tries_the_image_is_deployed() -> None:
    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    assert REAPER in {f"{item['entrypoint'].rpartition('.')[2]}/{item['name']}" for item in deployments}
