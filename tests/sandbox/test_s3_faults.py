"""The faulty S3 spoils what its plan says, and the product's records survive each kind of spoiling."""

from collections.abc import Callable, Iterator

import pytest
import requests
from moto.server import ThreadedMotoServer

from clients.call_records import CallRecords
from clients.s3 import ObjectStore
from models.call_record import CallRecord, Recording
from models.errors import ObjectGone, StorageConflict, TooManyRequests, VendorUnavailable
from sandbox.stand_in import stand_in

BUCKET = "aicc-faulty"
REGION = "ap-northeast-2"
Spoil = Callable[..., None]


@pytest.fixture(scope="module")
def proxy() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with stand_in("sandbox.s3_faults", "--target", f"http://{host}:{port}") as (address, _):
        yield address["url"]
    server.stop()


@pytest.fixture
def store(proxy: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    bucket = ObjectStore(BUCKET, region=REGION, endpoint_url=proxy)
    bucket._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield bucket
    requests.post(f"{proxy}/sandbox/faults", json={}, timeout=5).raise_for_status()
    for facts in bucket.walk(""):
        bucket.delete(facts.key)
    bucket._s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def spoil(proxy: str) -> Spoil:
    """Put a plan in force that spoils every request it can in one way; without a kind, none."""

    def post(*kinds: str) -> None:
        plan = {"rate": 1.0 if kinds else 0.0, "kinds": kinds, "latency_seconds": 0.0}
        requests.post(f"{proxy}/sandbox/faults", json=plan, timeout=5).raise_for_status()

    return post


def test_objects_pass_through_unchanged_whatever_their_key(store: ObjectStore) -> None:
    for key in ("a b+c%20d.txt", "통화/녹취.txt", "a/../b", "x" * 1024):
        store.put(key, f"about {key}".encode(), metadata={"source": "한글 & more"})
        found = store.get(key)
        assert (found.body.decode(), found.facts.metadata["source"]) == (f"about {key}", "한글 & more")
    assert len(list(store.walk(""))) == 4


@pytest.mark.parametrize(
    ("kind", "error"),
    [("SlowDown", TooManyRequests), ("500", VendorUnavailable), ("reset_before", VendorUnavailable), ("truncated", VendorUnavailable)],
)
def test_a_spoiled_read_is_the_error_class_that_is_repeated(store: ObjectStore, spoil: Spoil, kind: str, error: type[Exception]) -> None:
    store.put("key", b"x" * 10_000)
    spoil(kind)
    with pytest.raises(error, match="key"):
        store.get("key")


@pytest.mark.parametrize(("kind", "written"), [("409", False), ("412", True), ("reset_after", True), ("reset_before", False)])
def test_a_spoiled_conditional_write_took_effect_or_not(store: ObjectStore, spoil: Spoil, kind: str, written: bool) -> None:
    spoil(kind)
    with pytest.raises(StorageConflict if kind in ("409", "412") else VendorUnavailable, match="key"):
        store.put("key", b"body", only_if_absent=True)
    spoil()
    assert (store.head("key") is not None) is written


@pytest.mark.parametrize("kind", ["412", "reset_after"])
def test_a_record_whose_write_lost_its_answer_is_recognized_as_ones_own(store: ObjectStore, spoil: Spoil, kind: str) -> None:
    records = CallRecords(store)
    spoil(kind)
    begun = records.create(CallRecord.begin(Recording(bucket=BUCKET, key="k", etag="e"), "run-1"))
    numbered = records.save(begun, number=4)
    spoil()
    found = records.read(begun.record.call_id)
    assert found.record.number == 4
    assert found.etag == numbered.etag
    with pytest.raises(StorageConflict, match="another writer"):
        records.save(begun, number=5)


@pytest.mark.parametrize("kind", ["409", "412"])
def test_a_record_that_another_run_changed_stays_the_other_runs(store: ObjectStore, spoil: Spoil, kind: str) -> None:
    records = CallRecords(store)
    begun = records.create(CallRecord.begin(Recording(bucket=BUCKET, key="k", etag="e"), "run-1"))
    records.save(begun, owner="run-2")
    spoil(kind)
    with pytest.raises(StorageConflict, match="another writer"):
        records.save(begun, number=5)
    spoil()
    assert records.read(begun.record.call_id).record.owner == "run-2"


def test_what_is_gone_is_gone_and_no_fault(store: ObjectStore) -> None:
    with pytest.raises(ObjectGone, match="not there"):
        store.get("nothing")
    assert store.find("nothing") is None


def test_the_books_tell_what_was_written_and_spoiled(store: ObjectStore, spoil: Spoil, proxy: str) -> None:
    before = requests.get(f"{proxy}/sandbox/counters", timeout=5).json()
    spoil("412")
    with pytest.raises(StorageConflict, match="twice"):
        store.put("twice", b"1", only_if_absent=True)
    spoil()
    store.put("twice", b"2")
    after = requests.get(f"{proxy}/sandbox/counters", timeout=5).json()
    assert after["written"][f"/{BUCKET}/twice"] == 2
    assert after["faults"]["412"] - before["faults"].get("412", 0) == 1
