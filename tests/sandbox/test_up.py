"""`make up` prints a command that may be repeated, and opens nothing else."""

import pytest
import requests

from clients.aws import aws_client
from sandbox.demo import connect_key
from sandbox.up import allow_uploads


def test_a_recording_may_be_dropped_again_and_again_and_is_not_read_without_a_key(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    s3 = aws_client("s3", region="ap-northeast-2", endpoint_url=s3_server, timeout_seconds=30)
    s3.create_bucket(Bucket="aicc-up", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    allow_uploads(s3, "aicc-up")
    address = f"{s3_server}/aicc-up/{connect_key('c-1_20261121T01:30_UTC.wav')}"
    for body in (b"first", b"first", b"second"):
        assert requests.put(address, data=body, timeout=30).status_code == 200
    assert requests.get(address, timeout=30).status_code == 403
    s3.put_object(Bucket="aicc-up", Key="stt/stt_1.txt", Body=b"ours")
    assert requests.put(f"{s3_server}/aicc-up/stt/stt_1.txt", data=b"theirs", timeout=30).status_code == 403
    for entry in s3.list_objects_v2(Bucket="aicc-up")["Contents"]:
        s3.delete_object(Bucket="aicc-up", Key=entry["Key"])
    s3.delete_bucket(Bucket="aicc-up")
