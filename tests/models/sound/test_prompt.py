"""Prompts held against Amazon Connect's rules, FFmpeg and G.711 itself."""

import io
import shutil
import struct
import subprocess

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sounds import header, hostile_wavs, tone, wav

from models.errors import BadPrompt
from models.sound.prompt import check_prompt, join_wavs, to_prompt


def g711(samples: np.ndarray) -> np.ndarray:
    """ITU-T G.711 μ-law by its definition: the code whose decoded value lies nearest to each 16-bit sample."""
    codes = np.arange(256)
    inverted = ~codes & 0xFF
    magnitude = (((inverted & 0x0F) * 2 + 33) << ((inverted >> 4) & 7)) - 33
    values = np.where(inverted & 0x80, -magnitude, magnitude) * 4
    order = np.argsort(values, kind="stable")
    middles = (values[order][1:] + values[order][:-1]) / 2
    return codes[order][np.searchsorted(middles, samples)]


def step(code: np.ndarray) -> np.ndarray:
    """Place of each μ-law code on the scale from most negative to most positive; the two zeros are one place."""
    inverted = ~code.astype(int) & 0xFF
    return np.where(inverted & 0x80, -(inverted & 0x7F), inverted & 0x7F)


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(hostile_wavs())
def test_any_bytes_become_a_valid_prompt_or_a_refusal(content: bytes) -> None:
    try:
        prompt = to_prompt(content)
    except BadPrompt as refusal:
        assert refusal.message  # noqa: PT017
    else:
        assert check_prompt(prompt).seconds > 0


def speech(seconds: float, rate: int) -> np.ndarray:
    """Noise in bursts with pauses: peaks and silences as speech has them."""
    noise = np.random.default_rng(7).standard_normal(round(seconds * rate)) * 0.05
    return noise * (np.sin(2 * np.pi * 1.5 * np.arange(len(noise)) / rate) > -0.2)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 24000, 44100, 48000])
def test_a_prompt_keeps_every_second_of_what_was_said(rate: int) -> None:
    prompt = to_prompt(wav(speech(3.0, rate), rate))
    assert check_prompt(prompt).seconds == pytest.approx(3.0, abs=0.001)


def test_silence_around_and_within_speech_is_shortened_and_the_speech_is_not() -> None:
    spoken, quiet = tone(1, 24000, 0.1), np.zeros(24000 * 4)
    prompt = to_prompt(wav(np.concatenate([quiet, spoken, quiet, spoken, quiet]), 24000))
    assert check_prompt(prompt).seconds == pytest.approx(0.3 + 1 + 1 + 1 + 0.3, abs=0.1)
    short = np.zeros(round(24000 * 0.2))
    kept = to_prompt(wav(np.concatenate([short, spoken, short, spoken, short]), 24000))
    assert check_prompt(kept).seconds == pytest.approx(2.6, abs=0.001)


def test_a_prompts_header_tells_true_sizes() -> None:
    for frames in (2400, 2401, 2403):  # odd data chunks need a pad byte that the size does not count
        prompt = to_prompt(wav(tone(1, 8000)[:frames]))
        assert struct.unpack_from("<I", prompt, 4)[0] == len(prompt) - 8
        assert check_prompt(prompt).seconds == frames / 8000


@pytest.mark.parametrize("level", [0.001, 0.01, 0.1, 0.9])
def test_quiet_and_loud_speech_come_out_equally_loud_and_unclipped(level: float) -> None:
    samples, _ = soundfile.read(io.BytesIO(to_prompt(wav(tone(2, 24000, level), 24000, "FLOAT"))))
    assert 20 * np.log10(np.sqrt(np.mean(samples**2))) == pytest.approx(-19, abs=0.2)
    assert np.abs(samples).max() < 10 ** (-2.5 / 20)


def test_a_single_crack_lowers_the_prompt_but_is_never_clipped() -> None:
    samples = tone(2, 24000, 0.02)
    samples[24000] = 1.0
    loud, _ = soundfile.read(io.BytesIO(to_prompt(wav(samples, 24000))))
    assert np.abs(loud).max() == pytest.approx(10 ** (-3 / 20), rel=0.03)


