"""Events of ours on Prefect's server: handed over so that none is lost, counted, and who last gave a sign of life.

No event tells more of a call than its id (ADR 14).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from prefect.client.orchestration import PrefectClient


def event_about(name: str, resource: str, payload: Mapping[str, Any] | None = None, *, event_id: str = "") -> dict[str, Any]:
    """An event as the server takes it."""
    return {
        "id": event_id or str(uuid4()),
        "event": name,
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": resource},
        "payload": dict(payload or {}),
    }


async def post_events(client: PrefectClient, events: Sequence[Mapping[str, Any]]) -> None:
    """Hand events to the server and wait until it has accepted them (``emit_event`` would return at once and lose them)."""
    response = await client.request("POST", "/events", json=list(events))
    response.raise_for_status()


async def count_events(client: PrefectClient, name: str, since: datetime, until: datetime) -> int:
    """How many events of a name occurred in a stretch of time, as far as the server still keeps them."""
    which = {"occurred": {"since": since.isoformat(), "until": until.isoformat()}, "event": {"name": [name]}}
    answer = await client.request("POST", "/events/count-by/{countable}", path_params={"countable": "event"}, json={"filter": which})
    answer.raise_for_status()
    return sum(count["count"] for count in answer.json())


async def last_occurred(client: PrefectClient, names: Sequence[str], resource: str, *, within: timedelta) -> datetime | None:
    """When one of these events last occurred to a resource, as far as the server still keeps them."""
    now = datetime.now(UTC)
    which = {
        "occurred": {"since": (now - within).isoformat(), "until": now.isoformat()},
        "event": {"name": list(names)},
        "resource": {"id": [resource]},
        "order": "DESC",
    }
    answer = await client.request("POST", "/events/filter", json={"filter": which, "limit": 1})
    answer.raise_for_status()
    return next((datetime.fromisoformat(event["occurred"]) for event in answer.json()["events"]), None)
