"""What people see of a training besides its figures: its name, what it waits for, and a progress bar that tells when it has ended early."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactUpdate, LogCreate
from prefect.client.schemas.filters import (
    ArtifactCollectionFilter,
    ArtifactCollectionFilterKey,
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    ArtifactFilterType,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    LogFilter,
    LogFilterFlowRunId,
    WorkPoolFilter,
    WorkPoolFilterName,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort, LogSort
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run as current

from models.training.outputs import SweepRow
from reports.messages import state_name, told_waiting

POOL = "g4dn"
QUEUES = ("training", "control")
_LOGGER = "readback.waiting"
_PAGE = 200


async def rename_this_run(name: str) -> None:
    """Give this flow run the name that its folder in the bucket has."""
    async with get_client() as client:
        await client.update_flow_run(UUID(str(current.id)), name=name)


def artifact_key(kind: str, run: str) -> str:
    """An artifact's key: lowercase letters, digits and dashes."""
    return re.sub(r"[^a-z0-9-]+", "-", f"{kind}-{run}".lower())


async def look_at_rows(client: PrefectClient, rows: Sequence[SweepRow]) -> None:
    """Note in a sweep's rows that have no end yet what their runs and progress bars say now."""
    bars = {artifact_key("progress", row.run): row for row in rows if row.summary is None}
    runs = {UUID(row.flow_run_id): row for row in rows if row.flow_run_id and row.summary is None}
    if bars:
        wanted = ArtifactCollectionFilter(key=ArtifactCollectionFilterKey(any_=list(bars)))
        for bar in await client.read_latest_artifacts(artifact_filter=wanted, limit=_PAGE):
            bars[bar.key].progress = bar.description or ""
    if runs:
        for run in await client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=list(runs))), limit=_PAGE):
            if run.state is not None and not run.state.is_final():
                runs[run.id].state = run.state.name or run.state.type.value


async def close_progress_bars(client: PrefectClient, run: UUID, state: str) -> None:
    """Let the bar of a run that ended early say so, beside where it stood."""
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run]), type=ArtifactFilterType(any_=["progress"]))
    for bar in await client.read_artifacts(artifact_filter=of_run):
        if float(str(bar.data)) < 100 and not (bar.description or "").startswith(state):
            await client.update_artifact(bar.id, ArtifactUpdate(description=f"{state} · {bar.description or ''}"))


async def say_ended_early(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """A hook for runs that are cancelled, crash or fail. A cancelled one is Cancelling while its hook runs, and nobody comes after it."""
    ended = "Cancelled" if state.type is StateType.CANCELLING else state.name or state.type.value
    async with get_client() as client:
        await close_progress_bars(client, flow_run.id, state_name(ended))


async def tell_waiting_trainings(client: PrefectClient, now: datetime) -> int:
    """Write into the log of each training that is due and waits what it waits for, once until that changes; returns how many wait.

    A run that was given a name in the form bears it from then on, and not only once it has begun.
    """
    waiting = await _runs(client, [StateType.SCHEDULED], before=now)
    if not waiting:
        return 0
    at_work = await _runs(client, [StateType.PENDING, StateType.RUNNING])
    for queue in QUEUES:
        running = [given_name(run) for run in at_work if run.work_queue_name == queue]
        ahead: list[str] = []
        served = await _is_served(client, queue)
        for run in (run for run in waiting if run.work_queue_name == queue):
            await _log_once(client, run, told_waiting(f"{POOL}/{queue}", running, ahead, served=served), now)
            if (name := given_name(run)) != run.name:
                await client.update_flow_run(run.id, name=name)
            ahead.append(name)
    return len(waiting)


def given_name(run: FlowRun) -> str:
    """The name that was given in the form of `finetune`, else the one that the run bears."""
    asked = run.parameters.get("run")
    return str((asked.get("name") if isinstance(asked, dict) else "") or run.name)


async def _runs(client: PrefectClient, states: list[StateType], before: datetime | None = None) -> list[FlowRun]:
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
            expected_start_time=FlowRunFilterExpectedStartTime(before_=before) if before else None,
        ),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[POOL])),
        work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=list(QUEUES))),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=_PAGE,
    )


async def _is_served(client: PrefectClient, queue: str) -> bool:
    """Whether a worker asks for this queue's runs."""
    try:
        found = await client.read_work_queue_by_name(queue, work_pool_name=POOL)
    except ObjectNotFound:
        return False
    return found.status is not None and found.status.value == "READY"


async def _log_once(client: PrefectClient, run: FlowRun, message: str, now: datetime) -> None:
    of_run = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id]))
    last = await client.read_logs(log_filter=of_run, limit=1, sort=LogSort.TIMESTAMP_DESC)
    if not last or last[0].message != message:
        await client.create_logs([LogCreate(name=_LOGGER, level=20, message=message, timestamp=now, flow_run_id=run.id)])
