"""The summarizer in service is rolled back when its callers say that too much of what it reads back is wrong."""

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

import wiring
from models.lifecycle.canary import Verdict
from reports.acceptance import acceptance
from reports.canary import heard
from tasks.operations.uneventful import outcome
from tasks.selection.guard import end_canary, judge_canary, judge_champion
from tasks.selection.promote import check_version, move_champion, read_history, roll_back
from tasks.selection.publish import publish_canary, publish_history
from training_flows.rollback import list_calls_of

GUARD = "readback (guard-champion)"


@flow(name="guard-champion")
async def guard_champion() -> State[None]:
    """Judge the canary by answers and reviews, and roll the summarizer in service back below READBACK_ACCEPTANCE_FLOOR_PERCENT.

    It is looked at again and again, so the bound is one that holds however often one looks. Who is in service after a rollback, or has
    nobody before, is left there: people decide.
    """
    if did := await _end_canary_when_sure():
        return outcome(did)
    floor = wiring.settings().acceptance_floor_percent
    if not floor:
        return outcome("")
    found = await judge_champion(floor / 100)
    if not found.falls_below:
        return outcome("")
    said = f"callers found {acceptance(found.acceptance)} right, surely less than {floor:g} %"
    if found.returns_to is None:
        get_run_logger().warning("%s stays in service although %s: there is nothing to roll back to", found.champion, said)
        return outcome("")
    await check_version("summarizer", found.returns_to, returning=True)
    moved = await roll_back("summarizer", found.champion, GUARD, said)
    moves = await read_history("summarizer")
    await publish_history("summarizer", moved.champion, moves)
    await list_calls_of(moves)
    return outcome(f"{found.champion} was rolled back to {moved.champion}: {said}")


async def _end_canary_when_sure() -> str:
    """Promote or withdraw the challenger when answers or reviews are sure; says what was done, empty for nothing."""
    found = await judge_canary()
    if found is None:
        return ""
    if found.verdict is Verdict.GOES_ON:
        await publish_canary(found)
        return ""
    canary = found.canary
    said = f"right by {heard(found.challenger)}; the champion by {heard(found.champion)}"
    if found.verdict is Verdict.PROMOTED:  # first, for a canary that has ended would never be looked at again
        await check_version("summarizer", canary.challenger)
        await move_champion("summarizer", canary.challenger, GUARD, f"canary of {canary.by}: {said}")
    await end_canary(canary, found.verdict)
    await publish_canary(found)
    history = await read_history("summarizer")
    champion = canary.challenger if found.verdict is Verdict.PROMOTED else canary.champion
    await publish_history("summarizer", champion, history, moved=found.verdict is Verdict.PROMOTED)
    return f"canary of {canary.challenger} {found.verdict.value}: {said}"
