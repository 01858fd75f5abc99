"""The bundled recordings, and the script that makes them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.keys import parse_recording_key
from models.sound.recording import inspect_recording
from sandbox.make_recordings import RECORDINGS, SAMPLE_RATE, SCRIPT, read_script

CALLS = read_script(SCRIPT).calls
WAVS = sorted(RECORDINGS.glob("*.wav"))


def test_every_call_of_the_script_is_bundled() -> None:
    assert sorted(wav.stem for wav in WAVS) == sorted(call.name for call in CALLS)
    assert len({call.contact_id for call in CALLS}) == len(CALLS) >= 10


def test_all_together_they_are_small() -> None:
    assert sum(wav.stat().st_size for wav in WAVS) < 4_200_000


@pytest.mark.parametrize("wav", WAVS, ids=lambda wav: wav.stem[:8])
def test_a_recording_is_what_amazon_connect_writes(wav: Path) -> None:
    info = soundfile.info(wav)
    assert (info.samplerate, info.channels, info.format) == (SAMPLE_RATE, 2, "WAV")
    assert 9 < info.duration < 42
    assert parse_recording_key(f"connect/demo/CallRecordings/2026/11/20/{wav.name}") is not None


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.contact_id[:8])
def test_the_customer_speaks_on_the_left_and_the_agent_on_the_right(call) -> None:
    sound, rate = soundfile.read(RECORDINGS / f"{call.name}.wav")
    utterances = json.loads((RECORDINGS / f"{call.name}.json").read_text(encoding="utf-8"))["utterances"]
    starts = [u["start_at"] for u in utterances]
    assert starts == sorted(starts)
    for utterance in utterances:
        first = utterance["start_at"] * rate // 1000
        spoken = sound[first : first + utterance["duration"] * rate // 1000]
        own = 1 if utterance["spk"] == call.agent_label else 0
        loudness = np.sqrt((spoken**2).mean(axis=0))
        assert loudness[own] > 0.03
        overlapped = any(
            other is not utterance
            and other["start_at"] < utterance["start_at"] + utterance["duration"]
            and utterance["start_at"] < other["start_at"] + other["duration"]
            for other in utterances
        )
        if not overlapped:
            assert loudness[own] > 2 * loudness[1 - own]
    assert abs(sound).max() < 1.0


def test_the_transcripts_have_the_vendors_shape_and_number_speakers_either_way() -> None:
    for call in CALLS:
        utterances = json.loads((RECORDINGS / f"{call.name}.json").read_text(encoding="utf-8"))["utterances"]
        assert [sorted(u) for u in utterances] == [["duration", "lang", "msg", "spk", "start_at"]] * len(call.lines)
        assert {u["spk"] for u in utterances} == {0, 1}
    assert {call.agent_label for call in CALLS} == {0, 1}


@pytest.mark.slow
def test_the_script_makes_the_bundled_recordings_again(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "sandbox.make_recordings", "--out", str(tmp_path)], check=True, capture_output=True)
    for path in sorted(tmp_path.iterdir()):
        if path.suffix == ".json":
            assert path.read_bytes() == (RECORDINGS / path.name).read_bytes()
            continue
        made, bundled = soundfile.read(path)[0], soundfile.read(RECORDINGS / path.name)[0]
        assert made.shape == bundled.shape
        assert np.abs(made - bundled).max() < 0.02  # another processor may round one μ-law step differently
    assert len(list(tmp_path.glob("*.wav"))) == len(WAVS)


def test_the_product_takes_every_bundled_recording() -> None:
    for wav in WAVS:
        assert inspect_recording(wav.read_bytes()).channels == 2
