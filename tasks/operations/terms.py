"""The term list as operations edit it: one edit at a time, each a new version."""

from datetime import UTC, datetime

import wiring
from models.call.terms import TermList, TermsEdit, edited
from tasks.in_thread import task_in_thread


@task_in_thread("edit-terms")
def apply_edit(edit: TermsEdit, expected_version: int | None, *, dry_run: bool) -> TermList:
    """Edit the list, or only say what would come of it."""
    edit.check()
    lists = wiring.term_lists()
    if dry_run:
        return edited(lists.current(), edit, datetime.now(UTC))
    return lists.edit(edit, expected_version=expected_version)


@task_in_thread("read-terms")
def versions(most: int) -> list[TermList]:
    """The list's last versions, the latest first."""
    return wiring.term_lists().history(most)


@task_in_thread("read-version")
def version(number: int) -> TermList:
    """One version of the list."""
    return wiring.term_lists().version(number)
