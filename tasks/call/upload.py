"""The prompt in S3: created once, found again by a run that resumes the call."""

from typing import cast

import wiring
from clients.metadata import is_whole
from clients.s3 import ObjectFacts, ObjectStore
from models.call.record import CallRecord, Prompt, Summary
from models.errors import PermanentError
from models.keys import StorageKeys
from stores.call_files import SOUND, create_file, is_current, is_of
from tasks.call.convert import PromptSound
from tasks.call.speak import spoken_text
from tasks.in_thread import task_in_thread


def create_prompt(store: ObjectStore, record: CallRecord, summary: Summary, sound: PromptSound) -> tuple[Prompt, bytes]:
    """Create ``tts/tts_<n>.wav``, with its sound, or return the one that an earlier attempt has created, without."""
    key = StorageKeys.prompt(cast(int, record.number))
    prompt = Prompt(key=key, seconds=round(sound.seconds, 3), spoken_text=sound.spoken_text, voice=sound.voice)
    metadata = {
        "model": summary.model,
        "model-version": summary.version,
        "voice": prompt.voice,
        "spoken-text": prompt.spoken_text,
        "seconds": str(prompt.seconds),
    }
    stands_there = create_file(store, record, key, sound.wav, content_type=SOUND, metadata=metadata)
    if stands_there is None:
        return prompt, sound.wav
    if not is_of(stands_there, record):
        raise PermanentError(
            f"{key} belongs to another call", remedy="Find out which system wrote it; then redrive the call", case="foreign_file"
        )
    return _prompt_of(stands_there, summary), b""


@task_in_thread("look-for-prompt")
def find_prompt(record: CallRecord, summary: Summary) -> Prompt | None:
    """The prompt that an earlier run of this call has uploaded: speech that is paid for is not made again."""
    facts = wiring.object_store().head(StorageKeys.prompt(cast(int, record.number)))
    return _prompt_of(facts, summary) if facts is not None and is_current(facts, record) else None


def _prompt_of(facts: ObjectFacts, summary: Summary) -> Prompt:
    """A prompt by its file's metadata; a spoken text too long for S3's 2 KB is made of the summary again, as it was then."""
    said = facts.metadata
    spoken = said["spoken-text"] if is_whole(said["spoken-text"]) else spoken_text(summary)
    return Prompt(key=facts.key, seconds=float(said["seconds"]), spoken_text=spoken, voice=said["voice"])
