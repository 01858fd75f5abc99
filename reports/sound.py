"""What an artifact shows and plays of a recording: its waveform as an SVG, and a small copy that every browser plays."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence

from models.errors import BadRecording
from models.sound.recording import RecordingAudio
from models.sound.wav import amplitude, average_channels, read_layout, wav_blocks, write_wav

_BROWSER_RATE = 8_000
_PEAK_DBFS = -3.0
_MARGIN_SECONDS = 0.5


def browser_wav(
    data: bytes, max_seconds: float = 60.0, name: str = "the recording", *, silent: Sequence[tuple[float, float]] = ()
) -> bytes:
    """Make a copy that every browser plays, small enough for a data URI: 8 kHz mono, 8-bit PCM, 8 kB a second.

    Browsers differ on μ-law, none refuses 8-bit PCM; 16 bits would double the size. The channels are averaged, the peak
    lifted to -3 dBFS because 8 bits leave little room below. Longer sound ends after ``max_seconds``. Stretches in ``silent`` (from and to,
    in seconds) and ``_MARGIN_SECONDS`` on either side are silence: where a word lies is known from its place in its utterance alone.
    Raises BadRecording.
    """
    import numpy as np
    import soxr

    layout = read_layout(data, name, BadRecording)
    wanted = None if math.isinf(max_seconds) else int(max_seconds * layout.sample_rate)
    mono = np.concatenate([average_channels(block) for block in wav_blocks(data, layout, frames=wanted)])
    mono = np.asarray(soxr.resample(mono, layout.sample_rate, _BROWSER_RATE), dtype=np.float32)
    for begin, end in silent:
        mono[max(0, int((begin - _MARGIN_SECONDS) * _BROWSER_RATE)) : max(0, int((end + _MARGIN_SECONDS) * _BROWSER_RATE))] = 0.0
    peak = float(np.abs(mono).max(initial=0.0))
    gain = amplitude(_PEAK_DBFS) / peak if peak > 0 else 1.0
    return write_wav(mono * np.float32(gain), _BROWSER_RATE, "PCM_U8")


def waveform(audio: RecordingAudio, buckets: int = 300) -> list[list[float]]:
    """Peaks per channel, 0 to 1, over at most ``buckets`` equal stretches of time."""
    import numpy as np

    peaks = audio.envelope.peak
    buckets = min(buckets, len(peaks))
    edges = np.linspace(0, len(peaks), buckets + 1).astype(int)[:-1]
    reduced = np.maximum.reduceat(peaks, edges, axis=0)
    return [[float(p) for p in channel] for channel in reduced.T]


def waveform_svg(audio: RecordingAudio, labels: tuple[str, ...] = ("고객", "상담원"), buckets: int = 240) -> str:
    """Draw a recording as an SVG of a few kB: the customer above, the agent below, seconds along the bottom.

    A mono recording has one band without a label. Each band is scaled to the loudest peak of the whole recording.
    """
    bands = waveform(audio, buckets)
    loudest = max(max(band) for band in bands) or 1.0
    width, height, left = 640, 56, 56 if len(bands) > 1 else 8
    step = (width - left - 8) / len(bands[0])
    total = height * len(bands) + 18
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total}" font-family="sans-serif" font-size="12">']
    for i, (band, colour) in enumerate(zip(bands, ("#2563eb", "#d97706"), strict=False)):
        middle = height * i + height // 2
        halves = [max(1, round(24 * peak / loudest)) for peak in band]
        strokes = "".join(f"M{left + (k + 0.5) * step:.0f} {middle - half}v{2 * half}" for k, half in enumerate(halves))
        if len(bands) > 1:
            parts.append(f'<text x="4" y="{middle + 4}" fill="{colour}">{html.escape(labels[i])}</text>')
        parts.append(f'<path d="{strokes}" stroke="{colour}" stroke-width="{step * 0.7:.1f}"/>')
    parts.append(f'<text x="{left}" y="{total - 4}" fill="#6b7280">0:00</text>')
    end = f"{int(audio.seconds) // 60}:{int(audio.seconds) % 60:02d}"
    parts.append(f'<text x="{width - 8}" y="{total - 4}" fill="#6b7280" text-anchor="end">{end}</text></svg>')
    return "".join(parts)
