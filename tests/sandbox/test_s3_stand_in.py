"""The S3 stand-in keeps the promise that the records stand on (a conditional write is one step) and has S3's limit on metadata."""

import http.client
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError
from moto.s3.models import S3Backend
from moto.sqs.models import SQSBackend

from clients.aws import aws_client
from clients.s3 import ObjectStore
from models.errors import StorageConflict
from sandbox.s3 import listen, spare_moto

REGION = "ap-northeast-2"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")


@pytest.fixture
def slow_to_write(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The stand-in in this process, with time for another request between moto's look at the entity tag and its write."""
    write = S3Backend.put_object
    monkeypatch.setattr(S3Backend, "put_object", lambda *given, **more: (time.sleep(0.02), write(*given, **more))[1])
    server = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_one_of_many_writers_that_saw_the_same_object_replaces_it(slow_to_write: str) -> None:
    store = ObjectStore("aicc-one-step", region=REGION, endpoint_url=slow_to_write)
    store._s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    etag = store.put("counter", b"0")

    def replace(writer: int) -> bool:
        try:
            store.put("counter", str(writer).encode(), only_if_etag=etag)
        except StorageConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(replace, range(1, 9))) == 1


def test_one_connection_asks_again_and_again_also_where_nobody_reads_its_body(s3_server: str) -> None:
    connection = http.client.HTTPConnection(s3_server.removeprefix("http://"))
    for _ in range(3):
        connection.request("PUT", "/there-is-no-such-bucket/key", body=b"x" * 1000)
        answer = connection.getresponse()
        assert (answer.status, b"NoSuchBucket" in answer.read(), connection.sock is not None) == (404, True, True)
    connection.close()


def test_objects_are_served_while_somebody_waits_for_messages(s3_server: str) -> None:
    sqs, s3 = (aws_client(service, region=REGION, endpoint_url=s3_server, timeout_seconds=30) for service in ("sqs", "s3"))
    queue = sqs.create_queue(QueueName="nothing-comes")["QueueUrl"]
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(sqs.receive_message, QueueUrl=queue, WaitTimeSeconds=20)
        time.sleep(0.5)  # it is on its way; were it not, the listing would have nothing to wait for
        s3.list_buckets()
        sqs.send_message(QueueUrl=queue, MessageBody="the listing is done")
        assert [message["Body"] for message in waiting.result()["Messages"]] == ["the listing is done"]


def test_a_queue_gives_no_message_that_is_older_than_it_keeps_them() -> None:
    spare_moto()
    backend = SQSBackend(REGION, "123456789012")
    queue = backend.create_queue("keeps-a-minute", {}, MessageRetentionPeriod=60)
    for body in ("old", "new"):
        backend.send_message("keeps-a-minute", body)
    assert queue.messages[0].sent_timestamp is not None
    queue.messages[0].sent_timestamp -= 61_000
    assert backend.receive_message("keeps-a-minute", 10, 0, 30) == []
    queue.messages.pop(0)
    queue._messages.pop(0)
    assert [message.body for message in backend.receive_message("keeps-a-minute", 10, 0, 30)] == ["new"]


@pytest.fixture
def bucket(s3_server: str) -> Any:
    """A client that sends what it is given, and its bucket."""
    s3 = aws_client("s3", region=REGION, endpoint_url=s3_server, timeout_seconds=30)
    s3.create_bucket(Bucket="aicc-strict", CreateBucketConfiguration={"LocationConstraint": REGION})
    yield s3
    for entry in s3.list_objects_v2(Bucket="aicc-strict").get("Contents", []):
        s3.delete_object(Bucket="aicc-strict", Key=entry["Key"])
    s3.delete_bucket(Bucket="aicc-strict")


def test_two_kilobytes_of_user_metadata_are_taken_and_a_byte_more_is_refused(bucket: Any) -> None:
    bucket.put_object(Bucket="aicc-strict", Key="k", Body=b"x" * 100_000, Metadata={"source": "x" * (2048 - len("source"))})
    with pytest.raises(ClientError, match="MetadataTooLarge"):
        bucket.put_object(Bucket="aicc-strict", Key="k", Body=b"y" * 100_000, Metadata={"source": "x" * (2049 - len("source"))})
    assert bucket.get_object(Bucket="aicc-strict", Key="k")["Body"].read() == b"x" * 100_000


def test_user_metadata_that_is_not_ascii_is_refused(s3_server: str, bucket: Any) -> None:
    for value in ("녹취".encode(), b"\xe9"):
        answer = requests.put(f"{s3_server}/aicc-strict/k", data=b"x", headers={"x-amz-meta-source": value}, timeout=30)
        assert (answer.status_code, "InvalidArgument" in answer.text) == (400, True)
