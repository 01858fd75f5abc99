"""A reply for an agent that takes the caller's emotion up. Run again, it proposes another. Nothing of it is ever spoken by itself."""

from prefect import flow

from tasks.call.draft_reply import propose_reply, show_reply
from tasks.call.name import rename_run
from tasks.retrying import NO_RESULT
from tasks.without_words import without_words


@flow(name="draft-reply", **NO_RESULT)
@without_words
async def draft_reply(call_id: str, caller_says: str = "") -> None:
    """Propose a reply to a call's caller: an approved opening and, where a language model drafts replies, a sentence after it.

    Args:
        call_id: The call, 32 hexadecimal digits, as its artifact names it.
        caller_says: What the caller said since, in the agent's words; it is kept with the conversation. Name no numbers here.
    """
    proposed = await propose_reply(call_id, caller_says)
    await rename_run(f"답변 {proposed.record.recording.run_name}")
    await show_reply(proposed)
