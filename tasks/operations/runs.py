"""What Prefect knows of the calls' runs, asked in as few requests as possible: the server is the bottleneck."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterId,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateName,
    FlowRunFilterStateType,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort

import wiring
from models.call.reconciling import CallRuns, OwnerRun
from models.call.record import Recording
from models.keys import call_id
from tasks.flow_names import CALL_FLOW, SUMMARY_FLOW

CALL_DEPLOYMENT = "process-call/process-call"
BACKFILL_QUEUE, LIVE_QUEUE, SUMMARIES_QUEUE = "backfill", "live", "summaries"
QUARANTINED = "Quarantined"  # the name of such a run's state
LOOK_AGAIN_SECONDS = 5.0
PAGE = 200  # Prefect's own limit for one answer
_BEGINNING = timedelta(seconds=2)  # so long a run is about to begin, and does not wait

UNFINISHED = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING]


def _flow(name: str) -> FlowFilter:
    return FlowFilter(name=FlowFilterName(any_=[name]))


def _states(types: Iterable[StateType]) -> FlowRunFilter:
    return FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(types))))


async def flow_names(client: PrefectClient) -> dict[UUID, str]:
    """The name of each flow by its id."""
    return {flow.id: flow.name for flow in await client.read_flows(limit=PAGE)}


async def runs_in(client: PrefectClient, flow: str | None, types: Iterable[StateType]) -> AsyncIterator[FlowRun]:
    """Stream the runs of a flow, or of all, that are in one of these states, oldest first."""
    offset = 0
    while True:
        page = await client.read_flow_runs(
            flow_filter=_flow(flow) if flow else None,
            flow_run_filter=_states(types),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=PAGE,
            offset=offset,
        )
        for run in page:
            yield run
        if len(page) < PAGE:
            return
        offset += PAGE


async def changed_since(client: PrefectClient, flow: str, state: StateType, since: datetime) -> AsyncIterator[FlowRun]:
    """Stream the runs of a flow that came into a final state since then."""
    offset = 0
    found = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[state])), end_time=FlowRunFilterEndTime(after_=since))
    while page := await client.read_flow_runs(flow_filter=_flow(flow), flow_run_filter=found, limit=PAGE, offset=offset):
        for run in page:
            yield run
        offset += PAGE


async def count_calls(
    client: PrefectClient, *, types: Iterable[StateType] | None = None, name: str = "", ended_after: datetime | None = None
) -> int:
    """How many runs of process-call there are in these states."""
    state = FlowRunFilterState(
        type=FlowRunFilterStateType(any_=list(types)) if types else None,
        name=FlowRunFilterStateName(any_=[name]) if name else None,
    )
    ended = FlowRunFilterEndTime(after_=ended_after) if ended_after else None
    return await client.count_flow_runs(flow_filter=_flow(CALL_FLOW), flow_run_filter=FlowRunFilter(state=state, end_time=ended))


async def oldest_unfinished(client: PrefectClient) -> FlowRun | None:
    """The call that has waited longest."""
    async for run in runs_in(client, CALL_FLOW, UNFINISHED):
        return run
    return None


def call_of(run: FlowRun) -> str:
    """The call that a run is about, by its parameters; empty where they name a key without the entity tag."""
    given = run.parameters
    if given.get("call_id"):
        return str(given["call_id"])
    if given.get("key") and given.get("etag"):
        return call_id(given.get("bucket") or wiring.settings().bucket, given["key"], given["etag"])
    return ""


def is_about(run: FlowRun, recording: Recording) -> bool:
    """Whether a run is about this recording; one that names the key alone has not begun, or died as it began (tasks/call/name.py)."""
    if about := call_of(run):
        return about == recording.call_id
    return bool(run.parameters.get("key")) and run.parameters["key"] == recording.key


@dataclass(frozen=True)
class KnownRuns:
    """The unfinished and the cancelled runs of process-call, by call, and by key where a person gave no entity tag."""

    waiting: frozenset[str] = frozenset()
    cancelled: Mapping[str, str] = field(default_factory=dict)

    def of(self, recording: Recording) -> CallRuns:
        """What is known of one recording's runs."""
        waiting = not self.waiting.isdisjoint((recording.call_id, recording.key))
        return CallRuns(waiting, self.cancelled.get(recording.call_id, ""))


async def known_runs(client: PrefectClient, *, cancelled_since: datetime) -> KnownRuns:
    """Ask Prefect for the runs that have not ended, and for those cancelled since then."""
    waiting = {call_of(run) or str(run.parameters.get("key", "")) async for run in runs_in(client, CALL_FLOW, UNFINISHED)}
    cancelled = {call_of(run): str(run.id) async for run in changed_since(client, CALL_FLOW, StateType.CANCELLED, cancelled_since)}
    return KnownRuns(frozenset(waiting - {""}), cancelled)


