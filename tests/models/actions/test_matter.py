"""What a call is about, in the words that the agent said back and the caller agreed to."""

import pytest

from models.actions.matter import LONGEST, matters
from models.actions.mentions import mentions
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

SHORTENER = Shortener()


def told(talk: str, request: str) -> str:
    conversation = read(f"상담원: 무엇을 도와드릴까요?\n{talk}")
    named = [thing for turn in conversation for thing in mentions(turn, SHORTENER)]
    return next(matters(conversation, named, request, SHORTENER), "")


@pytest.mark.parametrize(
    ("said", "phrase"),
    [
        ("예금주만 따님으로 바꾸시는 거네요.", "예금주만 따님으로 변경"),
        ("네, 계좌 변경이시군요.", "계좌 변경"),
        ("그러시면 계좌를 우체국으로 변경하시겠다는 말씀이시죠?", "계좌를 우체국으로 변경"),
        ("출금 계좌를 우체국으로 변경해 드릴까요?", "출금 계좌를 우체국으로 변경"),
        ("보험료 출금 계좌 말씀이신가요?", "보험료 출금 계좌"),
    ],
)
def test_what_the_agent_says_back_and_the_caller_agrees_to_is_the_matter(said: str, phrase: str) -> None:
    assert (
        told(f"고객: 돈 빠지는 거를 우리 딸로 하려고요\n상담원: {said}\n고객: 네 맞아요", "예금주, 계좌 관련, 따님으로 변경 희망") == phrase
    )


def test_what_the_caller_denies_is_not_the_matter() -> None:
    talk = "고객: 계좌 때문에요\n상담원: 보험금 받을 계좌 변경이시군요.\n고객: 아니요, 내는 거요"
    assert told(talk, "계좌 관련, 보험료 내는 계좌 변경 희망") == "보험료 내는 계좌 변경 희망"


def test_who_the_caller_is_is_no_matter_though_he_agrees() -> None:
    assert told("고객: 계좌 바꾸려고요\n상담원: 김가나 고객님 계좌 성함이시죠?\n고객: 네", "계좌 변경 희망") == "계좌 변경"


def test_of_a_long_request_the_part_that_asks_is_told() -> None:
    request = "보험료, 자동이체 관련, 이십일엔 카드값이 나가서 남는 게 없을 거, 출금일을 십오일로 변경 요청"
    found = told("고객: 네", request)
    assert found == "출금일을 십오일로 변경 요청"
    assert len(found) <= LONGEST


def test_without_a_request_there_is_no_matter() -> None:
    assert told("고객: 그냥 걸었어요\n상담원: 네, 감사합니다.\n고객: 네", "") == ""


def test_what_is_only_identified_is_no_matter() -> None:
    talk = "고객: 차 때문에요\n상담원: 그랜저 차량이시죠?\n고객: 네"
    assert told(talk, "차량 관련, 오늘 날짜로 계약 해지 요청") == "오늘 날짜로 계약 해지 요청"
    talk = "고객: 차 때문에요\n상담원: 아버님이 계약자이신가요?\n고객: 네"
    assert told(talk, "자동차보험 명의 변경 문의") == "자동차보험 명의 변경 문의"


def test_neither_speech_nor_a_word_of_the_trade_alone_is_a_matter() -> None:
    talk = "고객: 여보세요\n상담원: 네"
    assert told(talk, "치킨이 다 날아갔어요 그거 해 달라는 요청") == ""
    assert told(talk, "대출 관련, 얼른 막아 달라는 요청") == ""
    assert told(talk, "대출 관련, 자동이체 날짜 변경 요청") == "자동이체 날짜 변경 요청"
    assert told(f"{talk}\n상담원: 보상 담당자가 있습니다.", "그냥 그렇다는 거") == ""


def test_a_product_stands_behind_a_deed_only_where_the_call_is_about_no_other() -> None:
    request = "간편치매보험 관련, 그거 좀 빼 주라는 거"
    assert told("고객: 치매보험 그거요\n상담원: 네", request) == "치매보험 관련"
    assert told("고객: 치아 보험요\n상담원: 치매보험요?\n고객: 아니 치아보험이요", request) == ""
    assert told("고객: 저축보험이요\n상담원: 네", "저축보험, 입원 관련, 그냥 그렇다는 거") == "저축보험 관련"
    assert told("고객: 그분요\n상담원: 네", "보상팀장 관련, 그냥 그렇다는 거") == ""


@pytest.mark.parametrize(
    ("talk", "request_", "matter"),
    [
        ("고객: 암보험이 끊겨서 다시 살리려고요\n상담원: 부활 청약서를 써 주세요.\n고객: 네", "그거 다시 살리기 희망", "암보험 부활"),
        ("고객: 너무 비싸서요\n상담원: 영양 주사 건이시네요.\n고객: 네", "그 결정을 다시 봐 달라는 요청", "영양 주사 건"),
        ("고객: 나 죽으면 받는 사람을 조카로 바꾸려고요\n상담원: 지금 수익자는 배우자분이시네요.\n고객: 네", "조카로", "수익자 변경"),
        ("고객: 치매보험 진단비를 받을 수 있나 해서요\n상담원: 네", "진단비 관련, 그거 되나", "치매보험 진단비 관련"),
        ("고객: 수상한 전화가 와서요\n상담원: 보이스피싱이 의심됩니다.\n고객: 아이고", "대출 취소 요청", "보이스피싱 관련"),
        ("고객: 앞차를 받았어요\n상담원: 사고 위치가 어디세요\n고객: 목동이요", "접수 요청", "사고 접수"),
    ],
)
def test_the_matter_is_what_somebody_named_in_the_trades_words(talk: str, request_: str, matter: str) -> None:
    assert told(talk, request_) == matter


@pytest.mark.parametrize(
    "talk",
    [
        "고객: 저축보험요\n상담원: 해지를 원하시는 건가요?\n고객: 아니요, 그냥 여쭤보려고요",
        "고객: 저축보험요, 해지는 아니고요\n상담원: 해지 신청서를 말씀하시는 줄 알았어요.\n고객: 네",
        "고객: 저축보험요\n상담원: 불편하시면 계약 해지를 도와드릴까요\n고객: 누가 해지한대요",
    ],
)
def test_what_is_denied_or_only_supposed_is_no_matter(talk: str) -> None:
    assert "해지" not in told(talk, "해지 관련, 그냥 그렇다는 거")


def test_what_is_done_already_is_no_matter() -> None:
    talk = "고객: 통장도 바꿔 주세요\n상담원: 계좌는 지금 변경했습니다.\n고객: 네"
    assert told(talk, "애기 관련, 보험료 통장도 남편 걸로 변경 요청") == ""
