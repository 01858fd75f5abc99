"""What has to be done, as a call's artifact tells it."""

from datetime import UTC, date, datetime, time

from models.actions.action import Action, Who
from models.actions.due import Due
from models.call.privacy import mask_utterances
from models.call.record import CallRecord, Recording, Speaker, Transcription, Utterance
from models.signals.told import CallSignals
from reports.told_besides import actions_section

KEY = "connect/acme/CallRecordings/2026/11/20/0fd1826c-a94e-4b35-b2d7-c3589e6f7b11_20261120T00:44_UTC.wav"


def told(actions: tuple[Action, ...] | None, *, show_words: bool = True) -> str:
    record = CallRecord.begin(Recording(bucket="b", key=KEY, etag="e"), "run", datetime(2026, 11, 20, 1, 0, tzinfo=UTC))
    said = [Utterance(speaker=Speaker.AGENT, start_ms=83_000, duration_ms=1000, text="내일까지 보내 드리겠습니다")]
    changes = {"transcription": Transcription(done=True, utterances=said), "signals": CallSignals(actions=actions)}
    return actions_section(record.model_copy(update=changes), mask_utterances, show_words=show_words)


def test_each_thing_to_do_is_told_with_who_by_when_and_the_second_that_it_was_said() -> None:
    due = Due(said="내일 네 시 이후", day=date(2026, 11, 21), hour=time(16), after=True)
    assert told((Action(what="서류를 보내기", who=Who.AGENT, utterance=0, due=due),)) == (
        "## 할 일\n\n- **상담원**: 서류를 보내기, 내일 네 시 이후: 2026-11-21 (토) 16:00 이후 · 1:23"
    )


def test_what_a_language_model_proposed_is_marked() -> None:
    proposed = Action(what="서류를 보내기", who=Who.AGENT, utterance=0, proposed_by="m")
    assert told((proposed,)).endswith("서류를 보내기 · 1:23 · 언어 모델 제안")


def test_another_desk_is_told_by_its_name_and_the_caller_as_caller() -> None:
    desk = Action(what="전화드리기", who=Who.OTHER_DESK, utterance=0, desk="보상 담당자")
    assert "- **보상 담당자**: 전화드리기" in told((desk,))
    assert "- **고객**: 전화드리기" in told((desk.model_copy(update={"who": Who.CALLER, "desk": ""}),))


def test_a_call_that_leaves_nothing_to_do_says_so_and_one_of_before_says_nothing() -> None:
    assert "약속하거나 요청한 일이 없습니다" in told(())
    assert told(None) == ""


def test_numbers_in_it_are_masked_and_words_stay_words() -> None:
    shown = told((Action(what="010-4321-8765로 <b>전화</b> | 하기", who=Who.AGENT, utterance=0),))
    assert "4321" not in shown
    assert "\\<b\\>" in shown
    assert "\\|" in shown


def test_where_the_settings_show_no_words_only_who_and_when_are_told() -> None:
    shown = told((Action(what="서류를 보내기", who=Who.AGENT, utterance=0),), show_words=False)
    assert "서류" not in shown
    assert "- **상담원**: 내용은 설정에 따라" in shown


def test_where_other_words_of_it_were_said_is_told_in_seconds() -> None:
    action = Action(what="증권을 이메일로 보내기", who=Who.AGENT, utterance=0, also=(0, 7))
    assert told((action,)).endswith("증권을 이메일로 보내기 · 1:23 (내용: 1:23)")
