"""What a call leaves to be done, and what of it does not."""

from datetime import date, datetime

import pytest

from models.actions.action import Action, Who
from models.actions.extraction import ToDoModel, things_to_do
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

MODEL, SHORTENER = ToDoModel.shipped(), Shortener()
OPENING = (
    "상담원: 무엇을 도와드릴까요\n고객: 보험금 청구하려고요\n상담원: 네 고객님, 성함이 어떻게 되세요?\n고객: 김가나요\n"
    "상담원: 네, 확인됐습니다.\n고객: 네\n상담원: 어떤 진료를 받으셨어요?\n고객: 허리가 아파서 병원에 갔어요\n"
)


def left(talk: str, called: datetime | None = None) -> list[Action]:
    return things_to_do(read(OPENING + talk), MODEL, SHORTENER, called)


def test_a_promise_of_the_agent_and_one_of_the_caller_are_told_with_who_when_and_where() -> None:
    called = datetime(2026, 11, 27, 10)
    talk = (
        "상담원: 서류 목록을 오늘 중으로 문자로 보내 드리겠습니다.\n"
        "고객: 네, 그럼 진단서는 다음 주 화요일까지 팩스로 보낼게요.\n상담원: 네 감사합니다."
    )
    agents, callers = left(talk, called)
    assert (agents.who, agents.what, agents.utterance) == (Who.AGENT, "서류 목록을 문자로 발송", 8)
    assert (callers.who, callers.what, callers.utterance) == (Who.CALLER, "진단서는 팩스로 발송", 9)
    assert agents.due is not None
    assert callers.due is not None
    assert (agents.due.day, callers.due.day) == (date(2026, 11, 27), date(2026, 12, 1))


def test_another_desk_is_told_by_its_name() -> None:
    (action,) = left("상담원: 보상 담당자가 내일 오전까지 전화드릴 거예요.\n고객: 네 알겠습니다")
    assert (action.who, action.desk) == (Who.OTHER_DESK, "보상 담당자")


def test_documents_that_the_agent_asks_for_are_the_callers_to_send() -> None:
    (action,) = left("상담원: 진단서하고 영수증을 이번 주 안에 앱에 올려 주세요.\n고객: 네 알겠어요.\n상담원: 감사합니다.")
    assert (action.who, action.what) == (Who.CALLER, "진단서하고 영수증을 앱에 등록")


@pytest.mark.parametrize(
    "talk",
    [
        "상담원: 잠시만 기다려 주세요.\n고객: 네\n상담원: 확인됐습니다.\n고객: 감사합니다",
        "상담원: 확인해 보겠습니다.\n고객: 네\n상담원: 네, 어제 지급됐습니다.\n고객: 알겠습니다",
        "상담원: 생년월일 말씀해 주세요.\n고객: 불러 드릴게요\n상담원: 네, 조회해 보겠습니다.\n고객: 네",
        "상담원: 증권은 지난주에 우편으로 보내 드렸습니다.\n고객: 네 받았어요\n상담원: 다행이에요.",
        "고객: 고맙습니다, 이만 끊을게요\n상담원: 네, 좋은 하루 보내세요.",
    ],
)
def test_talk_of_the_moment_and_what_has_happened_leave_nothing_to_do(talk: str) -> None:
    assert left(talk) == []


def test_an_offer_counts_once_the_caller_agrees() -> None:
    offer = "상담원: 제가 내일 오전에 다시 전화드릴까요?\n"
    assert left(offer + "고객: 아니요, 괜찮아요\n상담원: 네 알겠습니다.") == []


def test_what_the_caller_refuses_is_not_his_to_do() -> None:
    asked = "상담원: 진단서를 이번 주 안에 팩스로 보내 주세요.\n"
    assert left(asked + "고객: 아니요, 못 해요. 관둘게요.\n상담원: 네 알겠습니다.") == []


def test_what_is_taken_back_later_is_not_to_be_done() -> None:
    promised = "상담원: 안내장을 내일 우편으로 보내 드리겠습니다.\n"
    assert [one.who for one in left(promised + "고객: 네\n상담원: 감사합니다.")] == [Who.AGENT]
    assert left(promised + "고객: 아 안내장은 안 보내셔도 돼요. 필요 없어요.\n상담원: 네 알겠습니다.") == []


def test_a_correction_replaces_what_was_promised_before() -> None:
    talk = (
        "고객: 진단서는 내일까지 팩스로 보낼게요.\n상담원: 네 알겠습니다.\n"
        "고객: 아 잠깐만요, 진단서는 모레까지 팩스로 보낼게요.\n상담원: 네, 모레요."
    )
    (action,) = left(talk)
    assert action.due is not None
    assert (action.due.said, action.utterance) == ("모레까지", 10)


def test_a_promise_that_names_no_thing_is_told_with_what_was_asked_for() -> None:
    talk = "상담원: 깨진 부분 사진을 올려 주시겠어요?\n고객: 네, 오늘 저녁에 찍어서 올릴게요.\n상담원: 네 감사합니다."
    (action,) = left(talk)
    assert action.what == "깨진 부분 사진을 찍어서 올리기"


def test_where_nobody_can_tell_who_speaks_nothing_is_told() -> None:
    assert things_to_do(read("내일까지 팩스로 보낼게요"), MODEL, SHORTENER) == []


@pytest.mark.parametrize(
    "text", ["", "상담원: \n고객: ", "상담원: 겠습니다\n고객: 게요", "상담원: ?\n고객: !!! 까요", "상담원: 을게\n고객: 세요세요세요"]
)
def test_pieces_of_speech_leave_nothing_to_do_and_stop_nothing(text: str) -> None:
    assert things_to_do(read(text), MODEL, SHORTENER) == []


@pytest.mark.parametrize(
    ("talk", "who", "what", "said"),
    [
        (
            "상담원: 인적사항하고 동의서 필요하신데 팩스로 주시겠어요\n고객: 내일 열두 시 전에 넣을게요 걔가 지금 나가 있어서",
            Who.CALLER,
            "인적사항하고 동의서를 넣기",
            "내일 열두 시 전에",
        ),
        (
            "상담원: 안내문을 내일까지 문자로 보내드릴게요 더 필요하신 건 없으세요\n고객: 네 없어요",
            Who.AGENT,
            "안내문을 문자로 발송",
            "내일까지",
        ),
        (
            "상담원: 소견서를 언제까지 보내 주실 수 있으세요?\n고객: 이번 주 금요일까지는 보낼 수 있어요.",
            Who.CALLER,
            "소견서를 보내기",
            "이번 주 금요일까지는",
        ),
        (
            "상담원: 서명은 이번 달 이십오일까지 해 주셔야 다음 달 출금이 안 됩니다.\n고객: 네, 이십오일 전에 할게요.",
            Who.CALLER,
            "서명",
            "이십오일 전에",
        ),
    ],
    ids=["no signs", "no signs, more behind", "able to", "asked for within a sentence"],
)
def test_promises_in_other_forms_are_found(talk: str, who: Who, what: str, said: str) -> None:
    (action,) = left(f"{talk}\n상담원: 네 감사합니다")
    assert action.due is not None
    assert (action.who, action.what, action.due.said) == (who, what, said)


def test_who_thanks_for_what_was_promised_asks_for_nothing_more() -> None:
    talk = "고객: 진단서는 오늘 저녁에 앱으로 올릴게요.\n상담원: 네, 올려 주시면 내일까지 결과를 문자로 보내 드리겠습니다.\n고객: 네"
    assert [(one.who, one.utterance) for one in left(talk)] == [(Who.CALLER, 8), (Who.AGENT, 9)]