async def owners(client: PrefectClient, ids: Iterable[str]) -> dict[str, OwnerRun]:
    """What Prefect says of the runs that own records; those it does not know are missing."""
    known = [known_id for text in set(ids) if (known_id := _uuid(text))]
    found: dict[str, OwnerRun] = {}
    for begin in range(0, len(known), PAGE):
        page = known[begin : begin + PAGE]
        for run in await client.read_flow_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=page)), limit=PAGE):
            ended = run.state is not None and run.state.is_final()
            ended_at = run.state.timestamp if run.state and ended else None
            found[str(run.id)] = OwnerRun(not ended, ended_at, cancelled=run.state is not None and run.state.is_cancelled())
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def unfinished_on_backfill(client: PrefectClient) -> int:
    """How many calls wait or run behind the live ones."""
    queue = WorkQueueFilter(name=WorkQueueFilterName(any_=[BACKFILL_QUEUE]))
    return await client.count_flow_runs(flow_filter=_flow(CALL_FLOW), flow_run_filter=_states(UNFINISHED), work_queue_filter=queue)


async def call_deployment(client: PrefectClient) -> UUID:
    """The deployment that processes calls."""
    return (await client.read_deployment_by_name(CALL_DEPLOYMENT)).id


async def start_call(client: PrefectClient, deployment: UUID, recording: Recording, idempotency_key: str) -> FlowRun:
    """Start a call behind the live ones; the same key makes one run however often it is asked for."""
    return await client.create_flow_run_from_deployment(
        deployment,
        parameters=recording.model_dump(),
        name=recording.run_name,
        idempotency_key=idempotency_key,
        work_queue_name=BACKFILL_QUEUE,
    )


@dataclass
class Pace:
    """How fast calls are started behind the live ones: so many unfinished at once, and so many a minute.

    ``deadline`` is a time of ``time.monotonic()``.
    """

    client: PrefectClient
    at_once: int
    per_minute: int
    deadline: float = math.inf
    _room: int = 0

    async def next(self) -> bool:
        """Wait until another call may be started; False when the deadline passes before."""
        while self._room <= 0:
            self._room = self.at_once - await unfinished_on_backfill(self.client)
            if self._room <= 0:
                if time.monotonic() > self.deadline:
                    return False
                await asyncio.sleep(LOOK_AGAIN_SECONDS)
        self._room -= 1
        await asyncio.sleep(60 / self.per_minute)
        return True


async def live_calls_wait(client: PrefectClient) -> bool:
    """Whether a live call, or the summary of one, is due and no worker has taken it.

    Those of a queue that is paused wait for a vendor, and nobody who leaves them room would help them.
    """
    due = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=datetime.now(UTC) - _BEGINNING),
    )
    queue = WorkQueueFilter(name=WorkQueueFilterName(any_=[LIVE_QUEUE, SUMMARIES_QUEUE]))
    flows = FlowFilter(name=FlowFilterName(any_=[CALL_FLOW, SUMMARY_FLOW]))
    if not await client.count_flow_runs(flow_filter=flows, flow_run_filter=due, work_queue_filter=queue):
        return False
    return not (await client.read_work_queue_by_name(LIVE_QUEUE, work_pool_name="calls")).is_paused


async def let_live_calls_go_first(client: PrefectClient, deadline: float = math.inf) -> bool:
    """Return when no live call waits; False where ``deadline`` (``time.monotonic()``) passes before."""
    while await live_calls_wait(client):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    return True


async def move(client: PrefectClient, run: FlowRun, state: State[Any], *, force: bool = False) -> bool:
    """Set a run's state where it is in the one that it was seen in; False where it has gone on meanwhile: paused, begun, ended.

    Prefect's server knows no such condition, so the run is asked for just before: what remains is the time of one request.
    """
    if (await client.read_flow_run(run.id)).state_id != run.state_id:
        return False
    await client.set_flow_run_state(run.id, state, force=force)
    return True


async def heard_since(client: PrefectClient, since: datetime, runs: Iterable[FlowRun]) -> set[UUID]:
    """Which of these runs have sent a heartbeat since then."""
    wanted = {f"prefect.flow-run.{run.id}": run.id for run in runs}
    heard: set[UUID] = set()
    ids = list(wanted)
    for begin in range(0, len(ids), PAGE):
        body: dict[str, Any] = {
            "filter": {
                "occurred": {"since": since.isoformat(), "until": datetime.now(UTC).isoformat()},
                "event": {"name": ["prefect.flow-run.heartbeat"]},
                "resource": {"id": ids[begin : begin + PAGE]},
            }
        }
        answer = await client.request("POST", "/events/count-by/{countable}", path_params={"countable": "resource"}, json=body)
        answer.raise_for_status()
        heard |= {wanted[count["value"]] for count in answer.json() if count["value"] in wanted}
    return heard
