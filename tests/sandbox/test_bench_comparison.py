"""What the comparison's benchmark puts in is what it says: a known share of wrong syllables, speakers who talk into each other."""

import random

import numpy as np
import pytest

from benchmarks.comparison import garbled, overlapping
from models.call.record import Utterance
from models.hearing.accuracy import judge
from models.hearing.comparison import OVERLAP_SHARE, overlap_share
from sandbox.stack import EARS
from wiring.configuration import Settings


def utterances(*lines: str) -> list[Utterance]:
    return [Utterance(label=i % 2, start_ms=1000 * i, duration_ms=900, text=line) for i, line in enumerate(lines)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
def test_the_share_of_wrong_syllables_is_the_one_that_was_asked_for(share: float) -> None:
    lines = ["자동차 보험을 해지하고 싶어요", "네 알겠습니다", "서류는 어디로 보내면 되나요"] * 10
    heard = garbled(lines, share, random.Random(1))
    assert judge(utterances(*lines), utterances(*heard), ()).cer == pytest.approx(share, abs=0.002)


def test_the_second_speaker_begins_before_the_first_has_ended() -> None:
    said = [
        {"spk": 0, "start_at": 500, "duration": 2000, "msg": "해지하고 싶어요"},
        {"spk": 1, "start_at": 2700, "duration": 1000, "msg": "네"},
    ]
    sound = np.zeros((4 * 8000, 2))
    sound[4000:20_000, 0], sound[21_600:29_600, 1] = 0.3, 0.2
    moved, at_once = overlapping(sound, 8000, said)
    assert [u["start_at"] for u in at_once] == [500, 1500]
    assert (moved[:, 0] == sound[:, 0]).all()
    assert np.flatnonzero(moved[:, 1])[0] == 12_000
    times = [Utterance(label=u["spk"], start_ms=u["start_at"], duration_ms=u["duration"], text=u["msg"]) for u in at_once]
    assert overlap_share(times) > OVERLAP_SHARE


def test_the_demo_offers_vendors_that_there_are() -> None:
    for provider in EARS:
        assert Settings(stt_provider=provider).stt_provider == provider
