"""One training run on a real Prefect server: what it leaves in the bucket and in the UI, and how it goes on after a death."""

import contextlib
import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.artifacts import acreate_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterName,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import ArtifactSort
from prefect.exceptions import ObjectAlreadyExists
from prefect.states import Cancelling, Running
from prefect.utilities.callables import parameter_schema
from pydantic import ValidationError

import wiring
from models.call.persons_correction import CorrectedPair, PairKind
from models.errors import ConfigurationError
from models.keys import RunKeys
from models.training import FinetuneConfig, Progress
from models.training.data.split import SplitRecord
from models.training.metrics import MetricSettings
from stores.datasets import CORRECTIONS
from stores.proposals import keep_pair
from tasks.training.data import load_training_data
from tasks.training.train import train
from tasks.training.watching import artifact_key, close_progress_bars, say_ended_early, tell_waiting_trainings
from training_flows.finetune import FinetuneRun, Rows, finetune
from wiring import datasets, object_store

STEPS: dict[str, Any] = {"max_steps": 4, "evaluate_every": 2, "log_every": 1, "batch_size": 8, "eval_max_tokens": 8, "device": "cpu"}


def request(data: str, **changes: Any) -> FinetuneRun:
    chosen = {"base": "shipped", "method": "lora", "learning_rate": 1e-3} | STEPS | changes
    return FinetuneRun.of(FinetuneConfig.model_validate(chosen), data=data, encoders="shipped", rows=Rows(test_rows=4))


async def artifact(key: str) -> str:
    """The latest of that key; other tests leave theirs on the same server."""
    async with get_client() as client:
        latest = ArtifactSort.UPDATED_DESC
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])), sort=latest)
    assert found, f"no artifact {key}"
    return str(found[0].data)


