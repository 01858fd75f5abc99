"""Sounds that tests make: tones, and the WAV around samples."""

import io

import numpy as np
import soundfile


def tone(seconds: float, rate: int = 8000, level: float = 0.3, hertz: float = 440.0) -> np.ndarray:
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def wav(samples: np.ndarray, rate: int = 8000, subtype: str = "PCM_16") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype=subtype)
    return file.getvalue()
