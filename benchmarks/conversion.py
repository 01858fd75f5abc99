"""Our prompt conversion against an FFmpeg subprocess for each prompt: ``python -m benchmarks.conversion``.

Both turn the same 24 kHz 16-bit WAV into 8 kHz mono μ-law, in turns, so that a busy machine slows both; medians are
compared. Ours levels the loudness besides, FFmpeg only converts. Where FFmpeg is not installed, ours is measured alone.
"""

import argparse
import io
import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable

from models.sound.prompt import check_prompt, to_prompt

FFMPEG = [
    "ffmpeg",
    "-v",
    "error",
    "-nostdin",
    "-f",
    "wav",
    "-i",
    "pipe:0",
    "-ar",
    "8000",
    "-ac",
    "1",
    "-c:a",
    "pcm_mulaw",
    "-f",
    "wav",
    "pipe:1",
]


def speech_like(seconds: float, rate: int = 24_000) -> bytes:
    """A WAV with the shape of speech: noise in syllables, four a second."""
    import numpy as np
    import soundfile

    times = np.arange(round(seconds * rate)) / rate
    samples = np.random.default_rng(1).standard_normal(len(times)) * 0.1 * np.square(np.sin(2 * np.pi * 2 * times))
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format="WAV", subtype="PCM_16")
    return file.getvalue()


def by_ffmpeg(wav: bytes) -> bytes:
    """Convert in a process of FFmpeg's own; its level of sound is left as it is."""
    return subprocess.run(FFMPEG, input=wav, capture_output=True, check=True, timeout=60).stdout


def milliseconds(convert: Callable[[bytes], bytes], wav: bytes) -> float:
    """Wall-clock time of one conversion."""
    began = time.perf_counter()
    convert(wav)
    return 1000 * (time.perf_counter() - began)


def main() -> None:
    """Measure, print a row for people and a line of JSON for machines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of the prompt (default 5, a usual read-back)")
    parser.add_argument("--rounds", type=int, default=50, help="conversions by each side (default 50)")
    options = parser.parse_args()
    wav = speech_like(options.seconds)
    check_prompt(to_prompt(wav))
    opponents = [by_ffmpeg] if shutil.which("ffmpeg") else []
    for convert in opponents:
        convert(wav)
    rounds = [[milliseconds(convert, wav) for convert in (to_prompt, *opponents)] for _ in range(options.rounds)]
    ours, *others = (statistics.median(side) for side in zip(*rounds, strict=True))
    figures = {"ours_ms": round(ours, 3)}
    compared = "FFmpeg is not installed, so there is nothing to compare with: apt-get install ffmpeg"
    for theirs in others:
        figures |= {"ffmpeg_ms": round(theirs, 2), "ratio": round(theirs / ours, 1)}
        compared = f"FFmpeg subprocess {theirs:.1f} ms, {theirs / ours:.0f}×"
    print(f"{options.seconds:g} s prompt, median of {options.rounds}: in memory {ours:.2f} ms; {compared}")
    print(json.dumps({"benchmark": "conversion", "prompt_seconds": options.seconds, "rounds": options.rounds, **figures}))


if __name__ == "__main__":
    main()
