"""Make the bundled recordings: insurance calls as Amazon Connect records them, spoken by espeak-ng from a script.

    python -m sandbox.make_recordings [--out FOLDER] [--script sandbox/recordings/script.json]

Each call becomes ``<contactId>_<YYYYMMDD>T<HH:MM>_UTC.wav`` (stereo 8 kHz, customer left, agent right) and a JSON of the same
name with what a recognizer would return: ``{"utterances": [{"start_at", "duration", "msg", "spk", "lang"}]}``, times in ms.
``spk`` numbers the speakers as diarization does, which knows voices and not roles: 0 is the agent in some calls and the
customer in others.

The samples are G.711 μ-law, 16 kB a second; Connect itself writes 16-bit PCM, twice that. What the telephone network
carried is μ-law anyway, and every reader of the recordings decodes both.

The same script always makes the same files: the noise is seeded by the contact, and the voices are deterministic.
"""

import argparse
import io
import json
import zlib
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from pydantic import BaseModel

from sandbox.espeak import Espeak, Voice

RECORDINGS = Path(__file__).parent / "recordings"
SCRIPT = RECORDINGS / "script.json"
SAMPLE_RATE = 8000

_PEAK = 0.5  # −6 dBFS: a loud telephone voice that never clips
_LINE_NOISE = 0.0015
_GAP_SECONDS = 0.35
_LEAD_SECONDS = 0.4
_TAIL_SECONDS = 0.5
_MELODY_HZ = (523.25, 659.25, 783.99, 659.25, 587.33, 698.46, 880.0, 698.46)

Signal = npt.NDArray[np.float64]


class SpeakerVoice(BaseModel):
    """An espeak variant and how it speaks."""

    variant: str
    pitch: int = 50
    pitch_range: int = 50
    rate: float = 1.0


class Line(BaseModel):
    """One turn. ``gap`` is the silence before it in seconds; below zero, it starts while the other still speaks."""

    who: Literal["agent", "customer"]
    text: str
    gap: float = _GAP_SECONDS


class ScriptedCall(BaseModel):
    """One call of the script. ``agent_label`` is the number diarization gives the agent; the customer gets the other."""

    contact_id: str
    started_at: str
    style: str
    agent_label: Literal[0, 1]
    agent: SpeakerVoice
    customer: SpeakerVoice
    background: Literal["none", "street", "office", "hold_music"] = "none"
    lines: list[Line]

    @property
    def name(self) -> str:
        """The file name without its ending, as Amazon Connect builds it."""
        return f"{self.contact_id}_{self.started_at}_UTC"


class Script(BaseModel):
    """All calls."""

    calls: list[ScriptedCall]


def read_script(path: Path) -> Script:
    """Read and check a script."""
    return Script.model_validate_json(path.read_text(encoding="utf-8"))


def record(call: ScriptedCall) -> tuple[bytes, dict[str, object]]:
    """Speak one call: the WAV file and the transcript beside it."""
    espeak = Espeak()
    turns: list[tuple[Line, float, Signal]] = []
    cursor = _LEAD_SECONDS
    for line in call.lines:
        voice = call.agent if line.who == "agent" else call.customer
        signal = _telephone(espeak.say(line.text, Voice(**voice.model_dump())), espeak.sample_rate)
        start = max(0.0, cursor + line.gap)
        turns.append((line, start, signal))
        cursor = start + len(signal) / SAMPLE_RATE
    length = round((max(start + len(s) / SAMPLE_RATE for _, start, s in turns) + _TAIL_SECONDS) * SAMPLE_RATE)

    noise = np.random.default_rng(zlib.crc32(call.contact_id.encode()))
    stereo = noise.normal(0.0, _LINE_NOISE, (length, 2))
    for line, start, signal in turns:
        channel = 0 if line.who == "customer" else 1
        first = round(start * SAMPLE_RATE)
        stereo[first : first + len(signal), channel] += signal
    _add_background(stereo, call.background, turns[0][1], noise)

    utterances = [
        {
            "start_at": round(start * 1000),
            "duration": round(len(signal) / SAMPLE_RATE * 1000),
            "msg": line.text,
            "spk": call.agent_label if line.who == "agent" else 1 - call.agent_label,
            "lang": "ko",
        }
        for line, start, signal in sorted(turns, key=lambda turn: turn[1])
    ]
    wav = io.BytesIO()
    soundfile.write(wav, np.clip(stereo, -1.0, 1.0), SAMPLE_RATE, format="WAV", subtype="ULAW")
    return wav.getvalue(), {"utterances": utterances}


def make(script: Script, out: Path) -> list[Path]:
    """Write every call of the script; returns the WAV files."""
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for call in script.calls:
        wav, transcript = record(call)
        path = out / f"{call.name}.wav"
        path.write_bytes(wav)
        path.with_suffix(".json").write_text(json.dumps(transcript, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        written.append(path)
    return written


def _telephone(samples: npt.NDArray[np.int16], rate: int) -> Signal:
    """Bring a voice to the telephone: 8 kHz, nothing below 300 Hz, an even loudness, no clicks at its ends."""
    signal = np.asarray(soxr.resample(samples.astype(np.float64) / 32768.0, rate, SAMPLE_RATE))
    spectrum = np.fft.rfft(signal)
    hertz = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE)
    signal = np.fft.irfft(spectrum * np.clip((hertz - 200) / 100, 0.0, 1.0), len(signal))
    signal *= _PEAK / max(float(np.abs(signal).max()), 1e-9)
    ramp = min(80, len(signal) // 2)
    signal[:ramp] *= np.linspace(0.0, 1.0, ramp)
    signal[len(signal) - ramp :] *= np.linspace(1.0, 0.0, ramp)
    return signal


def _add_background(stereo: Signal, kind: str, first_word: float, noise: np.random.Generator) -> None:
    """Add what else is heard. The customer's surroundings and hold music both arrive on the left: all incoming audio does."""
    length = len(stereo)
    if kind == "street":
        rumble = np.convolve(noise.normal(0.0, 1.0, length), np.ones(24) / 24, "same")
        swell = 0.6 + 0.4 * np.sin(2 * np.pi * np.arange(length) / (SAMPLE_RATE * 3.7))
        stereo[:, 0] += 0.12 * rumble * swell
    elif kind == "office":
        stereo[:, 1] += 0.03 * np.convolve(noise.normal(0.0, 1.0, length), np.ones(12) / 12, "same")
    elif kind == "hold_music":
        played = min(length, round(first_word * SAMPLE_RATE))
        seconds = np.arange(played) / SAMPLE_RATE
        hertz = np.asarray(_MELODY_HZ)[(seconds / 0.5).astype(int) % len(_MELODY_HZ)]
        stereo[:played, 0] += 0.15 * np.sin(2 * np.pi * hertz * seconds) * np.exp(-3 * (seconds % 0.5))


def main() -> None:
    """Parse the command line and make the recordings."""
    parser = argparse.ArgumentParser(description="Make the bundled recordings from their script.")
    parser.add_argument("--out", type=Path, default=RECORDINGS, help="folder to write to")
    parser.add_argument("--script", type=Path, default=SCRIPT, help="dialogue script")
    options = parser.parse_args()
    for path in make(read_script(options.script), options.out):
        print(f"{path.name}  {path.stat().st_size / 1000:.0f} kB  {soundfile.info(path).duration:.1f} s")


if __name__ == "__main__":
    main()
