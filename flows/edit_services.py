"""Staff edit the services that a chat in the console begins with."""

from prefect import flow

from models.chat.services import Service
from tasks.operations.tables import SERVICES, change_table, show_table
from tasks.retrying import NO_RESULT


@flow(name="edit-services", **NO_RESULT)
async def edit_services(add: list[Service] | None = None, remove: list[str] | None = None, edited_by: str = "") -> None:
    """Add services, change those of the same name, take others out, and show the table that then counts. Without changes it is only shown.

    Args:
        add: Services to add or change: the name, what may be asked, and words of the documents' titles or headings (empty: all documents).
        remove: Services to take out, each by its name.
        edited_by: Who changes them, kept with the version.
    """
    await show_table(SERVICES, await change_table(SERVICES, add or [], remove or [], edited_by))
