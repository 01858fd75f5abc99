"""Put the previous model back into service."""

from prefect import flow

from models.errors import ModelRefused
from models.lifecycle.versions import Aliases
from models.lines import LineName
from tasks.selection.promote import check_version, read_aliases, read_history, roll_back
from tasks.selection.publish import publish_history


@flow(name="rollback")
async def rollback(by: str, reason: str, line: LineName = "summarizer", check: bool = True) -> Aliases:
    """Bring the model back that was in service before the champion. The running services of the line load it within seconds.

    Args:
        by: who rolls back; stands in the history
        reason: why; stands in the history
        line: which line of models is rolled back
        check: first fetch the previous model and see that it loads and answers; without it the move takes a second
    """
    if not (by.strip() and reason.strip()):
        raise ModelRefused("a rollback needs a name and a reason", remedy="Fill in by and reason")
    aliases = await read_aliases(line)
    if check and aliases.previous is not None:
        await check_version(line, aliases.previous, returning=True)
    moved = await roll_back(line, aliases.champion, by, reason)
    await publish_history(line, await read_history(line))
    return moved
