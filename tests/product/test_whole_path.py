"""The product as it runs: real Prefect server on PostgreSQL, automation, both pools, the listener, the vendors' wire protocols."""

import itertools
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import soundfile

from clients.s3 import ObjectStore
from models.call.besides import suggestion
from models.call.record import CallRecord, Outcome
from models.keys import StorageKeys, call_id
from models.lifecycle.versions import SHIPPED
from models.lines import SUMMARIZER
from models.summarizer import SHIPPED_MODEL
from models.summarizer.conversion import convert
from models.summarizer.folder import CONVERTED
from sandbox.demo import Upload, connect_key, put, record_of, recordings_in
from sandbox.documents import DOCUMENTS, publish
from sandbox.faults import FaultPlan
from sandbox.stack import BUCKET, RECORDINGS, REGION, Stack
from stores.model_cache import publish_version
from stores.registry import Registry

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@pytest.fixture(scope="module")
def s3(stack: Stack) -> Any:
    return stack.client("s3")


def ask(stack: Stack, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{stack.ui_url}/api/{path}", json=body, timeout=20)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def eventually(look: Callable[[], Any], what: str, seconds: float = 600.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.5)  # each look takes a server's time that the workers need
    raise AssertionError(f"{what} did not happen within {seconds:.0f} s")


def runs_of(stack: Stack, flow: str = "process-call", **parameters: str) -> list[dict[str, Any]]:
    found = ask(stack, "POST", "flow_runs/filter", {"flows": {"name": {"any_": [flow]}}, "limit": 200})
    return [run for run in found if all(run["parameters"].get(name) == value for name, value in parameters.items())]


def start(stack: Stack, **parameters: Any) -> str:
    deployment = ask(stack, "GET", "deployments/name/process-call/process-call")["id"]
    run: str = ask(stack, "POST", f"deployments/{deployment}/create_flow_run", {"parameters": parameters})["id"]
    return run


def state_of(stack: Stack, run: str) -> dict[str, Any]:
    state: dict[str, Any] = ask(stack, "GET", f"flow_runs/{run}")["state"]
    return state


def final_state(stack: Stack, run: str) -> dict[str, Any]:
    eventually(lambda: state_of(stack, run)["type"] in FINAL, f"the end of flow run {run}")
    return state_of(stack, run)


def ended(s3: Any, upload: Upload) -> CallRecord:
    def look() -> CallRecord | None:
        record = record_of(s3, upload)
        return record if record and record.outcome is not Outcome.IN_PROGRESS else None

    record: CallRecord = eventually(look, f"the end of call {upload.key}", 90)
    return record


def upload_as(s3: Any, key: str, body: bytes) -> Upload:
    etag = s3.put_object(Bucket=BUCKET, Key=key, Body=body)["ETag"]
    return Upload(Path(key), key, call_id(BUCKET, key, etag))


@pytest.fixture(scope="module")
def read_back(stack: Stack, s3: Any) -> list[tuple[Upload, CallRecord]]:
    uploads = put(s3, recordings_in(RECORDINGS)[:4])
    return [(upload, ended(s3, upload)) for upload in uploads]


def test_every_recording_gets_its_three_files_under_one_number(s3: Any, read_back: list[tuple[Upload, CallRecord]], tmp_path: Path) -> None:
    numbers = [record.number for _, record in read_back]
    assert len(set(numbers)) == 4
    for upload, record in read_back:
        assert record.outcome is Outcome.READ_BACK
        assert record.number is not None
        assert record.summary is not None
        transcript = s3.get_object(Bucket=BUCKET, Key=StorageKeys.transcript(record.number))["Body"].read().decode()
        assert len(transcript.splitlines()) == len(record.transcription.utterances)
        summary = s3.get_object(Bucket=BUCKET, Key=StorageKeys.summary(record.number))
        assert summary["Body"].read().decode() == record.summary.text
        assert summary["Metadata"]["call-id"] == upload.call
        prompt = tmp_path / "prompt.wav"
        s3.download_file(BUCKET, StorageKeys.prompt(record.number), str(prompt))
        sound = soundfile.info(prompt)
        assert (sound.samplerate, sound.channels, sound.subtype) == (8000, 1, "ULAW")


def test_the_speakers_of_a_stereo_call_are_named(read_back: list[tuple[Upload, CallRecord]]) -> None:
    for _, record in read_back:
        assert {utterance.speaker.value for utterance in record.transcription.utterances} == {"customer", "agent"}


def test_the_run_is_named_by_its_contact_and_its_artifact_tells_the_call(stack: Stack, read_back: list[tuple[Upload, CallRecord]]) -> None:
    upload, record = read_back[0]
    run = next(run for run in runs_of(stack, call_id=upload.call))
    assert run["name"] == record.recording.run_name
    assert runs_of(stack, "summarize-call", call_id=upload.call)[0]["name"] == f"요약 {run['name']}"
    assert final_state(stack, run["id"])["type"] == "COMPLETED"
    artifacts = ask(stack, "POST", "artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    assert [artifact["key"] for artifact in artifacts] == [None]
    markdown = artifacts[0]["data"]
    assert record.summary
    for wanted in (record.summary.text, "<audio controls", "data:image/svg+xml", "**고객**", "상담원", "음성 인식"):
        assert wanted in markdown


def test_the_summary_was_made_by_a_linked_run_on_the_gpu_pool(stack: Stack, read_back: list[tuple[Upload, CallRecord]]) -> None:
    child = runs_of(stack, "summarize-call", call_id=read_back[0][1].call_id)[0]
    assert child["work_pool_name"] == "g4dn"
    assert child["parent_task_run_id"]


def test_a_duplicate_event_makes_no_second_prompt(stack: Stack, s3: Any, read_back: list[tuple[Upload, CallRecord]]) -> None:
    upload, record = read_back[0]
    before, paid_before = s3.head_object(Bucket=BUCKET, Key=StorageKeys.prompt(record.number or 0)), paid_jobs(stack)
    state = final_state(stack, start(stack, bucket=BUCKET, key=upload.key, etag=record.recording.etag, size=record.recording.size))
    assert (state["type"], state["name"]) == ("COMPLETED", "Duplicate")
    after = s3.head_object(Bucket=BUCKET, Key=StorageKeys.prompt(record.number or 0))
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])
    assert paid_jobs(stack) == paid_before


