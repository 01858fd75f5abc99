"""WAV files read and written in memory: where the samples of a possibly damaged file lie, and those samples block by block.

A WAV's header is read here, field by field, because its promises decide what is said to people (truncated, silent, no
audio at all) and because a hostile one must not reach a decoder. libsndfile then sees bare samples, one block at a
time, so memory stays bounded by a block, not by the call's length.

numpy, soundfile and soxr together take about 0.2 s to import: they load inside the functions that use them, for a call
worker starts without them and has ``load_libraries`` called once it takes runs.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.errors import PermanentError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000

_BLOCK_FRAMES = 1 << 16
_MAX_CHUNKS = 256  # real files have fewer than ten; a file of empty chunks would be walked for minutes
# Writers that cannot seek back leave these and what lies above: sox 0x7FFFF000, others 0x7FFFFFFF, arecord 0x80000000, FFmpeg 0xFFFFFFFF.
# No call is that long: speech-to-text takes less than 2 GB.
_UNFINISHED_SIZE = 0x7FFFF000
# Writers that count their own header into the sound promise that much too much; of a telephone's sound it is at most 32 ms.
_EXCESS_BYTES = 256
# What may follow the sound. Anything else after it is sound whose size was never written.
_KNOWN_CHUNKS = frozenset(
    {b"LIST", b"INFO", b"fact", b"cue ", b"bext", b"iXML", b"id3 ", b"ID3 ", b"JUNK", b"junk", b"PAD ", b"data", b"fmt ", b"RIFF"}
)
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
_WRITER_REMEDY = "Uploading it again will not help: the recorder wrote no sound; check it if the caller did speak"
_JOINED_REMEDY = "Write its parts into one data chunk, for example by converting the file once more, and upload that"


def load_libraries() -> None:
    """Load what the functions here compute with, so that no call waits for it."""
    for name in ("numpy", "soundfile", "soxr"):
        import_module(name)


@dataclass(frozen=True)
class WavLayout:
    """Where a WAV's samples lie and how to read them. ``offset`` and ``size`` in bytes, ``subtype`` in libsndfile's words.

    ``sized`` tells whether the header states the true size of the sound.
    """

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


def read_layout(data: bytes, name: str, error: type[PermanentError]) -> WavLayout:
    """Find the samples of a WAV, trusting nothing; ``error`` is raised with a reason that names what was found instead."""
    if not data:
        raise error(f"{name} is empty (0 bytes)", remedy=_UPLOAD_REMEDY, case="empty")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise error(f"{name} is no WAV file but {_what_it_is(data)}", remedy=_WAV_REMEDY, case="no_wav")
    fmt: tuple[str, int, int, int] | None = None
    for kind, position, size in _chunks(data, 12):
        if kind == b"fmt ":
            fmt = _read_format(data[position : position + min(size, 40)], name, error)
        elif kind == b"data":
            if fmt is None:
                raise error(f"{name} has samples before its format is told", remedy=_WAV_REMEDY, case="broken_header")
            return _layout(data, fmt, position, size, name, error)
    raise error(f"{name} is a WAV file without samples", remedy=_UPLOAD_REMEDY, case="empty")


def _chunks(data: bytes, position: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, offset of the content and stated size of each chunk from ``position`` on."""
    for _ in range(_MAX_CHUNKS):
        if position + 8 > len(data):
            return
        kind, size = struct.unpack_from("<4sI", data, position)
        yield kind, position + 8, size
        position += 8 + size + size % 2


def _layout(data: bytes, fmt: tuple[str, int, int, int], offset: int, promised: int, name: str, error: type[PermanentError]) -> WavLayout:
    subtype, channels, rate, frame_bytes = fmt
    present = len(data) - offset
    following = _following_chunk(data, offset + promised, promised % 2)
    finished = promised < _UNFINISHED_SIZE and following is not None
    if finished and promised > present + _EXCESS_BYTES:
        raise error(
            f"{name} is truncated: its header promises {promised / frame_bytes / rate:.1f} s of sound, "
            f"the file holds {present / frame_bytes / rate:.1f} s",
            remedy=_UPLOAD_REMEDY,
            case="truncated",
        )
    if finished and any(kind in {b"data", b"RIFF"} for kind, _, _ in _chunks(data, following or len(data))):
        said = "holds its sound in several parts, of which all but the first would be lost"
        raise error(f"{name} {said}", remedy=_JOINED_REMEDY, case="several_parts")
    size = min(promised, present) if finished else present
    layout = WavLayout(subtype, channels, rate, frame_bytes, offset, size, sized=finished and promised <= present)
    if layout.frames == 0:
        raise error(f"{name} holds no sound (0 frames)", remedy=_WRITER_REMEDY, case="empty")
    return layout


def _following_chunk(data: bytes, end: int, padding: int) -> int | None:
    """Where the chunk after the sound begins (the file's length where there is none), or None where the sound goes on instead."""
    if len(data) - end < 8:
        return len(data)
    starts = (end + padding, end)  # not every writer pads an odd size
    return next((start for start in starts if _is_chunk(data, start)), None)


def _is_chunk(data: bytes, start: int) -> bool:
    """Whether a chunk stands there: one of a known kind, or one with a printable name and a size that the file holds."""
    if len(data) - start < 8:
        return False
    kind, size = struct.unpack_from("<4sI", data, start)
    return kind in _KNOWN_CHUNKS or (all(32 <= byte < 127 for byte in kind) and start + 8 + size <= len(data))


def _read_format(chunk: bytes, name: str, error: type[PermanentError]) -> tuple[str, int, int, int]:
    """Subtype, channels, rate and bytes per frame; the header's own block size must agree with them."""
    if len(chunk) < 16:
        raise error(f"{name} has a broken WAV header", remedy=_WAV_REMEDY, case="broken_header")
    tag, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _EXTENSIBLE and chunk[26:40] == _GUID_TAIL:
        tag = struct.unpack_from("<H", chunk, 24)[0]
    subtype = _SUBTYPES.get((tag, bits))
    if subtype is None:
        kind = f"{_FORMAT_NAMES.get(tag, f'format {tag}')} with {bits} bits"
        raise error(f"{name} is a WAV of {kind}, which is not read", remedy=_WAV_REMEDY, case="unknown_format")
    if not 1 <= channels <= 8 or not LOWEST_RATE <= rate <= HIGHEST_RATE or frame_bytes != channels * bits // 8:
        said = f"{channels} channels, {rate} Hz, {frame_bytes} bytes a frame"
        raise error(f"{name} has an absurd WAV header: {said}", remedy=_WAV_REMEDY, case="broken_header")
    return subtype, channels, rate, frame_bytes


def wav_blocks(
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


def average_channels(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels; a mono block as it is, for the mean over an axis of one costs a tenth of a prompt's conversion."""
    return block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype="float32")


def write_wav(samples: NDArray[Any], rate: int, subtype: str) -> bytes:
    """A WAV file of samples (frames) or (frames, channels)."""
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def amplitude(level: float) -> float:
    """A level in dBFS as a share of full scale."""
    return float(10 ** (level / 20))


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
