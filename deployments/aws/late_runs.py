"""Runs that nobody has taken although they are due, by queue: a JSON line each minute, which CloudWatch scales the workers by.

``python -m deployments.aws.late_runs``, a service beside Prefect's server. Paused queues count nothing: more workers would not help them.
"""

import asyncio
import json
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkQueueFilter,
    WorkQueueFilterId,
)
from prefect.client.schemas.objects import StateType, WorkQueue

from wiring.logs import log_to_stderr

logger = logging.getLogger("readback.late_runs")

EVERY_SECONDS = 60.0
LATE_AFTER = timedelta(seconds=15)


async def late_runs(client: PrefectClient, now: datetime) -> Counter[str]:
    """How many runs of each queue were due before now and are still scheduled; queues of one name count together."""
    late: Counter[str] = Counter()
    for queue in await client.read_work_queues():
        late[queue.name] += 0 if queue.is_paused else await _late(client, queue, now)
    return late


async def _late(client: PrefectClient, queue: WorkQueue, now: datetime) -> int:
    due = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
        next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=now - LATE_AFTER),
    )
    return await client.count_flow_runs(flow_run_filter=due, work_queue_filter=WorkQueueFilter(id=WorkQueueFilterId(any_=[queue.id])))


async def tell(client: PrefectClient, now: datetime) -> None:
    """Write a line for each queue."""
    for queue, late in (await late_runs(client, now)).items():
        print(json.dumps({"queue": queue, "late_runs": late}), flush=True)


async def main() -> None:
    """Tell every minute; a server that is away is told once a minute as well."""
    log_to_stderr()
    async with get_client() as client:
        while True:
            try:
                await tell(client, datetime.now(UTC))
            except httpx.HTTPError as error:
                logger.warning("Prefect's server does not answer: %s", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    asyncio.run(main())
