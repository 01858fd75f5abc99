"""The queue over SQS's protocol (moto's server): what is received is deleted together."""

from typing import Any

import pytest

from clients.sqs import NotificationQueue, QueueMessage
from models.errors import VendorUnavailable

REGION = "ap-northeast-2"


@pytest.fixture
def queue(s3_server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> NotificationQueue:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    made = NotificationQueue("", region=REGION, endpoint_url=s3_server)
    made.queue_url = made._sqs.create_queue(QueueName=f"queue-{abs(hash(request.node.nodeid)) % 10**9}")["QueueUrl"]
    return made


def waiting(queue: NotificationQueue) -> int:
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = queue._sqs.get_queue_attributes(QueueUrl=queue.queue_url, AttributeNames=names)["Attributes"]
    return sum(int(told[name]) for name in names)


def test_what_is_dealt_with_is_deleted_and_the_rest_stays(queue: NotificationQueue) -> None:
    for number in range(4):
        queue._sqs.send_message(QueueUrl=queue.queue_url, MessageBody=str(number))
    messages = queue.receive(wait_seconds=1)
    assert sorted(message.body for message in messages) == ["0", "1", "2", "3"]
    queue.delete(messages[:3])
    queue.delete([])
    assert waiting(queue) == 1


def test_a_message_that_sqs_keeps_is_told(queue: NotificationQueue) -> None:
    queue._sqs.send_message(QueueUrl=queue.queue_url, MessageBody="dealt with")
    (message,) = queue.receive(wait_seconds=1)
    with pytest.raises(VendorUnavailable, match="did not delete 1 messages"):
        queue.delete([message, QueueMessage("never received", "no handle of this queue", 1)])
    assert waiting(queue) == 0
