"""The faulty S3 spoils what its plan says, and the product's records survive each kind of spoiling."""

from collections.abc import Callable

import pytest
import requests

from clients.s3 import ObjectStore
from models.call.record import CallRecord, Recording
from models.errors import ObjectGone, StorageConflict, TooManyRequests, VendorUnavailable
from stores.call_records import CallRecords

BUCKET = "aicc-faulty"
Spoil = Callable[..., None]


def test_objects_pass_through_unchanged_whatever_their_key(faulty_store: ObjectStore) -> None:
    for key in ("a b+c%20d.txt", "통화/녹취.txt", "a/../b", "x" * 1024):
        faulty_store.put(key, f"about {key}".encode(), metadata={"source": "한글 & more"})
        found = faulty_store.get(key)
        assert (found.body.decode(), found.facts.metadata["source"]) == (f"about {key}", "한글 & more")
    assert len(list(faulty_store.walk(""))) == 4


@pytest.mark.parametrize(
    ("kind", "error"),
    [("SlowDown", TooManyRequests), ("500", VendorUnavailable), ("reset_before", VendorUnavailable), ("truncated", VendorUnavailable)],
)
def test_a_spoiled_read_is_the_error_class_that_is_repeated(
    faulty_store: ObjectStore, spoil_s3: Spoil, kind: str, error: type[Exception]
) -> None:
    faulty_store.put("key", b"x" * 10_000)
    spoil_s3(kind)
    with pytest.raises(error, match="key"):
        faulty_store.get("key")


@pytest.mark.parametrize(("kind", "written"), [("409", False), ("412", True), ("reset_after", True), ("reset_before", False)])
def test_a_spoiled_conditional_write_took_effect_or_not(faulty_store: ObjectStore, spoil_s3: Spoil, kind: str, written: bool) -> None:
    spoil_s3(kind)
    with pytest.raises(StorageConflict if kind in ("409", "412") else VendorUnavailable, match="key"):
        faulty_store.put("key", b"body", only_if_absent=True)
    spoil_s3()
    assert (faulty_store.head("key") is not None) is written


@pytest.mark.parametrize("kind", ["412", "reset_after"])
def test_a_record_whose_write_lost_its_answer_is_recognized_as_ones_own(faulty_store: ObjectStore, spoil_s3: Spoil, kind: str) -> None:
    records = CallRecords(faulty_store)
    spoil_s3(kind)
    begun = records.create(CallRecord.begin(Recording(bucket=BUCKET, key="k", etag="e"), "run-1"))
    numbered = records.save(begun, number=4)
    spoil_s3()
    found = records.read(begun.record.call_id)
    assert found.record.number == 4
    assert found.etag == numbered.etag
    with pytest.raises(StorageConflict, match="another writer"):
        records.save(begun, number=5)


@pytest.mark.parametrize("kind", ["409", "412"])
def test_a_record_that_another_run_changed_stays_the_other_runs(faulty_store: ObjectStore, spoil_s3: Spoil, kind: str) -> None:
    records = CallRecords(faulty_store)
    begun = records.create(CallRecord.begin(Recording(bucket=BUCKET, key="k", etag="e"), "run-1"))
    records.save(begun, owner="run-2")
    spoil_s3(kind)
    with pytest.raises(StorageConflict, match="another writer"):
        records.save(begun, number=5)
    spoil_s3()
    assert records.read(begun.record.call_id).record.owner == "run-2"


def test_what_is_gone_is_gone_and_no_fault(faulty_store: ObjectStore) -> None:
    with pytest.raises(ObjectGone, match="not there"):
        faulty_store.get("nothing")
    assert faulty_store.find("nothing") is None


def test_the_books_tell_what_was_written_and_spoiled(faulty_store: ObjectStore, spoil_s3: Spoil, faulty_s3: str) -> None:
    before = requests.get(f"{faulty_s3}/sandbox/counters", timeout=5).json()
    spoil_s3("412")
    with pytest.raises(StorageConflict, match="twice"):
        faulty_store.put("twice", b"1", only_if_absent=True)
    spoil_s3()
    faulty_store.put("twice", b"2")
    after = requests.get(f"{faulty_s3}/sandbox/counters", timeout=5).json()
    assert after["written"][f"/{BUCKET}/twice"] == 2
    assert after["faults"]["412"] - before["faults"].get("412", 0) == 1
