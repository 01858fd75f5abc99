"""One training run on a real Prefect server: what it leaves in the bucket and in the UI, and how it goes on after a death."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from models.errors import ConfigurationError
from models.keys import RunKeys
from models.training import FinetuneConfig, Progress
from models.training.data.split import SplitRecord
from tasks.training.data import load_training_data
from tasks.training.train import train
from training_flows.finetune import FinetuneRun, artifact_key, finetune
from wiring import datasets, object_store

STEPS: dict[str, Any] = {"max_steps": 4, "evaluate_every": 2, "log_every": 1, "batch_size": 8, "eval_max_tokens": 8, "device": "cpu"}


def request(data: str, **changes: Any) -> FinetuneRun:
    chosen = {"base": "shipped", "method": "lora", "learning_rate": 1e-3} | STEPS | changes
    return FinetuneRun(data=data, encoders="shipped", test_rows=4, config=FinetuneConfig.model_validate(chosen))


async def artifact(key: str) -> str:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
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
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]
    assert any(name.startswith("bertscore_f1 [local:tiny-bart@") for name in rows[0])
    split = SplitRecord.model_validate_json(stored("split.json"))
    assert not set(split.train) & set(split.test)
    assert set(json.loads(stored("run.json"))["packages"]) >= {"torch", "transformers", "peft"}
    assert summary.test_scores is not None
    assert summary.test_scores.encoders["sts"].startswith("local:tiny-bart@")

    report = await artifact(artifact_key("finetune", summary.run))
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
