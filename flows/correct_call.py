"""Correct a word of one call: the text with its history, a term for approval, and, if wanted, the summary made anew."""

from prefect import flow, runtime
from prefect.artifacts import acreate_markdown_artifact

from models.call.persons_correction import proposal_of
from models.call.record import Deed, PersonsAct
from models.errors import TermsRefused
from reports.correction import correction_report
from tasks.call.hear import read_call
from tasks.call.listing import list_call
from tasks.call.name import rename_run
from tasks.operations.correct import keep_correction, summarize_again
from tasks.operations.edits import write_edits
from tasks.privacy import masked_conversation
from tasks.retrying import NO_RESULT
from tasks.without_words import without_words


@flow(name="correct-call", **NO_RESULT)
@without_words
async def correct_call(
    call_id: str,
    before: str = "",
    after: str = "",
    utterance: int | None = None,
    again: bool = False,
    requested_by: str = "",
) -> None:
    """Correct a word that was misheard; what speech-to-text heard stays in its file.

    Args:
        call_id: The call, 32 hexadecimal digits, as its artifact names it.
        before: The words as they stand in the call's conversation; empty to have only its summary made anew.
        after: The words as they were said; empty where nothing was.
        utterance: Which utterance it is, counted from 1; empty where the words stand only once in the call.
        again: Make summary and prompt anew of the corrected text.
        requested_by: Who corrects; without a name nothing is done.
    """
    await rename_run(f"교정 {(await read_call(call_id)).recording.run_name}")
    act = PersonsAct.now(Deed.CORRECTED, str(runtime.flow_run.id), by=requested_by)
    if not act.by:
        raise TermsRefused("the correction names nobody", remedy="Give the name of who corrects (requested_by)", case="unsigned")
    record, change, proposal, kept = await read_call(call_id), None, None, False
    if before.strip() or not again:
        edit = await keep_correction(call_id, utterance, before, after, act)
        record, _, learnt = await write_edits(call_id)
        await list_call(record)
        change = next((one for one in record.correction.changes if (one.by, one.at) == (edit.by, edit.at)), None)
        proposed = proposal_of(change, act.at) if change else None
        proposal = next((one for one in learnt.proposals if proposed and one.id == proposed.id), proposed)
        kept = learnt.kept
    run = await summarize_again(call_id, act) if again else ""
    report = correction_report(record, change, proposal, masked_conversation, kept=kept, run_id=run)
    await acreate_markdown_artifact(report, description="통화 교정")
