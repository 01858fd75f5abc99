"""The GPU's share of a second look at a call: one summary by the model in service, kept beside the call for a person to compare."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.summarize_call import told_as_state
from tasks.call.second_summary import summarize_again as task
from tasks.retrying import NO_RESULT


@flow(name="summarize-again", **NO_RESULT)
async def summarize_again(call_id: str) -> State[Any]:
    """Summarize a call that was read back once more, into `calls/reviews/<call>.json`.

    Args:
        call_id: The call's record, 32 hexadecimal digits.
    """
    return await told_as_state(task(call_id))
