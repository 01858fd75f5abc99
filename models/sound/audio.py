"""Recordings in, prompts out: what audio is, measured and converted in memory.

A WAV's header is read here, field by field, because its promises decide what is said to people (truncated, silent, no
audio at all) and because a hostile one must not reach a decoder. libsndfile then sees bare samples, one block at a
time, so memory stays bounded by a block and by the envelope (16 bytes per 20 ms and channel), not by the call's length.

numpy, soundfile and soxr together take about 0.2 s to import: they load inside the functions that use them, for a call
worker starts without them and has ``load_libraries`` called once it takes runs.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.errors import BadPrompt, BadRecording, PermanentError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHORTEST_SECONDS = 0.3  # no Korean word is shorter
LONGEST_SECONDS = 4 * 3600.0  # ReturnZero's limit
SILENCE_DBFS = -60.0  # idle noise of a G.711 line lies near -72 dBFS
WINDOW_SECONDS = 0.02  # resolution of the envelope
LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000

PROMPT_RATE = 8_000
PROMPT_MAX_BYTES = 50_000_000  # Amazon Connect: less than 50 MB
PROMPT_MAX_SECONDS = 300.0  # and less than five minutes
PROMPT_SPEECH_DBFS = -19.0  # level of the speech itself, pauses left out
PROMPT_PEAK_DBFS = -3.0  # no sample of a prompt is louder

_BLOCK_FRAMES = 1 << 16
_MAX_CHUNKS = 256  # real files have fewer than ten; a file of empty chunks would be walked for minutes
_UNKNOWN_SIZE = 0xFFFFFFFF  # written by recorders that could not seek back
_PCM, _FLOAT, _ALAW, _ULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # follows the format tag in an extensible header's GUID
_SUBTYPES = {
    (_PCM, 8): "PCM_U8",
    (_PCM, 16): "PCM_16",
    (_PCM, 24): "PCM_24",
    (_PCM, 32): "PCM_32",
    (_FLOAT, 32): "FLOAT",
    (_FLOAT, 64): "DOUBLE",
    (_ALAW, 8): "ALAW",
    (_ULAW, 8): "ULAW",
}
_FORMAT_NAMES = {2: "Microsoft ADPCM", 17: "IMA ADPCM", 49: "GSM 6.10", 80: "MPEG audio", 85: "MP3", 255: "AAC"}
_SIGNATURES = (
    (b"ID3", "MP3 audio"),
    (b"\xff\xfb", "MP3 audio"),
    (b"\xff\xf3", "MP3 audio"),
    (b"\xff\xf2", "MP3 audio"),
    (b"OggS", "Ogg audio"),
    (b"fLaC", "FLAC audio"),
    (b"#!AMR", "AMR audio"),
    (b"FORM", "AIFF audio"),
    (b"RF64", "an RF64 file"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG picture"),
)
_WAV_REMEDY = "Only WAV recordings (PCM, A-law or μ-law) can be read; check what wrote this object"
_UPLOAD_REMEDY = "Upload the complete recording again under the same key"


def load_libraries() -> None:
    """Load what the functions here compute with, so that no call waits for it."""
    for name in ("numpy", "soundfile", "soxr"):
        import_module(name)


@dataclass(frozen=True)
class WavLayout:
    """Where a WAV's samples lie and how to read them. ``offset`` and ``size`` in bytes, ``subtype`` in libsndfile's words."""

    subtype: str
    channels: int
    sample_rate: int
    frame_bytes: int
    offset: int
    size: int
    sized: bool

    @property
    def frames(self) -> int:
        """Whole sample frames in the file."""
        return self.size // self.frame_bytes

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return self.frames / self.sample_rate


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


@dataclass(frozen=True)
class PromptFacts:
    """Length and size of a prompt that Amazon Connect will play."""

    seconds: float
    bytes: int


def inspect_recording(data: bytes, name: str = "the recording", *, longest_seconds: float = LONGEST_SECONDS) -> RecordingAudio:
    """Measure a recording in one pass of bounded memory, or raise BadRecording with a reason and a remedy for people.

    ``name`` is the S3 key, for the message. Refused: no audio, a broken or absurd header, fewer samples than the header
    promises, more than two channels, shorter than 0.3 s, longer than ``longest_seconds`` (the vendor takes 4 h), and silence: no
    20 ms on any channel above -60 dBFS.
    """
    layout = _read_layout(data, name, BadRecording)
    if layout.channels > 2:
        raise BadRecording(f"{name} has {layout.channels} channels", remedy="Amazon Connect writes one or two: customer left, agent right")
    if layout.seconds < SHORTEST_SECONDS:
        raise BadRecording(
            f"{name} lasts {layout.seconds:.2f} s, too short to hold a word", remedy="Nothing to do: the caller hung up at once"
        )
    if layout.seconds > longest_seconds:
        raise BadRecording(
            f"{name} lasts {layout.seconds / 3600:.1f} h, speech-to-text takes at most {longest_seconds / 3600:g} h",
            remedy="Split the recording and upload its parts",
        )
    audio = _measure(data, layout)
    loudest = float(audio.envelope.power.max())
    if loudest < 10 ** (SILENCE_DBFS / 10):
        raise BadRecording(
            f"{name} is silent: nothing in {layout.seconds:.1f} s is louder than {SILENCE_DBFS:g} dBFS",
            remedy="Check that the Amazon Connect flow records both parties",
        )
    return audio


def to_prompt(wav: bytes, name: str = "the synthesized speech") -> bytes:
    """Convert any WAV into Amazon Connect's prompt format: 8 kHz mono G.711 μ-law with a proper header.

    Channels are averaged, the rate is changed by soxr (HQ), nothing is cut off. Loudness: the speech (20 ms windows
    within 30 dB of the loudest) is brought to -19 dBFS by one constant gain, less where a peak would pass -3 dBFS; so no sample
    clips and the dynamics stay. libsndfile's μ-law differs from FFmpeg's by at most one code. Raises BadPrompt.
    """
    import numpy as np
    import soxr

    layout = _read_layout(wav, name, BadPrompt)
    _check_prompt_length(layout, name)
    speech = np.concatenate([_mono(block) for block in _blocks(wav, layout)])
    speech = np.asarray(soxr.resample(speech, layout.sample_rate, PROMPT_RATE), dtype=np.float32)
    peak = float(np.abs(speech).max(initial=0.0))
    if peak < 10 ** (SILENCE_DBFS / 20):
        raise BadPrompt(f"{name} is silent", remedy="Check the text that was sent to speech synthesis")
    gain = min(_decibels(PROMPT_SPEECH_DBFS) / _speech_level(speech), _decibels(PROMPT_PEAK_DBFS) / peak)
    return _write_wav(speech * np.float32(gain), PROMPT_RATE, "ULAW")


def check_prompt(wav: bytes, name: str = "the prompt") -> PromptFacts:
    """Hold a finished prompt against every rule of Amazon Connect, or raise BadPrompt naming the broken one.

    Rules: WAV, 8 kHz, mono, μ-law, less than 50 MB, less than five minutes; and ours: some sound, and a header with true sizes.
    """
    remedy = "Convert it with models.sound.audio.to_prompt"
    if len(wav) >= PROMPT_MAX_BYTES:
        raise BadPrompt(f"{name} has {len(wav):,} bytes, Amazon Connect takes less than 50 MB", remedy="Shorten the spoken text")
    layout = _read_layout(wav, name, BadPrompt)
    if layout.subtype != "ULAW":
        raise BadPrompt(f"{name} is {layout.subtype}, Amazon Connect plays μ-law", remedy=remedy)
    if layout.sample_rate != PROMPT_RATE:
        raise BadPrompt(f"{name} has a rate of {layout.sample_rate} Hz, Amazon Connect plays 8,000 Hz", remedy=remedy)
    if layout.channels != 1:
        raise BadPrompt(f"{name} has {layout.channels} channels, Amazon Connect plays mono", remedy=remedy)
    if not layout.sized:
        raise BadPrompt(f"{name} has a header without its length", remedy=remedy)
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
    layouts = [_read_layout(part, f"part {i} of the speech", BadPrompt) for i, part in enumerate(parts, 1)]
    formats = sorted({(layout.subtype, layout.sample_rate, layout.channels) for layout in layouts})
    if len(formats) > 1 or formats[0][0] != "PCM_16":
        raise BadPrompt(f"The parts of the speech are {formats}, not all PCM_16 of one rate", remedy="Ask one voice for LINEAR16")
    samples = [block for part, layout in zip(parts, layouts, strict=True) for block in _blocks(part, layout, "int16")]
    return _write_wav(np.concatenate(samples), layouts[0].sample_rate, "PCM_16")


def browser_wav(data: bytes, max_seconds: float = 60.0, name: str = "the recording") -> bytes:
    """Make a copy that every browser plays, small enough for a data URI: 8 kHz mono, 8-bit PCM, 8 kB a second.

    Browsers differ on μ-law, none refuses 8-bit PCM; 16 bits would double the size. The channels are averaged, the peak
    lifted to -3 dBFS because 8 bits leave little room below. Longer sound ends after ``max_seconds``. Raises BadRecording.
    """
    import numpy as np
    import soxr

    layout = _read_layout(data, name, BadRecording)
    wanted = int(max_seconds * layout.sample_rate)
    mono = np.concatenate([_mono(block) for block in _blocks(data, layout, frames=wanted)])
    mono = np.asarray(soxr.resample(mono, layout.sample_rate, PROMPT_RATE), dtype=np.float32)
    peak = float(np.abs(mono).max(initial=0.0))
    gain = _decibels(PROMPT_PEAK_DBFS) / peak if peak > 0 else 1.0
    return _write_wav(mono * np.float32(gain), PROMPT_RATE, "PCM_U8")


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
            parts.append(f'<text x="4" y="{middle + 4}" fill="{colour}">{_xml(labels[i])}</text>')
        parts.append(f'<path d="{strokes}" stroke="{colour}" stroke-width="{step * 0.7:.1f}"/>')
    parts.append(f'<text x="{left}" y="{total - 4}" fill="#6b7280">0:00</text>')
    end = f"{int(audio.seconds) // 60}:{int(audio.seconds) % 60:02d}"
    parts.append(f'<text x="{width - 8}" y="{total - 4}" fill="#6b7280" text-anchor="end">{end}</text></svg>')
    return "".join(parts)


def data_uri(content: bytes, mime: str) -> str:
    """Wrap bytes for embedding into a markdown artifact.

    >>> data_uri(b"<svg/>", "image/svg+xml")
    'data:image/svg+xml;base64,PHN2Zy8+'
    """
    import base64

    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def _xml(text: str) -> str:
    from xml.sax.saxutils import escape

    return escape(text)


def _decibels(level: float) -> float:
    return float(10 ** (level / 20))


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


def _measure(data: bytes, layout: WavLayout) -> RecordingAudio:
    import numpy as np

    window = max(1, round(layout.sample_rate * WINDOW_SECONDS))
    powers, peaks, squares = [], [], np.zeros(layout.channels)
    for block in _blocks(data, layout, multiple_of=window):
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


def _blocks(
    data: bytes, layout: WavLayout, dtype: str = "float32", *, frames: int | None = None, multiple_of: int = 1
) -> Iterator[NDArray[Any]]:
    """Decode the samples, (frames, channels) at a time, each block but the last a multiple of ``multiple_of`` frames.

    Floating-point files may hold anything: infinities, NaN and samples beyond full scale come out within [-1, 1].
    """
    import numpy as np
    import soundfile

    per_block = max(1, _BLOCK_FRAMES // multiple_of) * multiple_of
    total = layout.frames if frames is None else min(frames, layout.frames)
    samples = memoryview(data)[layout.offset : layout.offset + layout.size]
    for first in range(0, total, per_block):
        last = min(first + per_block, total)
        coded = samples[first * layout.frame_bytes : last * layout.frame_bytes]
        if layout.subtype == "PCM_16":
            # What libsndfile would make of it, without its call-back for every piece: speech always comes this way.
            yield _from_pcm_16(coded, dtype).reshape(-1, layout.channels)
            continue
        block, _ = soundfile.read(
            io.BytesIO(coded),
            dtype=dtype,
            always_2d=True,
            format="RAW",
            subtype=layout.subtype,
            samplerate=layout.sample_rate,
            channels=layout.channels,
            endian="LITTLE",
        )
        if layout.subtype in {"FLOAT", "DOUBLE"}:
            block = np.clip(np.nan_to_num(block), -1, 1)
        yield block


def _from_pcm_16(coded: memoryview, dtype: str) -> NDArray[Any]:
    """Little-endian 16-bit samples as they are (``int16``), or with full scale at 1."""
    import numpy as np

    samples = np.frombuffer(coded, dtype="<i2")
    return samples if dtype == "int16" else samples.astype(dtype) / np.dtype(dtype).type(32_768)


def _mono(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels; a mono block as it is, for the mean over an axis of one costs a tenth of a prompt's conversion."""
    return block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype="float32")


