"""A recognizer's errors: seeded, as many as published, fewer for expected words; and that correction mends more of them than it spoils."""

import json

import pytest

from benchmarks.correction import RECOGNIZERS, doubts, errors, figures, hear, worse
from clients.returnzero import ReturnZero, TranscribeConfig
from models.call.correction import Bounds, Corrector
from models.call.terms import TermList
from models.hearing.korean import comparable
from models.recipe import WRITERS
from models.summarizer.written import everything
from sandbox.make_recordings import RECORDINGS
from sandbox.noise import PUBLISHED, RIGHT_AMONG_OTHERS, Noise
from sandbox.stand_in import stand_in

ROWS = list(everything(WRITERS))[::32]
TEXTS = [turn.text for row in ROWS for turn in row.conversation if turn.text]
TERMS = TermList.shipped()


def rate_of(noise: Noise) -> float:
    return 100 * (errors(TEXTS, [noise.text(text, str(place)) for place, text in enumerate(TEXTS)]).cer or 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("recognizer", PUBLISHED)
def test_as_many_characters_come_out_wrong_as_is_published_of_a_recognizer(recognizer: str) -> None:
    published = PUBLISHED[recognizer][2]
    assert rate_of(Noise(published / 100)) == pytest.approx(published, rel=0.2)


def test_errors_are_drawn_by_their_seed() -> None:
    text = "자동차보험 자기부담금이 얼마인지 알고 싶어서 전화드렸어요"
    heard = {Noise(0.2, seed).text(text, "a") for seed in range(8)}
    assert len(heard) > 4
    assert Noise(0.2, 3).text(text, "a") == Noise(0.2, 3).text(text, "a")
    assert Noise(0.0).text(text, "a").replace(" ", "") == text.replace(" ", "")


def test_words_that_were_expected_go_wrong_less_often() -> None:
    texts = [f"제 {word} 좀 봐 주세요" for word in ("실손의료비", "자기부담금", "무보험차상해", "해지환급금")] * 60

    def right(noise: Noise) -> int:
        heard = [noise.text(text, str(place)) for place, text in enumerate(texts)]
        return sum(comparable(text)[1:6] in comparable(other) for text, other in zip(texts, heard, strict=True))

    assert right(Noise(0.15, expected=TERMS.keywords)) > right(Noise(0.15))


def test_now_and_then_the_other_speaker_is_named() -> None:
    said = [{"msg": "네 알겠습니다", "spk": n % 2, "start_at": n, "duration": 1} for n in range(400)]
    swapped = sum(a["spk"] != b["spk"] for a, b in zip(said, Noise(0.05).utterances(said, "call"), strict=True))
    assert 0 < swapped < 40


@pytest.mark.slow
def test_the_stand_in_mishears_as_much_as_it_is_told_to() -> None:
    wave = sorted(RECORDINGS.glob("*.wav"))[0]
    said = [one["msg"] for one in json.loads(wave.with_suffix(".json").read_text("utf-8"))["utterances"]]

    def heard(*arguments: str) -> list[str]:
        with stand_in("sandbox.returnzero", "--transcripts", str(RECORDINGS), "--latency-seconds", "0", *arguments) as (address, _):
            vendor = ReturnZero(address["url"], "sandbox", "sandbox-secret", config=TranscribeConfig())
            found = [one.text for one in vendor.poll(vendor.submit(wave.read_bytes(), "a.wav")).utterances]
            vendor.close()
        return found

    assert heard() == said
    assert 0.05 < (errors(said, heard("--noise", "20")).cer or 0.0) < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("recognizer", RECOGNIZERS)
def test_correction_makes_fewer_characters_wrong_and_more_terms_right(recognizer: str) -> None:
    found = figures(hear(ROWS, Noise(PUBLISHED[recognizer][2] / 100), Corrector(TERMS)), TERMS)
    assert found["transcripts"] >= 100
    assert not worse(found)
    assert found["terms_after"] > found["terms_before"] + 0.03
    assert found["changes_of_clean_text"] <= found["lines"] * 0.005  # most of them are slips of the writers, such as 화재보엄


@pytest.mark.slow
def test_a_correction_that_makes_it_worse_would_be_seen() -> None:
    careless = Corrector(TERMS, Bounds(unlikeness=0.9, distance=0.6, gain=-50.0))
    assert worse(figures(hear(ROWS[:60], Noise(0.05), careless), TERMS))


@pytest.mark.slow
def test_words_heard_wrong_are_mostly_less_sure_than_words_heard_right_and_not_always() -> None:
    sure: dict[bool, list[float]] = {True: [], False: []}
    for place, text in enumerate(TEXTS[:600]):
        found = Noise(0.1).hear(text, str(place))
        for word, one in zip(found.text.split(), found.sure, strict=True):
            sure[word in text.split()].append(one)
    pairs = [right > wrong for right in sure[True][::5] for wrong in sure[False]]
    assert 0.75 < sum(pairs) / len(pairs) < 0.95


def test_what_was_said_stands_in_another_reading_now_and_then_and_mostly_not() -> None:
    misheard = among = 0
    for place, text in enumerate(TEXTS[:1500]):
        found = Noise(0.1).hear(text, str(place))
        heard, readings = (["".join(one.split()) for one in texts] for texts in ([found.text], found.readings))
        missing = [word for word in text.split() if len(word) > 2 and word not in heard[0]]
        misheard += len(missing)
        among += sum(any(word in reading for reading in readings) for word in missing)
    assert among / misheard == pytest.approx(RIGHT_AMONG_OTHERS, abs=0.05)


def test_doubts_change_nothing_of_what_is_heard() -> None:
    for place, text in enumerate(TEXTS[:200]):
        assert Noise(0.1).hear(text, str(place)).text == Noise(0.1).text(text, str(place))
    assert Noise(0.0).hear("실손보험이요").readings == []
    lost = next(found for number in range(4000) if (found := Noise(0.9, number).hear("네")).text == "네")
    assert len(lost.sure) == 1


@pytest.mark.slow
def test_other_readings_and_confidence_make_more_terms_right_and_no_more_characters_wrong() -> None:
    found = doubts(hear(ROWS[::3], Noise(PUBLISHED["google-v2"][2] / 100), Corrector(TERMS), tells=True), TERMS)
    assert found["chosen"]["made"] > 0
    assert found["chosen"]["right"] / found["chosen"]["made"] > 0.9
    assert found["mended"]["cer_after"] <= found["plain"]["cer_after"]
    assert found["mended"]["terms_after"] >= found["plain"]["terms_after"]
    assert found["of_them_wrong"] / found["doubtful_lines"] > 0.8
