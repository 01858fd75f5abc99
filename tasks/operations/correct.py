"""A person's correction of a word, wherever it was made: an edit of its call, a proposed term and, with consent, training data.

``tasks/operations/edits.py`` writes edits into the record; what a flow is given with its parameters becomes one here first, so there is one
way for a word into a call.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from prefect import get_client

import wiring
from models.call.edited import with_edits
from models.call.editing import LONGEST_WORD, Edit, EditKind, WordEdit
from models.call.persons_correction import Proposal, change_of, line_pair, proposal_of, summary_pair
from models.call.record import CallRecord, Deed, Outcome, PersonsAct, Rule
from models.errors import NoSpeech, StorageConflict, TermsRefused
from stores.edits import Edits
from stores.proposals import Proposals, keep_pair
from tasks.in_thread import task_in_thread
from tasks.operations.runs import call_deployment, start_call
from tasks.without_words import call_task

_ATTEMPTS = 4
NOBODY = ""  # the owner of a reopened call until its new run claims it


class Learnt(NamedTuple):
    """What corrections came to beside the record: terms that they propose, and whether anything was kept to learn from."""

    proposals: Sequence[Proposal] = ()
    kept: bool = False


@task_in_thread("keep-correction")
def keep_correction(call_id: str, utterance: int | None, before: str, after: str, act: PersonsAct) -> Edit:
    """Write a correction down as an edit of its call, as the console does; TermsRefused where it cannot be told which place is meant."""
    records, edits = wiring.call_records(), Edits(wiring.object_store())
    for _ in range(_ATTEMPTS):
        record = records.read(call_id).record
        waiting = edits.after(call_id, record.review.edits)
        if ours := next((edit for edit in waiting if (edit.by, edit.at) == (act.by, act.at)), None):
            return ours  # an earlier attempt of this task wrote it
        edit = edit_of_words(record, waiting, utterance, before, after, act)
        try:
            edits.add(edit)
        except StorageConflict:
            continue
        return edit
    raise StorageConflict(f"call {call_id} was corrected {_ATTEMPTS} times meanwhile")


def edit_of_words(record: CallRecord, waiting: Sequence[Edit], utterance: int | None, before: str, after: str, act: PersonsAct) -> Edit:
    """The correction as the next edit of a call, found in its conversation as the edits that wait for their flow leave it."""
    change = change_of(with_edits(record, waiting), utterance, before, after, by=act.by, at=act.at)
    if max(len(change.before), len(change.after)) > LONGEST_WORD:
        raise TermsRefused(f"the correction is longer than {LONGEST_WORD} characters", remedy="Correct it in parts")
    word = WordEdit(utterance=change.utterance, start=change.start, before=change.before, after=change.after)
    number = record.review.edits + len(waiting) + 1
    return Edit(call_id=record.call_id, number=number, kind=EditKind.WORD, by=act.by, at=act.at, word=word)


def learn_from(record: CallRecord, edits: Sequence[Edit]) -> Learnt:
    """What follows from edits beside the record: a corrected word proposes a term; and, where callers consented, what was corrected is kept
    for the next training. Before the record is written, and once for each edit, however often it is repeated."""
    store, consented = wiring.object_store(), wiring.settings().learn_from_corrections
    proposals, kept = [], False
    for edit in edits:
        if edit.kind is EditKind.SUMMARY and consented and record.transcription.done:
            with suppress(NoSpeech):
                keep_pair(store, record.call_id, summary_pair(record, edit))
                kept = True
        for change in record.correction.changes:
            if edit.kind is not EditKind.WORD or (change.rule, change.by, change.at) != (Rule.PERSON, edit.by, edit.at):
                continue
            if proposal := proposal_of(change, edit.at):
                proposals.append(Proposals(store).propose(proposal))
            if consented:
                keep_pair(store, record.call_id, line_pair(record, change, edit.at, edit.number))
                kept = True
    return Learnt(proposals, kept)


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
    again = {
        "outcome": Outcome.IN_PROGRESS,
        "owner": NOBODY,
        "summary": None,
        "spoken": None,
        "prompt": None,
        "revision": record.revision + 1,
    }
    return records.save(checkpoint, history=[*record.history, act.model_copy(update={"deed": Deed.SUMMARIZED_AGAIN})], **again).record
