"""A call that shows a danger: people are told at once, its run is marked, and its record says that they were."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid5

import httpx
from prefect import get_client, get_run_logger, runtime
from prefect.client.orchestration import PrefectClient
from prefect.exceptions import PrefectHTTPStatusError

import wiring
from models.call.alarms import DANGER, DANGER_FOUND
from models.errors import VendorUnavailable
from models.signals.told import CallSignals
from reports.notices import danger_facts
from tasks.call.claim import HeldCall
from tasks.operations.events import event_about, post_events

TAG = "danger"
EVENTS = UUID("7d4e0d5a-6f0b-4a37-9a51-2f6d2b0a7c11")


async def tell_danger(call: HeldCall, signals: CallSignals) -> None:
    """Tell of a call's danger once. VendorUnavailable where Prefect's server does not take it: then the call waits and is told again."""
    checkpoint = call.left
    if checkpoint.record.danger_told:
        return
    try:
        async with get_client() as client:
            # Told first and noted then: whoever is killed in between tells it twice, under the same id, not never.
            facts = danger_facts(checkpoint.record.call_id, str(runtime.flow_run.id), datetime.now(UTC))
            event_id = str(uuid5(EVENTS, checkpoint.record.call_id))
            await post_events(client, [event_about(DANGER_FOUND, DANGER, facts, event_id=event_id)])
            await _mark_run(client)
    except (httpx.HTTPError, PrefectHTTPStatusError) as error:
        raise VendorUnavailable(
            f"Prefect's server did not take the alarm of call {checkpoint.record.call_id}: {type(error).__name__}",
            remedy="Look at the server; the call is told of when it is tried again",
        ) from error
    records = wiring.call_records()
    call.left = await asyncio.to_thread(lambda: records.save(checkpoint, signals=signals, danger_told=True))
    get_run_logger().warning("Call %s shows a danger; people were told", checkpoint.record.call_id)


async def _mark_run(client: PrefectClient) -> None:
    """Tag the run, so that the runs of such calls are found in the UI."""
    run = await client.read_flow_run(UUID(str(runtime.flow_run.id)))
    await client.update_flow_run(run.id, tags=[*run.tags, *([] if TAG in run.tags else [TAG])])