async def test_a_run_leaves_everything_in_the_bucket_and_its_plots_in_the_ui(data: str) -> None:
    summary = await finetune(request(data))
    names = {facts.key.removeprefix(summary.prefix) for facts in object_store().walk(summary.prefix)}
    assert {
        "finished.json",
        "run.json",
        "split.json",
        "metrics.csv",
        "test.csv",
        "losses.png",
        "scores.png",
        "model/adapter_model.safetensors",
        "model/tokenizer.json",
        "merged/model.safetensors",
        "merged/config.json",
        "merged/tokenizer.json",
    } <= names
    assert not any(name.startswith("checkpoints/") for name in names)
    assert summary.prefix == f"models/bart/{summary.run}/"

    def stored(name: str) -> bytes:
        return object_store().get(summary.prefix + name).body

    rows = list(csv.DictReader(io.StringIO(stored("metrics.csv").decode())))
    assert [row["step"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert any(name.startswith("bertscore_f1 [local:tiny-bart@") for name in rows[0])
    split = SplitRecord.model_validate_json(stored("split.json"))
    assert not set(split.train) & set(split.test)
    assert set(json.loads(stored("run.json"))["packages"]) >= {"torch", "transformers", "peft"}
    assert summary.test_scores is not None
    assert summary.test_scores.encoders["sts"].startswith("local:tiny-bart@")

    report = await artifact(artifact_key("finetune", summary.run))
    assert all(
        heading in report
        for heading in ("| 검증 BERTScore F1 |", "## 예: 학습 전과 후", "## 데이터 버전", "| 메모리 |", "| `lora_rank` | `8` |")
    )
    assert summary.result.before is not None
    assert summary.base_test_scores is not None  # the base as it is served, on the same rows
    assert "\n    - 베이스: " in report
    assert report.count("data:image/png;base64,") == 2
    assert "local:tiny-bart@" in report
    assert float(await artifact(artifact_key("progress", summary.run))) == 100.0
    assert "96행 중 96행" in await artifact("training-data")


async def test_a_finished_run_is_not_trained_again(data: str) -> None:
    first = await finetune(request(data))
    stamp = object_store().get(first.prefix + "run.json").etag
    model = object_store().head(first.prefix + "merged/model.safetensors")
    assert await finetune(request(data)) == first
    assert object_store().get(first.prefix + "run.json").etag == stamp
    again = object_store().head(first.prefix + "merged/model.safetensors")
    assert model is not None
    assert again is not None
    assert again.last_modified == model.last_modified


async def test_summaries_that_people_corrected_are_learnt_and_neither_watched_nor_judged(data: str) -> None:
    call = "0" * 32
    pair = CorrectedPair(heard="고객: 암 진단비 받으려고요", said="암 진단비 청구", at=datetime.now(UTC), kind=PairKind.SUMMARY, edit=1)
    keep_pair(object_store(), call, pair)
    alone = load_training_data(datasets(), data, "", 42)
    summary = await finetune(request(f"{data} + {CORRECTIONS}"))
    split = SplitRecord.model_validate_json(object_store().get(f"{summary.prefix}split.json").body)
    assert (set(split.train) - set(alone.split.record.train), split.test) == ({"corrections:1"}, alone.split.record.test)
    assert [version.name for version in summary.versions] == [f"{data}@1", f"{CORRECTIONS}@1"]
    assert "corrections: utf-8, 1행 중 1행 사용" in await artifact("training-data")


async def test_a_killed_run_goes_on_from_the_bucket_on_another_machine(data: str, tmp_path: Path) -> None:
    config = request(data).resolved()
    prepared = load_training_data(datasets(), data, "", 1)
    keys = RunKeys("summarizer", "bart", "killed")

    def die(progress: Progress) -> None:
        if progress.step == 3:
            raise RuntimeError("the machine is gone")

    with pytest.raises(RuntimeError, match="the machine is gone"):
        await train.fn(config, prepared.split, tmp_path / "first", keys, die)
    result = await train.fn(config, prepared.split, tmp_path / "second", keys, lambda progress: None)
    assert (result.resumed_from, result.steps) == (2, 4)
    kept = {facts.key.removeprefix(keys.checkpoints).split("/")[0] for facts in object_store().walk(keys.checkpoints)}
    assert len(kept) == 1


async def test_a_broken_run_is_retried_and_resumes(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from training_flows import finetune as module

    class BreaksOnce(module.ProgressBar):
        broken = False

        def __call__(self, progress: Progress) -> None:
            if progress.step == 3 and not BreaksOnce.broken:
                BreaksOnce.broken = True
                raise OSError("a driver failed")

    monkeypatch.setattr(module, "ProgressBar", BreaksOnce)
    monkeypatch.setattr(module, "train", train.with_options(retry_delay_seconds=0))
    summary = await finetune(request(data))
    assert summary.result.resumed_from == 2


async def test_a_missing_column_fails_the_run_with_its_remedy(bucket: str) -> None:
    object_store().put("datasets/bad.csv", "question,summary\n안녕,인사\n".encode())
    with pytest.raises(ConfigurationError, match="no column input; its columns are question, summary"):
        await finetune(request("datasets/bad.csv"))


async def test_an_unknown_base_fails_the_run_with_its_remedy(data: str) -> None:
    with pytest.raises(ConfigurationError, match="nobody/no-such-model"):
        await finetune(request(data, base="nobody/no-such-model"))


EIGHT = ["data", "base", "family", "method", "learning_rate", "epochs", "encoders", "name"]


def test_the_form_shows_the_eight_fields_that_matter_first_and_groups_the_rest() -> None:
    schema = json.loads(json.dumps(parameter_schema(finetune).model_dump(), sort_keys=True))  # as the database keeps it: in another order
    forms = schema["definitions"]
    fields = sorted(forms["FinetuneRun"]["properties"].items(), key=lambda item: item[1]["position"])
    assert [name for name, _ in fields][:8] == EIGHT
    assert [name for name, _ in fields][8:] == ["rows", "steps", "adapter", "evaluation", "machine"]
    assert all("position" in field for form in forms.values() for field in form.get("properties", {}).values())
    assert all("enum" in forms["FinetuneRun"]["properties"][name] for name in ("family", "method", "encoders"))
    assert all(field["default"] is None for _, field in fields[8:])  # folded: the form shows what may be None as one line
    assert "pattern" not in str(schema)


def test_the_groups_hold_every_setting_of_a_run_once() -> None:
    chosen = FinetuneConfig.model_validate(
        {"family": "llama", "method": "qlora", "lora_rank": 32, "evaluate_every": 7, "precision": "fp32"}
    )
    assert FinetuneRun.of(chosen).config == chosen


def test_a_name_that_cannot_be_a_folder_is_refused_in_words() -> None:
    for name in ("민지의 첫 실행", "../up", "a" * 61):
        with pytest.raises(ValidationError, match="영문자, 숫자") as told:
            FinetuneRun(name=name)
        assert "[A-Za-z" not in str(told.value)


def named(data: str, name: str, **changes: Any) -> FinetuneRun:
    return request(data, **changes).model_copy(update={"name": name})


async def test_a_given_name_is_the_flow_runs_and_the_folders(data: str) -> None:
    summary = await finetune(named(data, "minji-1"))
    assert summary.prefix == "models/bart/minji-1/"
    async with get_client() as client:
        runs = await client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=["minji-1"])))
    assert len(runs) == 1
    assert await finetune(named(data, "minji-1")) == summary  # the same again
    with pytest.raises(ConfigurationError, match="The name 'minji-1' belongs to another bart run"):
        await finetune(named(data, "minji-1", learning_rate=5e-5))


