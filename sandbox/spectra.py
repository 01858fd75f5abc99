"""What a sound is like, band by band, so that two sounds can be held against each other although no sample of them is the same."""

import numpy as np
import numpy.typing as npt

RATE = 8_000
STEP = 160  # samples from frame to frame: 20 ms
_FRAME, _BANDS = 512, 24

Spectrum = npt.NDArray[np.float64]


def bands(samples: Spectrum) -> Spectrum:
    """Loudness by frame and band of samples at 8 kHz, each frame of length 1; silent ones are alike whatever lies in them."""
    if len(samples) < _FRAME:
        return np.zeros((0, _BANDS + 1))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::STEP]
    power = np.abs(np.fft.rfft(frames * np.hanning(_FRAME), axis=1))[:, 1:]
    loud = np.log1p(100 * np.stack([part.mean(axis=1) for part in np.array_split(power, _BANDS, axis=1)], axis=1))
    silence = np.full((len(loud), 1), 0.3)
    whole = np.concatenate([loud, silence], axis=1)
    return np.asarray(whole / np.linalg.norm(whole, axis=1, keepdims=True))


def contained(part: Spectrum, whole: Spectrum) -> float:
    """How alike a sound is to the stretch of another that is most like it (1: the same); 0 where the other is much shorter.

    What all speech of a voice has in common, its mean over time, is left out on both sides.
    """
    if len(part) == 0 or len(whole) < 0.9 * len(part):
        return 0.0
    length = min(len(part), len(whole))
    own = part[:length] - part[:length].mean(axis=0)
    stretches = np.lib.stride_tricks.sliding_window_view(whole, length, axis=0)  # (places, bands, length)
    alike = np.einsum("pbl,lb->p", stretches, own)
    varying = np.einsum("pbl,pbl->p", stretches, stretches) - length * np.square(stretches.mean(axis=2)).sum(axis=1)
    return float((alike / (np.linalg.norm(own) * np.sqrt(np.maximum(varying, 1e-9)))).max())
