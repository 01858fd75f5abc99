"""The recording: read once, measured, refused when it is no call."""

import wiring
from clients.s3 import ObjectStore
from models.call.record import Recording
from models.errors import BadRecording
from models.sound.recording import RecordingAudio, inspect_recording
from stores.recordings import read_recording


def fetch(recording: Recording, sound: bytes = b"") -> RecordingAudio:
    """Measure the recording's ``sound``, or read it; it is not kept, since hundreds of calls wait for transcripts at once."""
    if sound:
        return inspect_recording(sound, recording.shown)
    return measure(wiring.object_store(), recording, limit_bytes=wiring.settings().max_recording_bytes)


def measure(store: ObjectStore, recording: Recording, *, limit_bytes: int) -> RecordingAudio:
    """Read and measure a recording; BadRecording when it is too large or no sound, Superseded when another upload lies in its place."""
    if recording.size > limit_bytes:
        remedy = "Raise READBACK_MAX_RECORDING_BYTES if it is a call"
        raise BadRecording(f"{recording.shown} has {recording.size:,} bytes, the limit is {limit_bytes:,}", remedy=remedy, case="too_large")
    return inspect_recording(read_recording(store, recording), recording.shown)
