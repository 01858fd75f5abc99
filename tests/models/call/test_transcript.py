"""Utterances named and put in order; the transcript, the summarizer's input, the term list."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sounds import tone, wav

from models.call.record import CallRecord, Recording, Speaker, Transcription, Utterance
from models.call.transcript import check_plausible, name_speakers, summarizer_input, transcript_text
from models.errors import BadTranscript, NoSpeech
from models.sound.recording import RecordingAudio, inspect_recording
from models.summarizer.conversation import callers_words, read

C, A, U = Speaker.CUSTOMER, Speaker.AGENT, Speaker.UNKNOWN


def heard(call: CallRecord) -> str:
    """What a summarizer that reads the caller's words alone is given of a call."""
    return callers_words(read(summarizer_input(call.transcription.utterances)))


def said(start: int, text: str, label: int | None = 0, duration: int = 1000) -> Utterance:
    return Utterance(label=label, start_ms=start, duration_ms=duration, text=text)


def call(*turns: str) -> RecordingAudio:
    """A stereo recording, one second a turn: ``customer``, ``agent``, ``both`` or ``nobody`` speaks.

    In ``mostly customer`` and ``mostly agent`` the other side talks along, about 6 dB down.
    """
    levels = {"customer": (0.25, 0.002), "agent": (0.002, 0.25), "both": (0.25, 0.25), "nobody": (0.002, 0.002)}
    levels |= {"mostly customer": (0.25, 0.125), "mostly agent": (0.125, 0.25)}
    left = np.concatenate([tone(1, level=levels[t][0]) for t in turns])
    right = np.concatenate([tone(1, level=levels[t][1]) for t in turns])
    return inspect_recording(wav(np.column_stack([left, right])))


def record(*utterances: tuple[Speaker, str]) -> CallRecord:
    said_in_order = [Utterance(speaker=s, start_ms=i * 1000, duration_ms=900, text=t) for i, (s, t) in enumerate(utterances)]
    opened = CallRecord.begin(Recording(bucket="b", key="k", etag="e"), "run", datetime(2026, 11, 21, tzinfo=UTC))
    return opened.model_copy(update={"transcription": Transcription(utterances=said_in_order)})


def test_speakers_are_named_by_the_louder_channel_and_put_in_order() -> None:
    utterances = name_speakers(
        [said(1000, "사고가 났어요", 1), said(0, "무엇을 도와드릴까요", 0), said(2000, "네", 0)], call("agent", "customer", "agent")
    )
    assert [(u.speaker, u.text) for u in utterances] == [(A, "무엇을 도와드릴까요"), (C, "사고가 났어요"), (A, "네")]
    assert (utterances[1].start_ms, utterances[1].duration_ms) == (1000, 1000)


def test_crosstalk_in_one_utterance_does_not_rename_a_speaker() -> None:
    audio = call("customer", "customer", "mostly agent", "agent")
    named = name_speakers([said(0, "가", 1), said(1000, "나", 1), said(2000, "다", 1), said(3000, "라", 2)], audio)
    assert [u.speaker for u in named] == [C, C, C, A]


def test_what_lies_on_one_channel_is_that_speakers_whatever_its_label() -> None:
    audio = call("agent", "agent", "customer", "agent", "customer")
    labels = [0, 0, 0, 0, 1]
    named = name_speakers([said(1000 * i, "말", label) for i, label in enumerate(labels)], audio)
    assert [u.speaker for u in named] == [A, A, C, A, C]


def test_votes_decide_only_what_lies_on_both_channels() -> None:
    audio = call("customer", "mostly agent", "both", "agent", "mostly customer", "agent")
    labels = [1, 1, 1, 0, 0, 0]
    named = name_speakers([said(1000 * i, "말", label) for i, label in enumerate(labels)], audio)
    assert [u.speaker for u in named] == [C, U, U, A, A, A]


def test_without_diarization_each_utterance_is_named_by_itself() -> None:
    named = name_speakers([said(0, "가"), said(1000, "나"), said(2000, "다")], call("agent", "customer", "both"))
    assert [u.speaker for u in named] == [A, C, U]


@pytest.mark.parametrize("audio", [None, inspect_recording(wav(tone(2)))])
def test_a_mono_recording_does_not_say_who_is_who(audio: RecordingAudio | None) -> None:
    assert [u.speaker for u in name_speakers([said(0, "가", 0), said(1000, "나", 1)], audio)] == [U, U]


def test_the_same_sound_on_both_channels_does_not_say_who_is_who() -> None:
    named = name_speakers([said(0, "가", 0), said(1000, "나", 1)], call("both", "both"))
    assert [u.speaker for u in named] == [U, U]


def test_more_words_than_a_call_can_hold_are_refused() -> None:
    with pytest.raises(BadTranscript, match="more than 1,000,000 characters"):
        name_speakers([said(0, "가" * 1_000_001)])