def _write_wav(samples: NDArray[Any], rate: int, subtype: str) -> bytes:
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def _read_layout(data: bytes, name: str, error: type[PermanentError]) -> WavLayout:
    """Find the samples of a WAV, trusting nothing; ``error`` is raised with a reason that names what was found instead."""
    if not data:
        raise error(f"{name} is empty (0 bytes)", remedy=_UPLOAD_REMEDY)
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise error(f"{name} is no WAV file but {_what_it_is(data)}", remedy=_WAV_REMEDY)
    fmt: tuple[str, int, int, int] | None = None
    position = 12
    for _ in range(_MAX_CHUNKS):
        if position + 8 > len(data):
            break
        kind, size = struct.unpack_from("<4sI", data, position)
        position += 8
        if kind == b"fmt ":
            fmt = _read_format(data[position : position + min(size, 40)], name, error)
        elif kind == b"data":
            if fmt is None:
                raise error(f"{name} has samples before its format is told", remedy=_WAV_REMEDY)
            return _layout(fmt, position, size, len(data), name, error)
        position += size + size % 2
    raise error(f"{name} is a WAV file without samples", remedy=_UPLOAD_REMEDY)


def _layout(fmt: tuple[str, int, int, int], offset: int, promised: int, length: int, name: str, error: type[PermanentError]) -> WavLayout:
    subtype, channels, rate, frame_bytes = fmt
    present = length - offset
    sized = promised != _UNKNOWN_SIZE
    if sized and promised > present:
        raise error(
            f"{name} is truncated: its header promises {promised / frame_bytes / rate:.1f} s of sound, "
            f"the file holds {present / frame_bytes / rate:.1f} s",
            remedy=_UPLOAD_REMEDY,
        )
    layout = WavLayout(subtype, channels, rate, frame_bytes, offset, min(promised, present), sized)
    if layout.frames == 0:
        raise error(f"{name} holds no sound (0 frames)", remedy=_UPLOAD_REMEDY)
    return layout


