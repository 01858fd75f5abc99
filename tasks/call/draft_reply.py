"""A reply for an agent, kept with the call: each run proposes another one."""

import asyncio
from dataclasses import dataclass

from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.call.privacy import mask_utterances
from models.call.record import CallRecord
from models.call.transcript import summarizer_input
from models.replies.draft import ReplyWriter, draft_reply
from models.replies.drafts import Drafts
from models.summarizer.conversation import Conversation, Turn, read
from reports.replies import drafts_report
from stores.openings import Openings, find_drafts, keep_drafts
from tasks.emotion_groups import group_of
from tasks.in_thread import task_in_thread
from tasks.privacy import masked_conversation
from tasks.without_words import call_task


@dataclass(frozen=True)
class Proposed:
    """A call with what was proposed for it, the last one now."""

    record: CallRecord
    emotion: str
    drafts: Drafts


@task_in_thread("propose-reply")
def propose_reply(call_id: str, caller_says: str) -> Proposed:
    """Choose an opening, have a sentence drafted where a language model is there, and keep both."""
    store, record = wiring.object_store(), wiring.call_records().read(call_id).record
    drafts = find_drafts(store, call_id)
    if said := " ".join(caller_says.split()):
        drafts = drafts.model_copy(update={"said_since": (*drafts.said_since, said)})
    emotion = group_of(record.signals.emotion if record.signals else None)
    request = record.summary.text if record.summary else ""
    draft = draft_reply(
        Openings(store).current(), drafts, _conversation(record, drafts), emotion=emotion, request=request, writer=writer_by_settings()
    )
    kept = drafts.model_copy(update={"drafts": (*drafts.drafts, draft)})
    keep_drafts(store, call_id, kept)
    return Proposed(record, emotion, kept)


def _conversation(record: CallRecord, drafts: Drafts) -> Conversation:
    """The call, and after it what the caller said since."""
    turns = [*read(summarizer_input(record.said))]
    return [*turns, *(Turn(len(turns) + number, True, said) for number, said in enumerate(drafts.said_since))]


def writer_by_settings() -> ReplyWriter | None:
    """The language model that drafts replies; None where settings name none."""
    settings = wiring.settings()
    if not settings.reply_model_url:
        return None
    from wiring.replies import reply_writer  # loads morphology

    return reply_writer(settings.reply_model_url, settings.reply_model, mask_utterances)


@call_task("show-reply")
async def show_reply(proposed: Proposed) -> None:
    """Write the artifact."""
    markdown = await asyncio.to_thread(drafts_report, proposed.record, proposed.emotion, proposed.drafts, masked_conversation)
    await acreate_markdown_artifact(markdown, description="답변 초안")
