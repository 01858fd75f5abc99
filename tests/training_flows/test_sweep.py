"""Sweeps on a real Prefect server: every shipped grid is valid, finished rows are not repeated, a crashed row sinks no other."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.artifacts import acreate_progress_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey, FlowFilter, FlowFilterName

from models.errors import ConfigurationError, TrainingFailed
from models.training import FinetuneConfig
from models.training.outputs import SweepRow
from tasks.training.watching import look_at_rows
from training_flows.finetune import finetune
from training_flows.grid import SWEEPS, SweepGrid, read_grid
from training_flows.sweep import sweep

COMMON = FinetuneConfig.model_validate(
    {"max_steps": 2, "evaluate_every": 2, "log_every": 1, "batch_size": 8, "eval_max_tokens": 8, "device": "cpu"}
)


def grid(data: str, name: str, **changes: Any) -> SweepGrid:
    chosen = {
        "name": name,
        "data": data,
        "encoders": "shipped",
        "test_rows": 2,
        "bases": {"bart": "shipped"},
        "learning_rates": [1e-3, 1e-4],
        "common": COMMON.model_dump(),
    }
    return SweepGrid.model_validate(chosen | changes)


async def table(name: str) -> list[dict[str, str]]:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[f"sweep-{name}"])))
    newest = max(found, key=lambda artifact: artifact.created)
    return json.loads(str(newest.data)) if isinstance(newest.data, str) else newest.data


async def runs_of_finetune() -> int:
    async with get_client() as client:
        return len(await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["finetune"])), limit=200))


@pytest.mark.parametrize("path", sorted(SWEEPS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_sweep_is_valid(path: Path) -> None:
    assert read_grid(path.stem).name == path.stem
    assert len(read_grid(path.stem).rows()) >= 2


def test_the_full_sweep_is_the_one_of_the_requirements() -> None:
    rows = [row.config for row in read_grid("full").rows()]
    assert len(rows) == 36
    assert {row.learning_rate for row in rows} == {3e-4, 5e-5}
    assert {row.epochs for row in rows} == {5, 10, 20}
    assert {row.lora_rank for row in rows} == {8, 16, 32}
    assert {row.family for row in rows} == {"bart", "llama"}
    assert {(row.batch_size, row.lora_alpha, row.lora_dropout, row.evaluate_every) for row in rows} == {(2, 32, 0.1, 500)}


def test_a_full_fine_tuning_is_one_row_whatever_the_ranks() -> None:
    rows = SweepGrid(methods=["full", "lora"], ranks=[8, 16], learning_rates=[1e-4]).rows()
    assert [row.config.method for row in rows] == ["full", "lora", "lora"]


def test_a_grid_with_a_mistake_says_where(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("name: bad\nlearning_rates: [0]\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"learning_rate.*greater than 0"):
        read_grid(str(tmp_path / "bad.yaml"))
    (tmp_path / "typo.yaml").write_text("learning_rate: [1e-4]\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="learning_rate: Extra inputs"):
        read_grid(str(tmp_path / "typo.yaml"))
    with pytest.raises(ConfigurationError, match=r"no sweep .nothing.*full, small, smoke"):
        read_grid("nothing")


async def test_a_sweep_in_process_compares_its_rows_and_never_repeats_one(data: str) -> None:
    first = await sweep(grid=grid(data, "compare"), run_in_process=True)
    assert [row.state for row in first] == ["Finished", "Finished"]
    rows = await table("compare")
    assert [row["학습률"] for row in rows] == ["0.001", "0.0001"]
    assert all(float(row["시험 점수"]) <= 1 for row in rows)
    before = await runs_of_finetune()
    second = await sweep(grid=grid(data, "compare"), run_in_process=True)
    assert [row.state for row in second] == ["Known", "Known"]
    assert await runs_of_finetune() == before


async def test_the_table_of_a_sweep_is_alive_while_its_rows_train(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from training_flows import sweep as module

    monkeypatch.setattr(module, "SECONDS_BETWEEN_TABLES", 0.1)
    seen: set[str] = set()
    write = module.write_table

    async def write_and_look(table: Any, rows: Any) -> None:
        await write(table, rows)
        async with get_client() as client:
            kept = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["sweep-alive"])))
        assert len(kept) == 1  # one artifact, not a version a minute
        seen.update(row["상태"] for row in json.loads(str(kept[0].data)))

    monkeypatch.setattr(module, "write_table", write_and_look)
    await sweep(grid=grid(data, "alive", learning_rates=[2e-3]), run_in_process=True)
    assert {"실행 중", "완료"} <= seen


async def test_a_row_of_a_sweep_tells_what_its_progress_bar_says() -> None:
    @flow
    async def training() -> None:
        await acreate_progress_artifact(54.0, key="progress-some-row", description="66/122 · loss 0.3")

    await training()
    row = SweepRow(run="some-row", config=COMMON)
    async with get_client() as client:
        await look_at_rows(client, [row])
    assert row.progress == "66/122 · loss 0.3"


async def test_a_row_that_fails_is_reported_and_sinks_no_other(data: str) -> None:
    # lora finds no layer of this name, full fine-tuning needs none.
    common = COMMON.model_copy(update={"lora_targets": ("nothing_proj",)})
    rows = await sweep(
        grid=grid(data, "mixed", methods=["lora", "full"], learning_rates=[1e-3], common=common.model_dump()), run_in_process=True
    )
    assert [row.state for row in rows] == ["Failed", "Finished"]
    assert "nothing_proj" in rows[0].reason
    assert "설정" in (await table("mixed"))[0]["결과"]  # told in Korean, by the kind of error


async def test_a_sweep_without_a_finished_row_fails(data: str) -> None:
    common = COMMON.model_copy(update={"lora_targets": ("nothing_proj",)})
    with pytest.raises(TrainingFailed, match=r"No row of sweep hopeless finished.*nothing_proj"):
        await sweep(grid=grid(data, "hopeless", learning_rates=[1e-3], common=common.model_dump()), run_in_process=True)


@asynccontextmanager
async def serving() -> AsyncIterator[None]:
    """A runner in this process executes the deployment's runs, as a worker would."""
    from prefect.runner import Runner

    runner = Runner(name="trainer", query_seconds=1, limit=2)
    await runner.aadd_flow(finetune, name="finetune")
    task = asyncio.create_task(runner.start())
    try:
        yield
    finally:
        await runner.stop()
        task.cancel()


@pytest.mark.slow
async def test_rows_run_as_runs_of_the_deployment(data: str) -> None:
    async with serving():
        rows = await sweep(grid=grid(data, "children", learning_rates=[1e-3]))
    assert [row.state for row in rows] == ["Finished"]
    async with get_client() as client:
        child = await client.read_flow_run(rows[0].flow_run_id)
    assert child.idempotency_key == f"children:{rows[0].run}"
    assert child.deployment_id is not None
