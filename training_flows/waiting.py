"""Waiting for a run of another worker: an event tells its end at once, and a look once a minute where the event was lost."""

import time
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import FlowRunWaitTimeout
from prefect.flow_runs import wait_for_flow_run

SECONDS_BETWEEN_LOOKS = 60


async def state_after(run_id: UUID, hours: float) -> State[Any] | None:
    """The state in which a run ends, or the one that it is in after so many hours."""
    deadline = time.monotonic() + hours * 3600
    while time.monotonic() < deadline:
        try:
            # Each new wait reads the state first, for an event that was lost.
            ended: FlowRun = await wait_for_flow_run(run_id, timeout=SECONDS_BETWEEN_LOOKS)
        except FlowRunWaitTimeout:
            continue
        return ended.state
    async with get_client() as client:
        return (await client.read_flow_run(run_id)).state
