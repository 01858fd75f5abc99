"""Backoff and pause: a run that meets a used-up quota, refused credentials or a vendor's outage is rescheduled, and the calls' queues are
paused.

A rescheduled run is Scheduled, named WaitingForVendor, so nothing is lost and its worker's place is free. The two queues of calls are
paused; a Prefect variable says why and lets exactly one run announce it. After a while the reaper opens the queues again: the next
calls try the vendor, and pause the queues once more if it still refuses.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect import get_client, get_run_logger, runtime
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.client.schemas.objects import State, StateType, WorkQueue
from prefect.events import emit_event
from prefect.exceptions import ObjectAlreadyExists
from prefect.exceptions import Pause as EndAttempt
from prefect.states import Scheduled

import wiring
from models.call.alarms import Alarm
from models.call.pause import PauseReason
from models.call.steps import Step
from models.errors import AccessRefused, ModelUnavailable, QuotaExhausted, ReadbackError, VendorUnavailable, VendorUnreachable
from reports.notices import paused_facts
from reports.pause import pause_report, pause_title
from tasks.operations.alarms import raise_alarm
from tasks.operations.runs import count_calls

POOL = "calls"
QUEUES = ("live", "backfill")
VARIABLE = "readback_pause"
WAITING = "WaitingForVendor"
PAUSED, RESUMED = "readback.calls.paused", "readback.calls.resumed"
_OUTAGE_WINDOW = timedelta(minutes=10)
_SHORTEST_WAIT, _LONGEST_WAIT = 60.0, 900.0
# Who could not be reached was asked for seconds only, and may be back in as many.
_SHORTEST_WAIT_UNREACHABLE = 5.0


async def requeue_with_backoff(error: ReadbackError, step: Step, *, urgent: bool = False) -> None:
    """Reschedule this run with backoff (up to 15 minutes). What no call can go on without (quota, access, model) pauses their queues too.

    A queue is worked off by the times for which its runs are scheduled: an ``urgent`` call waits the shortest time again and again, so it
    stands before all others that wait.

    Never returns for a run of a deployment: it ends this attempt. A run that no worker would take up again raises the error.
    """
    if not runtime.deployment.id:
        raise error
    if isinstance(error, QuotaExhausted | AccessRefused | ModelUnavailable):
        await pause_calls(PauseReason.because_of(error, step, str(runtime.flow_run.id)))
    shortest = _SHORTEST_WAIT_UNREACHABLE if urgent or isinstance(error, VendorUnreachable) else _SHORTEST_WAIT
    seconds = shortest if urgent else min(shortest * 2 ** (runtime.flow_run.run_count - 1), _LONGEST_WAIT)
    message = f"Waits in step {step}: {error.code}: {error}"
    get_run_logger().warning("%s Next attempt in %.0f s.", message, seconds)
    state: State[Any] = Scheduled(name=WAITING, scheduled_time=datetime.now(UTC) + timedelta(seconds=seconds), message=message)
    async with get_client() as client:
        # The engine would not let a running attempt become a scheduled one, as with a worker that gives its runs back.
        await client.set_flow_run_state(UUID(str(runtime.flow_run.id)), state, force=True)
    raise EndAttempt("the run waits for its next attempt", state=state)


async def pause_calls(reason: PauseReason) -> bool:
    """Pause the calls' queues and tell it once; True when this run was the one that did."""
    async with get_client() as client:
        running = [queue for queue in await _queues(client) if not queue.is_paused]
        for queue in running:
            await client.update_work_queue(queue.id, is_paused=True)
        if not running or not await _note(client, reason):
            return False
        probe_minutes = wiring.settings().probe_seconds / 60
        cause = f"{reason.error} {reason.case}".strip()
        await raise_alarm(client, Alarm.CALLS_PAUSED, paused_facts(reason, probe_minutes=probe_minutes), cause=cause)
    emit_event(PAUSED, resource={"prefect.resource.id": "readback.calls"}, payload=reason.model_dump(mode="json"))
    report = pause_report(reason, probe_minutes=probe_minutes)
    await acreate_markdown_artifact(report, key="calls-paused", description=pause_title(reason))
    return True


async def _note(client: PrefectClient, reason: PauseReason) -> bool:
    """Write down why; False when another run has done so for this very reason."""
    value = reason.model_dump(mode="json")
    try:
        await client.create_variable(VariableCreate(name=VARIABLE, value=value))
    except ObjectAlreadyExists:
        known = await client.read_variable_by_name(VARIABLE)
        if known is None or reason.since - PauseReason.model_validate(known.value).since < timedelta(seconds=_SHORTEST_WAIT):
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
    reason = await pause_in_force(client)
    if reason is None or now - reason.since < timedelta(seconds=wiring.settings().probe_seconds):
        return False
    await resume_calls(client)
    return True


async def pause_for_outage(client: PrefectClient, now: datetime) -> bool:
    """Pause the queues when many calls wait for a vendor and none has been finished while they waited."""
    settings = wiring.settings()
    waiting = await count_calls(client, types=[StateType.SCHEDULED], name=WAITING)
    if waiting < settings.outage_calls or await pause_in_force(client):
        return False
    if await count_calls(client, types=[StateType.COMPLETED], name="Completed", ended_after=now - _OUTAGE_WINDOW):
        return False
    said = f"{waiting} calls wait for a vendor and none was finished in the last {_OUTAGE_WINDOW.seconds // 60} minutes"
    remedy = "Read the state of one of the waiting runs; the queues open again by themselves"
    return await pause_calls(PauseReason.because_of(VendorUnavailable(said, remedy=remedy), None, str(runtime.flow_run.id)))


async def pause_in_force(client: PrefectClient) -> PauseReason | None:
    """Why we paused the queues, or None."""
    variable = await client.read_variable_by_name(VARIABLE)
    return PauseReason.model_validate(variable.value) if variable else None


async def _queues(client: PrefectClient) -> list[WorkQueue]:
    return [await client.read_work_queue_by_name(name, work_pool_name=POOL) for name in QUEUES]
