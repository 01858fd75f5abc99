"""A sweep: every row of a grid is one run of the deployment ``finetune``, several at once where there are several workers."""

import asyncio
import time

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import arun_deployment
from prefect.exceptions import FlowRunWaitTimeout
from prefect.flow_runs import wait_for_flow_run
from prefect.runtime import flow_run as current
from prefect.settings import get_current_settings
from pydantic import BaseModel, Field

from models.errors import TrainingFailed
from models.training.outputs import RunKeys, RunSummary, run_name
from tasks.training.train import find_finished, prepare_data
from training_flows.finetune import SEVEN_DAYS, FinetuneRun, artifact_key, finetune, shown
from training_flows.grid import SweepGrid, read_grid
from wiring import object_store

DEPLOYMENT = "finetune/finetune"
SECONDS_BETWEEN_LOOKS = 60


class SweepRow(BaseModel):
    """One row and what became of it."""

    run: str
    request: FinetuneRun
    state: str = Field("Pending", description="Finished, Known (finished in an earlier sweep), Pending, or the child run's last state")
    reason: str = ""
    flow_run_id: str = ""
    summary: RunSummary | None = None

    @property
    def rank(self) -> tuple[float, float]:
        """Higher is better: score on the test rows, else on validation, else the negative validation loss."""
        if self.summary is None:
            return (float("-inf"), 0.0)
        best, test = self.summary.result.best, self.summary.test_scores
        loss = -(best.validation_loss if best.validation_loss is not None else float("inf"))
        score = test.score if test else best.score
        return (score, loss) if score is not None else (0.0, loss)


@flow(name="sweep")
async def sweep(grid_file: str = "smoke", grid: SweepGrid | None = None, run_in_process: bool = False) -> list[SweepRow]:
    """Train every row of a grid and compare them; rows that finished earlier are not repeated, a row that crashes sinks no other.

    Args:
        grid_file: a name in training_flows/sweeps (full, small, smoke) or the path of a YAML file; not read when a grid is given
        grid: the grid itself
        run_in_process: train the rows here, one after the other, instead of on the g4dn pool
    """
    chosen = grid or read_grid(grid_file)
    data = await prepare_data(chosen.data, chosen.out_of_domain, chosen.split_seed)
    requests = chosen.rows()
    names = [run_name(request.resolved(), f"{data.fingerprint} {chosen.split_seed}") for request in requests]
    rows = [SweepRow(run=name, request=request) for name, request in zip(names, requests, strict=True)]
    gate = asyncio.Semaphore(1 if run_in_process else chosen.at_once)
    table = asyncio.Lock()

    async def complete(row: SweepRow) -> None:
        async with gate:
            await train_row(row, chosen, run_in_process)
        async with table:
            await publish_table(chosen, rows)

    await publish_table(chosen, rows)
    await asyncio.gather(*(complete(row) for row in rows))
    best = max(rows, key=lambda row: row.rank)
    if best.summary is None:
        reasons = "; ".join(sorted({row.reason for row in rows}))
        raise TrainingFailed(f"No row of sweep {chosen.name} finished: {reasons}", remedy="Open the failed child runs, then launch again")
    await acreate_markdown_artifact(sweep_report(chosen, rows, best), key=artifact_key("sweep-best", chosen.name), description=best.run)
    return rows


async def train_row(row: SweepRow, grid: SweepGrid, in_process: bool) -> None:
    """Bring one row to its end, unless the bucket says that it has finished; failures are written into the row."""
    keys = RunKeys(row.request.config.family, row.run)
    row.summary = await find_finished(keys)
    if row.summary is not None:
        row.state = "Known"
        return
    state = await (run_here(row) if in_process else run_as_child(row, grid))
    row.summary = await find_finished(keys)
    if row.summary is not None:
        row.state = "Finished"
    else:
        row.state, row.reason = (state.name or state.type.value, state.message or "") if state else ("Unknown", "the run has no state")


