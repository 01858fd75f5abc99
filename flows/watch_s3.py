"""The listener: S3 notifications in, Prefect events out. ``python -m flows.watch_s3`` (a service, not a flow run).

It has no state of its own. A message is deleted from the queue only after Prefect's server has accepted the events it
announces, so a listener or a server that dies loses nothing: the queue hands the message out again, and the event has the same
id. Messages that are no notification stay in the queue for its dead-letter rule.
"""

import asyncio
import logging
import signal
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from prefect import get_client
from prefect.client.orchestration import PrefectClient

import wiring
from clients.sqs import NotificationQueue, QueueMessage
from models.call.notifications import EVENT_NAME, STRAY_EVENT_NAME, UnreadableMessage, event_id, landed
from models.call.record import Recording
from models.errors import ReadbackError
from stores.landed import announce

logger = logging.getLogger("readback.watch_s3")

LONGEST_PAUSE_SECONDS = 30.0


def event_of(recording: Recording) -> dict[str, Any]:
    """The Prefect event that announces a recording; the automation turns it into a run of ``process-call``.

    It names the call alone: Prefect keeps events beyond an erasure.
    """
    return {
        "id": str(event_id(recording)),
        "event": EVENT_NAME,
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": f"readback.recording.{recording.call_id}"},
        "payload": {"call_id": recording.call_id},
    }


def stray_event_of(stray: Recording) -> dict[str, Any]:
    """The event that counts an object which is no recording, for the digest; it names nothing, for a key may hold anything."""
    return {
        "id": str(event_id(stray)),
        "event": STRAY_EVENT_NAME,
        "occurred": datetime.now(UTC).isoformat(),
        "resource": {"prefect.resource.id": f"readback.stray.{stray.call_id}"},
    }


async def post_events(client: PrefectClient, events: Sequence[dict[str, Any]]) -> None:
    """Hand events to the server and wait until it has accepted them (``emit_event`` would return at once and lose them)."""
    response = await client.request("POST", "/events", json=events)
    response.raise_for_status()


async def pass_on(client: PrefectClient, queue: NotificationQueue, messages: Sequence[QueueMessage]) -> Counter[str]:
    """Turn one batch of messages into events, then delete them; returns what became of them."""
    seen: Counter[str] = Counter()
    readable: list[QueueMessage] = []
    recordings: list[Recording] = []
    strays: list[Recording] = []
    prefix = wiring.settings().recordings_prefix
    for message in messages:
        try:
            announced = landed(message.body, prefix)
        except UnreadableMessage as error:
            seen["unreadable"] += 1
            logger.error("Left in the queue after delivery %s: %s", message.deliveries, error)
            continue
        readable.append(message)
        recordings += announced.recordings
        strays += announced.strays
    recordings, erased = await _announced(recordings)
    if recordings or strays:
        await post_events(client, [*map(event_of, recordings), *map(stray_event_of, strays)])
    for folder, count in Counter(stray.key.rpartition("/")[0] for stray in strays).items():
        logger.warning(
            "Started nothing for %s .wav in %s/: no recording by its key under READBACK_RECORDINGS_PREFIX (%s). "
            "Recordings lie under <prefix>[<instance>/][CallRecordings/]YYYY/MM/DD/<contactId>_<YYYYMMDD>T<HH:MM>_UTC.wav",
            count,
            folder,
            prefix or "the whole bucket",
        )
    for message in readable:
        await asyncio.to_thread(queue.delete, message)
    seen.update(recordings=len(recordings), strays=len(strays), erased=erased, messages=len(messages))
    return seen


async def _announced(recordings: Sequence[Recording]) -> tuple[list[Recording], int]:
    """Write down which recordings the events will be about; returns those, and how many calls were erased and are announced no more."""
    store = wiring.object_store()
    told = await asyncio.gather(*(asyncio.to_thread(announce, store, recording) for recording in recordings))
    return [recording for recording, may_be_told in zip(recordings, told, strict=True) if may_be_told], told.count(False)


async def watch(stop: asyncio.Event) -> None:
    """Pass messages on until told to stop; troubles are logged and retried with growing pauses, never fatal."""
    queue, pause = wiring.notification_queue(), 0.5
    logger.info("Watching %s", queue.queue_url)
    async with get_client() as client:
        while not stop.is_set():
            try:
                messages = await asyncio.to_thread(queue.receive, wait_seconds=5)
                if messages:
                    logger.info("Passed on %s", dict(await pass_on(client, queue, messages)))
                pause = 0.5
            except (ReadbackError, httpx.HTTPError, OSError) as error:
                logger.warning("Will try again in %.1f s: %s: %s", pause, type(error).__name__, error)
                await _sleep(stop, pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout=seconds)
    except TimeoutError:
        return


async def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await watch(stop)


if __name__ == "__main__":
    asyncio.run(main())
