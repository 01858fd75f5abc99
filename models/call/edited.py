"""A record as people's edits leave it: what they found of the summary in its review, words among the changes of its transcript."""

from collections.abc import Sequence

from models.call.correction import second_of
from models.call.editing import Edit, EditKind
from models.call.persons_correction import with_change
from models.call.record import CallRecord, Change, Deed, PersonsAct, Rule

_DEEDS = {
    EditKind.SUMMARY: Deed.SUMMARY_CORRECTED,
    EditKind.WORD: Deed.CORRECTED,
    EditKind.CONFIRM: Deed.CONFIRMED,
    EditKind.WRONG: Deed.MARKED_WRONG,
}


def with_edits(record: CallRecord, edits: Sequence[Edit], flow_run_id: str = "") -> CallRecord:
    """The record with these edits, in their order, each in its history. A word that no longer stands where it stood is left out."""
    for edit in edits:
        act = PersonsAct.now(_DEEDS[edit.kind], flow_run_id, by=edit.by).model_copy(update={"at": edit.at})
        if change := change_of(record, edit):
            record = with_change(record, change)
        record = record.model_copy(update={"review": record.review.with_edit(edit), "history": [*record.history, act]})
    return record


def change_of(record: CallRecord, edit: Edit) -> Change | None:
    """The change of the transcript that an edit of a word is; None for any other edit, and where the word is gone."""
    word, said = edit.word, record.said
    if word is None or word.utterance >= len(said):
        return None
    utterance = said[word.utterance]
    if utterance.text[word.start : word.start + len(word.before)] != word.before:
        return None
    return Change(
        utterance=word.utterance,
        start=word.start,
        before=word.before,
        after=word.after,
        rule=Rule.PERSON,
        seconds=second_of(utterance, word.start),
        by=edit.by,
        at=edit.at,
    )
