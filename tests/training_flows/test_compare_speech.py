"""Vendors side by side on a real Prefect server: cost first, nothing paid twice, and a vendor that is away takes no other with it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from prefect.exceptions import ObjectAlreadyExists
from prefect.flow_engine import run_flow

import deployments.register
import wiring
from models.call.record import Utterance
from models.errors import ConfigurationError
from models.keys import HearingKeys
from sandbox.make_recordings import RECORDINGS
from sandbox.processes import free_port
from sandbox.stand_in import stand_in
from tasks.hearing import hear
from tests.in_memory import OFFER, FakeSpeechToText
from training_flows.compare_speech import ComparisonLimits, compare_speech
from training_flows.hear_recordings import hear_recordings

FOLDER = f"{HearingKeys.SETS}bundled/"
WAVS = sorted(RECORDINGS.glob("*.wav"))[:3]


@pytest.fixture(scope="module")
def vendors() -> Iterator[dict[str, str]]:
    quick = ("--transcripts", str(RECORDINGS), "--latency-seconds", "0")
    with (
        stand_in("sandbox.returnzero", *quick, "--client", "ours:secret", "--concurrency", "0") as (returnzero, _),
        stand_in("sandbox.google_stt", *quick) as (google, _),
    ):
        yield {"returnzero": returnzero["url"], "google": google["url"], "endpoint": google["endpoint"]}


@pytest.fixture(autouse=True)
async def world(bucket: str, vendors: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The set in the bucket, settings that lead to the stand-ins, the vendors' limits on the server."""
    for name, value in {
        "RETURNZERO_URL": vendors["returnzero"],
        "RETURNZERO_CLIENT_ID": "ours",
        "RETURNZERO_CLIENT_SECRET": "secret",
        "GOOGLE_STT_PROJECT": "project",
        "GOOGLE_STT_BUCKET": "sounds",
        "GOOGLE_STT_ENDPOINT": vendors["endpoint"],
        "GOOGLE_STORAGE_URL": vendors["google"],
        "STT_POLL_SECONDS": "0.01",
    }.items():
        monkeypatch.setenv(f"READBACK_{name}", value)
    monkeypatch.setattr(hear.hear_recording, "retry_delay_seconds", 0)
    monkeypatch.setattr(hear.hear_recording, "retry_jitter_factor", None)
    wiring.forget_clients()
    for wav in WAVS:
        put(wav.name, wav.read_bytes(), wav.with_suffix(".json").read_text("utf-8"))
    async with get_client() as client:
        for name in ("returnzero-jobs", "google-jobs"):
            with contextlib.suppress(ObjectAlreadyExists):
                await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=5))


def put(name: str, sound: bytes, reference: str) -> None:
    wiring.object_store().put(f"{FOLDER}{name}", sound)
    wiring.object_store().put(f"{FOLDER}{Path(name).stem}.json", reference.encode())


def paid(url: str) -> int:
    found: dict[str, Any] = requests.get(f"{url}/sandbox/counters", timeout=5).json()
    return int(found["jobs_accepted"])


async def page(key: str) -> str:
    async with get_client() as client:
        found = await client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])))
    return str(max(found, key=lambda artifact: artifact.created).data)


async def test_vendors_are_ranked_by_what_they_heard_and_nothing_is_paid_twice(vendors: dict[str, str]) -> None:
    before = paid(vendors["returnzero"]), paid(vendors["google"])
    first = await compare_speech(FOLDER, ["google", "returnzero"], run_in_process=True)
    assert (first.compared, [row.errors.cer for row in first.standings]) == (3, [0.0, 0.0])
    assert [row.provider for row in first.standings] == ["returnzero", "google"]  # equal ears: the cheaper one stands first
    assert all(row.errors.speaker_errors == 0 and row.errors.term_accuracy == 1 for row in first.standings)
    assert first.standings[1].won_per_minute == pytest.approx(2 * 22.4)  # two channels
    told = await page("speech-comparison")
    assert "# 음성 인식 비교: returnzero 0.00 %" in told
    assert "data:image/png" in told
    again = await compare_speech(FOLDER, ["google", "returnzero"], run_in_process=True)
    assert again.standings == first.standings
    assert (paid(vendors["returnzero"]), paid(vendors["google"])) == (before[0] + 3, before[1] + 3)
    assert "예상 **0원**" in await page("speech-comparison-estimate")


async def test_a_comparison_that_costs_more_than_its_limit_is_not_begun(vendors: dict[str, str]) -> None:
    before = paid(vendors["returnzero"])
    with pytest.raises(ConfigurationError, match="would cost about"):
        await compare_speech(FOLDER, ["returnzero"], ComparisonLimits(max_won=1), run_in_process=True)
    assert paid(vendors["returnzero"]) == before
    assert "한도를 넘어 시작하지 않았습니다" in await page("speech-comparison-estimate")


