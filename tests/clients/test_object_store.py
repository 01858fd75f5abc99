"""What every store of objects must do, held against S3's protocol (moto's server) and the bucket in memory that fast tests use."""

import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from clients.s3 import ObjectStore
from models.errors import ObjectGone, StorageConflict
from tests.in_memory import InMemoryStore

REGION = "ap-northeast-2"


@pytest.fixture(params=["s3", "memory"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty versioned bucket."""
    if request.param == "memory":
        return InMemoryStore()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    store = ObjectStore(f"aicc-{uuid.uuid4().hex[:12]}", region=REGION, endpoint_url=request.getfixturevalue("s3_server"))
    store._s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    store._s3.put_bucket_versioning(Bucket=store.bucket, VersioningConfiguration={"Status": "Enabled"})
    return store


def test_an_object_comes_back_with_its_facts(store: Any) -> None:
    etag = store.put("a/한글 1", b"body", content_type="text/plain", metadata={"call-id": "c", "said": "자동차 보험?"})
    assert etag == hashlib.md5(b"body").hexdigest()
    stored = store.get("a/한글 1")
    assert (stored.body, stored.etag, stored.facts.size) == (b"body", etag, 4)
    assert store.find("a/한글 1") == stored
    facts = store.head("a/한글 1")
    assert (facts.key, facts.etag, facts.size) == ("a/한글 1", etag, 4)
    assert dict(facts.metadata) == {"call-id": "c", "said": "자동차 보험?"}
    assert facts.last_modified is not None


def test_what_is_not_there_is_gone(store: Any) -> None:
    with pytest.raises(ObjectGone, match="could not read"):
        store.get("absent")
    assert store.find("absent") is None
    assert store.head("absent") is None
    store.delete("absent")
    assert store.erase("absent") == 0


def test_an_object_is_created_once(store: Any) -> None:
    store.put("k", b"first", only_if_absent=True)
    with pytest.raises(StorageConflict, match="another writer"):
        store.put("k", b"second", only_if_absent=True)
    assert store.get("k").body == b"first"
    store.delete("k")
    store.put("k", b"third", only_if_absent=True)
    assert store.get("k").body == b"third"


def test_a_compare_and_swap_needs_the_etag_that_stands_there(store: Any) -> None:
    first = store.put("k", b"first")
    second = store.put("k", b"second", only_if_etag=first)
    for stale in (first, "0" * 32):
        with pytest.raises(StorageConflict, match="another writer"):
            store.put("k", b"third", only_if_etag=stale)
    assert store.get("k").etag == second
    store.delete("k")
    with pytest.raises(StorageConflict, match="another writer"):
        store.put("k", b"third", only_if_etag=second)
    assert store.find("k") is None


def test_of_many_writers_at_once_one_wins(store: Any) -> None:
    etag = store.put("swapped", b"")

    def write(number: int) -> tuple[bool, bool]:
        won = []
        for key, condition in (("created", {"only_if_absent": True}), ("swapped", {"only_if_etag": etag})):
            try:
                store.put(key, str(number).encode(), **condition)
                won.append(True)
            except StorageConflict:
                won.append(False)
        return won[0], won[1]

    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(write, range(16)))
    assert (sum(created for created, _ in won), sum(swapped for _, swapped in won)) == (1, 1)


def test_a_walk_is_in_key_order_and_goes_on_where_it_stopped(store: Any) -> None:
    for key in ("b/2", "a/1", "b/1", "b/10", "b/deep/er"):
        store.put(key, key.encode())
    store.delete("b/10")
    assert [facts.key for facts in store.walk("b/")] == ["b/1", "b/2", "b/deep/er"]
    assert [facts.key for facts in store.walk("b/", start_after="b/1")] == ["b/2", "b/deep/er"]
    assert next(iter(store.walk("a/"))).etag == hashlib.md5(b"a/1").hexdigest()
    assert list(store.folders("")) == ["a/", "b/"]
    assert list(store.folders("b/")) == ["b/deep/"]


def test_an_erasure_takes_every_version(store: Any) -> None:
    store.put("k", b"first")
    store.put("k", b"second")
    store.delete("k")
    store.put("k2", b"another")
    assert store.erase("k") == 3
    assert store.find("k") is None
    assert store.get("k2").body == b"another"


def test_an_erasure_of_one_content_leaves_what_else_was_uploaded_and_what_hides_it(store: Any) -> None:
    ours = store.put("k", b"ours")
    store.put("k", b"theirs")
    store.put("k", b"ours")
    assert store.erase("k", only_etag=ours) == 2
    assert store.get("k").body == b"theirs"
    store.put("k", b"ours")
    store.delete("k")
    assert store.erase("k", only_etag=ours) == 1
    assert store.find("k") is None
    assert store.erase("k") == 2


def test_a_link_names_the_object(store: Any) -> None:
    assert "k" in store.link("k", seconds=60)
