"""Put the previous model back into service."""

from prefect import flow

from models.errors import ModelRefused
from models.lifecycle.registry import Aliases
from tasks.selection.leaderboard import publish_history
from tasks.selection.promote import check_version, read_aliases, read_history, roll_back


@flow(name="rollback")
async def rollback(by: str, reason: str, check: bool = True) -> Aliases:
    """Bring the model back that was in service before the champion. The running summarizers load it within seconds.

    Args:
        by: who rolls back; stands in the history
        reason: why; stands in the history
        check: first fetch the previous model and see that it loads and answers; without it the move takes a second
    """
    if not (by.strip() and reason.strip()):
        raise ModelRefused("a rollback needs a name and a reason", remedy="Fill in by and reason")
    aliases = await read_aliases()
    if check and aliases.previous is not None:
        await check_version(aliases.previous, returning=True)
    moved = await roll_back(aliases.champion, by, reason)
    await publish_history(await read_history())
    return moved
