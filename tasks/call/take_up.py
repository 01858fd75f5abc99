"""A call taken up: its recording found, its run named, the call claimed, the recording measured and the voice asked for.

It is one task, since each costs Prefect's server a row and three events, and all of it may be repeated: nothing is paid here.
"""

import asyncio
from dataclasses import dataclass

import wiring
from models.call.record import OwnedCall, Recording
from models.call.steps import Step, Steps
from models.sound.recording import RecordingAudio
from tasks.call.bill import ensure_budget
from tasks.call.caller import mark_contact
from tasks.call.claim import Claim, HeldCall, Verdict, claim_call, complete_recording, find_landed
from tasks.call.fetch import fetch
from tasks.call.name import name_run
from tasks.call.route import routed
from tasks.call.speak import ensure_voice
from tasks.without_words import call_task


@dataclass
class Wanted:
    """What a run was started for, a call or whatever lies under a key, and the recording once it is found."""

    call_id: str
    key: str
    etag: str
    size: int
    bucket: str
    recording: Recording | None = None

    def find(self) -> Recording | None:
        """The recording; None for an erased call."""
        if self.call_id:
            return find_landed(self.call_id)
        return complete_recording(self.bucket, self.key, self.etag, self.size)


@dataclass(frozen=True)
class TakenUp:
    """What came of it; call and sound are there where the call is ours."""

    claim: Claim
    call: HeldCall | None = None
    audio: RecordingAudio | None = None


@call_task("take-up")
async def take_up(wanted: Wanted, owner: str, steps: Steps) -> TakenUp:
    """Claim the call for this run and measure its recording, or say why there is nothing to do."""
    with steps.step(Step.CLAIM):
        recording = wanted.recording = await asyncio.to_thread(wanted.find)
        if recording is None:
            return TakenUp(Claim(Verdict.ERASED, f"call {wanted.call_id} was erased"))
        await name_run(recording)
        claim, sound = await claim_call(recording, owner)
    if claim.checkpoint is None:
        return TakenUp(claim)
    with steps.step(Step.FETCH):
        audio = await asyncio.to_thread(fetch, recording, sound)
        del sound
        await ensure_voice()
        await asyncio.to_thread(mark_contact, claim.checkpoint.record)
        begun = claim.checkpoint.record.transcription
        if not (begun.job_id or begun.submitting or begun.done):  # a call that is paid for goes on
            await asyncio.to_thread(ensure_budget, wiring.budget(), routed(recording))
    return TakenUp(claim, HeldCall(OwnedCall(recording.call_id, owner), claim.checkpoint), audio)
