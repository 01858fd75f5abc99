"""The listener: S3 notifications in, Prefect events out. ``python -m flows.watch_s3`` (a service, not a flow run).

It has no state of its own. A message is deleted from the queue only after Prefect's server has accepted the events it
announces, so a listener or a server that dies loses nothing: the queue hands the message out again, and the event has the same
id. Messages that are no notification stay in the queue for its dead-letter rule.

Its log says what it takes and once a minute that it lives, ``/healthz`` on its port whether it does its work, and a sign of life
every minute lets an automation tell people when it does not.
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
from models.call.alarms import Watched
from models.call.caller_said import UnreadableContactRecord
from models.call.notifications import EVENT_NAME, STRAY_EVENT_NAME, Landed, UnreadableMessage, event_id, landed
from models.call.pulse import Peer, Pulse
from models.call.record import Recording
from models.errors import ReadbackError, in_one_sentence
from models.keys import shown_key
from stores.landed import announce
from tasks.operations.alive import say_alive
from tasks.operations.contact_records import take_contact_records
from tasks.operations.events import event_about, post_events
from tasks.operations.health_port import health_port
from wiring.logs import log_to_stderr

logger = logging.getLogger("readback.watch_s3")

LONGEST_PAUSE_SECONDS = 30.0
_SHORTEST_PAUSE_SECONDS = 0.5
BEAT_SECONDS = 60.0


def event_of(recording: Recording) -> dict[str, Any]:
    """The Prefect event that announces a recording; the automation turns it into a run of ``process-call``.

    It names the call alone: Prefect keeps events beyond an erasure.
    """
    resource = f"readback.recording.{recording.call_id}"
    return event_about(EVENT_NAME, resource, {"call_id": recording.call_id}, event_id=str(event_id(recording)))


def stray_event_of(stray: Recording) -> dict[str, Any]:
    """The event that counts an object which is no recording, for the digest; it names nothing, for a key may hold anything."""
    return event_about(STRAY_EVENT_NAME, f"readback.stray.{stray.call_id}", event_id=str(event_id(stray)))


async def pass_on(client: PrefectClient, queue: NotificationQueue, messages: Sequence[QueueMessage]) -> Counter[str]:
    """Turn one batch of messages into events, then delete them; returns what became of them.

    A message whose recording could not be announced stays in the queue and is counted as ``left``; where that befalls all, it is raised.
    """
    seen: Counter[str] = Counter()
    readable: list[tuple[QueueMessage, Landed]] = []
    settings = wiring.settings()
    prefix = settings.recordings_prefix
    for message in messages:
        try:
            readable.append((message, landed(message.body, prefix, settings.contact_records_prefix)))
        except UnreadableMessage as error:
            seen["unreadable"] += 1
            logger.error("Left in the queue after delivery %s: %s", message.deliveries, error)
    outcomes = await asyncio.gather(*(_take(one) for _, one in readable), return_exceptions=True)
    done = [(*one, told) for one, told in zip(readable, outcomes, strict=True) if not isinstance(told, BaseException)]
    for outcome in outcomes:
        if isinstance(outcome, UnreadableContactRecord):
            seen["unreadable"] += 1
            logger.error("Left in the queue: %s", outcome)
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException) and not isinstance(outcome, UnreadableContactRecord)]
    unforeseen = [error for error in failed if not isinstance(error, ReadbackError)]
    if unforeseen or (failed and not done):
        raise [*unforeseen, *failed][0]
    recordings = [recording for *_, told in done for recording in told]
    strays = [stray for _, one, _ in done for stray in one.strays]
    for recording in recordings:
        logger.info("Took %s: call %s", shown_key(recording.key), recording.call_id)
    if recordings or strays:
        await post_events(client, [*map(event_of, recordings), *map(stray_event_of, strays)])
    _warn_of(strays, prefix)
    await asyncio.to_thread(queue.delete, [message for message, *_ in done])
    if failed:
        logger.warning("Left %s of %s messages in the queue: %s", len(failed), len(messages), _told(failed[0]))
    erased = sum(len(one.recordings) - len(told) for _, one, told in done)
    contacts = sum(len(one.contact_files) + len(one.contact_records) for _, one, _ in done)
    if contacts:
        logger.info("Took contact records: %s files and messages", contacts)
    seen.update(recordings=len(recordings), strays=len(strays), erased=erased, messages=len(messages) - len(failed), left=len(failed))
    return seen


def _warn_of(strays: Sequence[Recording], prefix: str) -> None:
    for folder, count in Counter(stray.key.rpartition("/")[0] for stray in strays).items():
        logger.warning(
            "Started nothing for %s .wav in %s/: no recording by its key under READBACK_RECORDINGS_PREFIX (%s). "
            "Recordings lie under <prefix>[<instance>/][CallRecordings/]YYYY/MM/DD/<contactId>_<YYYYMMDD>T<HH:MM>_UTC.wav",
            count,
            folder,
            prefix or "the whole bucket",
        )


async def _take(one: Landed) -> list[Recording]:
    """Put what contact records tell into their calls, and announce recordings; returns those that may be told."""
    if one.contact_files or one.contact_records:
        await asyncio.to_thread(take_contact_records, one)
    return await _announced(one.recordings)


async def _announced(recordings: Sequence[Recording]) -> list[Recording]:
    """Write down which recordings the events will be about; returns those: an erased call is announced no more."""
    store = wiring.object_store()
    told = await asyncio.gather(*(asyncio.to_thread(announce, store, recording) for recording in recordings))
    return [recording for recording, may_be_told in zip(recordings, told, strict=True) if may_be_told]


async def watch(stop: asyncio.Event, client: PrefectClient, queue: NotificationQueue, pulse: Pulse, looked: asyncio.Event) -> None:
    """Pass messages on until told to stop; troubles are logged and retried with growing pauses, never fatal.

    ``looked`` is set once the queue was asked, with or without success.
    """
    pause = _SHORTEST_PAUSE_SECONDS
    logger.info("Watching %s", queue.queue_url)
    while not stop.is_set():
        pulse.turn(datetime.now(UTC))
        peer = Peer.QUEUE
        try:
            messages = await asyncio.to_thread(queue.receive, wait_seconds=5)
            pulse.reached(peer)
            looked.set()
            if messages:
                peer = Peer.BUCKET
                pulse.took(await pass_on(client, queue, messages), datetime.now(UTC))
                pulse.reached(Peer.BUCKET, Peer.SERVER)
            pause = _SHORTEST_PAUSE_SECONDS
        except (ReadbackError, httpx.HTTPError, OSError) as error:
            missed = Peer.SERVER if isinstance(error, httpx.HTTPError) else peer
            pulse.missed(missed, _told(error), datetime.now(UTC))
            logger.warning("Will try again in %.1f s: %s: %s", pause, missed, _told(error))
            looked.set()
            await _sleep(stop, pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


async def beat(stop: asyncio.Event, client: PrefectClient, pulse: Pulse) -> None:
    """Say in the log and to the server that the listener lives; a listener that cannot do its work gives no sign of life."""
    while not stop.is_set():
        if not pulse.trouble(datetime.now(UTC), without=[Peer.SERVER]):
            try:
                await say_alive(client, Watched.LISTENER)
                pulse.reached(Peer.SERVER)
            except httpx.HTTPError as error:
                pulse.missed(Peer.SERVER, _told(error), datetime.now(UTC))
        now = datetime.now(UTC)
        if trouble := pulse.trouble(now):
            logger.warning("Lives, but %s. %s", trouble, pulse.line(now))
        else:
            logger.info("Lives: %s", pulse.line(now))
        await _sleep(stop, BEAT_SECONDS)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), timeout=seconds)
    except TimeoutError:
        return


async def listen(stop: asyncio.Event) -> None:
    """Watch, beat and answer on the health port until told to stop."""
    queue, pulse, looked = wiring.notification_queue(), Pulse(began=datetime.now(UTC)), asyncio.Event()
    port = wiring.settings().listener_health_port
    with health_port(port, lambda: pulse.trouble(datetime.now(UTC)), setting="READBACK_LISTENER_HEALTH_PORT"):
        async with get_client() as client, asyncio.TaskGroup() as tasks:
            tasks.create_task(watch(stop, client, queue, pulse, looked))
            await looked.wait()
            tasks.create_task(beat(stop, client, pulse))


async def main() -> None:
    """Run until SIGTERM or Ctrl-C."""
    log_to_stderr()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await listen(stop)


if __name__ == "__main__":
    with in_one_sentence():
        asyncio.run(main())
