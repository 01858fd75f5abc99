"""One call, from its recording to the prompt that reads the caller's request back.

    claim → fetch → transcribe → summarize (here, or in a linked subflow on pool g4dn) → speak → convert → upload → hand over
    ╰─ take up ─╯                                                                              ╰───── hand over ─────╯

The tasks are the lower line and, where it is empty, the step itself; converting is none. Every step finds in the call's record what
earlier attempts have done, so this flow may be started again at any time, by anyone, any number of times.
"""

import asyncio
from typing import Any

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

import wiring
from models.call.record import CallRecord, OwnedCall
from models.call.steps import Step, Steps
from models.errors import (
    AccessRefused,
    CallTakenOver,
    ModelUnavailable,
    PermanentError,
    QuotaExhausted,
    ReadbackError,
    Superseded,
    TransientError,
)
from models.signals.told import CallSignals
from models.sound.recording import RecordingAudio
from models.sound.wav import load_libraries
from models.summarizer.outcome import Kind
from tasks.call.bill import Bill
from tasks.call.claim import Claim, HeldCall, Verdict
from tasks.call.convert import convert
from tasks.call.first_look import looks_dangerous
from tasks.call.hand_over import ReadBack, hand_over
from tasks.call.listing import list_call
from tasks.call.quarantine import failure_of, set_aside
from tasks.call.report import report
from tasks.call.speak import speak
from tasks.call.summarize import Understood, summarize
from tasks.call.supersede import supersede
from tasks.call.take_up import Wanted, take_up
from tasks.call.transcribe import transcribe
from tasks.call.upload import find_prompt
from tasks.operations.danger import tell_danger
from tasks.operations.pause import requeue_with_backoff
from tasks.operations.runs import QUARANTINED
from tasks.retrying import NO_RESULT
from tasks.without_words import without_words

STATE_NAMES = {
    Verdict.FINISHED: "Duplicate",
    Verdict.IN_FLIGHT: "Duplicate",
    Verdict.IN_QUARANTINE: "InQuarantine",
    Verdict.SUPERSEDED: "Superseded",
    Verdict.ERASED: "Erased",
    Verdict.CANCELLED: "StaysCancelled",
}


# Prefect's server holds a run's parameters against the flow's schema; here Prefect would make a model of them for each call.
@flow(name="process-call", validate_parameters=False, **NO_RESULT)
@without_words
async def process_call(call_id: str = "", key: str = "", etag: str = "", size: int = 0, bucket: str = "") -> State[Any]:
    """Read one recorded call back. Who starts it by hand gives a call or a key.

    Args:
        call_id: The call, 32 hexadecimal digits, of a recording that was announced.
        key: S3 key of the recording, `connect/<instance>/CallRecordings/YYYY/MM/DD/<contactId>_<YYYYMMDD>T<HH:MM>_UTC.wav`.
        etag: Entity tag of the object; empty for whatever lies there now.
        size: Size of the object in bytes.
        bucket: S3 bucket that holds the recording; empty for ours.
    """
    wanted, steps, bill = Wanted(call_id, key, etag, size, bucket), Steps(), Bill()
    bill.count_requests()
    try:
        return await _process(wanted, steps, bill)
    except (AccessRefused, ModelUnavailable, QuotaExhausted, TransientError) as error:
        await requeue_with_backoff(error, steps.current, urgent=steps.urgent)
        raise


async def _process(wanted: Wanted, steps: Steps, bill: Bill) -> State[Any]:
    owner = str(runtime.flow_run.id)
    try:
        taken = await take_up(wanted, owner, steps)
        if taken.call is None or taken.audio is None:
            return await _end_without_work(taken.claim)
        record = await _read_back(taken.call, taken.audio, steps, bill, resumed=taken.claim.resumed)
    except CallTakenOver as error:
        return Completed(name="TakenOver", message=str(error))
    except (Superseded, TransientError, PermanentError) as error:
        if wanted.recording is None:
            raise  # there is no call yet that could be set aside
        return await _stop(OwnedCall(wanted.recording.call_id, owner), error, steps.current, bill)
    if record.prompt is None:
        return Completed(name="NoRequest", message=f"Number {record.number}: the caller asked for nothing")
    return Completed(message=f"Read back as number {record.number}")


