"""The GPU's share of a second look at calls: summaries by the model in service, kept beside the calls for a person to compare."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from flows.summarize_call import told_as_state
from models.call.review import told_failures
from tasks.call.second_summary import summarize_again as task
from tasks.retrying import NO_RESULT


@flow(name="summarize-again", **NO_RESULT)
async def summarize_again(calls: list[str], at_once: int = 4) -> State[Any]:
    """Summarize calls that were read back once more, into `calls/reviews/<call>.json`. The state tells which of them failed.

    Args:
        calls: The calls' records, 32 hexadecimal digits each.
        at_once: How many of them are summarized at once, beside the live ones.
    """
    failures: dict[str, str] = {}

    async def look() -> None:
        failures.update(await task(calls, at_once))

    state = await told_as_state(look())
    return Completed(message=told_failures(failures)) if state.is_completed() else state
