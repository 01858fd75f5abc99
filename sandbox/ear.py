"""Whether prompts say what they should, by the sandbox's own ear: ``python -m sandbox.ear PROMPT.wav "what it should say"``.

The stand-in of the voice is deterministic, so what a text sounds like is known: it is spoken once more, by the reading rules and the term
list that ships, and both sounds are held against each other, band by band. A prompt of another text, one that was cut off, and one whose
numbers the voice had to guess are heard as different, and from which second on. Of a real voice a recognizer is the ear.
"""

import argparse
import io
import sys
from collections.abc import Sequence
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
_SAME = 0.95  # a known sound that goes on
_SHORTEST = 50  # frames, 1 s: less of a piece that breaks off is chance
_LONGEST_PAUSE, _STEP_OF_SEARCH = 40, 2  # frames: 0.8 s before a piece begins, looked for every 0.04 s
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


@dataclass(frozen=True)
class Spoken:
    """A text as the stand-in's voice spoke it, and its sound as a prompt's."""

    text: str
    bands: Spectrum


def spoken_in(folder: Path) -> list[Spoken]:
    """Everything that the stand-in of the voice has written into its folder (``sandbox.google_tts --spoken``)."""
    found = []
    for wav in sorted(folder.glob("*.wav")):
        text = wav.with_suffix(".txt")
        if text.exists():  # written last
            found.append(Spoken(text.read_text("utf-8"), bands(_sound(to_prompt(wav.read_bytes())))))
    return found


def decode(prompt: bytes, known: Sequence[Spoken]) -> str:
    """What is said in a prompt, of all that the voice has ever spoken, one after the other; empty where nothing of it is heard.

    Of a piece that breaks off as much of its text is told as was heard of its sound. It is told nothing of what the prompt should say.
    """
    given, place, said = bands(_sound(prompt)), 0, list[str]()
    while len(given) - place > _STEADY:
        length, start, best = max(
            (_heard_from(given, place + shift, one) for one in known for shift in range(0, _LONGEST_PAUSE, _STEP_OF_SEARCH)),
            key=lambda found: (found[0], -found[1]),
            default=(0, 0, None),
        )
        whole = best is not None and length >= 0.97 * len(best.bands) - _STEADY
        if best is None or not (whole or length >= _SHORTEST):
            return " ".join(said)
        said.append(best.text if whole else best.text[: round(len(best.text) * length / len(best.bands))])
        place = start + length
    return " ".join(said)


def _heard_from(given: Spectrum, start: int, one: Spoken) -> tuple[int, int, Spoken]:
    """How many frames of a known sound are heard from a place on, before it is another one."""
    frames = max(0, min(len(given) - start, len(one.bands)))
    likeness = (given[start : start + frames] * one.bands[:frames]).sum(axis=1)
    if frames < _STEADY:
        return 0, start, one
    steady = np.convolve(likeness, np.ones(_STEADY) / _STEADY, mode="valid")
    off = np.flatnonzero(steady < _SAME)
    return (int(off[0]) if len(off) else frames), start, one


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