def _read_format(chunk: bytes, name: str, error: type[PermanentError]) -> tuple[str, int, int, int]:
    """Subtype, channels, rate and bytes per frame; the header's own block size must agree with them."""
    if len(chunk) < 16:
        raise error(f"{name} has a broken WAV header", remedy=_WAV_REMEDY)
    tag, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and chunk[26:40] == _GUID_TAIL:
        tag = struct.unpack_from("<H", chunk, 24)[0]
    subtype = _SUBTYPES.get((tag, bits))
    if subtype is None:
        raise error(f"{name} is a WAV of {_FORMAT_NAMES.get(tag, f'format {tag}')} with {bits} bits, which is not read", remedy=_WAV_REMEDY)
    if not 1 <= channels <= 8 or not LOWEST_RATE <= rate <= HIGHEST_RATE or frame_bytes != channels * bits // 8:
        raise error(f"{name} has an absurd WAV header: {channels} channels, {rate} Hz, {frame_bytes} bytes a frame", remedy=_WAV_REMEDY)
    return subtype, channels, rate, frame_bytes


def _what_it_is(data: bytes) -> str:
    """Name the kind of a file that should have been a WAV."""
    if data[4:8] == b"ftyp":
        return "an MP4 file"
    if data[:4] == b"RIFF":
        return "another kind of RIFF file" if len(data) >= 12 else "a WAV header cut short"
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if not any(data[:64]):
        return "a file of zero bytes"
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"{", b"[")):
        return "JSON text"
    if head.startswith((b"<!doctype html", b"<html")):
        return "an HTML page"
    if head.startswith(b"<"):
        return "XML text"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" or byte >= 128 for byte in head)
    return "text" if head and printable == len(head) else "unknown data"
