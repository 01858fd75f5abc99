"""The S3 stand-in keeps the promise that the product's records and numbers stand on: a conditional write is one step."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from moto.s3.models import S3Backend

from clients.aws import aws_client
from clients.s3 import ObjectStore
from models.errors import StorageConflict
from sandbox.s3 import listen

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


def test_objects_are_served_while_somebody_waits_for_messages(s3_server: str) -> None:
    sqs, s3 = (aws_client(service, region=REGION, endpoint_url=s3_server, timeout_seconds=30) for service in ("sqs", "s3"))
    queue = sqs.create_queue(QueueName="nothing-comes")["QueueUrl"]
    waiting = threading.Thread(target=sqs.receive_message, kwargs={"QueueUrl": queue, "WaitTimeSeconds": 3})
    waiting.start()
    time.sleep(0.5)
    s3.list_buckets()
    assert waiting.is_alive()
    waiting.join()
