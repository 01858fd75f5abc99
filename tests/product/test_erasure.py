"""After an erasure nothing of a call is left in what Prefect's server keeps, whatever its end was: rows, events, logs, artifacts."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from models.call.record import CallRecord, Outcome
from sandbox.stack import BUCKET, Stack
from tests.product.test_hostile_input import sound
from tests.product.test_whole_path import ask, ended, eventually, final_state, upload_as
from tests.server_database import everything_on_postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

# Amazon Connect's ids are UUIDs; a contact id may also be what somebody made it, such as the caller's number.
FOLDER = "connect/readback/CallRecordings/2026/11/21"
CONTACTS = {"read back": "9d4f21ab-77c3-4e0a-b1d2-3c5e6f708192", "bad sound": "010-9876-5432", "failed job": "김하늘 고객"}
SAID = ["보험금 청구 서류를 팩스로 보냈는데 확인 부탁드립니다", "제 번호는 010-4321-8765 입니다"]


@pytest.fixture(scope="module")
def calls(stack: Stack, library: Path) -> dict[str, CallRecord]:
    """A call that was read back and heard, one whose file is no sound, and one that speech-to-text did not know."""
    known, s3 = sound(900, 6.0), stack.client("s3")
    (library / "erased.wav").write_bytes(known)
    utterances = [{"start_at": 3_000 * n, "duration": 2_500, "msg": said, "spk": 0, "lang": "ko"} for n, said in enumerate(SAID)]
    (library / "erased.json").write_text(json.dumps({"utterances": utterances}), encoding="utf-8")
    bodies = {"read back": known, "bad sound": b"no sound at all", "failed job": sound(901)}
    uploads = {end: upload_as(s3, f"{FOLDER}/{CONTACTS[end]}_20261121T03:00_UTC.wav", body) for end, body in bodies.items()}
    records = {end: ended(s3, upload) for end, upload in uploads.items()}
    assert [records[end].outcome for end in bodies] == [Outcome.READ_BACK, Outcome.QUARANTINED, Outcome.QUARANTINED]
    assert run(stack, "hear/hear", call_id=records["read back"].call_id)["type"] == "COMPLETED"
    return records


def run(stack: Stack, deployment: str, **parameters: Any) -> dict[str, Any]:
    """A run of a deployment to its end."""
    found = ask(stack, "GET", f"deployments/name/{deployment}")["id"]
    return final_state(stack, ask(stack, "POST", f"deployments/{found}/create_flow_run", {"parameters": parameters})["id"])


def kept(stack: Stack) -> str:
    url = stack.environment["PREFECT_API_DATABASE_CONNECTION_URL"]
    return asyncio.run(everything_on_postgres(f"{stack.ui_url}/api", url))


def telling(record: CallRecord) -> list[str]:
    """What of a call may be nowhere: its contact, its key, every stretch of words, and the numbers said."""
    words = [record.contact_id, record.recording.key, *SAID, "010-4321-8765", "4321-8765"]
    words += [record.summary.text, record.prompt.spoken_text] if record.summary and record.prompt else []
    return words


def test_no_event_tells_anything_of_a_call_while_it_is_there(stack: Stack, calls: dict[str, CallRecord]) -> None:
    events = [row for row in kept(stack).splitlines() if row.startswith(("events ", "event_resources "))]
    for end, record in calls.items():
        assert any(record.call_id in row for row in events), "the test looks into the wrong place"
        for words in telling(record):
            assert not any(words in row for row in events), f"an event of the call that was {end} tells {words}"


def test_after_an_erasure_the_server_keeps_nothing_of_a_call(stack: Stack, calls: dict[str, CallRecord]) -> None:
    before = kept(stack)
    assert all(record.summary.text in before for record in calls.values() if record.summary)
    for record in calls.values():
        assert run(stack, "erase/erase", call_id=record.call_id)["type"] == "COMPLETED"
    # A deleted run's logs go in a task of the server's own, a moment later.
    eventually(lambda: not _told(kept(stack), calls), "the deletion of what the server keeps", 30)
    assert _told(kept(stack), calls) == []
    s3 = stack.client("s3")
    for record in calls.values():
        left = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        assert [found["Key"] for found in left if record.call_id in found["Key"] and not found["Key"].startswith("erasures/")] == []


def _told(rows: str, calls: dict[str, CallRecord]) -> list[str]:
    return [row[:400] for row in rows.splitlines() for record in calls.values() if any(words in row for words in telling(record))]
