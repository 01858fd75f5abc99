"""The table of the chat's services, edited and shown."""

import asyncio
from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.chat.services import Service, ServiceTable
from reports.replies import services_report
from stores.services import Services
from tasks.in_thread import task_in_thread
from tasks.without_words import call_task


@task_in_thread("edit-services")
def change_services(add: Sequence[Service], remove: Sequence[str], by: str) -> ServiceTable:
    """Make the next version, or read the latest where there is nothing to change."""
    services = Services(wiring.object_store())
    return services.edit(add, remove, by=by) if add or remove else services.current()


@call_task("show-services")
async def show_services(table: ServiceTable) -> None:
    """Write the artifact; its key keeps the versions together."""
    await acreate_markdown_artifact(
        await asyncio.to_thread(services_report, table), key="services", description=f"채팅 서비스 {table.version}판"
    )
