"""The table of approved openings, edited and shown."""

import asyncio
from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.replies.openings import Opening, OpeningTable
from reports.replies import openings_report
from stores.openings import Openings
from tasks.in_thread import task_in_thread
from tasks.without_words import call_task


@task_in_thread("edit-openings")
def change_openings(add: Sequence[Opening], remove: Sequence[str], by: str) -> OpeningTable:
    """Make the next version, or read the latest where there is nothing to change."""
    openings = Openings(wiring.object_store())
    return openings.edit(add, remove, by=by) if add or remove else openings.current()


@call_task("show-openings")
async def show_openings(table: OpeningTable) -> None:
    """Write the artifact; its key keeps the versions together."""
    await acreate_markdown_artifact(
        await asyncio.to_thread(openings_report, table), key="openings", description=f"첫마디 {table.version}판"
    )
