"""Who hears best is decided on what all have heard, and a recording's conditions are measured."""

import numpy as np
import pytest
from sounds import tone, wav

from models.call.record import Utterance
from models.hearing.accuracy import Errors
from models.hearing.comparison import Condition, ReferenceRecording, Score, compare, conditions_of, overlap_share
from models.sound.recording import inspect_recording


def utterance(start_ms: int, duration_ms: int, label: int = 0) -> Utterance:
    return Utterance(label=label, start_ms=start_ms, duration_ms=duration_ms, text="네")


def test_what_is_said_at_once_is_measured_by_time() -> None:
    assert overlap_share([utterance(0, 1000), utterance(500, 1000, 1)]) == pytest.approx(1 / 3)
    assert overlap_share([utterance(0, 1000), utterance(1000, 1000, 1)]) == 0
    assert overlap_share([]) == 0


def test_conditions_are_measured_from_the_sound_and_the_reference() -> None:
    speech = np.concatenate([tone(1), 0.001 * tone(1), tone(1)])
    noisy = speech + np.random.default_rng(1).normal(0, 0.1, len(speech))
    apart, at_once = [utterance(0, 1000), utterance(2000, 1000, 1)], [utterance(0, 1000), utterance(200, 1000, 1)]
    assert conditions_of(inspect_recording(wav(speech)), apart) == (Condition.NARROW, Condition.CLEAN)
    assert conditions_of(inspect_recording(wav(noisy, 16_000)), apart) == (Condition.NOISE,)
    assert conditions_of(inspect_recording(wav(speech)), at_once) == (Condition.NARROW, Condition.OVERLAP)


def score(name: str, wrong: int, *, failure: str = "", condition: Condition = Condition.CLEAN) -> Score:
    errors = Errors(characters=100, substitutions=wrong)
    return Score(recording=name, conditions=(condition,), errors=errors, audio_seconds=60, seconds=3, won=10, failure=failure)


def test_a_vendor_that_fails_on_the_hard_recordings_does_not_win_by_that() -> None:
    recordings = [ReferenceRecording(key=f"{n}.wav", etag=n, seconds=60, channels=2, conditions=(), reference=()) for n in "ab"]
    scores = {
        "google": [score("a", 5), score("b", 50, condition=Condition.NOISE)],
        "whisper": [score("a", 6), score("b", 0, failure="it repeats itself", condition=Condition.NOISE)],
    }
    found = compare("speech/sets/x/", recordings, scores)
    assert (found.compared, [(row.provider, row.errors.cer) for row in found.standings]) == (1, [("google", 0.05), ("whisper", 0.06)])
    assert found.standings[1].failures == {"b": "it repeats itself"}
    assert found.standings[0].won_per_minute == 10


def test_a_vendor_that_heard_nothing_stands_last_and_nothing_is_compared() -> None:
    found = compare("x/", [], {"google": [score("a", 5, failure="away")], "whisper": [score("a", 1)]})
    assert (found.compared, {row.provider for row in found.standings}) == (0, {"google", "whisper"})
    assert all(row.errors.cer is None for row in found.standings)


def test_rates_are_told_by_condition() -> None:
    found = compare("x/", [], {"google": [score("a", 10), score("b", 30, condition=Condition.NOISE)]})
    rates = {condition: errors.cer for condition, errors in found.standings[0].by_condition.items()}
    assert rates == {Condition.CLEAN: 0.1, Condition.NOISE: 0.3}
