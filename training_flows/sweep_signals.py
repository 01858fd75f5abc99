"""A sweep of classifiers of emotions or dangers: every row of a grid is one run of ``train-emotion`` or ``train-danger``."""

import asyncio
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.client.schemas.objects import State

from models.errors import TrainingFailed
from models.training.signal_outputs import SignalSweepRow
from models.training.signal_task import SignalConfig
from reports.signals import signal_sweep_table
from tasks.training.data import publish_data
from tasks.training.signals import find_finished_signals, line_of, prepare_signal_data, resolved, signal_report_of
from tasks.training.watching import artifact_key
from training_flows.grid import SignalGrid, read_signal_grid
from training_flows.sweep import ChildRun, run_address, run_as_child
from training_flows.train_signals import DangerRun, EmotionRun, train_danger, train_emotion


@flow(name="sweep-signals")
async def sweep_signals(grid_file: str = "small", grid: SignalGrid | None = None, run_in_process: bool = False) -> list[SignalSweepRow]:
    """Train every row of a grid and compare them; rows that finished earlier are not repeated, a row that fails sinks no other.

    Args:
        grid_file: a name in training_flows/sweeps/signals (emotion, danger, small), or a YAML file's path; not read when a grid is given
        grid: the grid itself
        run_in_process: train the rows here, one after the other, instead of on the g4dn pool
    """
    chosen = grid or read_signal_grid(grid_file)
    data = await prepare_signal_data(chosen.line, chosen.data, chosen.split_seed)
    await publish_data(line_of(chosen.line), data, chosen.data)
    configs = chosen.rows()
    rows = [SignalSweepRow(run=resolved(config).run_name(f"{data.fingerprint} {chosen.split_seed}"), config=config) for config in configs]
    gate, table = asyncio.Semaphore(1 if run_in_process else chosen.at_once), asyncio.Lock()

    async def complete(row: SignalSweepRow) -> None:
        async with gate:
            await train_row(row, chosen, run_in_process)
        async with table:
            await publish_table(chosen, rows)

    await publish_table(chosen, rows)
    await asyncio.gather(*map(complete, rows))
    best = max(rows, key=lambda row: row.rank)
    if best.summary is None:
        reasons = "; ".join(sorted({row.reason for row in rows}))
        raise TrainingFailed(f"No row of sweep {chosen.name} finished: {reasons}", remedy="Open the failed child runs, then launch again")
    report = await asyncio.to_thread(signal_report_of, chosen.line, best.summary)
    await acreate_markdown_artifact(report, key=artifact_key("sweep-best", f"{chosen.line}-{chosen.name}"), description=best.run)
    return rows


async def train_row(row: SignalSweepRow, grid: SignalGrid, in_process: bool) -> None:
    """Bring one row to its end, unless the bucket says that it has finished; failures are written into the row."""
    row.summary = await find_finished_signals(grid.line, row.config.family, row.run)
    if row.summary is not None:
        row.state = "Known"
        return
    run = _request(row.config, grid)
    state: State[Any] | None
    if in_process:
        state = await (train_emotion(run, return_state=True) if isinstance(run, EmotionRun) else train_danger(run, return_state=True))
        row.flow_run_id = str(state.state_details.flow_run_id or "")
    else:
        flow_name = f"train-{grid.line}"
        child = ChildRun(f"{flow_name}/{flow_name}", row.run, {"run": run.model_dump(mode="json")}, f"{grid.line}-{grid.name}:{row.run}")
        row.flow_run_id, state = await run_as_child(child, hours=grid.row_hours)
    row.summary = await find_finished_signals(grid.line, row.config.family, row.run)
    if row.summary is not None:
        row.state = "Finished"
    else:
        row.state, row.reason = (state.name or state.type.value, state.message or "") if state else ("Unknown", "the run has no state")


def _request(config: SignalConfig, grid: SignalGrid) -> EmotionRun | DangerRun:
    kind = EmotionRun if grid.line == "emotion" else DangerRun
    return kind(data=grid.data, split_seed=grid.split_seed, config=config)


async def publish_table(grid: SignalGrid, rows: list[SignalSweepRow]) -> None:
    """Write the table as it stands now."""
    addresses = {row.flow_run_id: run_address(row.flow_run_id) for row in rows if row.flow_run_id}
    key = artifact_key("sweep", f"{grid.line}-{grid.name}")
    await acreate_table_artifact(signal_sweep_table(rows, addresses), key=key, description=grid.name)
