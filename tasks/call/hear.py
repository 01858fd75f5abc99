"""A call made audible on demand: links that open for minutes, to the prompt and to the recording with personal numbers silenced."""

import asyncio
import math

from prefect.artifacts import acreate_markdown_artifact

import wiring
from clients.s3 import ObjectStore
from models.call.record import CallRecord
from models.errors import ConfigurationError
from models.keys import StorageKeys
from reports.call import Sound, Sounds, hearing_report
from reports.sound import browser_wav
from stores.call_files import SOUND
from stores.recordings import read_recording
from tasks.call.report import linked, prompt_sound, silenced
from tasks.in_thread import task_in_thread
from tasks.without_words import call_task
from wiring.configuration import Settings


@task_in_thread("read-call")
def read_call(call_id: str) -> CallRecord:
    """The record of the call that somebody wants to hear."""
    return wiring.call_records().read(call_id).record


@call_task("make-audible")
async def make_audible(record: CallRecord) -> None:
    """Write the artifact with the links."""
    settings, store = wiring.settings(), wiring.object_store()
    if not settings.link_minutes:
        raise ConfigurationError("links to sounds are switched off", remedy="Set READBACK_LINK_MINUTES")
    markdown = await asyncio.to_thread(lambda: hearing_report(record, sounds_of(store, record, settings)))
    await acreate_markdown_artifact(markdown, description="통화 듣기")


def sounds_of(store: ObjectStore, record: CallRecord, settings: Settings) -> Sounds:
    """Everything of a call that may be heard."""
    return Sounds(prompt_sound(store, record, settings), whole_recording(store, record, settings))


def whole_recording(store: ObjectStore, record: CallRecord, settings: Settings) -> Sound | None:
    """The whole recording, linked; None where numbers are to be masked and no transcript tells where they are said."""
    sound = Sound(record.audio_seconds)
    if not settings.mask_personal_data:
        return linked(store, record.recording.key, sound, settings)
    if not record.transcription.done:
        return None
    copy = browser_wav(read_recording(store, record.recording), math.inf, silent=silenced(record, settings))
    store.put(StorageKeys.to_hear(record.call_id), copy, content_type=SOUND)
    return linked(store, StorageKeys.to_hear(record.call_id), sound, settings)
