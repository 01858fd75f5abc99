"""Automations that tell people what goes wrong, through one of Prefect's notification blocks (ADR 15). Part of ``deployments.register``.

Which block is a setting; the block itself, with its address or token, is made by people in Prefect's UI. The automations are ours:
registering again sets their words and triggers, takes away those of earlier releases, and leaves off what a person has switched off.
"""

import logging
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

from models.call.alarms import ALIVE, EXPECTED
from models.errors import ConfigurationError
from reports.notices import NOTICES, Notice
from wiring.configuration import Settings

logger = logging.getLogger("readback.register")
OWNER = "readback.notifications"
_SETTING = "READBACK_NOTIFICATION_BLOCK"


async def register_notifications(client: PrefectClient, settings: Settings) -> None:
    """Make the automations what they should be. ConfigurationError when the block is not there or sends nothing."""
    wanted: list[AutomationCore] = []
    if settings.notification_block:
        block = await _block(client, settings.notification_block)
        wanted = [automation_of(notice, block, settings) for notice in NOTICES]
    else:
        logger.warning("Nobody is told of pauses, quarantine and silence: make a notification block in Prefect's UI and set %s", _SETTING)
    known = {automation.name: automation for automation in await client.read_resource_related_automations(OWNER)}
    for name in known.keys() - {automation.name for automation in wanted}:
        await client.delete_automation(known[name].id)
    for automation in wanted:
        await _register(client, automation, known.get(automation.name))


async def _register(client: PrefectClient, wanted: AutomationCore, known: Automation | None) -> None:
    if known is None:
        await client.create_automation(wanted)
        logger.info("Automation %s created", wanted.name)
        return
    # The owner is set for good when an automation is made: the server neither tells it nor takes it again.
    ours = wanted.model_dump(exclude={"owner_resource"}) | {"enabled": known.enabled}
    if ours != known.model_dump(exclude={"owner_resource", "id"}):
        await client.update_automation(known.id, AutomationCore.model_validate(ours))
        logger.info("Automation %s changed", wanted.name)


async def _block(client: PrefectClient, named: str) -> UUID:
    kind, _, name = named.partition("/")
    remedy = f"Make it in Prefect's UI (Blocks), or set {_SETTING} to the type and name of one that is there, as slack-webhook/operations"
    try:
        block = await client.read_block_document_by_name(name, kind)
    except ObjectNotFound as error:
        raise ConfigurationError(f"{_SETTING}: there is no block {named!r}", remedy=remedy) from error
    if block.block_schema is None or "notify" not in block.block_schema.capabilities:
        raise ConfigurationError(f"{_SETTING}: block {named!r} cannot notify", remedy=remedy)
    return block.id


def automation_of(notice: Notice, block: UUID, settings: Settings) -> AutomationCore:
    """The automation that sends a notice."""
    return AutomationCore(
        name=notice.name,
        description=f"{_when(notice, settings)} 알립니다. deployments.register가 관리하고, 블록은 READBACK_NOTIFICATION_BLOCK이 정합니다.",
        tags=["readback"],
        trigger=_told_by(notice) if notice.event else _silence(notice, settings.process_silent_seconds),
        actions=[SendNotification(block_document_id=block, subject=notice.subject, body=notice.body)],
        owner_resource=OWNER,
    )


def _when(notice: Notice, settings: Settings) -> str:
    """In words, for the UI shows but "a custom trigger"."""
    if notice.event:
        return f"이벤트 {notice.event}({notice.resource})가 오면"
    return f"이벤트 {ALIVE}({notice.resource})가 {settings.process_silent_seconds}초 동안 오지 않으면"


def _told_by(notice: Notice) -> EventTrigger:
    match = {"prefect.resource.id": notice.resource}
    return EventTrigger.model_validate({"match": match, "expect": {notice.event}, "posture": Posture.Reactive, "threshold": 1, "within": 0})


def _silence(notice: Notice, seconds: int) -> EventTrigger:
    """Fires once when no sign of life follows the last one; the next sign sets it again."""
    match = {"prefect.resource.id": notice.resource}
    return EventTrigger.model_validate(
        {
            "match": match,
            "after": {ALIVE, EXPECTED},
            "expect": {ALIVE},
            "posture": Posture.Proactive,
            "threshold": 1,
            "within": seconds,
        }
    )
