"""Staff edit the openings that may be said first to a caller who feels so and wants that."""

from prefect import flow

from models.replies.openings import Opening
from tasks.operations.tables import OPENINGS, change_table, show_table
from tasks.retrying import NO_RESULT


@flow(name="edit-openings", **NO_RESULT)
async def edit_openings(add: list[Opening] | None = None, remove: list[str] | None = None, edited_by: str = "") -> None:
    """Approve openings, take others out, and show the table that then counts. Without changes it is only shown.

    Args:
        add: Openings to approve: the group of emotions, words of the request (empty: any), and what is said.
        remove: Openings to take out, each as it stands in the table.
        edited_by: Who approves them, kept with the version.
    """
    await show_table(OPENINGS, await change_table(OPENINGS, add or [], remove or [], edited_by))
