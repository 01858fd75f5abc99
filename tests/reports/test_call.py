"""A call's artifact: made of values alone, in Korean, whole in both of Prefect's UIs, and never more than may be told."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from markdown_it import MarkdownIt
from sounds import tone, wav

from models.call.privacy import mask_utterances
from models.call.record import CallRecord, Deed, Failure, Outcome, PersonsAct, Prompt, Recording, Speaker, Summary, Transcription, Utterance
from models.sound.recording import inspect_recording
from reports.call import DIGEST, Sound, Sounds, call_report, hearing_report, title

KEY = "connect/acme/CallRecordings/2026/11/20/0fd1826c-a94e-4b35-b2d7-c3589e6f7b11_20261120T00:44_UTC.wav"
AUDIO = inspect_recording(wav(np.column_stack([tone(1), tone(1)])))
LONG_WORD = "가나다라마바사아자차카타파하" * 12
UTTERANCES = [
    Utterance(speaker=Speaker.CUSTOMER, start_ms=61_000, duration_ms=1000, text="제 번호는 010-4321-8765 입니다"),
    Utterance(speaker=Speaker.AGENT, start_ms=63_000, duration_ms=1000, text=f"네 | <b>고객님</b> https://evil.example {LONG_WORD}"),
]


def a_call(**changes: Any) -> CallRecord:
    record = CallRecord.begin(Recording(bucket="b", key=KEY, etag="e"), "run", datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    read_back = {
        "number": 12,
        "outcome": Outcome.READ_BACK,
        "transcription": Transcription(done=True, utterances=UTTERANCES),
        "summary": Summary(text="자동차보험 해지 요청!", model="tiny", version="1"),
        "prompt": Prompt(key="tts/tts_12.wav", seconds=3.2, spoken_text="문의하신 내용이 자동차보험 해지 요청", voice="v"),
        "step_seconds": {"claim": 0.1, "transcribe": 4.0},
    }
    return record.model_copy(update=read_back | changes)


def report(record: CallRecord | None = None, sounds: Sounds | None = None, *, show_words: bool = True) -> str:
    return call_report(record or a_call(), AUDIO, sounds or Sounds(), mask_utterances, show_words=show_words)


def html(markdown: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)


def test_it_tells_what_the_caller_wants_and_what_was_said_with_numbers_masked() -> None:
    told = report()
    assert "<h1>자동차보험 해지 요청!</h1>" in html(told)
    for words in ("문의하신 내용이 자동차보험 해지 요청", "- 1:01 **고객** **제 번호는 [전화번호", "**상담원**", "| 음성 인식 | 4.00 |"):
        assert words.replace("[", "\\[") in told
    assert "4321" not in told


def test_words_are_left_out_where_the_settings_say_so() -> None:
    assert "## 대화" not in report(show_words=False)


def test_no_long_word_stands_in_a_tables_cell_where_one_ui_would_not_break_it() -> None:
    rows = [line for line in report().splitlines() if line.startswith("|")]
    assert rows
    assert max(len(line) for line in rows) < 80


def test_no_links_text_holds_an_escape_that_one_ui_would_show() -> None:
    sounds = Sounds(Sound(3.2, address="https://s3/x?a_b=c", minutes=15))
    links = [token for block in MarkdownIt().parse(report(sounds=sounds)) for token in block.children or [] if token.type == "link_open"]
    assert len(links) == 2
    assert "\\_" not in report(sounds=sounds)
    assert "`stt/stt_12.txt`" in report()


def test_times_are_koreas() -> None:
    assert "2026-11-20 09:44 (한국 시간)" in report()


def test_the_latest_digest_is_linked() -> None:
    assert f"]({DIGEST})" in report()
    assert f"]({DIGEST})" in report(a_failed_call())


def test_a_player_says_that_it_plays_the_beginning_and_how_the_rest_is_heard() -> None:
    told = report(sounds=Sounds(recording=Sound(95.4, player=b"RIFF", played=60.0)))
    assert "<audio controls" in told
    assert "녹취 95초. 재생기에는 처음 60초만 들어 있습니다." in told
    assert f"`hear` 배포를 `call_id`에 `{a_call().call_id}`를 넣어 실행하세요" in told


def test_what_a_ui_without_players_shows_says_how_the_sound_is_heard() -> None:
    told = report(sounds=Sounds(prompt=Sound(3.2, player=b"RIFF", played=3.2, address="https://s3/tts_12.wav?sig=1", minutes=15)))
    without_players = "\n".join(line for line in told.splitlines() if "<audio" not in line)
    assert "안내 음성 3초. [안내 음성 전체 열기](https://s3/tts_12.wav?sig=1) (15분 동안 열립니다)" in without_players


def test_nothing_but_prompts_and_masked_copies_is_linked() -> None:
    told = report(sounds=Sounds(prompt=Sound(3.2, address="https://s3/prompt", minutes=15)))
    assert told.count("https://") == told.count("](https://s3/prompt)") == 1


def a_failed_call(**changes: Any) -> CallRecord:
    failure = Failure(
        error="bad_recording",
        case="silent",
        reason="s3://b/… is silent: nothing in 4.0 s is louder than -60 dBFS",
        remedy="Check that the Amazon Connect flow records both parties",
        step="hand over",
        vendor="ReturnZero",
        vendor_code="E500",
        request_id="4111111111111111",
        at=datetime(2026, 11, 20, 1, 2, tzinfo=UTC),
    )
    return a_call(outcome=Outcome.QUARANTINED, failure=failure.model_copy(update=changes))


def test_a_call_in_quarantine_is_told_in_korean_without_a_word_of_english() -> None:
    told = call_report(a_failed_call(), None, Sounds(), mask_utterances, show_words=True)
    assert told.startswith("# 격리됨: 소리가 없는 녹취")
    for words in (
        "- **단계**: 연동",
        "양쪽 통화가 녹음되도록",
        "2026-11-20 10:02 (한국 시간)",
        "`bad_recording.silent`",
        "4111111111111111",
    ):
        assert words in told
    assert "is silent" not in told
    assert "Check that" not in told


def test_a_contact_that_is_somebodys_number_is_not_told() -> None:
    recording = Recording(bucket="b", key=KEY.replace("0fd1826c-a94e-4b35-b2d7-c3589e6f7b11", "010-4321-8765"), etag="e")
    told = report(a_call(recording=recording, contact_id=recording.contact_id))
    assert "4321" not in told
    assert "4321" not in recording.run_name


@pytest.mark.parametrize(("record", "said"), [(a_call(), "완료"), (a_failed_call(), "격리됨: 소리가 없는 녹취")])
def test_its_description_which_an_event_repeats_tells_no_words(record: CallRecord, said: str) -> None:
    assert title(record) == said


def test_hearing_a_call_says_why_there_is_no_recording() -> None:
    assert "녹취는 들려드릴 수 없습니다" in hearing_report(a_call(), Sounds())
    told = hearing_report(a_call(), Sounds(recording=Sound(95.0, address="https://s3/copy", minutes=15)))
    assert "[녹취 전체 열기](https://s3/copy) (15분 동안 열립니다)" in told


def test_who_had_the_call_taken_up_again_is_told_latest_first_and_a_name_stays_a_name() -> None:
    at = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    acts = [PersonsAct(deed=Deed.RETRIED, at=at), PersonsAct(deed=Deed.REDRIVEN, at=at, by="[김](https://evil.example)", flow_run_id="r")]
    told = html(report(a_call(history=acts)))
    assert told.index("재처리(<code>redrive</code>), 요청자 [김]") < told.index("실행 Retry, 요청자 알 수 없음")
    assert 'href="https://evil.example' not in told
    assert "다시 처리" not in report()
    assert "이전 2건" in report(a_call(history=acts[:1] * 7))
