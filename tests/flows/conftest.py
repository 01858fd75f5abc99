"""The operations' flows on a real Prefect server (SQLite) and a real S3 protocol (moto's server)."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from prefect import flow, get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.states import State
from prefect_server import server_for_tests

import wiring
from clients.s3 import ObjectStore
from deployments.register import limits, pools, register_limit, register_pool
from models.call.record import CallRecord, Failure, Outcome, OwnedCall, Recording, Transcription
from models.keys import StorageKeys
from tasks.call.quarantine import set_aside
from tasks.operations.pause import QUEUES
from wiring.configuration import load_settings

BUCKET = "aicc-operations"
REGION = "ap-northeast-2"


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    with server_for_tests():
        yield


@pytest.fixture
def store(unversioned_store: ObjectStore) -> ObjectStore:
    """An empty versioned bucket, and the product's wiring pointed at it."""
    unversioned_store._s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return unversioned_store


@pytest.fixture
def unversioned_store(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """The same without versions."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "sandbox",
        "AWS_SECRET_ACCESS_KEY": "sandbox",
        "READBACK_BUCKET": BUCKET,
        "READBACK_AWS_ENDPOINT_URL": s3_server,
        "READBACK_AWS_REGION": REGION,
        "READBACK_RECONCILE_GRACE_SECONDS": "0",
    }.items():
        monkeypatch.setenv(name, value)
    wiring.forget_clients()
    bucket = wiring.object_store()
    bucket._s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield bucket
    for page in bucket._s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for entry in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            bucket._s3.delete_object(Bucket=BUCKET, Key=entry["Key"], VersionId=entry["VersionId"])
    bucket._s3.delete_bucket(Bucket=BUCKET)
    wiring.forget_clients()


@flow(name="process-call")
def stand_in_for_a_call(call_id: str = "", key: str = "", etag: str = "", size: int = 0, bucket: str = "") -> None:
    """Only ever scheduled here: no worker runs it."""


@flow(name="summarize-call")
def stand_in_for_a_summary(call_id: str) -> None:
    """Only ever scheduled here."""


@pytest.fixture(scope="session")
def deployed(prefect_server: None) -> None:
    """The pools, their queues and the calls' deployments, registered once."""
    asyncio.run(_deploy())


async def _deploy() -> None:
    async with get_client() as client:
        for pool in pools(load_settings()):
            await register_pool(client, pool)
        for limit in limits(load_settings()):
            await register_limit(client, limit)
        for stand_in, name, pool_name, queue in (
            (stand_in_for_a_call, "process-call", "calls", "live"),
            (stand_in_for_a_summary, "summarize-call", "g4dn", "summaries"),
        ):
            flow_id = await client.create_flow(stand_in)
            await client.create_deployment(
                flow_id,
                name,
                entrypoint="tests.flows.conftest.nothing",
                work_pool_name=pool_name,
                work_queue_name=queue,
                enforce_parameter_schema=False,
            )


@pytest.fixture
async def client(deployed: None) -> AsyncIterator[PrefectClient]:
    """A client of a server that has the pools and the calls' deployments, and no runs."""
    async with get_client() as connected:
        yield connected
        for run in await connected.read_flow_runs():
            await connected.delete_flow_run(run.id)
        for artifact in await connected.read_artifacts():
            await connected.delete_artifact(artifact.id)


def recording_key(contact: str, day: str = "2026/11/20") -> str:
    return f"connect/acme/CallRecordings/{day}/{contact}_{day.replace('/', '')}T01:30_UTC.wav"


def put_recording(store: ObjectStore, contact: str, day: str = "2026/11/20", body: bytes = b"") -> Recording:
    """An object as Connect would write it; no test here looks into it."""
    body = body or contact.encode()
    etag = store.put(recording_key(contact, day), body)
    return Recording(bucket=store.bucket, key=recording_key(contact, day), etag=etag, size=len(body))


def put_record(store: ObjectStore, recording: Recording, owner: str, **changes: Any) -> CallRecord:
    """A call's record as some earlier run left it."""
    record = CallRecord.begin(recording, owner, datetime(2026, 11, 20, 2, 0, tzinfo=UTC)).model_copy(update=changes)
    store.put(StorageKeys.call_record(record.call_id), record.model_dump_json().encode())
    return record


async def quarantined(
    store: ObjectStore, contact: str, error: str = "bad_recording", *, at: datetime | None = None, **transcription: Any
) -> CallRecord:
    """A call that the pipeline's own task has set aside."""
    record = put_record(store, put_recording(store, contact), "run-of-yesterday", transcription=Transcription(**transcription))
    failure = Failure(
        error=error, reason=f"{record.recording.key} is broken", remedy="Restore it", step="fetch", at=at or datetime.now(UTC)
    )
    return await set_aside.fn(OwnedCall(record.call_id, "run-of-yesterday"), failure)


def outcome_of(call_id: str) -> Outcome:
    return wiring.call_records().read(call_id).record.outcome


async def a_call_run(client: PrefectClient, recording: Recording, state: State[Any] | None = None) -> FlowRun:
    """A run of process-call in any state."""
    deployment = await client.read_deployment_by_name("process-call/process-call")
    run = await client.create_flow_run_from_deployment(deployment.id, parameters=recording.model_dump(), name=recording.run_name)
    if state is not None:
        await client.set_flow_run_state(run.id, state, force=True)
    return await client.read_flow_run(run.id)


async def queues_paused(client: PrefectClient) -> list[bool]:
    """Whether the calls' queues are paused, live calls first."""
    return [(await client.read_work_queue_by_name(name, work_pool_name="calls")).is_paused for name in QUEUES]


async def calls_started(client: PrefectClient) -> list[FlowRun]:
    """Runs of process-call, in the order in which they were made."""
    runs = [run for run in await client.read_flow_runs() if run.deployment_id and run.parameters.keys() & {"key", "call_id"}]
    return sorted(runs, key=lambda run: run.created or datetime.now(UTC))


async def artifact(client: PrefectClient, key: str) -> str:
    found = [artifact for artifact in await client.read_artifacts() if artifact.key == key]
    assert found, f"no artifact {key}"
    return str(max(found, key=lambda artifact: artifact.created).data)
