"""Write what people corrected in a call into its record: a word, the summary, or whether it was right."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.call.listing import list_call
from tasks.call.name import rename_run
from tasks.operations.edits import write_edits
from tasks.without_words import without_words


@flow(name="apply-edits")
@without_words
async def apply_edits(call_id: str, requested_by: str = "") -> State[Any]:
    """Apply the corrections of a call that are not in its record yet. The words lie in the bucket, since Prefect keeps parameters.

    Args:
        call_id: The call, 32 hexadecimal digits.
        requested_by: Who corrected it; the record's history has the name that stands in the correction itself.
    """
    applied = await write_edits(call_id)
    await rename_run(f"수정 {applied.record.recording.run_name}")
    await list_call(applied.record)
    return Completed(
        message=f"{applied.edits} corrections of call {call_id} are in its record, {len(applied.learnt.proposals)} propose a term"
    )
