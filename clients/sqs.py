"""The SQS queue that receives the bucket's notifications."""

from collections.abc import Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from clients.aws import aws_client, aws_error
from models.errors import VendorReply, VendorUnavailable


@dataclass(frozen=True)
class QueueMessage:
    """One message: its body, the handle that deletes it, and how many times it has been handed out."""

    body: str
    receipt: str
    deliveries: int


class NotificationQueue:
    """One queue, read by long polling. What is not deleted comes back after the queue's visibility timeout."""

    def __init__(self, queue_url: str, *, region: str, endpoint_url: str | None = None) -> None:
        """Make a client; nothing is sent until a method is called."""
        self.queue_url = queue_url
        self._sqs = aws_client("sqs", region=region, endpoint_url=endpoint_url, timeout_seconds=30)

    def receive(self, *, wait_seconds: int = 10) -> list[QueueMessage]:
        """Wait up to ``wait_seconds`` (20 at most) for messages; ten at most come at a time."""
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self.queue_url,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=wait_seconds,
                AttributeNames=["ApproximateReceiveCount"],
            )
        except (ClientError, BotoCoreError) as error:
            raise aws_error(error, f"receive from {self.queue_url}", service="SQS") from error
        return [
            QueueMessage(m["Body"], m["ReceiptHandle"], int(m.get("Attributes", {}).get("ApproximateReceiveCount", "1")))
            for m in answer.get("Messages", [])
        ]

    def delete(self, messages: Sequence[QueueMessage]) -> None:
        """Tell the queue that messages, as many as one ``receive`` gave, are dealt with; VendorUnavailable where it keeps one of them."""
        if not messages:
            return
        entries = [{"Id": str(index), "ReceiptHandle": message.receipt} for index, message in enumerate(messages)]
        try:
            answer = self._sqs.delete_message_batch(QueueUrl=self.queue_url, Entries=entries)
        except (ClientError, BotoCoreError) as error:
            raise aws_error(error, f"delete messages of {self.queue_url}", service="SQS") from error
        if kept := answer.get("Failed"):
            said = f"SQS did not delete {len(kept)} messages, which come again: {kept[0]['Code']}"
            raise VendorUnavailable(said, reply=VendorReply("AWS"))
