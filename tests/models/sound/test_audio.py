"""Recordings of every kind and brokenness, and the prompt held against FFmpeg and G.711 itself."""

import io
import shutil
import struct
import subprocess
import tracemalloc
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sounds import tone, wav

from models.errors import BadPrompt, BadRecording
from models.sound.audio import (
    RecordingAudio,
    browser_wav,
    check_prompt,
    data_uri,
    inspect_recording,
    join_wavs,
    to_prompt,
    waveform,
    waveform_svg,
)


def header(
    *, tag: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16, promised: int = 16000, frame_bytes: int | None = None
) -> bytes:
    frame_bytes = channels * bits // 8 & 0xFFFF if frame_bytes is None else frame_bytes
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * frame_bytes & 0xFFFFFFFF, frame_bytes, bits)
    return b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", promised)


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


def test_a_stereo_call_is_measured_per_channel() -> None:
    audio = inspect_recording(wav(np.column_stack([tone(2, level=0.5), tone(2, level=0.25)])), "call.wav")
    assert (audio.channels, audio.sample_rate, audio.seconds) == (2, 8000, 2.0)
    assert audio.peak == pytest.approx((0.5, 0.25), abs=0.001)
    assert audio.rms == pytest.approx((0.5 / 2**0.5, 0.25 / 2**0.5), abs=0.001)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"])
def test_every_wav_format_that_telephony_writes_is_read_alike(subtype: str) -> None:
    audio = inspect_recording(wav(tone(1), subtype=subtype))
    assert audio.subtype == subtype
    assert audio.rms[0] == pytest.approx(0.3 / 2**0.5, abs=0.01)


def test_an_extensible_header_is_read() -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(1), 8000, format="WAVEX", subtype="PCM_16")
    assert inspect_recording(file.getvalue()).seconds == 1.0


def test_a_header_without_a_length_means_all_that_follows() -> None:
    samples = wav(tone(1))[44:]
    assert inspect_recording(header(promised=0xFFFFFFFF) + samples).seconds == 1.0


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "is empty"),
        (b'{"error": "denied"}', "JSON text"),
        (b"\n<!DOCTYPE html><p>", "an HTML page"),
        (b"<?xml version='1.0'?><Error/>", "XML text"),
        (b"ID3\x04rest", "MP3 audio"),
        (b"\xff\xfb\x90\x64", "MP3 audio"),
        (b"OggS\x00", "Ogg audio"),
        (b"fLaC\x00", "FLAC audio"),
        (b"\x00\x00\x00\x20ftypM4A ", "an MP4 file"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"hello, world", "but text"),
        (b"\x00" * 5000, "zero bytes"),
        (b"\x80\x01\x02\x03", "unknown data"),
        (b"RIFF\x00\x00", "cut short"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", "another kind of RIFF"),
        (b"RIFF\x00\x00\x00\x00WAVE", "without samples"),
        (header(promised=0), r"no sound \(0 frames\)"),
        (header(promised=16000) + b"\x01\x10" * 100, r"truncated: its header promises 1\.0 s of sound, the file holds 0\.0 s"),
        (header(channels=65535, bits=8) + b"\x01" * 70000, "absurd WAV header: 65535 channels"),
        (header(channels=0) + b"\x01" * 16000, "absurd WAV header: 0 channels"),
        (header(rate=0) + b"\x01" * 16000, "absurd WAV header: 1 channels, 0 Hz"),
        (header(rate=0xFFFFFFFF) + b"\x01" * 16000, "4294967295 Hz"),
        (header(frame_bytes=0) + b"\x01" * 16000, "0 bytes a frame"),
        (header(channels=4) + b"\x01" * 16000, "has 4 channels"),
        (header(tag=17, bits=4) + b"\x01" * 16000, "IMA ADPCM with 4 bits"),
        (header(tag=0xFFFE) + b"\x01" * 16000, "format 65534"),
        (wav(tone(0.2)), r"lasts 0\.20 s, too short"),
        (wav(np.zeros(8000)), "is silent"),
        (wav(np.full(8000, 0.2)), "is silent"),
        (wav(tone(1, level=0.0005)), "is silent"),
        (b"RIFF\x00\x00\x00\x00WAVE" + b"junk\x00\x00\x00\x00" * 100_000, "without samples"),
    ],
)
def test_what_is_no_call_is_refused_with_what_was_found(content: bytes, found: str) -> None:
    with pytest.raises(BadRecording, match=found) as refusal:
        inspect_recording(content, "connect/acme/x.wav")
    assert str(refusal.value).startswith("connect/acme/x.wav")
    assert refusal.value.remedy


def test_one_short_word_in_an_hour_of_silence_is_no_silence() -> None:
    samples = np.zeros(8000 * 3600, dtype=np.int16)
    samples[1_000_000:1_002_400] = (tone(0.3) * 32767).astype(np.int16)
    assert inspect_recording(wav(samples)).seconds == 3600


def test_a_call_longer_than_the_vendor_takes_is_refused() -> None:
    with pytest.raises(BadRecording, match=r"lasts 4\.0 h, speech-to-text takes at most 4 h"):
        inspect_recording(header(tag=7, bits=8, promised=0xFFFFFFFF) + bytes(8000 * (4 * 3600 + 1)))


