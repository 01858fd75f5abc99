"""A real Korean voice without a cloud: espeak-ng, bundled by ``espeakng-loader``, called through ctypes.

The library keeps one global state, so one lock serializes everything. It is quick: 3 s of speech take about 2 ms.
"""

import ctypes
import re
import tempfile
import textwrap
import threading
from dataclasses import dataclass
from pathlib import Path

import espeakng_loader
import numpy as np
import numpy.typing as npt

_RETRIEVAL = 1  # AUDIO_OUTPUT_RETRIEVAL: samples go to the callback
_CHARS_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_WORDS_PER_MINUTE = 165  # espeak's unit; its default of 175 sounds hurried in Korean
_CLAUSE_CHARACTERS = 90
_LONGEST_PATH_BYTES = 120  # its buffer holds 160, file names included
_SEED = 1  # breath and fricatives are noise; the library seeds it by the clock unless told otherwise
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True)
class Voice:
    """A speaker: an espeak variant such as ``f2`` or ``m3``, pitch and its range 0–99, speed relative to normal."""

    variant: str = "f2"
    pitch: int = 50
    pitch_range: int = 50
    rate: float = 1.0


class Espeak:
    """The library, loaded on construction. All instances share its global state and lock."""

    _lock = threading.Lock()
    _library: ctypes.CDLL | None = None
    _callback: object = None
    _link: tempfile.TemporaryDirectory[str] | None = None
    _rate = 0
    _pieces: list[Samples] = []  # noqa: RUF012 - filled by the library's only callback, under the lock

    def __init__(self) -> None:
        with Espeak._lock:
            if Espeak._library is None:
                Espeak._load()

    @property
    def sample_rate(self) -> int:
        """Samples per second of what ``say`` returns, 22,050."""
        return Espeak._rate

    def say(self, text: str, voice: Voice) -> Samples:
        """Speak plain text, mono 16 bit; next to nothing where the text holds nothing to say."""
        data = _with_breath(text).encode()
        with Espeak._lock:
            library = Espeak._library
            assert library is not None
            Espeak._pieces = []
            # The library takes any variant and speaks with another one where it has no file of that name.
            known = Path(espeakng_loader.get_data_path(), "voices", "!v", voice.variant).is_file()
            if not known or library.espeak_SetVoiceByName(f"ko+{voice.variant}".encode()) != 0:
                raise ValueError(f"espeak-ng has no voice ko+{voice.variant}")
            for parameter, value in (
                (_RATE, round(_WORDS_PER_MINUTE * voice.rate)),
                (_VOLUME, 100),
                (_PITCH, voice.pitch),
                (_RANGE, voice.pitch_range),
            ):
                library.espeak_SetParameter(parameter, value, 0)
            library.espeak_ng_SetRandSeed(_SEED)
            failed = library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _CHARS_UTF8, None, None)
            library.espeak_Synchronize()
            if failed:
                raise RuntimeError(f"espeak-ng failed with code {failed}")
            pieces, Espeak._pieces = Espeak._pieces, []
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)

    @classmethod
    def _load(cls) -> None:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        library.espeak_Synth.argtypes = [
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p, ctypes.c_void_p,
        ]  # fmt: skip
        library.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        rate = library.espeak_Initialize(_RETRIEVAL, 0, cls._data_path().encode(), 0)
        if rate <= 0:
            raise RuntimeError("espeak-ng found no voice data in the espeakng-loader package")
        cls._callback = _CALLBACK(cls._collect)
        library.espeak_SetSynthCallback(cls._callback)
        cls._rate, cls._library = rate, library

    @classmethod
    def _data_path(cls) -> str:
        """Where the voices lie. The library ends the process when the path is longer than its buffer, so a long one gets a short link."""
        path: str = espeakng_loader.get_data_path()
        if len(path.encode()) <= _LONGEST_PATH_BYTES:
            return path
        cls._link = tempfile.TemporaryDirectory(prefix="espeak-")
        link = Path(cls._link.name) / "espeak-ng-data"
        link.symlink_to(path, target_is_directory=True)
        return str(link)

    @staticmethod
    def _collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, events: object) -> int:
        if samples and count > 0:
            Espeak._pieces.append(np.ctypeslib.as_array(samples, (count,)).astype(np.int16, copy=True))
        return 0


def _with_breath(text: str) -> str:
    """Put a comma into clauses of more than 90 characters: without one, espeak spoke 350 in half the time they take."""
    clauses = re.split(r"(?<=[.,;:!?\n])\s+", text.replace("\0", " "))
    return " ".join(
        ", ".join(textwrap.wrap(clause, _CLAUSE_CHARACTERS)) if len(clause) > _CLAUSE_CHARACTERS else clause for clause in clauses
    )
