"""What the comparison's benchmark puts in is what it says: errors at published rates, speakers who talk into each other."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.comparison import PUT_IN, misheard, overlapping
from models.call.record import Utterance
from models.hearing.accuracy import judge, summed
from models.hearing.comparison import OVERLAP_SHARE, overlap_share
from sandbox.make_recordings import RECORDINGS
from sandbox.stack import EARS
from wiring.configuration import Settings


def told(path: Path) -> list[Utterance]:
    said = json.loads(path.read_text("utf-8"))["utterances"]
    return [Utterance(label=u["spk"], start_ms=u["start_at"], duration_ms=u["duration"], text=u["msg"]) for u in said]


@pytest.mark.parametrize("provider", PUT_IN)
def test_what_a_vendor_is_given_to_answer_has_errors_at_its_published_rate(provider: str, tmp_path: Path) -> None:
    references, heard = tmp_path / "said", tmp_path / "heard"
    references.mkdir()
    heard.mkdir()
    for wave in sorted(RECORDINGS.glob("*.wav")):
        path = wave.with_suffix(".json")
        for condition in ("clean", "noise"):
            (references / f"{path.name[:8]}-{condition}.json").write_bytes(path.read_bytes())
            (references / f"{path.name[:8]}-{condition}.wav").touch()
    misheard(references, heard, provider)
    for condition, percent in zip(("clean", "noise"), PUT_IN[provider], strict=True):
        names = sorted(path.name for path in heard.glob(f"*-{condition}.json"))
        cer = summed(judge(told(references / name), told(heard / name), ()) for name in names).cer
        assert cer == pytest.approx(percent / 100, rel=0.35)


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
