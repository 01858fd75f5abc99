"""Sounds that tests make: tones, the WAV around samples, and headers that are wrong."""

import io
import struct

import numpy as np
import soundfile
from hypothesis import strategies as st


def tone(seconds: float, rate: int = 8000, level: float = 0.3, hertz: float = 440.0) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def wav(samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()


def header(
    *, tag: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, promised: int = 16000, frame_bytes: int | None = None
) -> bytes:
    frame_bytes = channels * bits // 8 & 0xFFFF if frame_bytes is None else frame_bytes
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * frame_bytes & 0xFFFFFFFF, frame_bytes, bits)
    return b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", promised)


_CHUNK = st.tuples(st.sampled_from([b"fmt ", b"data", b"LIST", b"fact", b"junk"]), st.integers(0, 2**32 - 1), st.binary(max_size=64))
_ODD = st.sampled_from([0, 1, 2, 3, 6, 7, 8, 16, 17, 24, 32, 64, 255, 4000, 8000, 65534, 65535])


@st.composite
def hostile_wavs(draw: st.DrawFn) -> bytes:
    """Headers that are nearly right: real fields with absurd values, real samples, lying chunk sizes."""
    tag, channels, rate, frame_bytes, bits = draw(_ODD), draw(_ODD), draw(_ODD | st.integers(0, 2**32 - 1)), draw(_ODD), draw(_ODD)
    if draw(st.booleans()):  # a format that is read, so that what follows it is tried too
        (tag, bits), channels, rate = (
            draw(st.sampled_from([(1, 8), (1, 16), (1, 24), (3, 32), (3, 64), (7, 8)])),
            draw(st.integers(1, 3)),
            4000,
        )
        frame_bytes = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, 0, frame_bytes, bits)
    body = draw(st.binary(max_size=20_000)) * draw(st.integers(1, 3))
    extra = b"".join(kind + struct.pack("<I", size) + rest for kind, size, rest in draw(st.lists(_CHUNK, max_size=3)))
    promised = draw(st.sampled_from([len(body), 0, 1, 0xFFFFFFFF, 0x7FFFFFFF]))
    return b"RIFF\x00\x00\x00\x00WAVE" + extra + b"fmt \x10\x00\x00\x00" + fmt + b"data" + struct.pack("<I", promised) + body
