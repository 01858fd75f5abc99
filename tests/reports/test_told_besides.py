"""Danger and emotion in a call's artifact: the flag first, the curve by itself, words only where they may be shown."""

from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from models.call.privacy import mask_utterances
from models.call.record import CallRecord, Recording, Speaker, Summary, Transcription, Utterance
from models.signals.labels import Danger
from models.signals.told import CallDanger, CallEmotion, CallSignals, DangerSign, Felt, Likely
from reports.told_besides import curve_svg, danger_section, emotion_section, judged_by

SAID = [
    Utterance(speaker=Speaker.CUSTOMER, start_ms=0, duration_ms=5000, text="왜 또 기다려요"),
    Utterance(speaker=Speaker.AGENT, start_ms=6000, duration_ms=5000, text="네 고객님"),
    Utterance(speaker=Speaker.CUSTOMER, start_ms=61_000, duration_ms=5000, text="010-4321-8765로 그놈들이 전화해서 <b>돈</b>을 보냈어요"),
]
EMOTION = CallEmotion(
    label="짜증내는",
    top5=(Likely(label="짜증내는", likelihood=0.6), Likely(label="가난한, 불우한", likelihood=0.1)),
    start="짜증내는",
    end="안도",
    turn=2,
    curve=(Felt(utterance=0, label="짜증내는", likelihood=0.9, mood=-0.9), Felt(utterance=2, label="안도", likelihood=0.8, mood=0.8)),
    version="e1",
)
SIGN = DangerSign(kind=Danger.VOICE_PHISHING, utterance=2, likelihood=0.83)


def a_call(signals: CallSignals | None, **changes: Any) -> CallRecord:
    record = CallRecord.begin(Recording(bucket="b", key="k", etag="e"), "run", datetime(2026, 11, 20, tzinfo=UTC))
    known = {"transcription": Transcription(done=True, utterances=SAID), "summary": Summary(text="t", model="m", version="1")}
    return record.model_copy(update={**known, "signals": signals, **changes})


def danger(record: CallRecord, *, show_words: bool = True) -> str:
    return danger_section(record, mask_utterances, show_words=show_words)


def test_a_flag_names_the_kind_the_time_and_the_masked_utterance() -> None:
    told = danger(a_call(CallSignals(danger=CallDanger(signs=(SIGN,), version="d1"))))
    assert told.startswith("## ⚠ 위험 신호")
    assert "- **보이스피싱** (83%, 1:01)" in told
    assert "4321" not in told
    assert "<b>" not in told
    assert "지금 통화를 확인하고" in told


def test_no_word_stands_beside_a_flag_where_words_are_not_shown() -> None:
    told = danger(a_call(CallSignals(danger=CallDanger(signs=(SIGN,), version="d1"))), show_words=False)
    assert "보이스피싱" in told
    assert "보냈어요" not in told


def test_a_harmless_call_has_no_flag_and_one_that_nobody_judged_says_so() -> None:
    assert danger(a_call(CallSignals(danger=CallDanger(version="d1")))) == ""
    for signals in (None, CallSignals(emotion=EMOTION)):
        assert "판정하지 못했습니다" in danger(a_call(signals))
    assert danger(a_call(None, summary=None)) == "", "a call that has not come so far is not judged yet"


def test_the_curve_is_a_picture_with_the_sure_emotions_and_the_turn() -> None:
    told = emotion_section(a_call(CallSignals(emotion=EMOTION)))
    for words in (
        "**통화 전체**: 짜증내는",
        "짜증내는 60%, 가난한, 불우한 10%",
        "짜증내는 → 안도",
        "**바뀐 곳**: 1:01",
        "data:image/svg+xml",
    ):
        assert words in told
    svg = ElementTree.fromstring(curve_svg(EMOTION, dict(enumerate(SAID))))
    texts = [element.text for element in svg.iter() if element.text]
    assert {"좋음", "나쁨", "짜증내는", "안도", "0:00", "1:06"} <= set(texts)
    circles = [element for element in svg.iter() if element.tag.endswith("circle")]
    heights = [float(circle.attrib["cy"]) for circle in circles]
    assert heights[0] > heights[1], "what is bad lies below what is good"


def test_a_call_without_an_emotion_has_no_curve() -> None:
    assert emotion_section(a_call(CallSignals(emotion=CallEmotion(version="e1")))) == ""
    assert emotion_section(a_call(None)) == ""


def test_a_curve_without_times_goes_from_utterance_to_utterance() -> None:
    assert curve_svg(EMOTION, {}).count("<circle") == 2


def test_the_versions_that_judged_are_named() -> None:
    assert judged_by(EMOTION, CallDanger(version="d1")) == "감정 e1, 위험 d1"
    assert judged_by(None, None) == ""