async def test_without_a_name_the_flow_run_and_the_folder_bear_the_one_that_tells_the_settings(data: str) -> None:
    summary = await finetune(request(data, learning_rate=2e-3))
    async with get_client() as client:
        runs = await client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[summary.run])))
    assert len(runs) == 1


async def test_a_run_remembers_which_version_of_the_data_it_read(data: str) -> None:
    summary = await finetune(request(data))
    versions = json.loads(object_store().get(f"{summary.prefix}datasets.json").body)
    assert [version["source"] for version in versions] == [data]
    assert versions[0]["sha256"] == hashlib.sha256(object_store().get(data).body).hexdigest()
    assert f"`{data}@1`" in await artifact("training-data")


async def test_a_run_that_made_its_base_worse_says_so_first(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_TRAINING_WON_PER_HOUR", "900")
    wiring.forget_clients()
    off = MetricSettings(enabled=False)
    state = await finetune(request(data, method="full", learning_rate=0.5, schedule="constant", metrics=off), return_state=True)
    assert (state.name, state.is_completed()) == ("WorseThanBase", True)
    summary = await state.aresult()
    assert summary.is_worse
    report = await artifact(artifact_key("finetune", summary.run))
    assert report.split("\n\n")[1].startswith("**베이스보다 나빠졌습니다**: 검증 손실 ")
    assert f"| 비용 | {summary.result.seconds / 4:,.0f}원 |" in report


async def test_the_bar_of_a_run_that_ended_early_says_so() -> None:
    @flow
    async def half() -> None:
        await acreate_progress_artifact(54.0, key="progress-half", description="66/122 · loss 0.3")

    state = await half(return_state=True)
    run = state.state_details.flow_run_id
    assert run is not None
    async with get_client() as client:
        for _ in range(2):  # a hook of Prefect's, which runs while the state is Cancelling, and later our own sweep
            await say_ended_early(half, await client.read_flow_run(run), Cancelling())
            await close_progress_bars(client, run, "취소됨")
        bars = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["progress-half"])))
    assert [bar.description for bar in bars] == ["취소됨 · 66/122 · loss 0.3"]


async def test_a_failed_run_leaves_no_bar_that_seems_to_move(data: str) -> None:
    broken = request(data, lora_targets=("nothing_proj",))
    with pytest.raises(ConfigurationError, match="nothing_proj"):
        await finetune(broken.model_copy(update={"name": "broken"}))
    async with get_client() as client:
        bars = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["progress-broken"])))
    assert [bar.description for bar in bars] == ["실패 · 시작"]


async def test_a_waiting_run_says_what_it_waits_for() -> None:
    @flow(name="waits")
    async def waits() -> None: ...

    async with get_client() as client:
        await client.create_work_pool(WorkPoolCreate(name="g4dn", type="process", base_job_template={}), overwrite=True)
        with contextlib.suppress(ObjectAlreadyExists):  # another test's
            await client.create_work_queue("training", work_pool_name="g4dn")
        deployment = await client.create_deployment(
            await client.create_flow(waits), name="waits", work_pool_name="g4dn", work_queue_name="training"
        )
        first, second = [
            await client.create_flow_run_from_deployment(deployment, name=name, parameters=given)
            for name, given in (("drawn-by-prefect", {"run": {"name": "one"}}), ("two", {"run": {"name": ""}}))
        ]

        async def logged(run: FlowRun) -> list[str]:
            logs = await client.read_logs(log_filter=LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id])))
            return [log.message for log in logs]

        async def tell() -> None:
            await tell_waiting_trainings(client, datetime.now(UTC))

        await tell()
        assert "큐 g4dn/training에 작업자가 없습니다" in (await logged(first))[0]
        await client.get_scheduled_flow_runs_for_work_pool("g4dn", work_queue_names=["training"])  # as a worker asks
        await tell()
        await tell()
        assert (await logged(second))[1:] == ["대기 중: 앞에 1개(one)가 있습니다."]
        assert [(await client.read_flow_run(run.id)).name for run in (first, second)] == ["one", "two"]
        await client.set_flow_run_state(first.id, Running(), force=True)
        await tell()
        assert (await logged(second))[-1] == "대기 중: 지금 one 실행 중이고, 다음 차례입니다."
