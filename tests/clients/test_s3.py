"""Files of any size go to S3 and back, and what S3 refuses comes as our own error class."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.s3 import ObjectStore, Requests, count_requests
from models.errors import AccessRefused, ReadbackError, TooManyRequests, VendorUnavailable, VendorUnreachable
from tests.refusing_s3 import bucket_at, closed_port, refusing_s3


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


async def test_requests_are_counted_as_s3_bills_them_for_whoever_asked_and_in_its_threads(bucket: ObjectStore) -> None:
    async def work() -> Requests:
        counted = count_requests()
        await asyncio.to_thread(bucket.put, "k", b"ours")
        assert await asyncio.to_thread(bucket.find, "absent") is None
        await asyncio.create_task(asyncio.to_thread(bucket.head, "k"))
        list(bucket.walk("k"))
        bucket.delete("k2")
        return counted

    first, second = await asyncio.gather(asyncio.create_task(work()), asyncio.create_task(work()))
    bucket.put("k", b"of nobody who counts")
    assert first == second == Requests(reads=2, writes=2)


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


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-access")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-secret")


@pytest.mark.usefixtures("credentials")
@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "InvalidAccessKeyId", AccessRefused),
        (403, "SignatureDoesNotMatch", AccessRefused),
        (403, "AccessDenied", AccessRefused),
        (403, "RequestTimeTooSkewed", AccessRefused),
        (400, "ExpiredToken", AccessRefused),
        (400, "AuthorizationHeaderMalformed", AccessRefused),
        (404, "NoSuchBucket", AccessRefused),
        (503, "SlowDown", TooManyRequests),
        (503, "ServiceUnavailable", VendorUnreachable),
        (502, "502", VendorUnreachable),
        (504, "GatewayTimeout", VendorUnreachable),
        (500, "InternalError", VendorUnavailable),
    ],
)
def test_what_s3_says_is_exactly_one_class_with_a_remedy_and_is_asked_once(status: int, code: str, kind: type[ReadbackError]) -> None:
    with refusing_s3(status, code) as s3, pytest.raises(ReadbackError, match=r"could not read s3://aicc-away/calls/x\.json") as caught:
        s3.store().get("calls/x.json")
    assert (type(caught.value), len(s3.asked)) == (kind, 1)
    assert caught.value.reply is not None
    assert (caught.value.reply.status, caught.value.reply.code) == (status, code)
    assert bool(caught.value.remedy) == (kind in (AccessRefused, VendorUnreachable))
    assert "canary" not in str(caught.value)


@pytest.mark.usefixtures("credentials")
def test_a_look_at_an_object_without_the_right_to_is_refused_access_although_s3_sends_no_code() -> None:
    with refusing_s3(403) as s3, pytest.raises(AccessRefused, match="role's policy"):
        s3.store().head("calls/x.json")


@pytest.mark.usefixtures("credentials")
def test_an_s3_that_is_not_there_or_says_nothing_is_unreachable_and_not_asked_twice() -> None:
    with pytest.raises(VendorUnreachable, match=r"S3 cannot be reached \(EndpointConnectionError.*READBACK_AWS_ENDPOINT_URL"):
        bucket_at(closed_port()).get("k")
    with refusing_s3(0) as silent, pytest.raises(VendorUnreachable, match=r"S3 cannot be reached \(ReadTimeoutError"):
        silent.store().get("k")
    assert len(silent.asked) == 1


def test_a_process_without_credentials_is_told_what_to_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it remembers the credentials of earlier tests
    with refusing_s3(403) as s3, pytest.raises(AccessRefused, match=r"AWS_\* variables"):
        s3.store().get("k")
    assert s3.asked == []
    monkeypatch.setenv("AWS_PROFILE", "mistyped")
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    with pytest.raises(AccessRefused, match="ProfileNotFound"):
        bucket_at(closed_port())
