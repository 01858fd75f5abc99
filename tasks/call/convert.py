"""The prompt: what Amazon Connect can play, checked before anyone relies on it."""

import asyncio
from dataclasses import dataclass

from models.sound.prompt import check_prompt, to_prompt
from tasks.call.speak import Speech


@dataclass(frozen=True)
class PromptSound:
    """A prompt that passed every rule of Amazon Connect."""

    wav: bytes
    seconds: float
    spoken_text: str
    voice: str


async def convert(speech: Speech) -> PromptSound:
    """Turn speech into 8 kHz mono μ-law and hold it against Connect's rules; no task, for there is nothing to repeat."""
    return await asyncio.to_thread(as_prompt, speech)


def as_prompt(speech: Speech) -> PromptSound:
    """Convert and check."""
    wav = to_prompt(speech.wav)
    return PromptSound(wav, check_prompt(wav).seconds, speech.spoken_text, speech.voice)
