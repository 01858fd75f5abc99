"""Signs of life: processes that nobody watches tell the server every minute that they do their work.

An automation tells people when the sign of one of them is missing (``deployments/notifications.py``).
"""

from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import PrefectClient

import wiring
from models.call.alarms import ALIVE, BACK, EXPECTED, Watched
from models.call.korea import in_korea
from tasks.operations.events import event_about, last_occurred, post_events

# As long as Prefect keeps events by default.
_MEMORY = timedelta(days=7)


async def say_alive(client: PrefectClient, process: Watched) -> None:
    """Tell the server that a process does its work, and that it is back when it was silent for so long that people were told."""
    now = datetime.now(UTC)
    heard = await last_occurred(client, (ALIVE, EXPECTED), process.resource, within=_MEMORY)
    events = [event_about(ALIVE, process.resource, {"at": in_korea(now)})]
    if heard and now - heard > timedelta(seconds=wiring.settings().process_silent_seconds):
        events.append(event_about(BACK, process.resource, {"at": in_korea(now), "since": in_korea(heard)}))
    await post_events(client, events)


async def expect_alive(client: PrefectClient) -> None:
    """Tell the server which processes will give signs of life, so that one which never starts is missed as well."""
    now = in_korea(datetime.now(UTC))
    await post_events(client, [event_about(EXPECTED, process.resource, {"at": now}) for process in Watched])
