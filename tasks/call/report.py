"""A call's artifact, and what of the call can be heard in it.

The artifact has no key: of every artifact with one Prefect writes the whole content into events, when it is made, changed or deleted, and
keeps them for days. It is found in its run.
"""

import asyncio

from prefect.artifacts import acreate_markdown_artifact

import wiring
from clients.s3 import ObjectStore
from models.call.privacy import personal_spans, seconds_of
from models.call.record import CallRecord
from models.sound.recording import RecordingAudio
from reports.call import Sound, Sounds, call_report, title
from reports.sound import browser_wav
from stores.recordings import read_recording
from tasks.call.listing import list_call
from tasks.privacy import masked_conversation
from tasks.without_words import call_task
from wiring.configuration import Settings

PLAYER_SECONDS = 60.0


async def write_report(record: CallRecord, audio: RecordingAudio | None, prompt: bytes = b"") -> None:
    """Write the run's artifact, and list the call for the console; ``prompt`` where its sound is at hand."""
    await list_call(record)
    markdown = await asyncio.to_thread(_call_report, record, audio, prompt)
    await acreate_markdown_artifact(markdown, description=title(record))


report = call_task("report")(write_report)


def _call_report(record: CallRecord, audio: RecordingAudio | None, prompt: bytes) -> str:
    settings, store = wiring.settings(), wiring.object_store()
    sounds = Sounds(prompt_sound(store, record, settings, prompt), recording_sound(store, record, audio, settings) if audio else None)
    return call_report(record, audio, sounds, masked_conversation, show_words=settings.show_transcripts)


def prompt_sound(store: ObjectStore, record: CallRecord, settings: Settings, sound: bytes = b"") -> Sound | None:
    """The prompt, in a player where the settings say so, and linked: what it speaks is masked. Read where its ``sound`` is not given."""
    if record.prompt is None or record.failure is not None:
        return None
    key, seconds = record.prompt.key, record.prompt.seconds
    player = browser_wav(sound or store.get(key).body, PLAYER_SECONDS) if settings.embed_audio != "none" else b""
    return linked(store, key, Sound(seconds, player, min(seconds, PLAYER_SECONDS)), settings)


def recording_sound(store: ObjectStore, record: CallRecord, audio: RecordingAudio, settings: Settings) -> Sound | None:
    """The beginning of the recording in a player, personal numbers silenced; None where the settings say so."""
    if settings.embed_audio != "both":
        return None
    sound = read_recording(store, record.recording)
    return Sound(audio.seconds, browser_wav(sound, PLAYER_SECONDS, silent=silenced(record, settings)), min(audio.seconds, PLAYER_SECONDS))


def silenced(record: CallRecord, settings: Settings) -> list[tuple[float, float]]:
    """From when to when personal numbers are said, where the settings mask them."""
    utterances = record.said
    return seconds_of(personal_spans([u.text for u in utterances]), utterances) if settings.mask_personal_data else []


def linked(store: ObjectStore, key: str, sound: Sound, settings: Settings) -> Sound:
    """The sound with a link that opens for minutes, unless the settings switch links off."""
    minutes = settings.link_minutes
    if not minutes:
        return sound
    return Sound(sound.seconds, sound.player, sound.played, store.link(key, seconds=60 * minutes), minutes)
