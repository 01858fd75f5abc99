"""A call's run is named by its contact in short, the call's time in Korea and, where Connect tells it, the caller's masked number."""

import asyncio
from typing import Any
from uuid import UUID

from prefect import get_client, get_run_logger, runtime

import wiring
from clients.connect import ConnectContacts
from models.call.number import masked_number
from models.call.record import Recording
from models.errors import ReadbackError


async def name_run(recording: Recording) -> None:
    """Name this run, unless whoever created it has done so.

    An automation cannot name what it starts, and the parameters of such a run tell no contact. Those of a run that was started by hand
    with a key alone are completed: another upload under the key is another call, and nothing else would tell of which one the run was.
    """
    contacts = wiring.connect_contacts()
    number = await asyncio.to_thread(_number, contacts, recording) if contacts else ""
    given = runtime.flow_run.parameters
    completed = given | recording.model_dump() if given.get("key") and not given.get("etag") else None
    await rename_run(f"{recording.run_name} {number}".rstrip(), parameters=completed)


async def rename_run(name: str, *, parameters: dict[str, Any] | None = None) -> None:
    """Give this run its name, unless it has it, and its completed parameters."""
    if runtime.flow_run.name != name or parameters:
        async with get_client() as client:
            await client.update_flow_run(UUID(str(runtime.flow_run.id)), name=name, parameters=parameters)


def _number(contacts: ConnectContacts, recording: Recording) -> str:
    try:
        return masked_number(contacts.customer_number(recording.contact_id))
    except ReadbackError as error:
        # A name is not worth a call.
        get_run_logger().info("The run is named without the caller's number: %s", error)
        return ""
