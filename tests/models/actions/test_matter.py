"""What a call is about, in the words that the agent said back and the caller agreed to."""

import pytest

from models.actions.matter import LONGEST, matter
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

SHORTENER = Shortener()


def told(talk: str, request: str) -> str:
    return matter(read(f"상담원: 무엇을 도와드릴까요?\n{talk}"), request, SHORTENER)


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
    assert told("고객: 계좌 바꾸려고요\n상담원: 김가나 고객님 계좌 성함이시죠?\n고객: 네", "계좌 변경 희망") == "계좌 변경 희망"


def test_of_a_long_request_the_part_that_asks_is_told() -> None:
    request = "보험료, 자동이체 관련, 이십일엔 카드값이 나가서 남는 게 없을 거, 출금일을 십오일로 변경 요청"
    found = told("고객: 네", request)
    assert found == "보험료, 자동이체 관련 출금일을 십오일로 변경 요청"
    assert len(found) <= LONGEST


def test_without_a_request_there_is_no_matter() -> None:
    assert told("고객: 그냥 걸었어요\n상담원: 네, 감사합니다.\n고객: 네", "") == ""


def test_what_is_only_identified_is_no_matter() -> None:
    talk = "고객: 차 때문에요\n상담원: 그랜저 차량이시죠?\n고객: 네"
    assert told(talk, "차량 관련, 오늘 날짜로 해지 요청") == "차량 관련 오늘 날짜로 해지 요청"
    talk = "고객: 차 때문에요\n상담원: 아버님이 계약자이신가요?\n고객: 네"
    assert told(talk, "자동차보험 명의 변경 문의") == "자동차보험 명의 변경 문의"


def test_a_request_without_a_word_of_the_trade_is_no_matter_its_subject_may_be() -> None:
    talk = "고객: 여보세요\n상담원: 네"
    assert told(talk, "치킨이 다 날아갔어요 그거 해 달라는 요청") == ""
    assert told(talk, "대출 관련, 얼른 막아 달라는 요청") == "대출 관련"
    assert told(talk, "대출 관련, 자동이체 변경 요청") == "대출 관련 자동이체 변경 요청"
