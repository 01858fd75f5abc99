"""What the chat stands on in tests: documents of a few passages, the emotions that ship, and stand-ins of the voices' vendors."""

import json
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from clients.google_tts import GoogleTts
from clients.returnzero import ReturnZero, TranscribeConfig
from console.chat_room import ChatRoom
from models.answers.told import NotHeld, Place, Quote, Suggested
from models.call.prices import PRICES, load_prices
from models.errors import ConfigurationError
from models.lines import EMOTION
from models.lines.signals import LoadedSignals
from models.signals import SHIPPED_EMOTION
from models.signals.told import CallEmotion
from sandbox.espeak import Espeak, Voice
from sandbox.stand_in import stand_in
from tests.in_memory import InMemoryStore

ASKED = "보험금은 언제 지급되나요?"
PASSAGES = [
    ("보험금 지급", "제8조 지급 기일", "회사는 서류를 접수한 날부터 3영업일 안에 보험금을 지급합니다."),
    ("보험금 지급", "제9조 지급 지연", "조사가 필요하면 보험금 지급이 30영업일까지 늦어질 수 있습니다."),
    ("자동차", "제3조 긴급출동", "긴급출동은 한 해에 여섯 번까지 부를 수 있습니다."),
]


@dataclass
class Shelf:
    """Passages that answer where they share a word's beginning with the question."""

    away: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def answer(self, question: str, *, among: Callable[[Place], bool]) -> Suggested | NotHeld:
        if self.away:
            raise self.away
        self.asked.append(question)
        for number, (category, heading, text) in enumerate(PASSAGES):
            place = Place(document="terms.md", title=f"{category} 약관", version="2026-10-01", heading=heading, offset=number)
            words = {word[:3] for word in text.split()} & {word[:3] for word in question.split()}
            if words and among(place):
                return Suggested(quotes=(Quote(text=text, place=place),), confidence=0.9)
        return NotHeld(confidence=0.1)


def _nobody(*_: object) -> Any:
    raise ConfigurationError("no vendor is wired in this test", remedy="Use the fixture `voices`")


@cache
def emotions() -> LoadedSignals[CallEmotion]:
    """The classifier that ships: a fifth of a second of a processor, and the same for every test."""
    return EMOTION.load(SHIPPED_EMOTION, "cpu", "shipped")


def desk(store: InMemoryStore) -> ChatRoom:
    """A chat with documents and emotions, and without voices."""
    shelf = Shelf()
    return ChatRoom(
        store=store,  # type: ignore[arg-type]
        documents=lambda: shelf,
        emotion_of=lambda text: emotions().answers([text])[0],
        ear=_nobody,
        voice=_nobody,
        writer=lambda: None,
        prices=lambda: load_prices(PRICES),
        budget=lambda: None,
        poll_seconds=1.0,
    )


def spoken_question(folder: Path, words: str = ASKED) -> Path:
    """A question spoken at 48 kHz, as a microphone would give it, with its words beside it for the stand-in that hears."""
    espeak = Espeak()
    samples = soxr.resample(espeak.say(words, Voice()) / 32768.0, espeak.sample_rate, 48_000)
    silence = np.zeros(24_000)
    sound = np.concatenate([silence, samples, silence])
    path = folder / "question.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())
    heard = {"start_at": 500, "duration": round(len(samples) / 48), "msg": words, "spk": 0, "lang": "ko"}
    path.with_suffix(".json").write_text(json.dumps({"utterances": [heard]}, ensure_ascii=False), encoding="utf-8")
    return path


@dataclass
class Voices:
    """The stand-ins of ReturnZero and Google, and our clients of them."""

    ear: ReturnZero
    voice: GoogleTts
    ear_url: str

    def give(self, chat: ChatRoom) -> None:
        """Let a chat use them."""
        chat.ear, chat.voice = lambda provider: self.ear, lambda: self.voice


@contextmanager
def voices(transcripts: Path) -> Iterator[Voices]:
    """Both in processes of their own."""
    hears = ("--transcripts", str(transcripts), "--latency-seconds", "0", "--concurrency", "0", "--by-likeness")
    with stand_in("sandbox.returnzero", *hears) as (ear, _), stand_in("sandbox.google_tts") as (mouth, _):
        hearing = ReturnZero(ear["url"], "sandbox", "sandbox-secret", config=TranscribeConfig(domain="GENERAL"))
        speaking = GoogleTts("ko-KR-Wavenet-A", endpoint=mouth["endpoint"])
        yield Voices(hearing, speaking, ear["url"])
        hearing.close()
        speaking.close()
