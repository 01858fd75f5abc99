"""What every text-to-speech vendor's client must do, whichever it is. A new vendor is one line in ``VENDORS``."""

import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest
import soundfile

from clients.google_tts import GoogleTts
from clients.text_to_speech import TextToSpeech
from flows.say import say
from models.errors import ConfigurationError, VendorRefused
from models.sound.prompt import check_prompt, join_wavs
from sandbox.stand_in import stand_in
from tests.in_memory import FakeTextToSpeech

TEXT = "문의하신 내용이 자동차 사고 보험 여부 확인 요청"


@dataclass
class Bench:
    """A client with a voice that the vendor has, and one with a voice that it has not."""

    voice: TextToSpeech
    mistyped: TextToSpeech


@contextmanager
def google() -> Iterator[Bench]:
    """Google's client at its stand-in."""
    with stand_in("sandbox.google_tts", "--latency-seconds", "0") as (address, _):
        bench = Bench(
            GoogleTts("ko-KR-Wavenet-A", endpoint=address["endpoint"]), GoogleTts("ko-KR-Wavenet-Ä", endpoint=address["endpoint"])
        )
        yield bench
        bench.voice.close()
        bench.mistyped.close()


@contextmanager
def in_memory() -> Iterator[Bench]:
    """The fake that fast tests use."""
    yield Bench(FakeTextToSpeech(), FakeTextToSpeech(voice="ko-KR-Wavenet-Ä"))


VENDORS: dict[str, Callable[[], AbstractContextManager[Bench]]] = {"google": google, "in memory": in_memory}


@pytest.fixture(scope="module", params=VENDORS)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with VENDORS[request.param]() as vendor:
        yield vendor


def test_a_text_becomes_a_wav_that_a_prompt_can_be_made_of(bench: Bench) -> None:
    sound = bench.voice.synthesize(TEXT)
    info = soundfile.info(io.BytesIO(sound))
    assert (info.format, info.subtype, info.channels) == ("WAV", "PCM_16", 1)
    assert info.samplerate >= 16_000
    assert 1 < info.duration < 10
    assert soundfile.info(io.BytesIO(join_wavs([sound, sound]))).duration == pytest.approx(2 * info.duration, abs=0.01)


def test_markup_in_a_text_is_only_text(bench: Bench) -> None:
    assert bench.voice.synthesize('</speak><break time="9s"/> & 보험 <').startswith(b"RIFF")


def test_a_short_text_is_one_piece_and_no_words_are_none(bench: Bench) -> None:
    assert bench.voice.split(TEXT) == [TEXT]
    assert bench.voice.split(" \n ") == []


def test_a_text_without_words_is_refused(bench: Bench) -> None:
    with pytest.raises(VendorRefused):
        bench.voice.synthesize(" \n ")


def test_a_voice_that_the_vendor_has_passes_and_another_is_a_matter_of_configuration(bench: Bench) -> None:
    bench.voice.check_voice()
    for ask in (bench.mistyped.check_voice, lambda: bench.mistyped.synthesize(TEXT)):
        with pytest.raises(ConfigurationError, match="voice 'ko-KR-Wavenet-Ä'"):
            ask()


def test_the_voices_name_is_what_records_keep(bench: Bench) -> None:
    assert bench.voice.voice == "ko-KR-Wavenet-A"


def test_threads_share_a_client(bench: Bench) -> None:
    with ThreadPoolExecutor(4) as threads:
        sounds = list(threads.map(lambda _: bench.voice.synthesize("확인 요청"), range(4)))
    assert all(sound.startswith(b"RIFF") for sound in sounds)


def test_a_voice_can_be_heard_as_callers_will_hear_it(bench: Bench) -> None:
    assert check_prompt(say(bench.voice, "보험금 청구 요청")).seconds > 0.5
    with pytest.raises(ConfigurationError, match="voice"):
        say(bench.mistyped, "보험금 청구 요청")
