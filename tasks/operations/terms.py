"""The term list as operations edit it: one edit at a time, each a new version."""

from collections.abc import Sequence
from datetime import UTC, datetime

import wiring
from models.call.persons_correction import Decision, Proposal
from models.call.terms import Term, TermList, TermsEdit, edited, name_of
from stores.proposals import Proposals
from tasks.in_thread import task_in_thread


@task_in_thread("edit-terms")
def apply_edit(edit: TermsEdit, expected_version: int | None, *, dry_run: bool) -> TermList:
    """Edit the list, or only say what would come of it."""
    edit.check()
    lists = wiring.term_lists()
    if dry_run:
        return edited(lists.current(), edit, datetime.now(UTC))
    return lists.edit(edit, expected_version=expected_version)


@task_in_thread("decide-proposals")
def decide(approve: Sequence[str], reject: Sequence[str], edit: TermsEdit, expected_version: int | None) -> TermList:
    """Approve proposals, which edits the list with whatever else the edit holds, and reject others."""
    lists, proposals = wiring.term_lists(), Proposals(wiring.object_store())
    approved, rejected = [proposals.waiting(one) for one in approve], [proposals.waiting(one) for one in reject]
    now = lists.current()
    if approved:
        known, rows = dict(now.by_name), dict[str, Term]()
        for proposal in approved:
            term = proposal.edit_of(now.model_copy(update={"terms": tuple({**known, **rows}.values())}))
            rows[name_of(term.term)] = term
        edit = edit.model_copy(update={"rows": [*edit.rows, *rows.values()]})
    edit.check_name()
    if not edit.empty:
        now = lists.edit(edit, expected_version=expected_version)
    for chosen, decision in ((approved, Decision.APPROVED), (rejected, Decision.REJECTED)):
        for proposal in chosen:
            proposals.decide(proposal, decision, by=edit.by, at=datetime.now(UTC))
    return now


@task_in_thread("read-proposals")
def open_proposals() -> list[Proposal]:
    """Terms that wait for approval."""
    return Proposals(wiring.object_store()).open()


@task_in_thread("read-terms")
def versions(most: int) -> list[TermList]:
    """The list's last versions, the latest first."""
    return wiring.term_lists().history(most)


@task_in_thread("read-version")
def version(number: int) -> TermList:
    """One version of the list."""
    return wiring.term_lists().version(number)
