"""The prompt: what Amazon Connect can play, checked before anyone relies on it."""

import asyncio
from dataclasses import dataclass

from prefect import task

from models.audio import check_prompt, to_prompt
from tasks.retrying import PATIENT
from tasks.speak import Speech


@dataclass(frozen=True)
class PromptSound:
    """A prompt that passed every rule of Amazon Connect."""

    wav: bytes
    seconds: float
    spoken_text: str
    voice: str


@task(name="convert", **PATIENT)
async def convert(speech: Speech) -> PromptSound:
    """Turn speech into 8 kHz mono μ-law and hold it against Connect's rules."""
    return await asyncio.to_thread(_convert, speech)


def _convert(speech: Speech) -> PromptSound:
    wav = to_prompt(speech.wav)
    return PromptSound(wav, check_prompt(wav).seconds, speech.spoken_text, speech.voice)
