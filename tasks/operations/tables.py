"""Tables that staff edit in versions: the next version made, and whichever counts shown."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from prefect.artifacts import acreate_markdown_artifact

import wiring
from clients.s3 import ObjectStore
from models.versioned import Versioned
from reports.replies import openings_report, services_report
from stores.openings import Openings
from stores.services import Services
from stores.versioned import VersionedTable
from tasks.in_thread import task_in_thread
from tasks.without_words import call_task


@dataclass(frozen=True)
class StaffTable:
    """A table: the key of its artifact, what people call it, where it is kept and how it is shown."""

    key: str
    title: str
    store: Callable[[ObjectStore], VersionedTable[Any, Any]]
    report: Callable[[Any], str]


OPENINGS = StaffTable("openings", "첫마디", Openings, openings_report)
SERVICES = StaffTable("services", "채팅 서비스", Services, services_report)


@task_in_thread("edit-table")
def change_table(table: StaffTable, add: Sequence[Any], remove: Sequence[str], by: str) -> Versioned:
    """Make the next version, or read the latest where there is nothing to change."""
    kept = table.store(wiring.object_store())
    version: Versioned = kept.edit(add, remove, by=by) if add or remove else kept.current()
    return version


@call_task("show-table")
async def show_table(table: StaffTable, version: Versioned) -> None:
    """Write the artifact; its key keeps the versions together."""
    text = await asyncio.to_thread(table.report, version)
    await acreate_markdown_artifact(text, key=table.key, description=f"{table.title} {version.version}판")