def paid_jobs(stack: Stack) -> int:
    counters = requests.get(f"{stack.environment['READBACK_RETURNZERO_URL']}/sandbox/counters", timeout=10).json()
    return sum(counters["paid"].values())


def test_what_is_no_recording_starts_nothing(stack: Stack, s3: Any, read_back: list[tuple[Upload, CallRecord]]) -> None:
    key = "connect/readback/CallRecordings/2026/11/21/notes.wav"
    notes = upload_as(s3, key, b"RIFF")
    marker = upload_as(s3, "connect/readback/CallRecordings/2026/11/21/after-notes_20261121T00:00_UTC.wav", b"no audio")
    ended(s3, marker)
    assert runs_of(stack, call_id=notes.call) == []


def test_keys_with_hangul_plus_and_spaces_arrive_as_they_are_and_bad_audio_is_set_aside(stack: Stack, s3: Any) -> None:
    key = "connect/콜센터 1+1/CallRecordings/11월/21일/계약 50%+α_20261121T00:00_UTC.wav"
    upload = upload_as(s3, key, b"this is text, not sound")
    record = ended(s3, upload)
    assert record.outcome is Outcome.QUARANTINED
    assert record.failure is not None
    assert (record.failure.error, record.failure.step) == ("bad_recording", "fetch")
    assert s3.head_object(Bucket=BUCKET, Key=StorageKeys.quarantine_note(upload.call))
    run = eventually(lambda: [run for run in runs_of(stack, call_id=upload.call) if run["state"]["type"] in FINAL], "the end of the run")[0]
    assert (run["state"]["type"], run["state"]["name"]) == ("FAILED", "Quarantined")
    assert "bad_recording" in run["state"]["message"]


