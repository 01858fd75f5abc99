"""Sounds whose words are known: also when they came through a microphone, and no other sounds."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from sandbox.espeak import Espeak, Voice
from sandbox.known_sounds import Library, identify

WORDS = ["보험금은 언제 지급되나요?", "보험금은 언제 청구하나요?", "긴급출동은 몇 번인가요?"]


def spoken(words: str, rate: int, *, before: float = 0.5, gain: float = 1.0, noise: float = 0.0) -> bytes:
    espeak = Espeak()
    sound = soxr.resample(espeak.say(words, Voice()) / 32768.0, espeak.sample_rate, rate) * gain
    sound = np.concatenate([np.zeros(int(before * rate)), sound, np.zeros(rate)])
    file = io.BytesIO()
    soundfile.write(file, sound + noise * np.random.default_rng(7).normal(size=len(sound)), rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for number, words in enumerate(WORDS):
        (tmp_path / f"{number}.wav").write_bytes(spoken(words, 48_000))
        (tmp_path / f"{number}.json").write_text('{"utterances": []}')
    return Library([tmp_path])


@pytest.mark.parametrize("number", range(len(WORDS)))
def test_a_known_sound_is_known_at_another_rate_later_quieter_and_in_noise(library: Library, number: int) -> None:
    heard = spoken(WORDS[number], 16_000, before=1.3, gain=0.4, noise=0.003)
    audio = identify(heard)
    assert not library.knows(audio.sha256)
    library.by_likeness(heard, audio)
    assert library.names[audio.sha256] == f"{number}.wav"


@pytest.mark.parametrize("words", ["해지하면 환급금이 얼마인가요?", "보험금은 얼마나 지급되나요?"])
def test_other_words_of_the_same_voice_are_not_known(library: Library, words: str) -> None:
    heard = spoken(words, 16_000)
    audio = identify(heard)
    library.by_likeness(heard, audio)
    assert not library.knows(audio.sha256)


def test_noise_and_silence_are_not_known(library: Library) -> None:
    for noise in (0.0, 0.1):
        heard = spoken("", 16_000, noise=noise)
        audio = identify(heard)
        library.by_likeness(heard, audio)
        assert not library.knows(audio.sha256)
