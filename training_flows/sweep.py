"""A sweep: every row of a grid is one run of the deployment ``finetune``, several at once where there are several workers."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import httpx
from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import arun_deployment
from prefect.exceptions import PrefectHTTPStatusError
from prefect.runtime import flow_run as current
from prefect.settings import get_current_settings

from models.errors import TrainingFailed
from models.lines import SUMMARIZER
from models.training.answers import AnswersCompared, Questions, WayOfAnswering
from models.training.metrics import MetricSettings
from models.training.outputs import RunSummary, SweepRow
from reports.compared_answers import answers_report
from reports.training import sweep_report, sweep_table
from tasks.markdown import shown
from tasks.operations.compared_answers import ask_models, ask_quotes, questions_to_ask
from tasks.training.data import TrainingData, prepare_data, publish_data
from tasks.training.train import SEVEN_DAYS, find_finished
from tasks.training.watching import artifact_key, look_at_rows
from training_flows.finetune import FinetuneRun, finetune
from training_flows.grid import SweepGrid, read_grid
from training_flows.waiting import state_after
from wiring import object_store

DEPLOYMENT = "finetune/finetune"
SECONDS_BETWEEN_TABLES = 10


@flow(name="sweep")
async def sweep(grid_file: str = "smoke", grid: SweepGrid | None = None, run_in_process: bool = False) -> list[SweepRow]:
    """Train every row of a grid and compare them; rows that finished earlier are not repeated, a row that crashes sinks no other.

    Args:
        grid_file: a name in training_flows/sweeps (full, small, smoke, answers) or the path of a YAML file; not read when a grid is given
        grid: the grid itself
        run_in_process: train the rows here, one after the other, instead of on the g4dn pool
    """
    chosen = grid or read_grid(grid_file)
    data = await prepare_data(chosen.data, chosen.out_of_domain, chosen.split_seed)
    await publish_data(SUMMARIZER, data, chosen.data)
    quotes = await ask_documents(chosen, data)
    requests = [request.model_copy(update={"name": request.named(data.fingerprint)}) for request in chosen.rows()]
    rows = [SweepRow(run=request.name, config=request.config) for request in requests]
    gate = asyncio.Semaphore(1 if run_in_process else chosen.at_once)

    async def complete(row: SweepRow, request: FinetuneRun) -> None:
        async with gate:
            await train_row(row, request, chosen, run_in_process)

    async with living_table(chosen, rows):
        await asyncio.gather(*(complete(row, request) for row, request in zip(rows, requests, strict=True)))
    best = max(rows, key=lambda row: row.rank)
    if best.summary is None:
        reasons = "; ".join(sorted({row.reason for row in rows}))
        raise TrainingFailed(f"No row of sweep {chosen.name} finished: {reasons}", remedy="Open the failed child runs, then launch again")
    compared = await ask_models(rows, *quotes) if quotes else None
    report = await asyncio.to_thread(report_of, chosen, rows, best.summary, compared)
    await acreate_markdown_artifact(report, key=artifact_key("sweep-best", chosen.name), description=best.run)
    return rows


class Quotes(NamedTuple):
    """The questions that a sweep's models will be asked, how quotes did on them, and what scores both."""

    questions: Questions
    way: WayOfAnswering
    metrics: MetricSettings


async def ask_documents(grid: SweepGrid, data: TrainingData) -> Quotes | None:
    """Let the documents answer first: it takes seconds, and what is wrong with documents or questions is known before anything trains."""
    if grid.quoted is None:
        return None
    questions = await questions_to_ask(data, grid.data, grid.test_rows, grid.quoted.unanswerable)
    metrics = grid.rows()[0].resolved().metrics  # the same in all rows
    return Quotes(questions, await ask_quotes(questions, data.split.train, grid.quoted.documents, metrics), metrics)


