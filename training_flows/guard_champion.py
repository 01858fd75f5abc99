"""The summarizer in service is rolled back when its callers say that too much of what it reads back is wrong."""

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State

import wiring
from reports.acceptance import acceptance
from tasks.operations.uneventful import outcome
from tasks.selection.guard import judge_champion
from tasks.selection.promote import check_version, read_history, roll_back
from tasks.selection.publish import publish_history

GUARD = "readback (guard-champion)"


@flow(name="guard-champion")
async def guard_champion() -> State[None]:
    """Look at the callers' answers about the summarizer in service, and roll it back below READBACK_ACCEPTANCE_FLOOR_PERCENT.

    It is looked at again and again, so the bound is one that holds however often one looks. Who is in service after a rollback, or has
    nobody before, is left there: people decide.
    """
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
    await publish_history("summarizer", moved.champion, await read_history("summarizer"))
    return outcome(f"{found.champion} was rolled back to {moved.champion}: {said}")