async def run_here(row: SweepRow) -> State[RunSummary]:
    """Train the row as a subflow of this process."""
    state = await finetune(row.request, return_state=True)
    row.flow_run_id = str(state.state_details.flow_run_id or "")
    return state


async def run_as_child(row: SweepRow, grid: SweepGrid) -> State[RunSummary] | None:
    """Train the row as a run of the deployment; a run of this row that is under way, from whichever sweep, is joined.

    The idempotency key makes a repeated launch find the first one's run. Where that run has failed for good, this launch
    makes a new one, whose key carries the launch: a retry of this very sweep run joins it.
    """
    key = f"{grid.name}:{row.run}"
    child = await start_child(row, key)
    if child.state is not None and child.state.is_final():
        child = await start_child(row, f"{key}:{current.id}")
    row.flow_run_id = str(child.id)
    deadline = time.monotonic() + grid.row_hours * 3600
    while time.monotonic() < deadline:
        try:
            # An event tells the end at once; each new wait reads the state first, for an event that was lost.
            ended: FlowRun = await wait_for_flow_run(child.id, timeout=SECONDS_BETWEEN_LOOKS)
        except FlowRunWaitTimeout:
            continue
        return ended.state
    async with get_client() as client:
        return (await client.read_flow_run(child.id)).state


async def start_child(row: SweepRow, key: str) -> FlowRun:
    """Schedule the row's run, or find the one that has this key."""
    return await arun_deployment(
        DEPLOYMENT, parameters={"run": row.request.model_dump(mode="json")}, timeout=0, idempotency_key=key, flow_run_name=row.run
    )


async def publish_table(grid: SweepGrid, rows: list[SweepRow]) -> None:
    """Write the table as it stands now."""
    await acreate_table_artifact([table_row(row) for row in rows], key=artifact_key("sweep", grid.name), description=grid.name)


def table_row(row: SweepRow) -> dict[str, str]:
    """One row of the table, in Korean."""
    config, summary = row.request.config, row.summary
    best, test = (summary.result.best, summary.test_scores) if summary else (None, None)
    return {
        "실행": row.run,
        "상태": row.state,
        "모델": config.family,
        "방법": config.method,
        "학습률": f"{config.learning_rate:g}",
        "에폭": f"{config.epochs:g}",
        "LoRA r": "–" if config.method == "full" else str(config.lora_rank),
        "최고 스텝": str(best.step) if best else "–",
        "검증 손실": shown(best.validation_loss if best else None),
        "BERTScore": shown(best.bertscore_f1 if best else None),
        "STS": shown(best.sts if best else None),
        "시험 점수": shown(test.score if test else None),
        "결과": summary.prefix if summary else row.reason[:200],
        "링크": run_link(row),
    }


def run_link(row: SweepRow) -> str:
    """Where the row's child run is seen in the Prefect UI."""
    base = get_current_settings().ui_url
    return f"{base}/runs/flow-run/{row.flow_run_id}" if base and row.flow_run_id else "–"


def sweep_report(grid: SweepGrid, rows: list[SweepRow], best: SweepRow) -> str:
    """The best row, the encoders that judged, and the rows that failed, in Korean."""
    assert best.summary is not None
    store, result = object_store(), best.summary.result
    encoders = ", ".join(f"{name}: {encoder}" for name, encoder in result.encoders.items()) or "없음 (손실로 비교)"
    failed = [f"- `{row.run}`: {row.state} {row.reason}" for row in rows if row.summary is None]
    link = store.link(f"{best.summary.prefix}metrics.csv", seconds=SEVEN_DAYS)
    return "\n".join(
        [
            f"# {grid.name}: {best.run}",
            "",
            f"{len(rows)}개 중 {len(rows) - len(failed)}개 완료. 채점 인코더: {encoders}",
            "",
            f"`s3://{store.bucket}/{best.summary.serving_prefix}` · [metrics.csv]({link})",
            *(["", "## 실패", *failed] if failed else []),
        ]
    )
