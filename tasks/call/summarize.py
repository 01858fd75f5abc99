"""The summary, asked of the GPU pool by a linked subflow whose worker keeps the model warm."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID

from prefect import get_client, runtime
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import arun_deployment
from prefect.futures import PrefectFlowRunFuture
from prefect.states import Crashed

import wiring
from clients.s3 import ObjectStore
from models.call.ledger import Used
from models.call.record import CallRecord, Summary
from models.errors import (
    AccessRefused,
    ModelUnavailable,
    ObjectGone,
    PermanentError,
    ReadbackError,
    VendorUnavailable,
    VendorUnreachable,
)
from models.keys import StorageKeys
from models.signals.told import CallSignals
from models.summarizer.outcome import Evidence, Kind
from stores.call_files import is_of
from stores.call_signals import find_signals
from tasks.call.claim import HeldCall
from tasks.without_words import call_task

DEPLOYMENT = "summarize-call/summarize-call"
# The state in which a subflow ends that could load no model, with the reason and the remedy as its message.
NO_MODEL = "NoModel"
# The states in which a subflow ends that cannot get at S3, and what its call makes of them.
S3_IS_AWAY: dict[str | None, type[ReadbackError]] = {kind.code: kind for kind in (AccessRefused, VendorUnreachable)}
# A cold GPU node needs minutes to come up; after that somebody should look at the pool.
DEADLINE_SECONDS = 900.0
BEFORE_THE_OTHERS = timedelta(hours=1)
# The end of a subflow arrives as an event; should the event be lost, asking this often finds it.
ASK_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Understood:
    """What a call comes to: its summary, and what it tells besides; None where nobody has judged that."""

    summary: Summary
    signals: CallSignals | None


@call_task("summarize")
async def summarize(call: HeldCall, *, urgent: bool = False) -> Understood:
    """Have the GPU pool summarize the call, before all others that wait there if it is urgent, and read what it wrote."""
    record = (await call.checkpoint()).record
    if record.summary is not None:
        return Understood(record.summary, record.signals)
    patience = wiring.settings().summary_patience_seconds * 2 ** (runtime.task_run.run_count - 1)
    await run_on_gpu_pool(record, patience=patience, urgent=urgent)
    return await asyncio.to_thread(read_understood, wiring.object_store(), record)


def read_understood(store: ObjectStore, record: CallRecord) -> Understood:
    """What the summarizer left in S3."""
    return Understood(read_summary(store, record), find_signals(store, record.call_id))


def read_summary(store: ObjectStore, record: CallRecord) -> Summary:
    """The summary as it lies in S3, with the model that its metadata names."""
    if record.number is None:
        raise ObjectGone(f"call {record.call_id} has no number, so it has no summary")
    key = StorageKeys.summary(record.number)
    stored = store.get(key)
    if not is_of(stored.facts, record):
        raise PermanentError(
            f"{key} belongs to another call", remedy="Find out which system wrote it; then redrive the call", case="foreign_file"
        )
    said = stored.facts.metadata
    kind = Kind(said.get("kind", Kind.SUMMARY))
    text = "" if kind is Kind.NO_REQUEST else stored.body.decode("utf-8").strip()
    return Summary(
        text=text,
        model=said.get("model", ""),
        version=said.get("model-version", ""),
        kind=kind,
        confidence=float(said["confidence"]) if said.get("confidence") else None,
        evidence=[_evidence(text, place) for place in said.get("evidence", "").split()],
        instead=said.get("instead", ""),
        used=Used.parse(said.get("used", "")),
    )


def summary_metadata(summary: Summary) -> dict[str, str]:
    """What the file's metadata tells of a summary; evidence as places in the text (from-to:utterance), which S3's 2 KB hold."""
    return {
        "model": summary.model,
        "model-version": summary.version,
        "kind": summary.kind.value,
        "confidence": "" if summary.confidence is None else f"{summary.confidence:.4f}",
        "evidence": " ".join(_place(summary.text, one) for one in summary.evidence),
        "instead": summary.instead,
        "used": str(summary.used),
    }


def _place(text: str, evidence: Evidence) -> str:
    start = text.find(evidence.phrase)
    return f"{start}-{start + len(evidence.phrase)}:{evidence.utterance}"


def _evidence(text: str, place: str) -> Evidence:
    span, _, utterance = place.partition(":")
    start, _, end = span.partition("-")
    return Evidence(phrase=text[int(start) : int(end)], utterance=int(utterance))


async def run_on_gpu_pool(record: CallRecord, *, patience: float, urgent: bool = False) -> None:
    """Start the subflow that summarizes the call and wait until it has ended well.

    Workers take the runs of a queue by the times for which they are scheduled: an urgent one is scheduled before all that wait.
    """
    name = f"요약 {record.recording.run_name}"
    due = datetime.now(UTC) - BEFORE_THE_OTHERS if urgent else None
    run = await arun_deployment(DEPLOYMENT, parameters={"call_id": record.call_id}, flow_run_name=name, scheduled_time=due, timeout=0)
    await wait_until_final(run, patience=patience)


async def wait_until_final(run: FlowRun, *, patience: float) -> State[Any]:
    """Wait for a subflow and return how it ended; one that runs for longer than ``patience`` seconds counts as lost.

    A summarizer that is killed leaves its runs Running until their heartbeats are missed. A summary takes a second, so the call
    need not wait for that: the next attempt starts another run, and ``nlp/nlp_<n>.txt`` is created once whoever is first.
    """
    deadline, running_since = time.monotonic() + DEADLINE_SECONDS, None
    future = PrefectFlowRunFuture[None](run.id)
    while not (state := await _state_of(run.id, future)).is_final():
        now = time.monotonic()
        running_since = (running_since or now) if state.is_running() else None
        if running_since is not None and now - running_since > patience:
            await _call_lost(run, patience)
        if now > deadline:
            raise VendorUnavailable(
                f"summarize-call run {run.name!r} has not finished in {DEADLINE_SECONDS:.0f} s", remedy="Look at the workers of pool g4dn"
            )
    if state.name == NO_MODEL:
        raise ModelUnavailable(f"no model could be loaded: {state.message}")
    if not state.is_completed():
        # The subflow's own task has already repeated what is transient; a lost worker or a stopped node is repeated here.
        error = state.data if isinstance(state.data, Exception) else None
        said = f"summarize-call run {run.name!r} ended as {state.name}: {state.message}"
        if kind := S3_IS_AWAY.get(state.name):
            raise kind(said, case="aws")
        raise error or VendorUnavailable(said)
    return state


async def _call_lost(run: FlowRun, patience: float) -> NoReturn:
    message = f"Not finished after {patience:.0f} s of running: its worker is lost or overloaded; the call starts another run"
    async with get_client() as client:
        await client.set_flow_run_state(run.id, Crashed(message=message))
    raise VendorUnavailable(f"summarize-call run {run.name!r} ran for over {patience:.0f} s", remedy="Look at the workers of pool g4dn")


async def _state_of(run_id: UUID, future: PrefectFlowRunFuture[None]) -> State[Any]:
    await future.wait_async(timeout=ASK_AGAIN_SECONDS)
    if future.state.is_final():
        return future.state
    async with get_client() as client:
        return (await client.read_flow_run(run_id)).state or future.state
