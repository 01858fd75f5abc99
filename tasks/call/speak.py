"""Text-to-speech: the sentence that the caller hears."""

import asyncio
from dataclasses import dataclass

from prefect import get_run_logger

import wiring
from models.call.ledger import Payment
from models.call.read_back import read_back_sentence
from models.call.record import Summary
from models.errors import TransientError, VendorUnavailable, VendorUnreachable
from models.replies.openings import choose
from models.signals.told import CallEmotion
from models.sound.prompt import join_wavs
from stores.openings import Openings
from tasks.call.bill import Bill
from tasks.call.pace import take_slot
from tasks.emotion_groups import group_of
from tasks.privacy import masked
from tasks.without_words import call_task


@dataclass(frozen=True)
class Speech:
    """What was said and its sound: a WAV that lives for the second until the prompt is uploaded."""

    spoken_text: str
    voice: str
    wav: bytes


def spoken_text(summary: Summary, emotion: CallEmotion | None = None) -> str:
    """What is said of a summary, personal numbers masked; after an approved opening where the settings say so and an emotion is sure."""
    said = read_back_sentence(masked(summary.text), summary.kind)
    if not wiring.settings().speak_openings or emotion is None or not emotion.label:
        return said
    return f"{choose(Openings(wiring.object_store()).current(), group_of(emotion), summary.text).text} {said}"


async def speak(summary: Summary, bill: Bill, emotion: CallEmotion | None = None) -> Speech:
    """Speak the read-back of a summary, each part in a task of its own, so that a retry repeats no other part's paid request."""
    text = await asyncio.to_thread(spoken_text, summary, emotion)
    voice = await asyncio.to_thread(wiring.text_to_speech)  # making the client takes 0.7 s
    sounds = [await synthesize(part, bill) for part in voice.split(text)]
    return Speech(text, voice.voice, sounds[0] if len(sounds) == 1 else join_wavs(sounds))


@call_task("speak")
async def synthesize(part: str, bill: Bill) -> bytes:
    """Speak one part within the limit of requests a minute; an answer that never came may be billed all the same."""
    await take_slot()
    voice = wiring.text_to_speech()
    try:
        sound = await asyncio.to_thread(voice.synthesize, part)
    except VendorUnavailable as error:
        if not isinstance(error, VendorUnreachable):
            await asyncio.to_thread(bill.spoke, voice, part, Payment.LOST)
        raise
    await asyncio.to_thread(bill.spoke, voice, part)
    return sound


async def ensure_voice() -> None:
    """Let no call be paid for that could not be read back in the end: ConfigurationError for a mistyped or retired voice.

    A vendor that cannot answer now is no reason to hold the call back; the next call asks again.
    """
    try:
        await asyncio.to_thread(wiring.check_voice)
    except TransientError as error:
        get_run_logger().warning("Could not ask whether the voice exists: %s", error)
