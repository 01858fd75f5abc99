"""Alarms: raised when they do not stand and cleared when they do; Prefect variables say which stand, and why.

Raising and clearing are events, and automations tell people of them (``deployments/notifications.py``).
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import VariableCreate, VariableUpdate
from prefect.exceptions import ObjectAlreadyExists

from models.call.alarms import CLEARED, RAISED, Alarm, Standing
from reports.notices import cleared_facts
from tasks.operations.events import event_about, post_events


def _variable(alarm: Alarm) -> str:
    return f"readback_alarm_{alarm.replace('-', '_')}"


async def standing_alarm(client: PrefectClient, alarm: Alarm) -> Standing | None:
    """The alarm as it stands, or None."""
    variable = await client.read_variable_by_name(_variable(alarm))
    return Standing.model_validate(variable.value) if variable else None


async def raise_alarm(client: PrefectClient, alarm: Alarm, facts: Mapping[str, str], *, cause: str = "") -> bool:
    """Raise an alarm; False when it stands already for the same cause, and people were told."""
    known = await standing_alarm(client, alarm)
    if known is not None and known.cause == cause:
        return False
    # Told first and noted then: whoever is killed in between tells it twice, not never.
    await post_events(client, [event_about(RAISED, alarm.resource, facts)])
    await keep_alarm(client, alarm, Standing(cause=cause, since=datetime.now(UTC)))
    return True


async def keep_alarm(client: PrefectClient, alarm: Alarm, standing: Standing) -> None:
    """Note an alarm as it stands."""
    value = standing.model_dump(mode="json")
    try:
        await client.create_variable(VariableCreate(name=_variable(alarm), value=value))
    except ObjectAlreadyExists:
        await client.update_variable(VariableUpdate(name=_variable(alarm), value=value))


async def clear_alarm(client: PrefectClient, alarm: Alarm, standing: Standing, facts: Mapping[str, str] | None = None) -> None:
    """Clear an alarm that stands."""
    told = {**(facts or {}), **cleared_facts(standing, datetime.now(UTC))}
    await post_events(client, [event_about(CLEARED, alarm.resource, told)])
    await client.delete_variable_by_name(_variable(alarm))
