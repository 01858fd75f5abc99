"""When objects were written, to the millisecond: S3's listings tell seconds, its notifications tell more."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from models.keys import StorageKeys
from sandbox.stack import Stack

WATCHED = ("connect/", StorageKeys.PROMPTS, StorageKeys.DAYS)


class S3Clock:
    """Arrival times of a bucket's recordings, prompts and ended calls, as S3 notified them."""

    def __init__(self, sqs: Any, queue_url: str) -> None:
        """``queue_url`` gets the bucket's notifications."""
        self._sqs, self._url = sqs, queue_url
        self._times: dict[str, datetime] = {}

    def times(self) -> dict[str, datetime]:
        """What has arrived so far, by key."""
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get("Messages"):
            read = [{"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]} for index, message in enumerate(messages)]
            self._sqs.delete_message_batch(QueueUrl=self._url, Entries=read)
            for message in messages:
                for record in json.loads(message["Body"]).get("Records", []):
                    self._times[unquote_plus(record["s3"]["object"]["key"])] = datetime.fromisoformat(record["eventTime"])
        return self._times

    def wait_for(self, prefix: str, wanted: int, seconds: float) -> None:
        """Wait until so many objects have arrived below a prefix; look seldom, for looking costs the machine as well.

        A call that asks for nothing has no prompt; what every call has in the end is an object below ``StorageKeys.DAYS``.
        """
        deadline = time.monotonic() + seconds
        while (found := sum(key.startswith(prefix) for key in self.times())) < wanted:
            if time.monotonic() > deadline:
                raise SystemExit(f"only {found} of {wanted} objects below {prefix} after {seconds:.0f} s")
            time.sleep(1.0)


@contextmanager
def s3_clock(stack: Stack, bucket: str) -> Iterator[S3Clock]:
    """Have a bucket notify a queue of its own beside those it notifies already; afterwards it is as it was."""
    s3, sqs = stack.client("s3"), stack.client("sqs")
    before = s3.get_bucket_notification_configuration(Bucket=bucket).get("QueueConfigurations", [])
    url = sqs.create_queue(QueueName=f"clock-{bucket}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    watched = [
        {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"], "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": prefix}]}}}
        for prefix in WATCHED
    ]
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": before + watched})
    try:
        yield S3Clock(sqs, url)
    finally:
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": before})
        sqs.delete_queue(QueueUrl=url)
