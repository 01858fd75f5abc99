"""Let a person hear one call: the prompt, and the whole recording with personal numbers silenced, by links that open for minutes."""

from prefect import flow

from tasks.call.hear import make_audible, read_call
from tasks.call.name import rename_run
from tasks.retrying import NO_RESULT
from tasks.without_words import without_words


@flow(name="hear", **NO_RESULT)
@without_words
async def hear(call_id: str) -> None:
    """Write an artifact with links to a call's sounds.

    Args:
        call_id: The call, 32 hexadecimal digits, as its artifact names it.
    """
    record = await read_call(call_id)
    await rename_run(f"듣기 {record.recording.run_name}")
    await make_audible(record)
