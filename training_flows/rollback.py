"""Put the previous model back into service."""

from collections.abc import Sequence
from datetime import timedelta

from prefect import flow, get_run_logger
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound

from models.lifecycle.versions import Aliases, Move
from models.lines import LineName
from tasks.selection.promote import check_version, read_aliases, read_history, roll_back
from tasks.selection.publish import publish_history
from training_flows.promote import check_signed, refusals_told

REVIEW = "review-calls/review-calls"
SLACK = timedelta(hours=1)


@flow(name="rollback")
async def rollback(by: str, reason: str, line: LineName = "summarizer", check: bool = True) -> Aliases:
    """Bring the model back that was in service before the champion. The running services of the line load it within seconds.

    The calls that the withdrawn model spoke are listed by a run of `review-calls`, in the artifact `withdrawn-calls`.

    Args:
        by: who rolls back; stands in the history
        reason: why; stands in the history
        line: which line of models is rolled back
        check: first fetch the previous model and see that it loads and answers; without it the move takes a second
    """
    aliases = await read_aliases(line)
    async with refusals_told(line, f"{aliases.champion} → {aliases.previous or '?'}"):
        check_signed("a rollback", by, reason)
        if check and aliases.previous is not None:
            await check_version(line, aliases.previous, returning=True)
        moved = await roll_back(line, aliases.champion, by, reason)
    moves = await read_history(line)
    await publish_history(line, moved.champion, moves)
    await list_calls_of(moves)
    return moved


async def list_calls_of(moves: Sequence[Move]) -> None:
    """Have the calls listed that the withdrawn model spoke since it went into service; its worker reads them, this one may not."""
    last = moves[-1]
    since = max((move.at for move in moves[:-1] if move.target == last.source), default=None)
    if since is None:
        return  # it has served from the first: nothing says since when
    # Services load what is in service within seconds; a call may have ended some minutes after its summary was made.
    parameters = {"version": last.source, "since": since.isoformat(), "until": (last.at + SLACK).isoformat()}
    try:
        await arun_deployment(
            REVIEW, parameters=parameters, timeout=0, idempotency_key=f"rollback:{last.source}:{last.revision}", as_subflow=False
        )
    except ObjectNotFound:
        get_run_logger().warning("The calls of %s are not listed: there is no deployment %s", last.source, REVIEW)
