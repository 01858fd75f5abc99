"""Recordings of every kind and brokenness: read whole, or refused with what was found and what to do."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sounds import header, hostile_wavs, tone, wav

from models.errors import BadRecording
from models.sound.recording import RecordingAudio, inspect_recording


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


SAMPLES = wav(tone(1))[44:]
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf61.7.100\x00\x00"


@pytest.mark.parametrize("promised", [0, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0xFFFFFFD3, 0xFFFFFFFE, 0xFFFFFFFF])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_size_that_a_writer_could_not_go_back_to_means_all_that_follows(promised: int, channels: int) -> None:
    audio = inspect_recording(header(promised=promised, channels=channels) + SAMPLES)
    assert audio.seconds == 1.0 / channels
    assert max(audio.peak) == pytest.approx(0.3, abs=0.001)


@pytest.mark.parametrize("excess", [1, 2, 8, 36, 44, 46, 78, 110])
def test_a_size_a_few_bytes_too_large_loses_nothing(excess: int) -> None:
    assert inspect_recording(header(promised=len(SAMPLES) + excess) + SAMPLES).seconds == 1.0


@pytest.mark.parametrize("promised", [2, 1000, len(SAMPLES) // 2])
def test_a_size_from_before_the_recording_ended_means_all_that_follows(promised: int) -> None:
    assert inspect_recording(header(promised=promised) + SAMPLES).seconds == 1.0


@pytest.mark.parametrize("lost", [0.02, 0.5, 0.9])
def test_a_file_that_was_cut_is_told_from_one_that_was_never_finished(lost: float) -> None:
    kept = SAMPLES[: int(len(SAMPLES) * (1 - lost)) // 2 * 2]
    with pytest.raises(BadRecording, match=r"truncated: its header promises 1\.0 s") as cut:
        inspect_recording(header(promised=len(SAMPLES)) + kept)
    assert "Upload the complete recording" in cut.value.remedy


def test_a_recorder_that_wrote_no_sound_is_not_asked_for_another_upload() -> None:
    for promised in (0, 0x7FFFFFFF, 0xFFFFFFFF):
        with pytest.raises(BadRecording, match="no sound") as empty:
            inspect_recording(header(promised=promised))
        assert "will not help" in empty.value.remedy


def test_what_other_programs_write_behind_the_sound_is_no_sound() -> None:
    loud = b"note" + struct.pack("<I", 4000) + b"\x7f" * 4000
    for behind in (LIST, loud, LIST + loud, b"\x00", LIST[:20]):
        assert inspect_recording(header(promised=len(SAMPLES)) + SAMPLES + behind).seconds == 1.0
    with pytest.raises(BadRecording, match="no sound"):
        inspect_recording(header(promised=0) + LIST)


def test_an_odd_size_is_followed_by_a_pad_byte_or_by_none() -> None:
    odd = header(tag=7, bits=8, promised=7999) + bytes(range(1, 80)) * 101 + b"\x11" * 20
    for padding in (b"", b"\x00"):
        assert inspect_recording(odd + padding + LIST).seconds == 7999 / 8000


@pytest.mark.parametrize("size", [len(SAMPLES), 0, 0xFFFFFFFF])
@pytest.mark.parametrize("between", [b"", LIST])
def test_sound_in_two_parts_is_refused_and_never_read_by_half(between: bytes, size: int) -> None:
    first = header(promised=len(SAMPLES)) + SAMPLES + between
    for second in (b"data" + struct.pack("<I", size) + SAMPLES, header(promised=size) + SAMPLES):
        with pytest.raises(BadRecording, match="in several parts") as joined:
            inspect_recording(first + second)
        assert "one data chunk" in joined.value.remedy


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


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_two_hours_are_measured_in_bounded_memory_and_time() -> None:
    recording = header(tag=7, channels=2, bits=8, promised=8000 * 7200 * 2) + bytes(range(256)) * (8000 * 7200 * 2 // 256)
    tracemalloc.start()
    audio = inspect_recording(recording)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert audio.seconds == 7200
    assert most < 48_000_000  # decoded, the call would take 460 MB


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
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


def test_energy_outside_the_recording_is_zero() -> None:
    audio = inspect_recording(wav(np.column_stack([tone(1), np.zeros(8000)])))
    assert audio.envelope.energy(5000, 6000) == (0.0, 0.0)
    customer, agent = audio.envelope.energy(0, 1000)
    assert customer == pytest.approx(0.045, rel=0.01)
    assert agent == 0
