"""Names for runs that wait: an automation cannot name what it starts, and a run names itself when it begins, which may be in hours."""

import asyncio
import re
from datetime import datetime, timedelta

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType

import wiring
from clients.s3 import ObjectStore
from models.errors import AccessRefused, TransientError
from stores.landed import announced
from tasks.flow_names import CALL_FLOW
from tasks.operations.runs import PAGE, call_of

# Runs that were due before have had their turn in an earlier minute.
_LATELY = timedelta(minutes=15)
# Prefect's own names are two words, such as "amber-fox"; ours begin with the contact's digits or with # and the call's.
_NAMED = re.compile(r"#?[0-9a-f]{8}( |$)")


async def name_waiting_calls(client: PrefectClient, now: datetime) -> int:
    """Name the runs of process-call that have waited since lately; returns how many."""
    named = 0
    for run in await _waiting(client, now):
        if name := await asyncio.to_thread(name_of, wiring.object_store(), run):
            await client.update_flow_run(run.id, name=name)
            named += 1
    return named


def name_of(store: ObjectStore, run: FlowRun) -> str:
    """The name that a run should have; empty where it has one, or nothing is known of its recording."""
    if _NAMED.match(run.name):
        return ""
    try:
        recording = announced(store, call_of(run))
    except (AccessRefused, TransientError):
        return ""  # a name can wait a minute; the calls' own runs say what is wrong
    return recording.run_name if recording else ""


async def _waiting(client: PrefectClient, now: datetime) -> list[FlowRun]:
    lately = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        expected_start_time=FlowRunFilterExpectedStartTime(after_=now - _LATELY, before_=now),
    )
    flow = FlowFilter(name=FlowFilterName(any_=[CALL_FLOW]))
    found: list[FlowRun] = []
    while page := await client.read_flow_runs(flow_filter=flow, flow_run_filter=lately, limit=PAGE, offset=len(found)):
        found += page
    return found
