"""The listener hands every announced recording to Prefect, and tells of what looks like one and is none."""

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote_plus

import pytest
import requests
from prefect.client.orchestration import PrefectClient

import flows.watch_s3
import wiring
from clients.s3 import ObjectStore
from clients.sqs import NotificationQueue, QueueMessage
from flows.digest import digest
from flows.watch_s3 import listen, pass_on
from models.call.alarms import ALIVE
from models.call.korea import day_in_korea
from models.call.notifications import EVENT_NAME, STRAY_EVENT_NAME
from models.call.record import Outcome, Recording
from models.errors import VendorUnavailable
from sandbox.processes import free_port, spawn
from stores.contact_records import ContactRecords
from tasks.operations.events import count_events
from tests.flows.conftest import artifact, put_record, put_recording

ROOT = Path(__file__).parents[2]


class Delivered(NotificationQueue):
    """A queue that only remembers what was deleted from it."""

    def __init__(self) -> None:
        self.deleted: list[QueueMessage] = []

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        self.deleted += messages


def message(key: str) -> QueueMessage:
    item = {"key": quote_plus(key), "size": 1, "eTag": datetime.now(UTC).isoformat()}
    body = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "aicc-operations"}, "object": item}}]}
    return QueueMessage(body=json.dumps(body), receipt="r", deliveries=1)


class Unreachable(Delivered):
    """A queue that cannot be reached."""

    queue_url = "http://queue"

    def receive(self, *, wait_seconds: int = 10) -> list[QueueMessage]:
        raise VendorUnavailable("could not receive from the queue")


class Empty(Unreachable):
    """A queue without messages."""

    def receive(self, *, wait_seconds: int = 10) -> list[QueueMessage]:
        return []


def asked(port: int) -> tuple[int, str]:
    answer = requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10)
    return answer.status_code, answer.text


async def listening(monkeypatch: pytest.MonkeyPatch, queue: NotificationQueue) -> tuple[asyncio.Event, asyncio.Task[None], int]:
    """The whole listener with another queue, and its port."""
    port, stop = free_port(), asyncio.Event()
    monkeypatch.setenv("READBACK_LISTENER_HEALTH_PORT", str(port))
    monkeypatch.setattr(wiring, "notification_queue", cache(lambda: queue))
    wiring.settings.cache_clear()
    return stop, asyncio.create_task(listen(stop)), port


async def until(said: str, caplog: pytest.LogCaptureFixture) -> None:
    while said not in caplog.text:
        await asyncio.sleep(0.05)


