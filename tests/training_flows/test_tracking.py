"""A training on a real MLflow server: what people find there while it lasts and afterwards, and that nothing of a training hangs on it."""

import asyncio
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

import wiring
from clients import mlflow_tracking
from clients.mlflow_tracking import FLOW_RUN_TAG, MlflowRun, connect, end_run_of
from deployments.tracking_server import SETTINGS
from models.training import FinetuneConfig
from sandbox.processes import answers, free_port, spawn, until
from sandbox.stack import ROOT
from tasks.training.tracking import EXPERIMENT, Tracking, ending
from tasks.training.watching import artifact_key
from training_flows.finetune import FinetuneRun, Rows, finetune

STEPS: dict[str, Any] = {"max_steps": 4, "evaluate_every": 2, "log_every": 1, "batch_size": 8, "eval_max_tokens": 8, "device": "cpu"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server as it is deployed, but for its database."""
    folder, port = tmp_path_factory.mktemp("mlflow"), free_port()
    places = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    start = [sys.executable, "-m", "mlflow", "server", *places, "--port", str(port), "--workers", "1"]
    child = spawn("mlflow", start, {**os.environ, **SETTINGS}, folder, ROOT)
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/health"), child, "answer")
        yield f"http://127.0.0.1:{port}"
    finally:
        child.stop()


@pytest.fixture
def tracked(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("READBACK_TRACKING_URL", server)
    wiring.forget_clients()
    return server


def request(data: str, name: str, **changes: Any) -> FinetuneRun:
    chosen = {"base": "shipped", "method": "lora", "learning_rate": 1e-3} | STEPS | changes
    return FinetuneRun.of(FinetuneConfig.model_validate(chosen), data=data, encoders="shipped", name=name, rows=Rows(test_rows=4))


def runs_of(url: str, name: str) -> list[Any]:
    client = connect(url)
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    return list(client.search_runs([experiment], f"attributes.run_name = '{name}'"))


async def test_a_training_can_be_followed_compared_and_found_again(tracked: str, data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_tracking, "SECONDS_BETWEEN_SAMPLES", 1)
    summary = await finetune(request(data, "minji-tracked"))
    (run,) = runs_of(tracked, "minji-tracked")
    assert run.info.status == "FINISHED"
    client = connect(tracked)
    losses = client.get_metric_history(run.info.run_id, "train_loss")
    assert sorted(point.step for point in losses) == [1, 2, 3, 4]
    assert sorted({point.step for point in client.get_metric_history(run.info.run_id, "bertscore_f1")}) == [0, 2, 4]
    parameters, tags = run.data.params, run.data.tags
    assert (parameters["learning_rate"], parameters["lora_rank"], parameters["data.version"]) == ("0.001", "8", f"{data}@1")
    assert parameters["data.sha256"] == summary.versions[0].sha256
    assert parameters["package.torch"]
    assert [given.dataset.name for given in run.inputs.dataset_inputs] == [f"{data}@1"]
    # Links both ways: the server names the flow run and the folder, the run's report and its folder name the server's page.
    assert tags[FLOW_RUN_TAG] == summary.flow_run_id
    assert tags["s3"] == f"s3://{wiring.object_store().bucket}/{summary.prefix}"
    assert summary.tracking.endswith(run.info.run_id)
    async with get_client() as prefect:
        key = artifact_key("finetune", summary.run)
        report = str((await prefect.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key]))))[0].data)
    assert f"[MLflow]({summary.tracking})" in report
    assert {file.path for file in client.list_artifacts(run.info.run_id, "samples")} == {
        f"samples/step-{step:06d}.md" for step in (0, 2, 4)
    }
    assert any(name.startswith("system/") for name in run.data.metrics)


async def test_a_server_that_is_away_stops_no_training(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_TRACKING_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    wiring.forget_clients()
    summary = await finetune(request(data, "minji-alone"))
    assert (summary.tracking, summary.result.steps) == ("", 4)


def test_a_run_that_goes_on_has_one_page(server: str) -> None:
    for _ in range(2):
        MlflowRun.open(server, EXPERIMENT, "again", "models/bart/again/").measure(1, {"train_loss": 1.0})
    assert len(runs_of(server, "again")) == 1


def test_a_run_whose_process_was_killed_is_ended_from_outside(server: str) -> None:
    MlflowRun.open(server, EXPERIMENT, "killed", "models/bart/killed/").describe({}, {FLOW_RUN_TAG: "flow-run-7"}, [])
    end_run_of(server, EXPERIMENT, "flow-run-7", "KILLED")
    assert [run.info.status for run in runs_of(server, "killed")] == ["KILLED"]


@pytest.mark.parametrize(("raised", "told"), [(asyncio.CancelledError(), "KILLED"), (RuntimeError("no disk"), "FAILED")])
async def test_a_run_that_was_stopped_is_told_from_one_that_broke(server: str, raised: BaseException, told: str) -> None:
    tracking = Tracking(MlflowRun.open(server, EXPERIMENT, f"run-{told}", f"models/bart/{told}/"), [], logging.getLogger())
    with pytest.raises(type(raised)):
        async with ending(tracking):
            raise raised
    assert [run.info.status for run in runs_of(server, f"run-{told}")] == [told]


def test_without_a_setting_mlflow_is_not_even_loaded() -> None:
    import subprocess

    code = "import sys, training_flows.finetune, training_flows.sweep; print('mlflow' in sys.modules)"
    plain = {name: value for name, value in os.environ.items() if name != "READBACK_TRACKING_URL"}
    said = subprocess.run([sys.executable, "-c", code], env=plain, cwd=Path(ROOT), capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
