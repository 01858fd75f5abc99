"""Every deployment can be loaded and started with the parameters that its triggers and schedules give."""

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.client.schemas.schedules import CronSchedule
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deployments.register import pools
from flows.watch_s3 import event_of
from models.call.record import Recording
from sandbox.stand_in import stand_in
from tests.deployments.conftest import RunPython
from wiring.configuration import Settings

ROOT = Path(__file__).parents[2]
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
each_deployment = pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda deployment: deployment["entrypoint"])


def loaded(deployment: dict[str, Any]) -> Flow[..., Any]:
    flow: Flow[..., Any] = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)
    return flow


@each_deployment
def test_the_entry_point_loads_as_an_async_flow(deployment: dict[str, Any]) -> None:
    assert loaded(deployment).isasync


def test_a_call_worker_loads_what_is_heavy_once_it_takes_runs(run_python: RunPython) -> None:
    modules = {item["entrypoint"].rpartition(".")[0] for item in DEPLOYMENTS if item["work_pool"]["name"] == "calls"}
    heavy = ["torch", "transformers", "ctranslate2", "numpy", "boto3", "google.cloud.texttospeech_v1"]
    settings = {"BUCKET": "b", "RETURNZERO_CLIENT_ID": "i", "RETURNZERO_CLIENT_SECRET": "s"}
    with stand_in("sandbox.google_tts") as (address, _):  # warming up asks whether the voice exists
        said = run_python(
            f"""
            import sys
            import deployments.resident, {", ".join(sorted(modules))}
            print(sorted(set({heavy}) & set(sys.modules)))
            flows.process_call.warm_up()
            print(sorted(set({heavy}) & set(sys.modules)))
            """,
            **{f"READBACK_{name}": value for name, value in settings.items()},
            READBACK_TTS_ENDPOINT=address["endpoint"],
        )
    assert said.stdout.splitlines() == ["[]", "['boto3', 'google.cloud.texttospeech_v1', 'numpy']"]


@each_deployment
def test_the_flow_takes_every_parameter_that_is_set(deployment: dict[str, Any]) -> None:
    flow = loaded(deployment)
    takes = inspect.signature(flow.fn).parameters
    required = {name for name, parameter in takes.items() if parameter.default is inspect.Parameter.empty}
    fixed = set(deployment.get("parameters", {}))
    assert fixed <= set(takes)
    for trigger in deployment.get("triggers", []):
        given = set(trigger.get("parameters", {}))
        assert given <= set(takes)
        assert required <= given | fixed
    for schedule in deployment.get("schedules", []):
        given = set(schedule.get("parameters", {}))
        assert given <= set(takes)
        assert required <= given | fixed
        flow.validate_parameters({**deployment.get("parameters", {}), **schedule.get("parameters", {})})


@each_deployment
def test_schedules_are_cron_lines_in_korean_time(deployment: dict[str, Any]) -> None:
    for schedule in deployment.get("schedules", []):
        assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"]).timezone == "Asia/Seoul"


@each_deployment
def test_the_queue_is_one_that_register_makes(deployment: dict[str, Any]) -> None:
    queues = {(pool.name, queue.name) for pool in pools(Settings()) for queue in pool.queues}
    assert (deployment["work_pool"]["name"], deployment["work_pool"]["work_queue_name"]) in queues


@each_deployment
def test_every_parameter_is_explained_in_the_launch_form(deployment: dict[str, Any]) -> None:
    for name, shown in parameter_schema(loaded(deployment)).properties.items():
        assert shown.get("description") or "$ref" in str(shown), f"{name} has no description"


def test_two_deployments_of_a_flow_have_names_of_their_own() -> None:
    names = [(deployment["entrypoint"], deployment["name"]) for deployment in DEPLOYMENTS]
    assert len(names) == len(set(names))


def test_the_listeners_event_carries_what_the_trigger_reads() -> None:
    trigger = next(deployment for deployment in DEPLOYMENTS if deployment.get("triggers"))["triggers"][0]
    event = event_of(Recording(bucket="b", key="k", etag="e", size=1))
    assert event["event"] in trigger["expect"]
    assert event["resource"]["prefect.resource.id"].startswith(trigger["match"]["prefect.resource.id"].rstrip("*"))
    read = set(re.findall(r"event\.payload\.(\w+)", str(trigger["parameters"])))
    assert read == set(event["payload"]) == set(trigger["parameters"])
    assert datetime.fromisoformat(event["occurred"]) <= datetime.now(UTC)