def test_a_cancelled_run_ends_alone(stack: Stack, s3: Any) -> None:
    files = recordings_in(RECORDINGS)
    one, other = put(s3, files[4:6])
    victim = eventually(lambda: [r for r in runs_of(stack, call_id=one.call) if r["state"]["name"] == "Running"], "the first run")[0]["id"]
    ask(stack, "POST", f"flow_runs/{victim}/set_state", {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": True})
    assert final_state(stack, victim)["type"] == "CANCELLED"
    assert ended(s3, other).outcome is Outcome.READ_BACK


def test_a_stopped_worker_gives_its_runs_back_and_nothing_is_paid_twice(stack: Stack, s3: Any) -> None:
    upload = put(s3, recordings_in(RECORDINGS)[6:7])[0]
    paid_before = paid_jobs(stack)
    eventually(lambda: paid_jobs(stack) > paid_before, "the paid job")
    # The vendor answers slowly, so that the run cannot end while the worker is being told.
    stack.inject("returnzero", FaultPlan(rate=1.0, kinds=("latency",), latency_seconds=5.0))
    worker = stack.children["call-worker"]
    worker.process.send_signal(signal.SIGTERM)
    worker.process.wait(60)
    stack.inject("returnzero", FaultPlan())
    run = runs_of(stack, call_id=upload.call)[0]
    assert run["state"]["name"] == "AwaitingRetry"
    stack.start_call_worker()
    assert ended(s3, upload).outcome is Outcome.READ_BACK
    assert final_state(stack, run["id"])["type"] == "COMPLETED"
    assert paid_jobs(stack) == paid_before + 1


def test_a_used_up_quota_lets_calls_wait_and_none_is_lost_or_paid_for_twice(stack: Stack, s3: Any) -> None:
    paid_before = paid_jobs(stack)
    stack.inject("returnzero", FaultPlan(rate=1.0, kinds=("A0001",)))
    upload = put(s3, recordings_in(RECORDINGS)[7:8])[0]
    run = eventually(
        lambda: [run for run in runs_of(stack, call_id=upload.call) if run["state"]["name"] == "WaitingForVendor"], "the run that waits"
    )[0]
    assert "quota_exhausted" in run["state"]["message"]
    late = put(s3, recordings_in(RECORDINGS)[8:9])[0]
    queues = [ask(stack, "GET", f"work_pools/calls/queues/{name}") for name in ("live", "backfill")]
    assert [queue["is_paused"] for queue in queues] == [True, True]
    assert ask(stack, "GET", "variables/name/readback_pause")["value"]["error"] == "quota_exhausted"
    eventually(lambda: runs_of(stack, call_id=late.call), "a run for the recording that landed meanwhile")
    eventually(lambda: "[Readback] 통화 처리 일시 정지: 한도 소진" in told(stack), "the notice of the pause")

    stack.inject("returnzero", FaultPlan())
    resume(stack)
    assert [ended(s3, one).outcome for one in (late, upload)] == [Outcome.READ_BACK] * 2
    assert final_state(stack, run["id"])["type"] == "COMPLETED"
    assert paid_jobs(stack) == paid_before + 2
    resume(stack)
    eventually(lambda: "[Readback] 통화 처리 재개" in told(stack), "the notice that calls are finished again")


def resume(stack: Stack) -> None:
    reap = ask(stack, "GET", "deployments/name/reap/reap")["id"]
    ask(stack, "POST", f"deployments/{reap}/create_flow_run", {"parameters": {"resume_now": True}})


def told(stack: Stack) -> list[str]:
    return [notice["subject"] for notice in stack.notices()]


def test_a_promotion_reaches_calls_without_a_restart_and_so_does_a_rollback(
    stack: Stack, s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "sandbox")
    store = ObjectStore(BUCKET, region=REGION, endpoint_url=stack.s3_url)
    model = shutil.copytree(SHIPPED_MODEL, tmp_path / "model")
    convert(model, model / CONVERTED)
    publish_version(store, SUMMARIZER, model, version="candidate", family="bart", run="bart/candidate", metrics={"score": 0.9}, by="minji")
    recordings = (file.read_bytes() for file in itertools.cycle(recordings_in(RECORDINGS)))
    names = (f"c-{number}_20261121T02:00_UTC.wav" for number in itertools.count())

    def call() -> Upload:
        return upload_as(s3, connect_key(next(names)), next(recordings))

    def speaks(version: str) -> bool:
        record = ended(s3, call())
        assert record.summary is not None
        assert record.summary.model in (SHIPPED, "candidate")
        return record.summary.model == version

    under_way = [call() for _ in range(3)]
    Registry(store, SUMMARIZER).promote("candidate", by="minji", reason="a trial")
    eventually(lambda: speaks("candidate"), "a summary by the promoted model")
    Registry(store, SUMMARIZER).rollback(by="jun", reason="the trial is over")
    eventually(lambda: speaks(SHIPPED), "a summary by the former model")
    assert [ended(s3, upload).outcome for upload in under_way] == [Outcome.READ_BACK] * 3


def test_once_the_documents_are_indexed_calls_are_told_what_they_say_to_the_request(stack: Stack, s3: Any) -> None:
    of_each_kind = [DOCUMENTS / name for name in ("faq.csv", "guide-app.md", "terms-longstay.html", "terms-home.pdf")]
    assert publish(stack, of_each_kind).startswith("version 1: 4 documents")
    [file] = recordings_in(RECORDINGS)[:1]
    names = (f"c-{number}_20261121T03:00_UTC.wav" for number in itertools.count())

    def told() -> object:
        return suggestion(ended(s3, upload_as(s3, connect_key(next(names)), file.read_bytes())))

    eventually(told, "a call with an answer from the documents", 120)
