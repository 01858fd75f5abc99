"""Whisper on our own machine: heard once, one recording after the other, and nonsense is not passed on."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sounds import header, tone, wav

import wiring
from clients.local_whisper import Heard, LocalWhisper, hear_channels
from models.errors import BadRecording, BadTranscript, ConfigurationError, JobGone, ModelUnavailable
from sandbox.make_recordings import RECORDINGS

STEREO = wav(np.column_stack([tone(1), tone(1, level=0.002)]))
MONO = wav(tone(1))


def always(*heard: Heard) -> Any:
    return lambda samples, keywords: list(heard)


def test_the_sides_of_a_call_are_heard_apart_and_put_in_order_of_time() -> None:
    lengths: list[int] = []

    def hear(samples: Any, keywords: Sequence[str]) -> list[Heard]:
        lengths.append(len(samples))
        return [Heard(0.5, 0.9, "네")] if len(lengths) == 1 else [Heard(0, 0.4, "해지할게요")]

    found = hear_channels(hear, STEREO, "a.wav", ())
    assert lengths == [16_000, 16_000]
    assert [(u.label, u.start_ms, u.duration_ms, u.text) for u in found] == [(1, 0, 400, "해지할게요"), (0, 500, 400, "네")]


def test_of_a_mono_recording_nobody_is_told_apart() -> None:
    assert [u.label for u in hear_channels(always(Heard(0, 1, "네")), MONO, "a.wav", ())] == [None]


def test_text_that_repeats_itself_is_refused_and_a_little_of_it_is_not() -> None:
    loop, said = Heard(0, 1, "감사합니다 " * 20, compression=9.0), Heard(0, 1, "자동차 보험을 해지하고 싶어요", compression=1.1)
    with pytest.raises(BadTranscript, match="repeats itself"):
        hear_channels(always(said, loop), MONO, "a.wav", ())
    assert len(hear_channels(always(said, said, Heard(0, 1, "네 네 네 네", compression=3.0)), MONO, "a.wav", ())) == 3


def test_keywords_of_the_moment_go_along() -> None:
    words, heard = ["실손보험"], []

    def hear(samples: Any, keywords: Sequence[str]) -> list[Heard]:
        heard.append(list(keywords))
        return []

    vendor = LocalWhisper("m", recognizer=lambda: hear, keywords=lambda: words, poll_seconds=60)
    before = vendor.asks
    vendor.poll(vendor.submit(MONO, "a.wav"))
    words.append("면책기간")
    vendor.poll(vendor.submit(MONO, "a.wav"))
    assert (heard, vendor.asks != before) == ([["실손보험"], ["실손보험", "면책기간"]], True)
    vendor.close()


def test_weights_that_are_not_there_let_calls_wait_for_people(tmp_path: Any) -> None:
    vendor = LocalWhisper(str(tmp_path), device="cpu")
    with pytest.raises(ModelUnavailable, match="READBACK_WHISPER_MODEL"):
        vendor.submit(MONO, "a.wav")
    vendor.close()
    with pytest.raises(ModelUnavailable, match="no Whisper weights"):
        LocalWhisper("")


def test_a_recording_longer_than_memory_allows_is_for_another_vendor() -> None:
    vendor = LocalWhisper("m", recognizer=lambda: always())
    with pytest.raises(BadRecording, match="another vendor"):
        vendor.submit(header(rate=4000, promised=2 * 4000 * 7300) + bytes(2 * 4000 * 7300), "a.wav")
    vendor.close()


def test_the_oldest_results_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.local_whisper._KEPT_JOBS", 2)
    vendor = LocalWhisper("m", recognizer=lambda: always(), poll_seconds=60)
    jobs = []
    for _ in range(4):
        jobs.append(vendor.submit(MONO, "a.wav"))
        vendor.poll(jobs[-1])
    with pytest.raises(JobGone, match="has ended"):
        vendor.poll(jobs[0])
    assert vendor.poll(jobs[-1]).completed
    vendor.close()


@pytest.mark.skipif("READBACK_WHISPER_MODEL" not in os.environ, reason="READBACK_WHISPER_MODEL names no weights")
def test_real_weights_hear_both_sides() -> None:
    vendor = LocalWhisper(os.environ["READBACK_WHISPER_MODEL"], device="cpu", poll_seconds=600)
    job = vendor.poll(vendor.submit(sorted(RECORDINGS.glob("*.wav"))[0].read_bytes(), "a.wav"))
    assert job.completed
    assert {u.label for u in job.utterances} == {0, 1}
    vendor.close()


@pytest.mark.parametrize(
    "settings", [{"STT_PROVIDER": "whisper"}, {"STT_ROUTES": "queue:backfill=whisper"}, {"STT_FALLBACK": "whisper"}], ids=str
)
def test_a_worker_that_would_hear_by_whisper_without_weights_says_so_when_it_starts(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring.forget_clients()
    wiring.check_ears()
    for name, value in settings.items():
        monkeypatch.setenv(f"READBACK_{name}", value)
    wiring.forget_clients()
    with pytest.raises(ConfigurationError, match="this worker has no weights"):
        wiring.load_whisper()
    with pytest.raises(ModelUnavailable, match="no Whisper weights"):  # a call that it takes all the same waits
        wiring.speech_to_text("whisper")
    wiring.forget_clients()
