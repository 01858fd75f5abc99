"""What a role may not do is refused by the stand-in as AWS would refuse it."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from deployments.aws import roles
from sandbox.aws.allowed import CREDENTIALS, REFUSED, Asked, allows, of_target
from sandbox.aws.templates import ACCOUNT, REGION
from sandbox.s3 import listen

SITE = {
    "bucket": "calls",
    "recordings_prefix": "connect/",
    "contact_records_prefix": "ctr/",
    "region": REGION,
    "account": ACCOUNT,
    "queue": "notices",
    "connect_instance": "",
}
RECORDING = "connect/a/CallRecordings/2026/11/21/c_20261121T01:30_UTC.wav"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    held = {name: roles.policy(name, SITE)["Statement"] for name in roles.role_names()}
    server = listen("127.0.0.1", 0, json.loads(json.dumps(held)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def client(address: str, service: str, role: str = "") -> Any:
    """A client of one role, with the credentials that its container is given; without a role, of an administrator."""
    given = requests.get(f"{address}{CREDENTIALS}{role}", timeout=10).json() if role else {}
    return boto3.client(
        service,
        endpoint_url=address,
        region_name=REGION,
        aws_access_key_id=given.get("AccessKeyId", "admin"),
        aws_secret_access_key=given.get("SecretAccessKey", "admin"),
        aws_session_token=given.get("Token"),
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def bucket(address: str) -> str:
    s3 = client(address, "s3")
    s3.create_bucket(Bucket="calls", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="calls", Key=RECORDING, Body=b"sound")
    return "calls"


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_a_call_worker_reads_a_recording_and_may_not_write_one(address: str, bucket: str) -> None:
    s3 = client(address, "s3", "call-worker")
    assert s3.get_object(Bucket=bucket, Key=RECORDING)["Body"].read() == b"sound"
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key=RECORDING, Body=b"other")
    assert code(error) == "AccessDenied"
    refused = requests.get(f"{address}{REFUSED}", timeout=10).json()
    assert refused[-1] == {"role": "call-worker", "action": "s3:PutObject", "resource": f"arn:aws:s3:::{bucket}/{RECORDING}"}


def test_a_listing_is_allowed_by_its_prefix(address: str, bucket: str) -> None:
    s3 = client(address, "s3", "listener")
    s3.list_objects_v2(Bucket=bucket, Prefix="calls/records/x")
    for prefix in ("connect/", ""):
        with pytest.raises(ClientError) as error:
            s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        assert code(error) == "AccessDenied"


def test_the_console_creates_an_edit_and_replaces_none(address: str, bucket: str) -> None:
    s3 = client(address, "s3", "console")
    s3.put_object(Bucket=bucket, Key="calls/edits/c/1.json", Body=b"{}", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=bucket, Key="calls/edits/c/1.json", Body=b"{}")
    assert code(error) == "AccessDenied"


def test_many_are_deleted_only_where_each_may_be(address: str, bucket: str) -> None:
    s3 = client(address, "s3", "erase")
    mine = {"Objects": [{"Key": "stt/stt_1.txt"}]}
    s3.delete_objects(Bucket=bucket, Delete=mine)
    with pytest.raises(ClientError) as error:
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [*mine["Objects"], {"Key": "models/registry/aliases.json"}]})
    assert code(error) == "AccessDenied"


def test_the_listener_reads_its_queue_and_sends_nothing_to_it(address: str) -> None:
    url = client(address, "sqs").create_queue(QueueName="notices")["QueueUrl"]
    sqs = client(address, "sqs", "listener")
    assert sqs.receive_message(QueueUrl=url).get("Messages", []) == []
    with pytest.raises(ClientError) as error:
        sqs.send_message(QueueUrl=url, MessageBody="x")
    assert "AccessDenied" in code(error)


def test_a_task_is_started_with_its_tags_of_a_definition_and_in_a_cluster_that_may_be() -> None:
    cluster = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/readback"
    family = f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/trainer:*"
    one = {"Effect": "Allow", "Action": "ecs:RunTask", "Resource": family, "Condition": {"ArnEquals": {"ecs:cluster": cluster}}}

    def may(**given: object) -> list[bool]:
        asked = of_target("ecs", "AmazonEC2ContainerServiceV20141113.RunTask", json.dumps(given).encode())
        return [allows([one], each) for each in asked]

    assert may(cluster="readback", taskDefinition="trainer") == may(cluster=cluster, taskDefinition="trainer:3") == [True]
    assert may(cluster="other", taskDefinition="trainer") == may(cluster="readback", taskDefinition="call-worker") == [False]
    assert may(cluster="readback", taskDefinition="trainer", tags=[{"key": "a", "value": "b"}]) == [True, False]


def test_a_statement_that_denies_is_stronger() -> None:
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    must_not = {"Effect": "Deny", "Action": ["s3:PutObject"], "Resource": ["arn:aws:s3:::calls/audit/*"]}
    look = Asked("s3:PutObject", "arn:aws:s3:::calls/audit/1")
    assert allows([may], look)
    assert not allows([may, must_not], look)
    assert allows([may, must_not], Asked("s3:GetObject", "arn:aws:s3:::calls/audit/1"))


def test_a_condition_on_what_a_request_does_not_bring_fails() -> None:
    one = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": ["a/*"]}}}
    assert not allows([one], Asked("s3:ListBucket", "arn:aws:s3:::calls"))
    assert allows([one], Asked("s3:ListBucket", "arn:aws:s3:::calls", {"s3:prefix": "a/b"}))
