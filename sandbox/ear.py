"""Whether prompts say what they should, by the sandbox's own ear: ``python -m sandbox.ear PROMPT.wav "what it should say"``.

The stand-in of the voice is deterministic, so what a text sounds like is known: it is spoken once more, by the reading rules and the term
list that ships, and both sounds are held against each other, band by band. A prompt of another text, one that was cut off, and one whose
numbers the voice had to guess are heard as different, and from which second on. Of a real voice a recognizer is the ear.
"""

import argparse
import io
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from models.call.read_back import respell
from models.call.terms import TermList
from models.sound.prompt import to_prompt
from sandbox.espeak import Espeak
from sandbox.google_tts import VOICE_OF_LETTER
from sandbox.spectra import RATE, STEP, Spectrum, bands

ALIKE = 0.97  # the same words are 0.998 alike, a word respelled otherwise brings a sentence to 0.94
_OTHER = 0.7  # a stretch so unlike is another word
_STEADY = 10  # frames, 0.2 s: shorter differences are the codec's


@dataclass(frozen=True)
class Heard:
    """How alike a prompt and what it should say sound (1: the same), and from which second on they differ."""

    likeness: float
    differs_at: float | None = None

    @property
    def says_it(self) -> bool:
        """Whether the prompt says what it should."""
        return self.differs_at is None and self.likeness >= ALIKE


def hear(prompt: bytes, text: str, voice: str = "ko-KR-Wavenet-A") -> Heard:
    """Hold a prompt against the sound of a text in the stand-in's voice."""
    expected = bands(_sound(as_it_should_sound(text, voice)))
    given = bands(_sound(prompt))
    frames = min(len(expected), len(given))
    likeness = (expected[:frames] * given[:frames]).sum(axis=1) if frames else np.zeros(0)
    steady = np.convolve(likeness, np.ones(_STEADY) / _STEADY, mode="valid") if frames >= _STEADY else likeness
    off = np.flatnonzero(steady < _OTHER)
    second = STEP / RATE
    if abs(len(expected) - len(given)) > _STEADY:
        off = np.append(off, frames)
    return Heard(float(likeness.mean()) if frames else 0.0, round(float(off[0]) * second, 2) if len(off) else None)


def as_it_should_sound(text: str, voice: str) -> bytes:
    """The prompt of a text, made without Google's protocol."""
    espeak, letter = Espeak(), voice.rpartition("-")[2]
    samples = espeak.say(respell(text, TermList.shipped().pronunciations), VOICE_OF_LETTER.get(letter, VOICE_OF_LETTER["A"]))
    wav = io.BytesIO()
    soundfile.write(wav, samples, espeak.sample_rate, format="WAV", subtype="PCM_16")
    return to_prompt(wav.getvalue())


def _sound(wav: bytes) -> Spectrum:
    samples, _ = soundfile.read(io.BytesIO(wav))
    return np.asarray(samples, dtype=np.float64)


def main() -> None:
    """Say whether a prompt says its text; the exit code is 1 where it does not."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.ear", description="Hold a prompt of the sandbox against what it should say.")
    parser.add_argument("prompt", type=Path, help="the prompt's WAV")
    parser.add_argument("text", help="what it should say")
    parser.add_argument("--voice", default="ko-KR-Wavenet-A", help="the voice that speaks it")
    given = parser.parse_args()
    heard = hear(given.prompt.read_bytes(), given.text, given.voice)
    print(f"{given.prompt}: likeness {heard.likeness:.2f}" + ("" if heard.says_it else f", differs from {heard.differs_at} s on"))
    sys.exit(0 if heard.says_it else 1)


if __name__ == "__main__":
    main()
