"""The GPU's share of a call: one summary by the model in service, joined with other calls' into batches.

Runs on pool ``g4dn`` in a resident worker, so the model is loaded once; a stock worker runs it as well and loads it each time.
"""

from collections.abc import Awaitable
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from models.errors import AccessRefused, ModelUnavailable, VendorUnreachable
from tasks.call.summarize import NO_MODEL
from tasks.call.write_summary import preload as preload_models
from tasks.call.write_summary import write_summary
from tasks.retrying import NO_RESULT


@flow(name="summarize-call", **NO_RESULT)
async def summarize_call(call_id: str) -> State[Any]:
    """Summarize a transcribed call into `nlp/nlp_<n>.txt`. Where no model can be loaded nothing is done: the call waits, and says why.

    Args:
        call_id: The call's record, 32 hexadecimal digits.
    """
    return await told_as_state(write_summary(call_id))


async def told_as_state(work: Awaitable[Any]) -> State[Any]:
    """Do the work of a subflow; what its call must tell apart becomes the state, which is all that the call sees."""
    try:
        await work
    except (AccessRefused, VendorUnreachable) as error:
        # Its call meets the same and waits.
        return Failed(name=error.code, message=str(error))
    except ModelUnavailable as error:
        return Cancelled(name=NO_MODEL, message=str(error))
    return Completed()


def preload() -> None:
    """Load the model before the first call asks for it; a resident worker does this when it starts."""
    preload_models()
