"""The prompt that Amazon Connect plays: made of synthesized speech, and held against Connect's rules."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.errors import BadPrompt
from models.sound.recording import SILENCE_DBFS, WINDOW_SECONDS
from models.sound.wav import WavLayout, amplitude, average_channels, read_layout, wav_blocks, write_wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROMPT_RATE = 8_000
PROMPT_MAX_BYTES = 50_000_000  # Amazon Connect: less than 50 MB
PROMPT_MAX_SECONDS = 300.0  # and less than five minutes
PROMPT_SPEECH_DBFS = -19.0  # level of the speech itself, pauses left out
PROMPT_EDGE_SECONDS = 0.3  # of silence at most before and after the speech
PROMPT_PAUSE_SECONDS = 1.0  # and between two stretches of it
PROMPT_PEAK_DBFS = -3.0  # no sample of a prompt is louder

_SILENT_BELOW = 10**5  # power below the loudest window's (50 dB): quieter than any breath of a voice


@dataclass(frozen=True)
class PromptFacts:
    """Length and size of a prompt that Amazon Connect will play."""

    seconds: float
    bytes: int


def to_prompt(wav: bytes, name: str = "the synthesized speech") -> bytes:
    """Convert any WAV into Amazon Connect's prompt format: 8 kHz mono G.711 μ-law with a proper header.

    Channels are averaged, the rate is changed by soxr (HQ), no speech is cut off. Pauses: a voice's silence before and after is shortened
    to 0.3 s, so that a caller neither waits nor hangs up, and within to 1 s, as long as a slow reader rests between sentences. Loudness:
    the speech (20 ms windows within 30 dB of the loudest) is brought to -19 dBFS by one constant gain, less where a peak would pass
    -3 dBFS; so no sample clips and the dynamics stay. Not EBU R128: its filter and gates are made for minutes of full-band sound, and a
    prompt is seconds of a telephone's band. libsndfile's μ-law differs from FFmpeg's by at most one code. Raises BadPrompt.
    """
    import numpy as np
    import soxr

    layout = read_layout(wav, name, BadPrompt)
    _check_prompt_length(layout, name)
    speech = np.concatenate([average_channels(block) for block in wav_blocks(wav, layout)])
    speech = np.asarray(soxr.resample(speech, layout.sample_rate, PROMPT_RATE), dtype=np.float32)
    peak = float(np.abs(speech).max(initial=0.0))
    if peak < amplitude(SILENCE_DBFS):
        raise BadPrompt(f"{name} is silent", remedy="Check the text that was sent to speech synthesis")
    speech = _with_short_pauses(speech)
    gain = min(amplitude(PROMPT_SPEECH_DBFS) / _speech_level(speech), amplitude(PROMPT_PEAK_DBFS) / peak)
    return write_wav(speech * np.float32(gain), PROMPT_RATE, "ULAW")


def _with_short_pauses(speech: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shorten what is silent for too long; speech itself, and pauses of an ordinary length, stay sample for sample."""
    import numpy as np

    window = int(PROMPT_RATE * WINDOW_SECONDS)
    whole = len(speech) // window
    powers = np.square(speech[: whole * window].reshape(-1, window)).mean(axis=1) if whole else np.zeros(0)
    loud = np.flatnonzero(powers > powers.max(initial=0.0) / _SILENT_BELOW)
    if not len(loud):
        return speech
    kept, done = [], max(0, int(loud[0]) * window - int(PROMPT_EDGE_SECONDS * PROMPT_RATE))
    longest = int(PROMPT_PAUSE_SECONDS * PROMPT_RATE)
    for last, following in itertools.pairwise(loud):
        end, begin = (int(last) + 1) * window, int(following) * window
        if begin - end > longest:
            kept.append(speech[done : end + longest // 2])
            done = begin - (longest - longest // 2)
    kept.append(speech[done : (int(loud[-1]) + 1) * window + int(PROMPT_EDGE_SECONDS * PROMPT_RATE)])
    return np.concatenate(kept)


def check_prompt(wav: bytes, name: str = "the prompt") -> PromptFacts:
    """Hold a finished prompt against every rule of Amazon Connect, or raise BadPrompt naming the broken one.

    Rules: WAV, 8 kHz, mono, μ-law, less than 50 MB, less than five minutes; and ours: some sound, and a header with true sizes.
    """
    remedy = "Convert it with models.sound.prompt.to_prompt"
    if len(wav) >= PROMPT_MAX_BYTES:
        raise BadPrompt(f"{name} has {len(wav):,} bytes, Amazon Connect takes less than 50 MB", remedy="Shorten the spoken text")
    layout = read_layout(wav, name, BadPrompt)
    if layout.subtype != "ULAW":
        raise BadPrompt(f"{name} is {layout.subtype}, Amazon Connect plays μ-law", remedy=remedy)
    if layout.sample_rate != PROMPT_RATE:
        raise BadPrompt(f"{name} has a rate of {layout.sample_rate} Hz, Amazon Connect plays 8,000 Hz", remedy=remedy)
    if layout.channels != 1:
        raise BadPrompt(f"{name} has {layout.channels} channels, Amazon Connect plays mono", remedy=remedy)
    if not layout.sized:
        raise BadPrompt(f"{name} has a header without its true length", remedy=remedy)
    _check_prompt_length(layout, name)
    return PromptFacts(seconds=layout.seconds, bytes=len(wav))


def join_wavs(parts: list[bytes]) -> bytes:
    """Put the parts of one synthesized text one after another, sample for sample, as a 16-bit WAV.

    All parts need to be 16-bit PCM (Google's LINEAR16) of the same rate and channels, as one voice gives them; BadPrompt
    otherwise, and for no part at all.
    """
    import numpy as np

    if not parts:
        raise BadPrompt("No speech was synthesized", remedy="Check the text that was sent to speech synthesis")
    layouts = [read_layout(part, f"part {i} of the speech", BadPrompt) for i, part in enumerate(parts, 1)]
    formats = sorted({(layout.subtype, layout.sample_rate, layout.channels) for layout in layouts})
    if len(formats) > 1 or formats[0][0] != "PCM_16":
        raise BadPrompt(f"The parts of the speech are {formats}, not all PCM_16 of one rate", remedy="Ask one voice for LINEAR16")
    samples = [block for part, layout in zip(parts, layouts, strict=True) for block in wav_blocks(part, layout, "int16")]
    return write_wav(np.concatenate(samples), layouts[0].sample_rate, "PCM_16")


def _check_prompt_length(layout: WavLayout, name: str) -> None:
    if layout.seconds >= PROMPT_MAX_SECONDS:
        raise BadPrompt(f"{name} lasts {layout.seconds:.0f} s, Amazon Connect plays less than 300 s", remedy="Shorten the spoken text")


def _speech_level(speech: NDArray[np.float32]) -> float:
    """RMS of the windows within 30 dB of the loudest, full scale 1; pauses would otherwise make a slow speaker too loud."""
    import numpy as np

    window = int(PROMPT_RATE * WINDOW_SECONDS)
    whole = len(speech) // window * window
    powers = np.square(speech[:whole].reshape(-1, window)).mean(axis=1) if whole else np.square(speech).mean(keepdims=True)
    return float(np.sqrt(powers[powers >= powers.max() / 1000].mean()))
