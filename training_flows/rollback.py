"""Put the previous model back into service."""

from prefect import flow

from models.lifecycle.versions import Aliases
from models.lines import LineName
from tasks.selection.promote import check_version, read_aliases, read_history, roll_back
from tasks.selection.publish import publish_history
from training_flows.promote import check_signed, refusals_told


@flow(name="rollback")
async def rollback(by: str, reason: str, line: LineName = "summarizer", check: bool = True) -> Aliases:
    """Bring the model back that was in service before the champion. The running services of the line load it within seconds.

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
    await publish_history(line, moved.champion, await read_history(line))
    return moved
