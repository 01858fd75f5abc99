"""A person's correction of a word: into the record with its history, into proposals, and, with consent, into the next training data."""

import asyncio
from datetime import UTC, datetime
from typing import NamedTuple

from prefect import get_client

import wiring
from models.call.persons_correction import Proposal, change_of, line_pair, proposal_of, with_change
from models.call.record import CallRecord, Change, Deed, Outcome, PersonsAct
from models.errors import StorageConflict, TermsRefused
from stores.corrected import keep_corrected
from stores.proposals import Proposals, keep_pair
from tasks.in_thread import task_in_thread
from tasks.operations.runs import call_deployment, start_call
from tasks.without_words import call_task

_ATTEMPTS = 4
NOBODY = ""  # the owner of a reopened call until its new run claims it


class Corrected(NamedTuple):
    """What came of a correction."""

    record: CallRecord
    change: Change | None = None
    proposal: Proposal | None = None


@task_in_thread("correct-word")
def correct_word(call_id: str, utterance: int | None, before: str, after: str, act: PersonsAct) -> Corrected:
    """Change a word of the corrected text, mark the summary that rests on it, and write the files anew."""
    records, store = wiring.call_records(), wiring.object_store()
    for _ in range(_ATTEMPTS):
        checkpoint = records.read(call_id)
        record = checkpoint.record
        change = change_of(record, utterance, before, after, by=act.by, at=act.at)
        changed = with_change(record, change)
        kept = {"correction": changed.correction, "summary": changed.summary, "history": [*record.history, act]}
        try:
            saved = records.save(checkpoint, **kept).record
        except StorageConflict:
            continue
        keep_corrected(store, saved)
        proposal = proposal_of(change, act.at)
        return Corrected(saved, change, Proposals(store).propose(proposal) if proposal else None)
    raise StorageConflict(f"the record of call {call_id} was changed {_ATTEMPTS} times meanwhile")


@task_in_thread("keep-pair")
def keep_pair_for_training(record: CallRecord, change: Change) -> bool:
    """Keep the line before and after, masked, where the settings say that corrections may be learnt from."""
    if not wiring.settings().learn_from_corrections:
        return False
    keep_pair(wiring.object_store(), record.call_id, line_pair(record, change, datetime.now(UTC)))
    return True


@call_task("summarize-again")
async def summarize_again(call_id: str, act: PersonsAct) -> str:
    """Have a call's summary and prompt made anew of the corrected text, behind live calls; returns the run that does it."""
    record = await asyncio.to_thread(_reopen, call_id, act)
    async with get_client() as client:
        run = await start_call(client, await call_deployment(client), record.recording, f"again-{call_id}-{record.revision}")
    return str(run.id)


def _reopen(call_id: str, act: PersonsAct) -> CallRecord:
    """Open a finished call once more: what was transcribed stays, summary and prompt get their next revision."""
    records = wiring.call_records()
    checkpoint = records.read(call_id)
    record = checkpoint.record
    if record.outcome is Outcome.IN_PROGRESS and record.owner == NOBODY and record.revision:
        return record  # an earlier attempt of this task opened it
    if record.outcome is not Outcome.READ_BACK:
        raise TermsRefused(f"call {call_id} was not read back", remedy="Redrive it: it is then summarized from the corrected text")
    again = {"outcome": Outcome.IN_PROGRESS, "owner": NOBODY, "summary": None, "prompt": None, "revision": record.revision + 1}
    return records.save(checkpoint, history=[*record.history, act.model_copy(update={"deed": Deed.SUMMARIZED_AGAIN})], **again).record
