"""One call, from its recording to the prompt that reads the caller's request back.

    claim → fetch → transcribe → summarize (linked subflow on pool g4dn) → speak → convert → upload → hand over → report

Every step finds in the call's record what earlier attempts have done, so this flow may be started again at any time, by
anyone, any number of times.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

import wiring
from models.call.record import CallRecord, Recording
from models.errors import CallTakenOver, PermanentError, QuotaExhausted, ReadbackError, TransientError
from models.sound.recording import RecordingAudio
from models.sound.wav import load_libraries
from tasks.call.claim import Claim, claim_call, complete_recording
from tasks.call.convert import convert
from tasks.call.fetch import fetch
from tasks.call.quarantine import failure_of, set_aside
from tasks.call.report import report
from tasks.call.speak import speak
from tasks.call.summarize import summarize
from tasks.call.transcribe import transcribe
from tasks.call.upload import HandOver, find_prompt, hand_over, upload
from tasks.operations.pause import wait_for_better_times
from tasks.retrying import NO_RESULT


@dataclass
class Steps:
    """The steps of one run: which one is at work, and the seconds each took."""

    current: str = "claim"
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time one step; ``current`` stays at a step that fails."""
        self.current, begun = name, perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(perf_counter() - begun, 3)


def name_of_run() -> str:
    """Name the run by its contact."""
    given = runtime.flow_run.parameters
    return Recording(bucket=given["bucket"], key=given["key"], etag=given.get("etag") or "").contact_id


@flow(name="process-call", flow_run_name=name_of_run, **NO_RESULT)
async def process_call(bucket: str, key: str, etag: str = "", size: int = 0) -> State[Any]:
    """Read one recorded call back.

    Args:
        bucket: S3 bucket that holds the recording.
        key: S3 key of the recording, `connect/<instance>/CallRecordings/YYYY/MM/DD/<contactId>_<YYYYMMDD>T<HH:MM>_UTC.wav`.
        etag: Entity tag of the object; empty for whatever lies there now.
        size: Size of the object in bytes, as the event says.
    """
    owner, steps = str(runtime.flow_run.id), Steps()
    recording = await complete_recording(bucket, key, etag, size)
    try:
        with steps.step("claim"):
            claim = await claim_call(recording, owner, rerun=runtime.flow_run.run_count > 1)
        if claim.verdict != "ours":
            return _nothing_to_do(claim)
        with steps.step("fetch"):
            audio = await fetch(recording)
        record = await _read_back(recording.call_id, owner, audio, steps, resumed=claim.resumed)
        await report(record, audio)
        return Completed(message=f"Read back as number {record.number}")
    except CallTakenOver as error:
        return Completed(name="TakenOver", message=str(error))
    except (QuotaExhausted, TransientError) as error:
        if isinstance(error, QuotaExhausted) or runtime.flow_run.run_count < wiring.settings().give_up_attempts:
            await wait_for_better_times(error, steps.current)
        return await _quarantine(recording.call_id, owner, error, steps.current)
    except PermanentError as error:
        return await _quarantine(recording.call_id, owner, error, steps.current)


async def _quarantine(call_id: str, owner: str, error: ReadbackError, step: str) -> State[Any]:
    record = await set_aside(call_id, owner, failure_of(error, step, owner))
    await report(record, None)
    return Failed(name="Quarantined", message=f"{type(error).__name__} in step {step}: {error}")


async def _read_back(call_id: str, owner: str, audio: RecordingAudio, steps: Steps, *, resumed: bool) -> CallRecord:
    with steps.step("transcribe"):
        record = await transcribe(call_id, owner, audio)
    with steps.step("summarize"):
        summary = await summarize(call_id, owner)
    prompt = await find_prompt(record) if resumed else None
    if prompt is None:
        with steps.step("speak"):
            speech = await speak(summary.text)
        with steps.step("convert"):
            sound = await convert(speech)
        with steps.step("upload"):
            prompt = await upload(call_id, owner, summary, sound)
    steps.current = "hand over"
    return await hand_over(call_id, owner, HandOver(summary, prompt, steps.seconds))


def _nothing_to_do(claim: Claim) -> State[Any]:
    names = {"finished": "Duplicate", "in_flight": "Duplicate", "in_quarantine": "InQuarantine"}
    return Completed(name=names.get(claim.verdict, claim.verdict.capitalize()), message=claim.message)


def warm_up() -> None:
    """Make the clients, of which Google's takes 0.7 s, and load what computes sounds; a resident worker does this once it takes runs."""
    load_libraries()
    wiring.make_clients()
