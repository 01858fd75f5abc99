"""No secret is left anywhere by runs that succeed and runs that fail; a caller's words lie only where the contract puts them."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from benchmarks.conversion import speech_like
from models.call.record import CallRecord, Outcome
from models.keys import StorageKeys
from sandbox.demo import connect_key, put, record_of, recordings_in
from sandbox.faults import FaultPlan
from sandbox.stack import BUCKET, CLIENT_SECRET, RECORDINGS, Stack, StackOptions

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

AWS_SECRET = "canary-aws-3f9c"
AUTHORIZATION = "canary-user:canary-password-81d2"
SECRETS = (AWS_SECRET, AUTHORIZATION, AUTHORIZATION.split(":")[1], CLIENT_SECRET)
LISTS = ("flow_runs", "task_runs", "artifacts", "logs", "deployments", "variables", "automations", "block_documents", "events")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {
        "AWS_SECRET_ACCESS_KEY": AWS_SECRET,
        "PREFECT_SERVER_API_AUTH_STRING": AUTHORIZATION,
        "PREFECT_API_AUTH_STRING": AUTHORIZATION,
        "READBACK_SHOW_TRANSCRIPTS": "false",
        "READBACK_EMBED_AUDIO": "none",
    }
    options = StackOptions(work_dir=tmp_path_factory.mktemp("secrets"), stt_seconds=0.5, stt_poll_seconds=0.3, settings=settings)
    with Stack(options) as running:
        yield running


@pytest.fixture(scope="module")
def record(stack: Stack) -> CallRecord:
    """A call that was read back past faulty vendors, after two others have failed: one unread, one at the vendor."""
    s3 = stack.client("s3")
    stack.inject("returnzero", FaultPlan(seed=5, rate=0.4, kinds=("500", "503")))
    stack.inject("google-tts", FaultPlan(seed=5, rate=0.4, kinds=("UNAVAILABLE",)))
    upload = put(s3, recordings_in(RECORDINGS)[:1])[0]
    s3.put_object(Bucket=BUCKET, Key=connect_key("broken_20261121T01:30_UTC.wav"), Body=b"no sound")
    s3.put_object(Bucket=BUCKET, Key=connect_key("unknown_20261121T01:30_UTC.wav"), Body=speech_like(1.0, 8_000))
    deadline = time.monotonic() + 1200
    while time.monotonic() < deadline:
        record = record_of(s3, upload)
        notes = s3.list_objects_v2(Bucket=BUCKET, Prefix=StorageKeys.QUARANTINE).get("KeyCount", 0)
        if record and record.outcome is Outcome.READ_BACK and notes == 2:
            time.sleep(3)  # logs are sent in batches every two seconds
            return record
        time.sleep(0.5)
    raise AssertionError("the calls did not end")


@pytest.fixture(scope="module")
def words(record: CallRecord) -> list[str]:
    """What was said in it."""
    assert record.transcription
    return [utterance.text for utterance in record.transcription.utterances if len(utterance.text) > 10]


def api(stack: Stack, method: str, path: str, body: Any = None) -> requests.Response:
    user, password = AUTHORIZATION.split(":")
    return requests.request(method, f"{stack.ui_url}/api/{path}", json=body, auth=(user, password), timeout=20)


def everything_in_prefect(stack: Stack) -> str:
    said = []
    for name in LISTS:
        offset = 0
        while True:
            answer = api(stack, "POST", f"{name}/filter", {} if name == "events" else {"offset": offset, "limit": 200})
            answer.raise_for_status()
            said.append(json.dumps(answer.json(), ensure_ascii=False))
            if name == "events" or len(answer.json()) < 200:
                break
            offset += 200
    return "\n".join(said)


def log_files(stack: Stack) -> str:
    return "\n".join(path.read_text(errors="replace") for path in (stack.options.work_dir / "logs").glob("*.log"))


def objects(stack: Stack) -> dict[str, str]:
    s3 = stack.client("s3")
    found = {}
    for entry in s3.list_objects_v2(Bucket=BUCKET)["Contents"]:
        stored = s3.get_object(Bucket=BUCKET, Key=entry["Key"])
        found[entry["Key"]] = stored["Body"].read().decode("utf-8", "replace") + json.dumps(stored["Metadata"])
    return found


def test_the_api_is_closed_without_the_credential(stack: Stack, words: list[str]) -> None:
    assert requests.post(f"{stack.ui_url}/api/flow_runs/filter", json={}, timeout=10).status_code == 401


def test_no_secret_is_left_anywhere(stack: Stack, words: list[str]) -> None:
    places = {"Prefect": everything_in_prefect(stack), "logs": log_files(stack), **objects(stack)}
    assert len(places["Prefect"]) > 10_000
    found = [(place, secret) for place, text in places.items() for secret in SECRETS if secret in text]
    assert found == []


def test_the_callers_words_lie_only_where_the_contract_puts_them(stack: Stack, record: CallRecord, words: list[str]) -> None:
    assert words
    in_bucket = objects(stack)
    transcript = in_bucket[StorageKeys.transcript(record.number)]  # the broken calls may have taken a number before it
    assert all(word in transcript for word in words)
    holders = {key for key, text in in_bucket.items() if any(word in text for word in words)}
    assert {key.split("/")[0] for key in holders} <= {"stt", "calls"}
    assert not any(word in everything_in_prefect(stack) for word in words)
    assert not any(word in log_files(stack) for word in words)


def test_work_folders_hold_no_transcript(stack: Stack, words: list[str]) -> None:
    prefect_home = Path(stack.environment["PREFECT_HOME"])
    texts = [path.read_bytes() for path in prefect_home.rglob("*") if path.is_file()]
    assert not any(word.encode() in text for text in texts for word in words)
