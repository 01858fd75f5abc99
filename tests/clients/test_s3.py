"""Files of any size go to S3 and back, and what S3 refuses comes as our own error class."""

from pathlib import Path

import pytest

from clients.s3 import ObjectStore
from models.errors import ReadbackError


def test_a_file_goes_there_and_back(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = _store(s3_server, monkeypatch)
    store._s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    (tmp_path / "weights").write_bytes(bytes(range(256)) * 50_000)  # over boto3's threshold: sent in parts
    store.upload_file(tmp_path / "weights", "models/weights")
    store.download_file("models/weights", tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "weights").read_bytes()


def test_a_file_that_s3_refuses_is_named(s3_server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    store = _store(s3_server, monkeypatch)
    (tmp_path / "weights").write_bytes(b"x")
    with pytest.raises(ReadbackError, match=r"upload weights to s3://no-such-bucket/models/weights.*NoSuchBucket"):
        ObjectStore("no-such-bucket", region="ap-northeast-2", endpoint_url=s3_server).upload_file(tmp_path / "weights", "models/weights")
    with pytest.raises(ReadbackError, match="models/absent"):
        store.download_file("models/absent", tmp_path / "never")


def _store(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    return ObjectStore("aicc-files", region="ap-northeast-2", endpoint_url=endpoint)
