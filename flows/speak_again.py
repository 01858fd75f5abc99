"""Speak a call's summary again as people corrected it, in the place of the prompt that Amazon Connect plays."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.call.listing import list_call
from tasks.call.name import rename_run
from tasks.operations.edits import read_ended_call, speak_and_replace, write_edits
from tasks.without_words import without_words


@flow(name="speak-again")
@without_words
async def speak_again(call_id: str, requested_by: str = "") -> State[Any]:
    """Replace prompt and summary by what the summary is now, and tell the contact.

    Args:
        call_id: The call, 32 hexadecimal digits.
        requested_by: Who asks for it, for the call's history; Prefect does not know, so an empty name stays unknown.
    """
    await write_edits(call_id)
    record = await read_ended_call(call_id)
    await rename_run(f"다시 읽기 {record.recording.run_name}")
    record = await speak_and_replace(record, requested_by)
    await list_call(record)
    return Completed(message=f"Spoken again as number {record.number}")