async def test_a_listener_that_cannot_reach_its_queue_answers_503_with_the_reason_and_gives_no_sign_of_life(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = datetime.now(UTC)
    with caplog.at_level(logging.INFO, "readback.watch_s3"):
        stop, task, port = await listening(monkeypatch, Unreachable())
        await until("Lives, but cannot reach SQS", caplog)
        status, told = await asyncio.to_thread(asked, port)
        assert (status, "VendorUnavailable: could not receive from the queue" in told) == (503, True)
        stop.set()
        await task
    assert await count_events(client, ALIVE, begun, datetime.now(UTC)) == 0


async def test_a_listener_that_waits_says_so_answers_200_and_gives_a_sign_of_life(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = datetime.now(UTC)
    with caplog.at_level(logging.INFO, "readback.watch_s3"):
        stop, task, port = await listening(monkeypatch, Empty())
        await until("Lives: took 0 messages, started 0 calls", caplog)
        assert await asyncio.to_thread(asked, port) == (200, "ok")
        stop.set()
        await task
    while await count_events(client, ALIVE, begun, datetime.now(UTC)) < 1:
        await asyncio.sleep(0.5)  # the server writes events down in batches


def test_the_listeners_process_writes_its_log_though_prefect_has_set_up_logging(run_listener: Callable[..., str]) -> None:
    said = run_listener(READBACK_QUEUE_URL="http://127.0.0.1:9/queue", READBACK_AWS_ENDPOINT_URL="http://127.0.0.1:9", until="Lives, but")
    assert "INFO Watching http://127.0.0.1:9/queue" in said
    assert "WARNING Will try again in 0.5 s: SQS: VendorUnreachable" in said


def test_a_listener_without_a_queue_says_in_one_sentence_what_to_set(run_listener: Callable[..., str]) -> None:
    assert run_listener(READBACK_QUEUE_URL="") == "no notification queue is named. Set READBACK_QUEUE_URL.\n"


@pytest.fixture
def run_listener(tmp_path: Path) -> Callable[..., str]:
    """The listener as a process of its own, until it has said something or ended; returns its log."""

    def run(*, until: str = "", **settings: str) -> str:
        environment = os.environ | {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"} | settings
        environment |= {"READBACK_LISTENER_HEALTH_PORT": "0", "PREFECT_API_URL": "http://127.0.0.1:9/api"}
        child = spawn("watch-s3", [sys.executable, "-m", "flows.watch_s3"], environment, tmp_path, ROOT)
        while child.process.poll() is None and not (until and until in child.said()):
            time.sleep(0.1)
        child.stop()
        return child.said()

    return run


@pytest.fixture
def flat_prefix(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("READBACK_RECORDINGS_PREFIX", "recordings/")
    wiring.forget_clients()
    yield
    wiring.forget_clients()


async def test_a_prefix_without_callrecordings_starts_calls_and_strays_are_counted_in_the_digest(
    flat_prefix: None, client: PrefectClient, caplog: pytest.LogCaptureFixture
) -> None:
    begun, queue = datetime.now(UTC), Delivered()
    keys = (
        "recordings/2026/11/20/c-1_20261120T01:30_UTC.wav",
        "recordings/2026/11/20/010-1234-5678.wav",
        "recordings/2026/11/20/voicemail.wav",
        "recordings/2026/11/20/readme.txt",
    )
    with caplog.at_level(logging.INFO, "readback.watch_s3"):
        seen = await pass_on(client, queue, [message(key) for key in keys])
    assert dict(seen) == {"recordings": 1, "strays": 2, "erased": 0, "messages": 4, "left": 0}
    assert len(queue.deleted) == 4
    assert "Started nothing for 2 .wav in recordings/2026/11/20/: no recording by its key under READBACK_RECORDINGS_PREFIX" in caplog.text
    assert "Took recordings/2026/11/20/…_20261120T01:30_UTC.wav: call " in caplog.text
    assert "010-1234-5678" not in caplog.text
    for name, count in ((EVENT_NAME, 1), (STRAY_EVENT_NAME, 2)):
        while await count_events(client, name, begun, datetime.now(UTC)) < count:
            await asyncio.sleep(0.5)  # the server writes events down in batches
    await digest(day_in_korea(begun))
    assert "| 녹취 이름이 아니어서 처리하지 않은 .wav | 2 |" in await artifact(client, "digest")


async def test_a_request_that_fails_leaves_its_message_in_the_queue_and_holds_up_no_other(
    flat_prefix: None, client: PrefectClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, before = Delivered(), flows.watch_s3.announce

    def sometimes(store: ObjectStore, recording: Recording) -> bool:
        if recording.contact_id == "c-2":
            raise VendorUnavailable("could not write")
        return before(store, recording)

    monkeypatch.setattr(flows.watch_s3, "announce", sometimes)
    messages = [message(f"recordings/2026/11/20/c-{n}_20261120T01:30_UTC.wav") for n in (1, 2, 3)]
    with caplog.at_level(logging.INFO, "readback.watch_s3"):
        seen = await pass_on(client, queue, messages)
    assert (seen["recordings"], seen["left"], len(queue.deleted)) == (2, 1, 2)
    assert "Left 1 of 3 messages in the queue: VendorUnavailable: could not write" in caplog.text
    with pytest.raises(VendorUnavailable):
        await pass_on(client, queue, messages[1:2])


async def test_an_error_that_nobody_foresaw_is_raised_though_a_foreseen_one_came_first(
    flat_prefix: None, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(store: ObjectStore, recording: Recording) -> bool:
        raise VendorUnavailable("could not write") if recording.contact_id == "c-1" else RuntimeError("a bug")

    monkeypatch.setattr(flows.watch_s3, "announce", fails)
    messages = [message(f"recordings/2026/11/20/c-{n}_20261120T01:30_UTC.wav") for n in (1, 2)]
    with pytest.raises(RuntimeError, match="a bug"):
        await pass_on(client, Delivered(), messages)


async def test_contact_records_of_firehose_reach_their_call_and_a_broken_file_stays_in_the_queue(
    store: ObjectStore, client: PrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_CONTACT_RECORDS_PREFIX", "ctr/")
    wiring.settings.cache_clear()
    record = put_record(store, put_recording(store, "c-1"), "run", outcome=Outcome.READ_BACK)
    ContactRecords(store).mark("c-1", record.call_id)
    told = {"Agent": {"Username": "kim"}, "LastUpdateTimestamp": "2026-11-29T03:06:00Z"}
    store.put("ctr/2026/11/29/one", "".join(json.dumps({**told, "ContactId": name}) for name in ("c-1", "c-2")).encode())
    store.put("ctr/2026/11/29/two", b'{"ContactId": "c-1"')
    queue = Delivered()
    seen = await pass_on(client, queue, [message("ctr/2026/11/29/one"), message("ctr/2026/11/29/two"), message("ctr/2026/11/29/gone")])
    assert wiring.call_records().read(record.call_id).record.contact.agent == "kim"
    assert (len(queue.deleted), seen["unreadable"], seen["left"]) == (2, 1, 0)
