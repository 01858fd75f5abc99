"""What a call recording holds: its length, channels and loudness, measured in one pass, or why it is no recording of a call.

Memory stays bounded by a block and by the envelope (16 bytes per 20 ms and channel), not by the call's length.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from models.errors import BadRecording
from models.sound.wav import WavLayout, read_layout, wav_blocks

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST_SECONDS = 0.3  # no Korean word is shorter
LONGEST_SECONDS = 4 * 3600.0  # no call is longer, and no speech-to-text vendor of ours takes more
SILENCE_DBFS = -60.0  # idle noise of a G.711 line lies near -72 dBFS
WINDOW_SECONDS = 0.02  # resolution of the envelope


@dataclass(frozen=True, eq=False)
class Envelope:
    """A call's loudness over time. ``power`` (variance) and ``peak``: float32 arrays (windows, channels), full scale is 1.

    The variance leaves a constant offset out: a line with a DC offset and nobody on it is silent.
    """

    window_frames: int
    sample_rate: int
    power: NDArray[np.float32]
    peak: NDArray[np.float32]

    def energy(self, start_ms: int, end_ms: int) -> tuple[float, ...]:
        """Mean power of each channel between two times, in milliseconds; zeros where the recording has no sound."""
        window_ms = 1000 * self.window_frames / self.sample_rate
        first = max(0, int(start_ms / window_ms))
        part = self.power[first : max(first + 1, math.ceil(end_ms / window_ms))]
        if len(part) == 0:
            return (0.0,) * int(self.power.shape[1])
        return tuple(float(p) for p in part.mean(axis=0, dtype="float64"))


@dataclass(frozen=True, eq=False)
class RecordingAudio:
    """What a recording holds. ``peak`` and ``rms`` per channel, full scale is 1; of two channels the first is the customer's."""

    channels: int
    sample_rate: int
    seconds: float
    subtype: str
    peak: tuple[float, ...]
    rms: tuple[float, ...]
    envelope: Envelope = field(repr=False)


def inspect_recording(data: bytes, name: str = "the recording", *, longest_seconds: float = LONGEST_SECONDS) -> RecordingAudio:
    """Measure a recording in one pass of bounded memory, or raise BadRecording with a reason and a remedy for people.

    ``name`` is the S3 key, for the message. Refused: no audio, a broken or absurd header, fewer samples than the header
    promises, more than two channels, shorter than 0.3 s, longer than ``longest_seconds`` (the vendor takes 4 h), and silence: no
    20 ms on any channel above -60 dBFS.
    """
    layout = read_layout(data, name, BadRecording)
    if layout.channels > 2:
        remedy = "Amazon Connect writes one or two: customer left, agent right"
        raise BadRecording(f"{name} has {layout.channels} channels", remedy=remedy, case="channels")
    if layout.seconds < SHORTEST_SECONDS:
        raise BadRecording(
            f"{name} lasts {layout.seconds:.2f} s, too short to hold a word",
            remedy="Nothing to do: the caller hung up at once",
            case="too_short",
        )
    if layout.seconds > longest_seconds:
        raise BadRecording(
            f"{name} lasts {layout.seconds / 3600:.1f} h, speech-to-text takes at most {longest_seconds / 3600:g} h",
            remedy="Split the recording and upload its parts",
            case="too_long",
        )
    audio = _measure(data, layout)
    loudest = float(audio.envelope.power.max())
    if loudest < 10 ** (SILENCE_DBFS / 10):
        raise BadRecording(
            f"{name} is silent: nothing in {layout.seconds:.1f} s is louder than {SILENCE_DBFS:g} dBFS",
            remedy="Check that the Amazon Connect flow records both parties",
            case="silent",
        )
    return audio


def _measure(data: bytes, layout: WavLayout) -> RecordingAudio:
    import numpy as np

    window = max(1, round(layout.sample_rate * WINDOW_SECONDS))
    powers, peaks, squares = [], [], np.zeros(layout.channels)
    for block in wav_blocks(data, layout, multiple_of=window):
        squares += np.square(block, dtype=np.float64).sum(axis=0)
        starts = np.arange(0, len(block), window)
        counts = np.diff(np.append(starts, len(block)))[:, None]
        mean = np.add.reduceat(block, starts, axis=0, dtype=np.float64) / counts
        square = np.add.reduceat(np.square(block), starts, axis=0, dtype=np.float64) / counts
        powers.append(np.maximum(square - np.square(mean), 0).astype(np.float32))
        peaks.append(np.maximum.reduceat(np.abs(block), starts, axis=0))
    envelope = Envelope(window, layout.sample_rate, np.concatenate(powers), np.concatenate(peaks))
    return RecordingAudio(
        channels=layout.channels,
        sample_rate=layout.sample_rate,
        seconds=layout.seconds,
        subtype=layout.subtype,
        peak=tuple(float(p) for p in envelope.peak.max(axis=0)),
        rms=tuple(float(r) for r in np.sqrt(squares / layout.frames)),
        envelope=envelope,
    )
