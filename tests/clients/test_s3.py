"""Files of any size go to S3 and back, and what S3 refuses comes as our own error class."""

from collections.abc import Iterator
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


@pytest.fixture(params=["versioned", "unversioned"])
def bucket(request: pytest.FixtureRequest, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    store = ObjectStore(f"aicc-{request.param}", region="ap-northeast-2", endpoint_url=s3_server)
    store._s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    if request.param == "versioned":
        store._s3.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"})
    yield store
    for key in {facts.key for facts in store.walk("")} | {"k", "k2"}:
        store.erase(key)
    store._s3.delete_bucket(Bucket=store.bucket)


def versions(store: ObjectStore) -> int:
    answer = store._s3.list_object_versions(Bucket=store.bucket)
    return len(answer.get("Versions", [])) + len(answer.get("DeleteMarkers", []))


def test_only_versions_of_the_given_content_are_erased(bucket: ObjectStore) -> None:
    ours = bucket.put("k", b"ours")
    bucket.put("k2", b"ours")
    theirs = bucket.put("k", b"theirs")
    bucket.erase("k", only_etag=ours)
    assert bucket.get("k").body == b"theirs"
    assert bucket.get("k2").body == b"ours"
    assert bucket.erase("k", only_etag=ours) == 0
    assert bucket.erase("k", only_etag=theirs) == 1
    assert bucket.head("k") is None
    assert versions(bucket) == 1  # k2's


def test_every_version_of_the_given_content_goes_with_the_marker_that_hides_them(bucket: ObjectStore) -> None:
    ours = bucket.put("k", b"ours")
    bucket.put("k", b"ours")
    bucket.delete("k")
    bucket.erase("k", only_etag=ours)
    assert versions(bucket) == 0


def test_a_deleted_upload_of_somebody_else_is_neither_erased_nor_seen_again(bucket: ObjectStore) -> None:
    bucket.put("k", b"theirs")
    ours = bucket.put("k", b"ours")
    bucket.delete("k")
    before = versions(bucket)
    erased = bucket.erase("k", only_etag=ours)
    assert bucket.head("k") is None
    assert versions(bucket) == before - erased
    assert before == 0 or (before, erased) == (3, 1)


def test_what_was_uploaded_between_the_listing_and_the_removal_stays(bucket: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = bucket.put("k", b"ours")
    remove = bucket._s3.delete_object

    def uploaded_meanwhile(**request: str) -> object:
        bucket.put("k", b"theirs")
        return remove(**request)

    monkeypatch.setattr(bucket._s3, "delete_object", uploaded_meanwhile)
    bucket.erase("k", only_etag=ours)
    monkeypatch.undo()
    assert bucket.get("k").body == b"theirs"