def test_utterances_without_a_label_are_named_by_themselves_beside_labelled_ones() -> None:
    audio = call("customer", "agent", "agent", "customer")
    named = name_speakers([said(0, "가", 1), said(1000, "나", None), said(2000, "다", 2), said(3000, "라", None)], audio)
    assert [u.speaker for u in named] == [C, A, A, C]


@given(st.lists(st.text(), max_size=5))
def test_any_words_are_a_transcript_or_no_speech(texts: list[str]) -> None:
    utterances = name_speakers([said(index, text) for index, text in enumerate(texts)], call("customer"))
    try:
        text = transcript_text(utterances)
    except NoSpeech as refusal:
        assert refusal.remedy  # noqa: PT017
    else:
        assert len(text.splitlines()) == len(utterances)
        text.encode("utf-8")


def test_the_transcript_has_one_line_an_utterance_whatever_is_inside() -> None:
    messages = [
        "보험금\n청구\r\n하려고요",
        "네\u2028네\x85네",
        "\x00\x1b[31m빨강",
        "짝\ud800없음",
        "<speak>{{ 7*7 }}</speak> 😀",
        "  ",
        "네.",
    ]
    text = transcript_text(name_speakers([said(i, m) for i, m in enumerate(messages)]))
    assert text.split("\n") == ["보험금 청구 하려고요", "네 네 네", "[31m빨강", "짝 없음", "<speak>{{ 7*7 }}</speak> 😀", "네.", ""]


@pytest.mark.timeout(20)
def test_a_hundred_kilobytes_in_one_utterance_pass_quickly() -> None:
    text = transcript_text(name_speakers([said(0, "보험 \x01" * 20_000)]))
    assert len(text.encode()) > 100_000


@pytest.mark.parametrize("answer", [[], [said(0, "")], [said(0, " \n ")], [said(0, "..."), said(1, "😀 ?!")]])
def test_a_recording_in_which_nobody_speaks_has_no_transcript(answer: list[Utterance]) -> None:
    with pytest.raises(NoSpeech, match="nobody said anything"):
        transcript_text(name_speakers(answer))


def test_the_summary_is_made_from_the_callers_own_words() -> None:
    asked = record((A, "상담원 김보험입니다"), (C, "네 여보세요"), (C, "자동차 사고 접수하려고요"), (A, "네, 알겠습니다"), (C, "네."))
    assert heard(asked) == "자동차 사고 접수하려고요"


def test_what_identifies_the_caller_takes_no_part_in_the_summary() -> None:
    asked = record(
        (A, "네, 무엇을 도와드릴까요?"),
        (C, "치아보험 해지하고 싶어요."),
        (A, "네, 본인 확인 부탁드립니다."),
        (C, "주민번호 앞자리는 900124이고 뒷자리는 1234567이에요."),
    )
    assert heard(asked) == "치아보험 해지하고 싶어요."


def test_a_call_in_which_people_only_say_who_they_are_has_nothing_to_summarize() -> None:
    with pytest.raises(NoSpeech, match="nobody said anything but who they are"):
        heard(record((A, "성함이 어떻게 되세요?"), (C, "홍길동이에요.")))


def test_the_agents_words_follow_where_the_caller_only_agrees() -> None:
    agreed = record((A, "만기 환급금 조회하시려는 거죠?"), (C, "네 맞아요"), (A, "네"))
    assert heard(agreed) == "네 맞아요 만기 환급금 조회하시려는 거죠?"


@pytest.mark.timeout(20)
def test_a_hundred_kilobytes_of_yes_are_weighed_quickly() -> None:
    assert heard(record((C, "네" * 33_000 + " 해지요"))).endswith("해지요")


def test_everybodys_words_count_where_the_speakers_are_unknown() -> None:
    assert heard(record((U, "보험료 얼마예요"), (U, "확인해 드릴게요"))) == "보험료 얼마예요 확인해 드릴게요"


@pytest.mark.parametrize("utterances", [(), ((C, "..."),), ((A, "😀"), (C, " "))])
def test_a_call_without_words_has_nothing_to_summarize(utterances: tuple[tuple[Speaker, str], ...]) -> None:
    with pytest.raises(NoSpeech, match="nobody said anything"):
        heard(record(*utterances))


def test_what_nobody_can_have_said_in_the_time_is_no_transcript() -> None:
    said = [Utterance(start_ms=0, duration_ms=900, text="자동차 보험을 해지하고 싶어요")]
    check_plausible(said, 2.0)
    with pytest.raises(BadTranscript, match="more than two people can say"):
        check_plausible(said * 40, 2.0)
    with pytest.raises(BadTranscript, match="goes on at 60 s of a recording of 2 s"):
        check_plausible([*said, Utterance(start_ms=60_000, duration_ms=900, text="네")], 2.0)
    check_plausible([], 0.0)