async def train_row(row: SweepRow, request: FinetuneRun, grid: SweepGrid, in_process: bool) -> None:
    """Bring one row to its end, unless the bucket says that it has finished; failures are written into the row."""
    row.summary = await find_finished(row.config.family, row.run)
    if row.summary is not None:
        row.state = "Known"
        return
    row.state = "Running" if in_process else "Scheduled"
    if in_process:
        state: State[Any] | None = await finetune(request, return_state=True)
        row.flow_run_id = str(state.state_details.flow_run_id or "") if state else ""
    else:
        child = ChildRun(DEPLOYMENT, row.run, {"run": request.model_dump(mode="json")}, f"{grid.name}:{row.run}")
        row.flow_run_id, state = await run_as_child(child, hours=grid.row_hours, begun=partial(setattr, row, "flow_run_id"))
    row.summary = await find_finished(row.config.family, row.run)
    if row.summary is not None:
        row.state = "Finished"
    else:
        row.state, row.reason = (state.name or state.type.value, state.message or "") if state else ("Unknown", "the run has no state")


@dataclass(frozen=True)
class ChildRun:
    """A row's run of a deployment; ``key`` is the same whenever the row of the sweep is."""

    deployment: str
    name: str
    parameters: dict[str, Any]
    key: str


async def run_as_child(child: ChildRun, *, hours: float, begun: Callable[[str], None] = lambda run: None) -> tuple[str, State[Any] | None]:
    """Train a row as a run of its deployment, and wait for its end; a run of this row that is under way, from whichever sweep, is joined.

    The idempotency key makes a repeated launch find the first one's run. Where that run has failed for good, this launch
    makes a new one, whose key carries the launch: a retry of this very sweep run joins it. ``begun`` is told the run at once.
    """
    run = await start_child(child, child.key)
    if run.state is not None and run.state.is_final():
        run = await start_child(child, f"{child.key}:{current.id}")
    begun(str(run.id))
    return str(run.id), await state_after(run.id, hours)


async def start_child(child: ChildRun, key: str) -> FlowRun:
    """Schedule the row's run, or find the one that has this key."""
    return await arun_deployment(child.deployment, parameters=child.parameters, timeout=0, idempotency_key=key, flow_run_name=child.name)


@asynccontextmanager
async def living_table(grid: SweepGrid, rows: list[SweepRow]) -> AsyncIterator[None]:
    """The sweep's table as it stands: one artifact, written again whenever a row's state or progress has changed."""
    table = await acreate_table_artifact(table_of(rows), key=artifact_key("sweep", grid.name), description=grid.name)
    assert isinstance(table, UUID)
    watching = asyncio.create_task(watch_rows(table, rows))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await write_table(table, rows)


async def watch_rows(table: UUID, rows: list[SweepRow]) -> None:
    """Look at the rows' runs and keep the table up to date, until cancelled; a look that fails is made again."""
    shown = table_of(rows)
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_TABLES)
        try:
            async with get_client() as client:
                await look_at_rows(client, rows)
            if shown != (shown := table_of(rows)):
                await write_table(table, rows)
        except (PrefectHTTPStatusError, httpx.HTTPError) as error:
            get_run_logger().warning("The table was not written: %s", error)


async def write_table(table: UUID, rows: list[SweepRow]) -> None:
    """Write the table as it stands into its artifact."""
    async with get_client() as client:
        await client.update_artifact(table, ArtifactUpdate(data=json.dumps(table_of(rows), ensure_ascii=False)))


def table_of(rows: list[SweepRow]) -> list[dict[str, str]]:
    """The table, with links to the rows' runs."""
    return sweep_table(rows, {row.flow_run_id: run_address(row.flow_run_id) for row in rows if row.flow_run_id})


def run_address(flow_run_id: str) -> str:
    """Where a run is seen in the Prefect UI."""
    base = get_current_settings().ui_url
    return f"{base}/runs/flow-run/{flow_run_id}" if base else "–"


def report_of(grid: SweepGrid, rows: list[SweepRow], best: RunSummary, compared: AnswersCompared | None) -> str:
    """The sweep's report, with a link that opens the best row's figures for a week."""
    store = object_store()
    report = sweep_report(grid.name, rows, best, store.bucket, store.link(f"{best.prefix}metrics.csv", seconds=SEVEN_DAYS))
    return report if compared is None else f"{report}\n\n{answers_report(compared, shown)}"
