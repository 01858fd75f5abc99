"""The voice."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import espeakng_loader
import numpy as np
import pytest

from sandbox.espeak import Espeak, Voice

SPEAK = """
import sys, espeakng_loader
espeakng_loader.get_data_path = lambda: sys.argv[1]
from sandbox.espeak import Espeak, Voice
print(len(Espeak().say("안녕하세요", Voice())))
"""


def test_korean_is_spoken_at_a_natural_pace() -> None:
    espeak = Espeak()
    sound = espeak.say("안녕하세요. 보험금 청구를 도와드리겠습니다.", Voice())
    assert espeak.sample_rate == 22_050
    assert 2 < len(sound) / espeak.sample_rate < 6
    assert np.abs(sound).max() > 8000


def test_a_long_clause_loses_nothing() -> None:
    espeak = Espeak()
    assert len(espeak.say("보험금 청구 " * 200, Voice())) > 190 * len(espeak.say("보험금 청구 " * 10, Voice())) / 10


@pytest.mark.parametrize("text", ["", " ", "\0", "😀", "\ud7a3" * 300, "<speak>&", "[[hello]]", "!" * 500])
def test_odd_text_ends_and_does_not_break_the_next(text: str) -> None:
    espeak = Espeak()
    espeak.say(text, Voice())
    assert len(espeak.say("다음 말", Voice())) > 10_000


@pytest.mark.slow
def test_threads_do_not_mix_their_words() -> None:
    espeak = Espeak()
    lengths = {text: len(espeak.say(text, Voice())) for text in ("하나", "둘이서 함께", "셋이서 멀리 떠난 여행")}
    texts = list(lengths) * 20
    with ThreadPoolExecutor(8) as pool:
        spoken = list(pool.map(lambda text: len(espeak.say(text, Voice())), texts))
    assert all(abs(length - lengths[text]) < 0.05 * lengths[text] for text, length in zip(texts, spoken, strict=True))


def test_an_unknown_voice_is_told() -> None:
    with pytest.raises(ValueError, match="no voice ko\\+nobody"):
        Espeak().say("가", Voice("nobody"))


def test_a_long_installation_path_is_no_obstacle(tmp_path: Path) -> None:
    far = tmp_path / ("x" * 100) / ("y" * 100)
    far.mkdir(parents=True)
    (far / "espeak-ng-data").symlink_to(espeakng_loader.get_data_path(), target_is_directory=True)
    said = subprocess.run([sys.executable, "-c", SPEAK, str(far / "espeak-ng-data")], capture_output=True, text=True, check=True)
    assert int(said.stdout) > 10_000
