"""Runs of the watching flows that found nothing to do: a minute's or five minutes' each, of which the latest alone stays (ADR 16)."""

from contextlib import suppress

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowFilter, FlowFilterName, FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName
from prefect.client.schemas.objects import State
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed

from tasks.operations.runs import PAGE

WATCHING = ("reap", "reconcile", "guard-champion", "index-calls")
NOTHING_TO_DO = "NothingToDo"
TOOK_CARE = "TookCare"


def outcome(did: str) -> State[None]:
    """How a watching flow ends: ``did`` tells what it did, empty for nothing."""
    return Completed(name=TOOK_CARE, message=did) if did else Completed(name=NOTHING_TO_DO, message="Looked, and all was well")


async def forget_uneventful(client: PrefectClient) -> int:
    """Delete the runs that found nothing to do, but the latest of each flow, which tells that it still looks; returns how many."""
    nothing = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=[NOTHING_TO_DO])))
    flows = FlowFilter(name=FlowFilterName(any_=list(WATCHING)))
    found = await client.read_flow_runs(flow_filter=flows, flow_run_filter=nothing, sort=FlowRunSort.END_TIME_DESC, limit=PAGE)
    latest = {run.flow_id: run.id for run in reversed(found)}
    older = [run.id for run in found if run.id not in latest.values()]
    for run_id in older:
        with suppress(ObjectNotFound):  # another reaper was faster
            await client.delete_flow_run(run_id)
    return len(older)