@pytest.mark.timeout(60)
def test_two_hours_are_measured_in_bounded_memory_and_time() -> None:
    recording = header(tag=7, channels=2, bits=8, promised=8000 * 7200 * 2) + bytes(range(256)) * (8000 * 7200 * 2 // 256)
    tracemalloc.start()
    audio = inspect_recording(recording)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert audio.seconds == 7200
    assert most < 48_000_000  # decoded, the call would take 460 MB


chunk = st.tuples(st.sampled_from([b"fmt ", b"data", b"LIST", b"fact", b"junk"]), st.integers(0, 2**32 - 1), st.binary(max_size=64))
odd = st.sampled_from([0, 1, 2, 3, 6, 7, 8, 16, 17, 24, 32, 64, 255, 4000, 8000, 65534, 65535])


@st.composite
def hostile_wavs(draw: st.DrawFn) -> bytes:
    """Headers that are nearly right: real fields with absurd values, real samples, lying chunk sizes."""
    tag, channels, rate, frame_bytes, bits = draw(odd), draw(odd), draw(odd | st.integers(0, 2**32 - 1)), draw(odd), draw(odd)
    if draw(st.booleans()):  # a format that is read, so that what follows it is tried too
        (tag, bits), channels, rate = (
            draw(st.sampled_from([(1, 8), (1, 16), (1, 24), (3, 32), (3, 64), (7, 8)])),
            draw(st.integers(1, 3)),
            4000,
        )
        frame_bytes = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, 0, frame_bytes, bits)
    body = draw(st.binary(max_size=20_000)) * draw(st.integers(1, 3))
    extra = b"".join(kind + struct.pack("<I", size) + rest for kind, size, rest in draw(st.lists(chunk, max_size=3)))
    promised = draw(st.sampled_from([len(body), 0, 1, 0xFFFFFFFF, 0x7FFFFFFF]))
    return b"RIFF\x00\x00\x00\x00WAVE" + extra + b"fmt \x10\x00\x00\x00" + fmt + b"data" + struct.pack("<I", promised) + body


@settings(max_examples=400, deadline=2000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.binary(max_size=300) | hostile_wavs())
@example(header(tag=3, bits=32, promised=0xFFFFFFFF) + struct.pack("<f", float("nan")) * 8000)
@example(header(tag=3, bits=32, promised=0xFFFFFFFF) + struct.pack("<ff", float("inf"), -3e38) * 4000)
def test_any_bytes_are_a_recording_or_a_refusal(content: bytes) -> None:
    try:
        audio = inspect_recording(content)
    except BadRecording as refusal:
        assert refusal.message  # noqa: PT017 - the claim is that nothing else is ever raised
    else:
        assert isinstance(audio, RecordingAudio)
        assert all(0 < p <= 1 for p in [max(audio.peak)])
        assert audio.seconds > 0


@settings(max_examples=100, deadline=2000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
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
        (header(tag=7, bits=8, promised=0xFFFFFFFF) + b"\x11" * 8000, "without its length"),
        (header(tag=7, bits=8, promised=8000) + b"\x11" * 7999, "truncated"),
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


def test_the_browsers_copy_is_small_plain_pcm_and_ends_in_time() -> None:
    copy = browser_wav(wav(np.column_stack([tone(40, 16000), tone(40, 16000)]), 16000, "ULAW"), max_seconds=30)
    with soundfile.SoundFile(io.BytesIO(copy)) as file:
        assert (file.subtype, file.samplerate, file.channels, file.frames) == ("PCM_U8", 8000, 1, 240_000)
    assert len(copy) < 241_000


def test_the_waveform_shows_who_spoke_when() -> None:
    quiet, loud = np.zeros(8000), tone(1)
    audio = inspect_recording(wav(np.column_stack([np.concatenate([loud, quiet]), np.concatenate([quiet, loud])])))
    customer, agent = waveform(audio, buckets=10)
    assert len(customer) == 10
    assert min(customer[:5]) > 0.29
    assert max(customer[5:]) == 0
    assert max(agent[:5]) == 0
    assert min(agent[5:]) > 0.29


def test_the_drawn_waveform_is_a_small_well_formed_picture_with_both_names() -> None:
    picture = waveform_svg(inspect_recording(wav(np.column_stack([tone(40), tone(40)]))))
    texts = [element.text for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["고객", "상담원", "0:00", "0:40"]
    assert len(data_uri(picture.encode(), "image/svg+xml")) < 10_000


def test_energy_outside_the_recording_is_zero() -> None:
    audio = inspect_recording(wav(np.column_stack([tone(1), np.zeros(8000)])))
    assert audio.envelope.energy(5000, 6000) == (0.0, 0.0)
    customer, agent = audio.envelope.energy(0, 1000)
    assert customer == pytest.approx(0.045, rel=0.01)
    assert agent == 0


@given(samples=st.lists(st.integers(-32_768, 32_767), min_size=600, max_size=900))
def test_16_bit_samples_come_out_of_joining_as_libsndfile_reads_them(samples: list[int]) -> None:
    part = wav(np.array(samples, dtype="<i2"))
    joined, _ = soundfile.read(io.BytesIO(join_wavs([part, part])), dtype="int16")
    assert np.array_equal(joined, samples * 2)