def test_pauses_do_not_make_a_slow_speaker_louder() -> None:
    spoken = tone(1, 24000, 0.1)
    quick, _ = soundfile.read(io.BytesIO(to_prompt(wav(np.tile(spoken, 3), 24000))))
    slow, _ = soundfile.read(io.BytesIO(to_prompt(wav(np.concatenate([spoken, np.zeros(24000 * 5), spoken]), 24000))))
    assert np.abs(slow).max() == pytest.approx(np.abs(quick).max(), rel=0.06)


def test_the_prompts_codes_are_g711s_within_one() -> None:
    """libsndfile's encoder against the standard's definition, over all 16-bit samples."""
    every = np.arange(-32124, 32125).astype(np.int16)
    codes = np.frombuffer(wav(every, subtype="ULAW")[-len(every) - 1 :], np.uint8)[: len(every)]
    assert np.abs(step(codes) - step(g711(every))).max() <= 1


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="FFmpeg is not installed")
def test_the_prompts_codes_are_ffmpegs_within_one() -> None:
    every = np.arange(-32768, 32768).astype("<i2")
    command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "8000", "-i", "pipe:0", "-f", "mulaw", "pipe:1"]
    theirs = np.frombuffer(subprocess.run(command, input=every.tobytes(), capture_output=True, check=True, timeout=60).stdout, np.uint8)
    with soundfile.SoundFile(ours := io.BytesIO(), "w", 8000, 1, "ULAW", format="RAW") as file:
        file.write(every)
    codes = np.frombuffer(ours.getvalue(), np.uint8)
    assert len(codes) == len(theirs)
    assert np.abs(step(codes) - step(theirs)).max() <= 1


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "is empty"),
        (wav(tone(1)), "is PCM_16, Amazon Connect plays μ-law"),
        (wav(tone(1), subtype="ALAW"), "is ALAW"),
        (wav(tone(1, 16000), 16000, "ULAW"), "rate of 16000 Hz"),
        (wav(np.column_stack([tone(1)] * 2), subtype="ULAW"), "2 channels, Amazon Connect plays mono"),
        (header(tag=7, bits=8, promised=0xFFFFFFFF) + b"\x11" * 8000, "without its true length"),
        (header(tag=7, bits=8, promised=8000) + b"\x11" * 7999, "without its true length"),
        (header(tag=7, bits=8, promised=8000) + b"\x11" * 7000, "truncated"),
        (header(tag=7, bits=8, promised=0), "no sound"),
        (header(tag=7, bits=8, promised=8000 * 300) + bytes(8000 * 300), "lasts 300 s"),
        (bytes(50_000_000), "less than 50 MB"),
    ],
)
def test_a_prompt_that_breaks_a_rule_of_connect_is_named_with_the_rule(content: bytes, rule: str) -> None:
    with pytest.raises(BadPrompt, match=rule):
        check_prompt(content)


def test_silence_and_endless_speech_become_no_prompt() -> None:
    with pytest.raises(BadPrompt, match="is silent"):
        to_prompt(wav(np.zeros(24000), 24000))
    with pytest.raises(BadPrompt, match="lasts 300 s"):
        to_prompt(wav(np.zeros(8000 * 300, np.int16)))


def test_parts_are_joined_sample_for_sample() -> None:
    first, second = (tone(0.5, 24000) * 32767).astype(np.int16), np.array([-32768, 32767, 5], np.int16)
    joined, rate = soundfile.read(io.BytesIO(join_wavs([wav(first, 24000), wav(second, 24000)])), dtype="int16")
    assert rate == 24000
    assert np.array_equal(joined, np.concatenate([first, second]))


def test_parts_that_differ_or_are_missing_are_refused() -> None:
    with pytest.raises(BadPrompt, match="not all PCM_16 of one rate"):
        join_wavs([wav(tone(1, 24000), 24000), wav(tone(1), 8000)])
    with pytest.raises(BadPrompt, match="No speech was synthesized"):
        join_wavs([])
    with pytest.raises(BadPrompt, match="part 2 of the speech is empty"):
        join_wavs([wav(tone(1)), b""])


@given(st.binary(min_size=1_200, max_size=1_800).filter(lambda drawn: len(drawn) % 2 == 0))
def test_16_bit_samples_come_out_of_joining_as_libsndfile_reads_them(drawn: bytes) -> None:
    samples = np.frombuffer(drawn, dtype="<i2")
    part = wav(samples)
    joined, _ = soundfile.read(io.BytesIO(join_wavs([part, part])), dtype="int16")
    assert np.array_equal(joined, np.tile(samples, 2))
