"""Recordings whose words are known, for stand-ins of speech-to-text vendors, which cannot recognize speech.

A WAV's decoded samples are hashed, so a copy under another name, or the same sound in PCM instead of μ-law, is still the same recording.
One that came through a microphone has other samples: ``Library.by_likeness`` finds what it sounds like.
"""

import contextlib
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from sandbox.spectra import RATE, Spectrum, bands, contained

_UNDECODED_FORMATS = (b"#!AMR",)
_BLOCK_FRAMES = 1 << 16
_ALIKE = 0.75  # the same words in noise are 0.90 alike, at another rate 0.98; another question of the same voice at most 0.59


class NoSound(ValueError):
    """The bytes are no sound that a vendor would take."""


@dataclass(frozen=True)
class Audio:
    """What was uploaded: the hash of its sound, and its length where it could be decoded."""

    sha256: str
    seconds: float = 0.0


def identify(data: bytes) -> Audio:
    """Hash a recording by its decoded samples, block by block: 64 Ki frames at a time, however long it is.

    Formats that vendors take and libsndfile does not read (mp4, m4a, amr) are hashed by their bytes. Anything else, Ogg too, is
    ``NoSound``.
    """
    if data[4:8] == b"ftyp" or data.startswith(_UNDECODED_FORMATS):
        return Audio(hashlib.sha256(data).hexdigest())
    if data.startswith(b"OggS"):
        raise NoSound("ogg")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            digest = hashlib.sha256(f"{sound.samplerate} {sound.channels}\n".encode())
            frames = 0
            while len(block := sound.read(_BLOCK_FRAMES, dtype="int16", always_2d=True)):
                digest.update(block.tobytes())
                frames += len(block)
            return Audio(digest.hexdigest(), frames / sound.samplerate)
    except soundfile.LibsndfileError:
        raise NoSound from None


class Library:
    """The transcripts known, by sound: every ``<name>.wav`` that has a ``<name>.json`` in the given folders.

    Folders are read again when unknown audio arrives, so recordings may be added while the stand-in runs. In ``spoken`` lies what the
    stand-in of the voice has spoken: a prompt made of that is decoded by its sound (``sandbox/ear.py``).
    """

    def __init__(self, folders: list[Path], spoken: Path | None = None) -> None:
        self._folders, self._spoken = folders, spoken
        self._heard: dict[str, list[dict[str, Any]]] = {}
        self._seen: dict[Path, tuple[int, int]] = {}
        self._json_of: dict[str, Path] = {}
        self.names: dict[str, str] = {}
        self._spectra: dict[Path, Spectrum] = {}
        self.scan()

    def scan(self) -> None:
        """Hash the recordings that are new or changed."""
        for folder in self._folders:
            for wav in sorted(folder.rglob("*.wav")):
                transcript = wav.with_suffix(".json")
                stat = wav.stat()
                version = (stat.st_mtime_ns, stat.st_size)
                if self._seen.get(wav) == version or not transcript.exists():
                    continue
                self._seen[wav] = version
                with contextlib.suppress(NoSound):  # not audio: it will be refused when it is submitted
                    sha = identify(wav.read_bytes()).sha256
                    self._json_of[sha], self.names[sha] = transcript, wav.name

    def identify(self, data: bytes) -> Audio:
        """A recording by its sound, and what the voice's stand-in says in it, where it is a prompt."""
        audio = identify(data)
        if self._spoken is not None and not self.knows(audio.sha256):
            from sandbox.ear import decode, spoken_in

            if text := decode(data, spoken_in(self._spoken)):
                self._heard[audio.sha256] = [{"start_at": 0, "duration": round(1000 * audio.seconds), "msg": text, "spk": 0}]
                self.names[audio.sha256] = "prompt"
        return audio

    def knows(self, sha256: str) -> bool:
        """Whether the audio has a transcript, after another look at the folders where it seems not."""
        if sha256 not in self._json_of and sha256 not in self._heard:
            self.scan()
        return sha256 in self._json_of or sha256 in self._heard

    def utterances(self, sha256: str) -> list[dict[str, Any]] | None:
        """The transcript, None where none is known."""
        if not self.knows(sha256):
            return None
        if sha256 in self._heard:
            return self._heard[sha256]
        utterances: list[dict[str, Any]] = json.loads(self._json_of[sha256].read_text(encoding="utf-8"))["utterances"]
        return utterances

    def by_likeness(self, data: bytes, audio: Audio) -> None:
        """Give an unknown sound the words of the known one that is heard in it, where there is one."""
        if self.knows(audio.sha256):
            return
        given = _spectrum(data)
        known = [(contained(self._spectrum_of(wav), given), wav) for wav in self._seen]
        likeness, wav = max(known, default=(0.0, Path()))
        if likeness >= _ALIKE:
            self._json_of[audio.sha256], self.names[audio.sha256] = wav.with_suffix(".json"), wav.name

    def _spectrum_of(self, wav: Path) -> Spectrum:
        if wav not in self._spectra:
            self._spectra[wav] = _spectrum(wav.read_bytes())
        return self._spectra[wav]


def _spectrum(data: bytes) -> Spectrum:
    """What a recording is like where it is not silent, its channels together, at one loudness."""
    samples, rate = soundfile.read(io.BytesIO(data), always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, RATE)
    mono = 0.5 * mono / max(float(np.abs(mono).max(initial=0.0)), 1e-6)
    loud = np.flatnonzero(np.abs(mono) > 0.02)
    return bands(mono[loud[0] : loud[-1] + 1] if len(loud) else mono)