async def test_a_vendor_that_is_away_is_told_and_the_others_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_GOOGLE_STT_ENDPOINT", f"127.0.0.1:{free_port()}")
    monkeypatch.setattr(hear.hear_recording, "retries", 1)
    wiring.forget_clients()
    found = await compare_speech(FOLDER, ["returnzero", "google"], run_in_process=True)
    by_name = {row.provider: row for row in found.standings}
    assert (by_name["returnzero"].recordings, by_name["google"].recordings, found.compared) == (3, 0, 0)
    assert all("failed to connect" in reason for reason in by_name["google"].failures.values())
    assert "## 듣지 못한 녹취" in await page("speech-comparison")


async def test_a_recording_that_a_vendor_cannot_hear_is_a_failure_that_is_not_paid_again(vendors: dict[str, str]) -> None:
    unknown = bytearray(WAVS[0].read_bytes())
    unknown[2000:2100] = bytes(100)
    put("unknown.wav", bytes(unknown), WAVS[0].with_suffix(".json").read_text("utf-8"))
    before = paid(vendors["returnzero"])
    for _ in range(2):
        found = await compare_speech(FOLDER, ["returnzero"], run_in_process=True)
    assert found.compared == 3
    assert "no transcript known" in found.standings[0].failures["unknown"]
    after = paid(vendors["returnzero"])
    await compare_speech(FOLDER, ["returnzero"], pay_again=True, run_in_process=True)
    assert (after - before, paid(vendors["returnzero"]) - after) == (4, 1)


async def test_a_set_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="no recording under speech/sets/nothing/"):
        await compare_speech(f"{HearingKeys.SETS}nothing/", ["returnzero"], run_in_process=True)
    with pytest.raises(ConfigurationError, match="where calls are recorded"):
        await compare_speech("connect/acme/", ["returnzero"], run_in_process=True)
    put("broken.wav", WAVS[0].read_bytes(), json.dumps({"utterances": [{"msg": "네"}]}))
    with pytest.raises(ConfigurationError, match=r"broken.json is no reference"):
        await compare_speech(FOLDER, ["returnzero"], run_in_process=True)


async def test_a_worker_that_would_ask_something_else_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The question is part of the result's key: other keywords are another result, and are not mixed with it."""
    real = hear.question_of
    monkeypatch.setattr(hear, "question_of", lambda asks: real(f"{asks} and more"))
    found = await compare_speech(FOLDER, ["returnzero"], run_in_process=True)
    assert all("asked something else here" in reason for reason in found.standings[0].failures.values())


@pytest.fixture
async def pools() -> AsyncIterator[list[tuple[str, str]]]:
    """Workers of both pools that run what is scheduled there; gives the provider and the deployment of each run."""
    ran: list[tuple[str, str]] = []
    async with get_client() as client:
        for pool in deployments.register.pools(wiring.settings()):
            await deployments.register.register_pool(client, pool)
        flow_id = await client.create_flow(hear_recordings)
        places = {"hear-recordings": ("calls", "backfill"), "hear-recordings-here": ("g4dn", "training")}
        names = {}
        for name, (pool_name, queue) in places.items():
            options = {"entrypoint": "training_flows.hear_recordings.hear_recordings", "enforce_parameter_schema": False}
            names[await client.create_deployment(flow_id, name, work_pool_name=pool_name, work_queue_name=queue, **options)] = name

        async def work() -> None:
            scheduled = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))
            while True:
                for run in await client.read_flow_runs(
                    flow_filter=FlowFilter(name=FlowFilterName(any_=["hear-recordings"])), flow_run_filter=FlowRunFilter(state=scheduled)
                ):
                    ran.append((run.parameters["provider"], names[run.deployment_id]))
                    await run_flow(hear_recordings, flow_run=run, return_type="state")
                await asyncio.sleep(0.5)

        worker = asyncio.create_task(work())
        yield ran
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
        for deployment_id in names:
            await client.delete_deployment(deployment_id)


async def test_each_vendor_hears_in_a_run_of_its_own_and_whisper_on_the_gpu(
    pools: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {wav.read_bytes(): list(said_in(wav)) for wav in WAVS}
    whisper = FakeSpeechToText(words, provider="whisper", offer=replace(OFFER, billed=False))
    real = wiring.speech_to_text
    monkeypatch.setattr(wiring, "speech_to_text", lambda provider="": whisper if provider == "whisper" else real(provider))
    async with get_client() as client:
        await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="whisper-jobs", limit=1))
    found = await compare_speech(FOLDER, ["returnzero", "whisper"])
    assert sorted(pools) == [("returnzero", "hear-recordings"), ("whisper", "hear-recordings-here")]
    assert [(row.provider, row.recordings) for row in found.standings] == [("whisper", 3), ("returnzero", 3)]


def said_in(wav: Path) -> Iterator[Utterance]:
    """A recording's reference."""
    for said in json.loads(wav.with_suffix(".json").read_text("utf-8"))["utterances"]:
        yield Utterance(label=said["spk"], start_ms=said["start_at"], duration_ms=said["duration"], text=said["msg"])


async def test_without_the_deployments_the_pools_hear_nothing() -> None:
    with pytest.raises(ConfigurationError, match="no deployment hear-recordings"):
        await compare_speech(FOLDER, ["returnzero"])
