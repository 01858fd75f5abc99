"""Bring back what died: every minute, runs whose worker was killed are run again, queues paused for a vendor are tried,
runs that wait get their names or say what they wait for, and people are told of what goes wrong with the calls as a whole.

A killed run is known by its silence and marked Crashed, whatever its flow. A call that keeps crashing is left to reconcile, which
starts it anew after a pause that grows. A crashed summary is left to its call, which has started another by then.
"""

from asyncio import sleep as pause
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect import flow, get_client, get_run_logger, runtime
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.settings import get_current_settings
from prefect.states import AwaitingRetry, Crashed

import wiring
from models.call.alarms import Watched
from models.call.reconciling import ReapAction, ReapingRules, RunFacts, reap_action
from reports.messages import state_name
from tasks.flow_names import CALL_FLOW, HEAR_FLOW, SUMMARY_FLOW
from tasks.operations.alive import say_alive
from tasks.operations.naming import name_waiting_calls
from tasks.operations.pause import pause_for_outage, resume_calls, resume_when_due
from tasks.operations.runs import changed_since, flow_names, heard_since, move, runs_in
from tasks.operations.uneventful import forget_uneventful, outcome
from tasks.operations.watching import watch_pause, watch_quarantine
from tasks.training.watching import close_progress_bars, tell_waiting_trainings

# A crash older than this has been dealt with by reconcile, or by a person.
_LOOK_BACK = timedelta(hours=1)
# Flows of the resident workers: a run is taken and begun within moments, and sends its first heartbeat half a minute after.
RESIDENT = (CALL_FLOW, SUMMARY_FLOW, HEAR_FLOW, "reconcile", "reap", "redrive", "digest", "erase", "review-calls", "summarize-again")
_HEARTBEAT_SECONDS = 30  # Prefect's shortest, which our workers use


@flow(name="reap")
async def reap(resume_now: bool = False) -> State[None]:
    """Run crashed calls again, mark silent ones as crashed, and open paused queues when it is time.

    A run that found nothing to do ends as NothingToDo, and the next one deletes it.

    Args:
        resume_now: Open the calls' queues now, after a quota was raised or a vendor is back.
    """
    now, done = datetime.now(UTC), Counter[str]()
    async with get_client() as client:
        if resume_now:
            await resume_calls(client)
            done["queues opened"] += 1
        elif await _another_is_at_work(client, now):
            get_run_logger().info("An earlier run of reap is still at work")
            return outcome("")
        elif await resume_when_due(client, now):
            done["queues opened"] += 1
        elif await pause_for_outage(client, now):
            done["queues paused"] += 1
        done.update(await _reap_action_runs(client, now))
        await name_waiting_calls(client, now)
        await tell_waiting_trainings(client, now)
        await watch_quarantine(client, now)
        await watch_pause(client, now)
        await say_alive(client, Watched.REAPER)
        await forget_uneventful(client)
    if done:
        get_run_logger().warning("Took care of: %s", dict(done))
    return outcome(", ".join(f"{what} ({count})" for what, count in done.items()))


async def _another_is_at_work(client: PrefectClient, now: datetime) -> bool:
    """Whether a run of reap began before this one, lately enough to live.

    A concurrency limit of Prefect's would be held by a reaper that was killed, for five minutes in which nobody looks after the dead.
    """
    own, lately = runtime.flow_run.id, now - timedelta(seconds=wiring.settings().dead_after_seconds)
    begun = [(run.start_time, str(run.id)) async for run in runs_in(client, "reap", [StateType.RUNNING]) if run.start_time]
    mine = next((start for start, run_id in begun if run_id == own), now)
    return any(lately < start and (start, run_id) < (mine, str(own)) for start, run_id in begun)


async def _reap_action_runs(client: PrefectClient, now: datetime) -> Counter[str]:
    chosen = wiring.settings()
    rules = ReapingRules(
        crashed_for=timedelta(seconds=chosen.crashed_pause_seconds),
        pending_for=timedelta(seconds=chosen.pending_seconds),
        silent_for=timedelta(seconds=chosen.dead_after_seconds),
        reruns=chosen.crashed_reruns,
    )
    names = await flow_names(client)
    alive = [run async for run in runs_in(client, None, [StateType.PENDING, StateType.RUNNING])]
    crashed = [run async for run in changed_since(client, CALL_FLOW, StateType.CRASHED, now - _LOOK_BACK)]
    done: Counter[str] = Counter()
    for run in [run for run in alive if names.get(run.flow_id) in RESIDENT] + crashed:
        if reap_action(_facts(run), heard=True, now=now, rules=rules) is ReapAction.RERUN:
            message = f"Its worker died in attempt {run.run_count}; it goes on from the call's record"
            if await move(client, run, AwaitingRetry(message=message), force=True):
                done[f"{names[run.flow_id]}: {ReapAction.RERUN.value}"] += 1
    running = [run for run in alive if run.state_type == StateType.RUNNING]
    for run in await _silent(client, running, {run.id for run in running if names.get(run.flow_id) in RESIDENT}, now, rules):
        # A run that a person paused while the reaper waited for its heartbeat sends none, and lives.
        if not await move(client, run, Crashed(message="No heartbeat: its worker is gone")):
            continue
        await close_progress_bars(client, run.id, state_name("Crashed"))  # its own hooks went with its worker
        done[f"{names.get(run.flow_id)}: {ReapAction.CRASH.value}"] += 1
    return done


async def _silent(client: PrefectClient, running: list[FlowRun], resident: set[UUID], now: datetime, rules: ReapingRules) -> list[FlowRun]:
    """Running runs that are silent, asked twice.

    While the server was away no heartbeat reached it: a living run speaks within one interval after its return. A resident run that
    never spoke was killed in its first moments, unless heartbeats are switched off, which this worker's own setting tells for all.
    """
    if not running:
        return []
    if get_current_settings().flows.heartbeat_frequency is None:
        resident = set()
    spoke = resident | await heard_since(client, now - timedelta(days=1), [run for run in running if run.id not in resident])
    lately = await heard_since(client, now - rules.silent_for, running)
    suspects = [
        run
        for run in running
        if run.id in spoke and reap_action(_facts(run), heard=run.id in lately, now=now, rules=rules) is ReapAction.CRASH
    ]
    if not suspects:
        return []
    asked_at = datetime.now(UTC)
    await pause((get_current_settings().flows.heartbeat_frequency or _HEARTBEAT_SECONDS) + 5)
    alive = await heard_since(client, asked_at, suspects)
    return [run for run in suspects if run.id not in alive]


def _facts(run: FlowRun) -> RunFacts:
    state = run.state
    return RunFacts(state.type.value if state else "", state.timestamp if state else datetime.now(UTC), run.run_count)
