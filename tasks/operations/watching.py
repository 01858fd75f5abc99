"""What the reaper looks at every minute so that people are told: too many quarantined calls, and a pause that is over."""

from collections import Counter
from datetime import datetime, timedelta

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType

import wiring
from models.call.alarms import Alarm, QuarantineRules, too_many_quarantined
from reports.notices import quarantine_facts, quiet_quarantine_facts
from tasks.flow_names import CALL_FLOW
from tasks.operations.alarms import clear_alarm, keep_alarm, raise_alarm, standing_alarm
from tasks.operations.pause import pause_in_force
from tasks.operations.runs import QUARANTINED, changed_since, count_calls


async def watch_quarantine(client: PrefectClient, now: datetime) -> None:
    """Raise or clear the alarm of too many quarantined calls among those that ended lately.

    Prefect's event triggers count events and know no share, and its metric triggers are the Cloud's: so it is reckoned here.
    """
    chosen = wiring.settings()
    since, minutes = now - timedelta(minutes=chosen.quarantine_alarm_minutes), chosen.quarantine_alarm_minutes
    quarantined = await count_calls(client, name=QUARANTINED, ended_after=since)
    standing = await standing_alarm(client, Alarm.QUARANTINE)
    if not quarantined and standing is None:
        return
    ended = quarantined + await count_calls(client, types=[StateType.COMPLETED], ended_after=since)
    rules = QuarantineRules(calls=chosen.quarantine_alarm_calls, percent=chosen.quarantine_alarm_percent)
    if too_many_quarantined(quarantined, ended, rules, stands=standing is not None):
        if standing is None:
            errors, first = await _quarantined_lately(client, since)
            await raise_alarm(client, Alarm.QUARANTINE, quarantine_facts(errors, ended=ended, minutes=minutes, since=first or now))
    elif standing is not None:
        await clear_alarm(client, Alarm.QUARANTINE, standing, quiet_quarantine_facts(quarantined, ended=ended, minutes=minutes))


async def _quarantined_lately(client: PrefectClient, since: datetime) -> tuple[Counter[str], datetime | None]:
    """The codes of the errors that sent calls to quarantine, and when the first of them went."""
    errors, first = Counter[str](), None
    async for run in changed_since(client, CALL_FLOW, StateType.FAILED, since):
        if run.state is not None and run.state.name == QUARANTINED:
            errors[(run.state.message or "error").partition(" ")[0]] += 1
            first = min(first or run.state.timestamp, run.state.timestamp)
    return errors, first


async def watch_pause(client: PrefectClient, now: datetime) -> None:
    """Clear the alarm of paused calls once calls are finished again.

    That the queues are open says little: they open every few minutes to try the vendor.
    """
    standing = await standing_alarm(client, Alarm.CALLS_PAUSED)
    if standing is None:
        return
    gone_since = None if await pause_in_force(client) else standing.gone_since or now
    if gone_since and await count_calls(client, types=[StateType.COMPLETED], name="Completed", ended_after=gone_since):
        await clear_alarm(client, Alarm.CALLS_PAUSED, standing)
    elif gone_since != standing.gone_since:
        await keep_alarm(client, Alarm.CALLS_PAUSED, standing.model_copy(update={"gone_since": gone_since}))
