"""The listener hands every announced recording to Prefect, and tells of what looks like one and is none."""

import asyncio
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote_plus

import pytest
from prefect.client.orchestration import PrefectClient

import wiring
from clients.s3 import ObjectStore
from clients.sqs import NotificationQueue, QueueMessage
from flows.digest import digest
from flows.watch_s3 import pass_on
from models.call.ended import day_in_korea
from models.call.notifications import EVENT_NAME, STRAY_EVENT_NAME
from tasks.operations.runs import count_events
from tests.flows.conftest import artifact


class Delivered(NotificationQueue):
    """A queue that only remembers what was deleted from it."""

    def __init__(self) -> None:
        self.deleted: list[QueueMessage] = []

    def delete(self, message: QueueMessage) -> None:
        self.deleted.append(message)


def message(key: str) -> QueueMessage:
    item = {"key": quote_plus(key), "size": 1, "eTag": datetime.now(UTC).isoformat()}
    body = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "aicc-operations"}, "object": item}}]}
    return QueueMessage(body=json.dumps(body), receipt="r", deliveries=1)


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
    with caplog.at_level(logging.WARNING, "readback.watch_s3"):
        seen = await pass_on(client, queue, [message(key) for key in keys])
    assert dict(seen) == {"recordings": 1, "strays": 2, "erased": 0, "messages": 4}
    assert len(queue.deleted) == 4
    assert "Started nothing for 2 .wav in recordings/2026/11/20/: no recording by its key under READBACK_RECORDINGS_PREFIX" in caplog.text
    assert "010-1234-5678" not in caplog.text
    for name, count in ((EVENT_NAME, 1), (STRAY_EVENT_NAME, 2)):
        while await count_events(client, name, begun, datetime.now(UTC)) < count:
            await asyncio.sleep(0.1)  # the server writes events down in batches
    await digest(day_in_korea(begun))
    assert "| 녹취 이름이 아니어서 처리하지 않은 .wav | 2 |" in await artifact(client, "digest")
