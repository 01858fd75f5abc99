"""Bring back what died: every minute, runs whose worker was killed are run again, and queues paused for a vendor are tried.

A killed run is marked Crashed by an automation when its heartbeats stop, or here when the automation missed it. A call that
keeps crashing is left to reconcile, which starts it anew after a pause that grows. A crashed summary is left to its call, which
has started another by then.
"""

from asyncio import sleep as pause
from collections import Counter
from datetime import UTC, datetime, timedelta

from prefect import flow, get_client, get_run_logger
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import get_current_settings
from prefect.states import AwaitingRetry, Crashed

from models.reconciling import Care, ReapingRules, RunFacts, care_for
from tasks import wiring
from tasks.pause import pause_for_outage, resume_calls, resume_when_due
from tasks.runs import CALL_FLOW, SUMMARY_FLOW, changed_since, heard_since, runs_in

# A crash older than this has been dealt with by reconcile, or by a person.
_LOOK_BACK = timedelta(hours=1)
# Flows of this pool whose dead runs must not look alive: whoever starts them waits for the one that seems to run.
OPERATIONS = ("reconcile", "reap", "redrive", "digest", "erase")
_HEARTBEAT_SECONDS = 30  # Prefect's shortest, which our workers use


@flow(name="reap")
async def reap(resume_now: bool = False) -> None:
    """Run crashed calls again, mark silent ones as crashed, and open paused queues when it is time.

    Args:
        resume_now: Open the calls' queues now, after a quota was raised or a vendor is back.
    """
    now, done = datetime.now(UTC), Counter[str]()
    async with get_client() as client:
        if resume_now:
            await resume_calls(client)
        elif not await resume_when_due(client, now):
            await pause_for_outage(client, now)
        for name in (CALL_FLOW, SUMMARY_FLOW, *OPERATIONS):
            done.update(await _care_for_runs(client, name, now))
    if done:
        get_run_logger().warning("Took care of runs: %s", dict(done))


async def _care_for_runs(client: PrefectClient, flow_name: str, now: datetime) -> Counter[str]:
    chosen = wiring.settings()
    rules = ReapingRules(
        crashed_for=timedelta(seconds=chosen.crashed_pause_seconds),
        pending_for=timedelta(seconds=chosen.pending_seconds),
        silent_for=timedelta(seconds=chosen.dead_after_seconds),
        reruns=chosen.crashed_reruns,
    )
    runs = [run async for run in runs_in(client, flow_name, [StateType.PENDING, StateType.RUNNING])]
    if flow_name == CALL_FLOW:
        runs += [run async for run in changed_since(client, flow_name, StateType.CRASHED, now - _LOOK_BACK)]
    cares = [(run, care_for(_facts(run), heard=True, now=now, rules=rules)) for run in runs]
    done: Counter[str] = Counter()
    for run, care in cares:
        if care is Care.RERUN:
            message = f"Its worker died in attempt {run.run_count}; it goes on from the call's record"
            await client.set_flow_run_state(run.id, AwaitingRetry(message=message), force=True)
            done[f"{flow_name}: {care.value}"] += 1
    for run in await _silent(client, runs, now, rules):
        await client.set_flow_run_state(run.id, Crashed(message="No heartbeat: its worker is gone; the call goes on without it"))
        done[f"{flow_name}: {Care.CRASH.value}"] += 1
    return done


async def _silent(client: PrefectClient, runs: list[FlowRun], now: datetime, rules: ReapingRules) -> list[FlowRun]:
    """Running runs that are silent, asked twice.

    While the server was away no heartbeat reached it: a living run speaks within one interval after its return. A run that never
    spoke was killed in its first moments, unless heartbeats are switched off, which this worker's own setting tells for all.
    """
    running = [run for run in runs if run.state_type == StateType.RUNNING]
    expected = get_current_settings().flows.heartbeat_frequency is not None
    spoke = {run.id for run in running} if expected else await heard_since(client, now - timedelta(days=1), running)
    lately = await heard_since(client, now - rules.silent_for, running) if running else set()
    suspects = [
        run for run in running if run.id in spoke and care_for(_facts(run), heard=run.id in lately, now=now, rules=rules) is Care.CRASH
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
