"""What vendors tell beside their text, other readings and confidences, reaches our utterances; in the shapes that the stand-ins speak."""

import json
from typing import Any

import pytest

from clients.amazon_transcribe import read_transcript
from clients.google_stt import read_results
from clients.local_whisper import Heard, hear_channels
from models.call.correction import Corrector
from models.call.record import Rule, UnsureWord, Utterance, corrected
from models.call.terms import TermList
from models.call.transcript import name_speakers
from sandbox.amazon_transcribe import transcript_file
from sandbox.google_stt import transcript_results
from sandbox.make_recordings import RECORDINGS
from sandbox.noise import Noise
from sandbox.returnzero import told_to_customers

SAID: list[dict[str, Any]] = json.loads(sorted(RECORDINGS.glob("*.json"))[2].read_text("utf-8"))["utterances"]
MISHEARD = Noise(0.2, 3).utterances(SAID, "call")


def google(readings: int = 5, *, by_channel: bool = True) -> list[Utterance]:
    return read_results(transcript_results(MISHEARD, by_channel=by_channel, readings=readings, confidence=readings > 1))


def transcribe(readings: int = 5) -> list[Utterance]:
    return read_transcript(transcript_file("job", MISHEARD, by_channel=True, readings=readings))


@pytest.mark.parametrize("vendor", [google, transcribe])
def test_other_readings_and_words_of_low_confidence_are_kept(vendor: Any) -> None:
    heard = vendor()
    assert [one.text for one in heard] == [one["msg"] for one in MISHEARD]
    assert any(one.alternatives for one in heard)
    for utterance, told in zip(heard, MISHEARD, strict=True):
        assert set(utterance.alternatives) <= {" ".join(reading.split()) for reading in told["readings"]}
        assert all(word.confidence < 0.9 and word.text.strip(".?!,") in utterance.text for word in utterance.unsure)
    assert sum(len(one.unsure) for one in heard) > 5


def test_a_vendor_that_was_not_asked_tells_no_other_readings() -> None:
    assert not any(one.alternatives or one.unsure for one in google(1))
    assert not any(one.alternatives for one in transcribe(1))


def test_returnzero_tells_neither() -> None:
    assert not any({"sure", "readings"} & set(told_to_customers(one)) for one in MISHEARD)


def test_of_a_result_that_is_cut_where_the_speaker_changes_no_reading_is_kept() -> None:
    both = transcript_results(MISHEARD, by_channel=False, readings=5, confidence=True)
    both[0].alternatives[0].words += both[1].alternatives[0].words
    assert not any(one.alternatives for one in read_results(both[:1]))


def test_a_reading_of_a_part_of_an_utterance_is_a_reading_of_the_whole() -> None:
    item = {"id": 0, "type": "pronunciation", "alternatives": [{"confidence": "0.41", "content": "안보험"}]}
    whole = {"transcript": "네 안보험 해지요", "start_time": "0.0", "end_time": "2.0", "channel_label": "ch_0", "items": [0, 7]}
    part = {"start_time": "0.5", "end_time": "2.0", "alternatives": [{"transcript": "안보험 해지요"}, {"transcript": "암보험 해지요"}]}
    elsewhere = {"start_time": "5.0", "end_time": "6.0", "alternatives": [{"transcript": "네"}, {"transcript": "예"}]}
    results = {"items": [item], "audio_segments": [whole], "segments": [part, elsewhere]}
    (utterance,) = read_transcript({"results": results})
    assert (utterance.alternatives, utterance.unsure) == (("네 암보험 해지요",), (UnsureWord(text="안보험", confidence=0.41),))


def test_whispers_words_have_their_probability() -> None:
    sound = sorted(RECORDINGS.glob("*.wav"))[2].read_bytes()
    found = hear_channels(
        lambda samples, keywords: [Heard(0, 1, "암보험 해지", words=[("암보험", 0.3), ("해지", 0.99)])], sound, "a.wav", ()
    )
    assert found[0].unsure == (UnsureWord(text="암보험", confidence=0.3),)


def heard(text: str, *readings: str, unsure: float = 0.5) -> Utterance:
    words = tuple(UnsureWord(text=word, confidence=unsure) for word in text.split())
    return Utterance(start_ms=0, duration_ms=1000, text=text, alternatives=readings, unsure=words)


def mended(utterance: Utterance) -> str:
    return corrected([utterance], Corrector(TermList.shipped()).correct([utterance]).changes)[0].text


def test_a_term_of_another_reading_is_taken_with_the_particle_that_was_heard() -> None:
    utterance = heard("그 아무럼은 해지해 주세요", "그 암보험은 해지해 주세요")
    (change,) = Corrector(TermList.shipped()).correct([utterance]).changes
    assert (change.before, change.after, change.rule) == ("아무럼은", "암보험은", Rule.ALTERNATIVE)
    assert mended(heard("그 아무럼은 해지해 주세요")) == "그 아무럼은 해지해 주세요"


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("보험료가 올랐어요", "보험금이 올랐어요"),  # what was heard is a term itself
        ("해지 할래요", "해지 안 할래요"),
        ("삼백만 원이요", "사백만 원이요"),
        ("그 아무럼은 되나요", "그 암보험이 되나요"),  # another particle than was heard
    ],
)
def test_nothing_else_of_another_reading_is_taken(text: str, reading: str) -> None:
    assert mended(heard(text, reading)) == text


def test_a_word_that_the_recognizer_is_sure_of_stays() -> None:
    sure = heard("그 아무럼은 해지해 주세요", "그 암보험은 해지해 주세요", unsure=0.88)
    assert mended(sure) == sure.text


def test_a_line_with_a_word_of_low_confidence_is_doubtful() -> None:
    lines = [heard("네 그렇게요", unsure=0.2), heard("네 그렇게요", unsure=0.7)]
    assert Corrector(TermList.shipped()).correct(lines).doubtful == [0]


def test_readings_go_the_way_of_the_text_into_the_transcript() -> None:
    (utterance,) = name_speakers([heard("암보험\n 해지", "안보험\x00  해지", "암보험 해지")])
    assert (utterance.text, utterance.alternatives) == ("암보험 해지", ("안보험 해지",))