async def _stop(call: OwnedCall, error: ReadbackError, step: Step, bill: Bill) -> State[Any]:
    """End a call that cannot go on; what may succeed later is raised until it has been tried often enough."""
    if isinstance(error, Superseded):
        await list_call(await supersede(call, error.by))
        return _nothing_to_do(Claim(Verdict.SUPERSEDED, f"superseded by call {error.by}"))
    if isinstance(error, TransientError) and runtime.flow_run.run_count < wiring.settings().give_up_attempts:
        raise error
    record = await set_aside(call, failure_of(error, step, call.owner), bill)
    return await _end_as_quarantined(record, f"{error.code} in step {step}: {error}")


async def _end_without_work(claim: Claim) -> State[Any]:
    return _nothing_to_do(claim) if claim.record is None else await _end_as_quarantined(claim.record, claim.message)


async def _end_as_quarantined(record: CallRecord, message: str) -> State[Any]:
    await report(record, None)
    return Failed(name=QUARANTINED, message=message)


async def _read_back(call: HeldCall, audio: RecordingAudio, steps: Steps, bill: Bill, *, resumed: bool) -> CallRecord:
    with steps.step(Step.TRANSCRIBE):
        record = await transcribe(call, audio)
    with steps.step(Step.SUMMARIZE):
        understood = await _summarize(call, steps)
        if understood.signals is not None and understood.signals.alarms:
            steps.urgent = True
            await tell_danger(call, understood.signals)
    summary = understood.summary
    await asyncio.to_thread(bill.summarized, summary)
    prompt = await find_prompt(record, summary) if resumed else None
    if prompt is not None:
        await asyncio.to_thread(bill.found, prompt)
    sound = None
    if prompt is None and summary.kind is not Kind.NO_REQUEST:  # nothing is read back of a call without a request
        with steps.step(Step.SPEAK):
            speech = await speak(summary, bill, understood.signals.emotion if understood.signals else None)
        with steps.step(Step.CONVERT):
            sound = await convert(speech)
    return await hand_over(call, ReadBack(summary, understood.signals, prompt, sound), audio, steps, bill)


async def _summarize(call: HeldCall, steps: Steps) -> Understood:
    """Look for danger first: where the model is, people are told before the call joins a batch; elsewhere its summary goes first."""
    record = call.left.record
    if not wiring.summarizes_in_call():
        steps.urgent = steps.urgent or (record.summary is None and await asyncio.to_thread(looks_dangerous, record))
        return await summarize(call, urgent=steps.urgent)
    from tasks.call.write_summary import danger_shown, summarize_here  # loads the model's code

    danger = None if record.summary else await asyncio.to_thread(danger_shown, record)
    if danger is not None and danger.signs:
        steps.urgent = True
        await tell_danger(call, CallSignals(danger=danger))
    return await summarize_here(call, danger)


def _nothing_to_do(claim: Claim) -> State[Any]:
    return Completed(name=STATE_NAMES[claim.verdict], message=claim.message)


def preload() -> None:
    """Load the models before the first call asks for them: the ear, and the summarizer where calls are summarized in their own runs."""
    wiring.load_whisper()
    if wiring.summarizes_in_call():
        from tasks.call.write_summary import preload as preload_summary

        preload_summary()


def warm_up() -> None:
    """Make the clients, of which Google's takes 0.7 s, load what computes sounds, and ask whether the chosen voice exists.

    A resident worker does this once it takes runs, and logs what is wrong.
    """
    load_libraries()
    wiring.make_clients()
    wiring.check_voice()
