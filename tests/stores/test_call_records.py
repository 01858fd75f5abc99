"""Records and numbers in S3 by conditional writes alone, raced over a real S3 protocol (moto's server)."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any

import pytest

from clients.s3 import ObjectStore
from models.call.record import CallRecord, Recording
from models.errors import PermanentError, StorageConflict
from models.keys import StorageKeys
from stores import call_records
from stores.call_records import CallRecords

REGION = "ap-northeast-2"
CLAIMANTS = 64


@pytest.fixture
def store(s3_server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> ObjectStore:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    store = ObjectStore(f"aicc-{abs(hash(request.node.nodeid)) % 10**9}", region=REGION, endpoint_url=s3_server)
    store._s3.create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return store


class Requests:
    """Counts what is sent over the wire, by operation."""

    def __init__(self, store: ObjectStore) -> None:
        self.sent: Counter[str] = Counter()
        self._lock = threading.Lock()
        store._s3.meta.events.register("before-send.s3", self._count)

    def _count(self, request: Any, event_name: str, **_: Any) -> None:
        with self._lock:
            self.sent[event_name.rpartition(".")[2]] += 1


def recording(n: int) -> Recording:
    return Recording(bucket="b", key=f"connect/a/CallRecordings/2026/11/21/c-{n}_20261121T01:30_UTC.wav", etag=f"e{n}")


def numbers_taken_by(claimants: int, store: ObjectStore) -> list[int]:
    ready = threading.Barrier(claimants)

    def claim(_: int) -> int:
        ready.wait()
        return CallRecords(store).next_number()

    with ThreadPoolExecutor(claimants) as threads:
        return list(threads.map(claim, range(claimants)))


def test_64_runs_at_once_get_64_numbers(store: ObjectStore) -> None:
    assert sorted(numbers_taken_by(CLAIMANTS, store)) == list(range(1, CLAIMANTS + 1))


@pytest.mark.slow
def test_64_processes_at_once_get_64_numbers(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the lock that runs of one process share, every claimant competes for the counter as another process would.
    monkeypatch.setattr(call_records, "_ONE_AT_A_TIME", nullcontext())
    store.put(StorageKeys.NUMBER_COUNTER, b'{"last": 1000}')
    assert sorted(numbers_taken_by(CLAIMANTS, store)) == list(range(1001, 1001 + CLAIMANTS))


def test_a_number_costs_the_same_requests_however_many_calls_there_are(store: ObjectStore) -> None:
    records = CallRecords(store)
    assert records.next_number() == 1
    for n in range(20):
        store.put(StorageKeys.prompt(n + 2), b"")
    store.put(StorageKeys.NUMBER_COUNTER, b'{"last": 21}')
    requests = Requests(store)
    assert records.next_number() == 22
    # Nobody looks at the calls: a listing would stand here however few they are.
    assert requests.sent == {"GetObject": 1, "PutObject": 1}


def test_a_process_alone_with_the_counter_asks_for_no_number_that_it_knows(store: ObjectStore) -> None:
    records, requests = CallRecords(store), Requests(store)
    assert [records.next_number() for _ in range(4)] == [1, 2, 3, 4]
    assert requests.sent == {"GetObject": 2, "PutObject": 4, "ListObjectsV2": 3}, "the first finds none, the second that it is alone"
    other = CallRecords(store)
    assert [other.next_number(), records.next_number(), other.next_number()] == [5, 6, 7]


def test_threads_that_wait_for_a_number_are_given_theirs_together(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    records, requests, all_ask = CallRecords(store), Requests(store), threading.Event()
    counter = records._counter

    def when_all_ask() -> Any:
        assert all_ask.wait(10)
        return counter()

    monkeypatch.setattr(records, "_counter", when_all_ask)
    with ThreadPoolExecutor(8) as threads:
        taken = [threads.submit(records.next_number) for _ in range(8)]
        while records._asking < len(taken):
            pass
        all_ask.set()
        assert sorted(one.result() for one in taken) == list(range(1, 9))
    assert requests.sent["PutObject"] == 2, "one for the first, one for those that came meanwhile"


def test_opening_and_saving_a_call_costs_one_request_each(store: ObjectStore) -> None:
    records, requests = CallRecords(store), Requests(store)
    checkpoint = records.create(CallRecord.begin(recording(1), "run"))
    records.save(checkpoint, number=1)
    records.read(checkpoint.record.call_id)
    assert requests.sent == {"PutObject": 2, "GetObject": 1}


def test_files_of_an_earlier_system_are_never_overwritten(store: ObjectStore) -> None:
    store.put("tts/tts_1200.wav", b"")
    store.put("stt/stt_7.txt", b"")
    store.put("stt/stt_draft.txt", b"")
    assert CallRecords(store).next_number() == 1201


def test_one_of_many_runs_that_begin_the_same_call_wins(store: ObjectStore) -> None:
    def begin(run: int) -> bool:
        try:
            CallRecords(store).create(CallRecord.begin(recording(1), f"run-{run}"))
        except StorageConflict:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(begin, range(16))) == 1


def test_a_run_whose_call_was_taken_over_cannot_write(store: ObjectStore) -> None:
    records = CallRecords(store)
    old = records.create(CallRecord.begin(recording(1), "old"))
    new = records.save(old, owner="new")
    with pytest.raises(StorageConflict, match="another writer"):
        records.save(old, number=5)
    assert records.read(new.record.call_id).record.owner == "new"


def test_the_same_upload_is_the_same_call_and_another_upload_is_not() -> None:
    assert recording(1).call_id == recording(1).call_id
    assert recording(1).call_id != recording(1).model_copy(update={"etag": "later"}).call_id


def test_a_damaged_record_is_named_with_a_remedy(store: ObjectStore) -> None:
    call = recording(1).call_id
    store.put(StorageKeys.call_record(call), b'{"call_id": 3}')
    with pytest.raises(PermanentError, match=r"calls/records/.*cannot be read.*Restore an older version"):
        CallRecords(store).find(call)
