"""Calls wait instead of failing: a used-up quota or a vendor's outage pauses the calls' queues, on Prefect's own features.

A run that cannot go on gives itself back to its queue (Scheduled, named WaitingForVendor), so nothing is lost and its worker's
place is free. The two queues of calls are paused for everybody; a Prefect variable says why and lets exactly one run announce
it. After a while the reaper opens the queues again: the next calls try the vendor, and pause the queues anew if it still refuses.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from prefect import get_client, runtime
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.client.schemas.objects import State, StateType, WorkQueue
from prefect.events import emit_event
from prefect.exceptions import ObjectAlreadyExists
from prefect.exceptions import Pause as EndAttempt
from prefect.states import Scheduled
from pydantic import BaseModel

import wiring
from models.errors import QuotaExhausted, ReadbackError, VendorUnavailable
from tasks.markdown import shown, table
from tasks.operations.runs import count_calls

POOL = "calls"
QUEUES = ("live", "backfill")
VARIABLE = "readback_pause"
WAITING = "WaitingForVendor"
PAUSED, RESUMED = "readback.calls.paused", "readback.calls.resumed"
_OUTAGE_WINDOW = timedelta(minutes=10)
_SHORTEST_WAIT, _LONGEST_WAIT = 60.0, 900.0


class Stop(BaseModel):
    """Why the queues are paused, since when, and by which run."""

    error: str
    reason: str
    remedy: str
    step: str
    since: datetime
    flow_run_id: str

    @classmethod
    def because_of(cls, error: ReadbackError, step: str, flow_run_id: str) -> Self:
        """The stop that an error asks for."""
        return cls(
            error=type(error).__name__,
            reason=error.message,
            remedy=error.remedy,
            step=step,
            since=datetime.now(UTC),
            flow_run_id=flow_run_id,
        )


async def wait_for_better_times(error: ReadbackError, step: str) -> None:
    """Give this run back to its queue, to go on later from the call's record; a used-up quota pauses everybody.

    Never returns for a run of a deployment: it ends this attempt. A run that no worker would take up again raises the error.
    """
    if not runtime.deployment.id:
        raise error
    if isinstance(error, QuotaExhausted):
        await pause_calls(Stop.because_of(error, step, str(runtime.flow_run.id)))
    seconds = min(_SHORTEST_WAIT * 2 ** (runtime.flow_run.run_count - 1), _LONGEST_WAIT)
    message = f"Waits in step {step}: {type(error).__name__}: {error}"
    state: State[Any] = Scheduled(name=WAITING, scheduled_time=datetime.now(UTC) + timedelta(seconds=seconds), message=message)
    async with get_client() as client:
        # The engine would not let a running attempt become a scheduled one, as with a worker that gives its runs back.
        await client.set_flow_run_state(UUID(str(runtime.flow_run.id)), state, force=True)
    raise EndAttempt("the run waits for its next attempt", state=state)


async def pause_calls(stop: Stop) -> bool:
    """Pause the calls' queues and tell it once; True when this run was the one that did."""
    async with get_client() as client:
        running = [queue for queue in await _queues(client) if not queue.is_paused]
        for queue in running:
            await client.update_work_queue(queue.id, is_paused=True)
        if not running or not await _note(client, stop):
            return False
    emit_event(PAUSED, resource={"prefect.resource.id": "readback.calls"}, payload=stop.model_dump(mode="json"))
    await acreate_markdown_artifact(_report(stop), key="calls-paused", description=f"통화 처리 일시 정지: {stop.error}")
    return True


async def _note(client: PrefectClient, stop: Stop) -> bool:
    """Write down why; False when another run has done so for this very stop."""
    value = stop.model_dump(mode="json")
    try:
        await client.create_variable(VariableCreate(name=VARIABLE, value=value))
    except ObjectAlreadyExists:
        known = await client.read_variable_by_name(VARIABLE)
        if known is None or stop.since - Stop.model_validate(known.value).since < timedelta(seconds=_SHORTEST_WAIT):
            return False
        # A person opened the queues again without us, and they had to be paused anew.
        await client.update_variable(VariableUpdate(name=VARIABLE, value=value))
    return True


async def resume_calls(client: PrefectClient) -> None:
    """Open the calls' queues again."""
    for queue in await _queues(client):
        if queue.is_paused:
            await client.update_work_queue(queue.id, is_paused=False)
    if await client.read_variable_by_name(VARIABLE) is not None:
        await client.delete_variable_by_name(VARIABLE)
        emit_event(RESUMED, resource={"prefect.resource.id": "readback.calls"})


async def resume_when_due(client: PrefectClient, now: datetime) -> bool:
    """Open queues that we paused long enough ago, so that the next calls try again. What a person paused stays paused."""
    stop = await stop_in_force(client)
    if stop is None or now - stop.since < timedelta(seconds=wiring.settings().probe_seconds):
        return False
    await resume_calls(client)
    return True


async def pause_for_outage(client: PrefectClient, now: datetime) -> bool:
    """Pause the queues when many calls wait for a vendor and none has been finished while they waited."""
    chosen = wiring.settings()
    waiting = await count_calls(client, types=[StateType.SCHEDULED], name=WAITING)
    if waiting < chosen.outage_calls or await stop_in_force(client):
        return False
    if await count_calls(client, types=[StateType.COMPLETED], name="Completed", ended_after=now - _OUTAGE_WINDOW):
        return False
    reason = f"{waiting} calls wait for a vendor and none was finished in the last {_OUTAGE_WINDOW.seconds // 60} minutes"
    remedy = "Read the state of one of the waiting runs; the queues open again by themselves"
    return await pause_calls(Stop.because_of(VendorUnavailable(reason, remedy=remedy), "", str(runtime.flow_run.id)))


async def stop_in_force(client: PrefectClient) -> Stop | None:
    """Why we paused the queues, or None."""
    variable = await client.read_variable_by_name(VARIABLE)
    return Stop.model_validate(variable.value) if variable else None


async def _queues(client: PrefectClient) -> list[WorkQueue]:
    return [await client.read_work_queue_by_name(name, work_pool_name=POOL) for name in QUEUES]


def _report(stop: Stop) -> str:
    rows = [("단계", stop.step), ("오류", stop.error), ("사유", shown(stop.reason)), ("조치", shown(stop.remedy))]
    minutes = wiring.settings().probe_seconds / 60
    return (
        "# 통화 처리 일시 정지\n\n"
        + table(("항목", "내용"), [row for row in rows if row[1]])
        + f"\n\n작업 큐 `live`, `backfill`을 멈췄습니다. 대기 중인 통화는 잃지 않습니다. {minutes:.0f}분 뒤 자동으로 다시 시도하며, "
        "그 전에 재개하려면 `reap` 배포를 `resume_now=true`로 실행하세요."
    )
