"""Text-to-speech: the sentence that the caller hears."""

import asyncio
from dataclasses import dataclass
from functools import partial

from prefect import task
from prefect.concurrency.asyncio import rate_limit

import wiring
from models.call.read_back import read_back_sentence, respell, split_for_synthesis, takes_ssml, to_ssml
from models.sound.prompt import join_wavs
from tasks.privacy import masked
from tasks.retrying import PATIENT

RATE_LIMIT = "google-tts"


@dataclass(frozen=True)
class Speech:
    """What was said and its sound: a LINEAR16 WAV that lives for the second until the prompt is uploaded."""

    spoken_text: str
    voice: str
    wav: bytes


async def speak(summary: str) -> Speech:
    """Speak the read-back of a summary, each part in a task of its own, so that a retry repeats no other part's paid request."""
    text, voice = read_back_sentence(masked(summary)), wiring.settings().tts_voice
    render = partial(to_ssml if takes_ssml(voice) else respell, pronunciations=wiring.pronunciations())
    parts = [render(part) for part in split_for_synthesis(text, render=render)]
    sounds = [await synthesize(part) for part in parts]
    return Speech(text, voice, sounds[0] if len(sounds) == 1 else join_wavs(sounds))


@task(name="speak", **PATIENT)
async def synthesize(part: str) -> bytes:
    """Speak one part: SSML where the voice takes it, respelled text where it does not."""
    chosen = wiring.settings()
    spoken_as = {"ssml": part, "text": None} if takes_ssml(chosen.tts_voice) else {"ssml": None, "text": part}
    await rate_limit(RATE_LIMIT, occupy=1, strict=True)

    def say() -> bytes:  # in the thread even the client is made: that takes 0.7 s
        return wiring.google_tts().synthesize(
            **spoken_as, voice=chosen.tts_voice, speaking_rate=chosen.tts_speaking_rate, timeout=chosen.tts_timeout_seconds
        )

    return await asyncio.to_thread(say)
