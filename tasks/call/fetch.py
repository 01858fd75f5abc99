"""The recording: read once, measured, refused when it is no call."""

import asyncio

from prefect import task

import wiring
from models.call.record import Recording
from models.errors import BadRecording
from models.sound.recording import RecordingAudio, inspect_recording
from tasks.retrying import PATIENT


@task(name="fetch", **PATIENT)
async def fetch(recording: Recording) -> RecordingAudio:
    """Measure the recording's sound; the sound itself is not kept, since hundreds of calls wait for transcripts at once."""
    return await asyncio.to_thread(_measure, recording)


def _measure(recording: Recording) -> RecordingAudio:
    limit = wiring.settings().max_recording_bytes
    if recording.size > limit:
        remedy = "Raise READBACK_MAX_RECORDING_BYTES if it is a call"
        raise BadRecording(f"{recording.key} has {recording.size:,} bytes, the limit is {limit:,}", remedy=remedy)
    return inspect_recording(wiring.object_store().get(recording.key).body, recording.key)
