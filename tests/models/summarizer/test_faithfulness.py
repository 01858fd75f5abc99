"""Nothing that the caller did not say: products, amounts, dates, and for the small model every other word."""

import pytest
from scripted import VOCABULARY

from models.summarizer import SHIPPED_MODEL
from models.summarizer.faithfulness import Guard, quantities, read_number
from models.summarizer.summarizer import Summarizer

STRICT = Guard(VOCABULARY)
FREE = Guard(VOCABULARY.with_own_words())


@pytest.mark.parametrize(
    ("inquiry", "summary", "added"),
    [
        ("보험증권을 이메일로 다시 받고 싶어요", "암보험 증권 재발급 요청", ["암보험"]),
        ("실비로 병원비 되나요", "실손보험 보상 여부 확인 요청", []),
        ("차 보험 갱신 언제예요", "자동차보험 갱신 여부 확인 요청", []),
        ("상대 차가 뒤에서 박는 사고가 났어. 내 보험 적용 여부를 알고 싶어.", "자동차 사고 보험 여부 확인 요청", []),
        ("암 보험하고 치아 보험 해지해 주세요", "암보험 치아보험 해지 요청", []),
        ("출금일 이십칠일로 바꿔 줘", "자동이체 출금일 27일 변경 요청", []),
        ("출금일 이십칠일로 바꿔 줘", "자동이체 출금일 25일 변경 요청", ["25일"]),
        ("삼천만 원 나온다면서요", "진단금 3,000만 원 지급 요청", []),
        ("진단금 나온다면서요", "진단금 3,000만 원 지급 요청", ["3,000만 원"]),
        ("두 달째 안 들어와요", "보험금 2개월 지급 지연 확인 요청", []),
    ],
)
def test_additions_are_what_the_caller_did_not_say(inquiry: str, summary: str, added: list[str]) -> None:
    assert FREE.additions(inquiry, summary) == added
    assert FREE.is_faithful(inquiry, summary) is not added or not added


@pytest.mark.parametrize(
    ("words", "value"),
    [("3,000만", 30e6), ("삼천만", 30e6), ("이십오", 25), ("두", 2), ("1억 5천만", 150e6), ("만", 10_000), ("열", 10), ("백이십", 120)],
)
def test_numbers_are_read_in_digits_and_in_words(words: str, value: float) -> None:
    assert read_number(words) == value


def test_words_that_only_look_like_quantities_are_left_alone() -> None:
    assert quantities("4세대 실손보험 전환 문의, 만기일 확인") == []


def test_the_next_faithful_candidate_is_taken_before_anything_is_struck_out() -> None:
    candidates = ["암보험 증권 재발급 요청", "보험증권 재발급 요청", "증권 재발급 요청"]
    assert FREE.choose("보험증권을 이메일로 다시 받고 싶어요", candidates) == "보험증권 재발급 요청"


def test_where_every_candidate_adds_something_it_is_struck_out() -> None:
    assert FREE.choose("보험료가 얼마예요", ["암보험 보험료 문의", "치아보험 보험료 문의"]) == "보험료 문의"
    assert FREE.strike("암보험 증권 재발급 요청", ["암보험"]) == "보험 증권 재발급 요청"
    assert FREE.strike("진단금 3,000만 원 지급 요청", ["3,000만 원"]) == "진단금 지급 요청"


@pytest.mark.parametrize(
    ("inquiry", "candidates", "chosen"),
    [
        ("신호 대기 중에 뒤차가 받았어요. 자동차보험 되나요?", ["자동차보험 신호르몬 주사 보상 여부 문의"], "자동차보험 보상 여부 문의"),
        ("위암 1기래요. 암보험 얼마 나와요?", ["암보험 방사암 보험금 예상 금액 문의"], "암보험 보험금 예상 금액 문의"),
        ("방에 벌레가 나왔다고요!", ["레이크 긴급출동 요청", "벌레 긴급출동 요청"], "벌레 긴급출동 요청"),
        ("윗집에서 물이 새서 천장이 다 젖었어요. 접수해 주세요.", ["누수 사고 접수 요청"], "누수 사고 접수 요청"),
        ("어제 입원했어요. 삼백만 원 나오나요?", ["입원비 300만 원 보상 여부 확인 요청"], "입원비 300만 원 보상 여부 확인 요청"),
        ("점 뺀 것도 되나요?", ["점 제거 보상 여부 확인 요청"], "점 보상 여부 확인 요청"),
        ("여보세요?", ["방사암", "레이크"], ""),
    ],
)
def test_a_model_without_words_of_its_own_writes_what_was_heard(inquiry: str, candidates: list[str], chosen: str) -> None:
    assert STRICT.choose(inquiry, candidates) == chosen


def test_the_model_that_ships_does_not_read_back_what_nobody_said() -> None:
    inquiry = "네, 안녕하세요. 어제 신호 대기 중에 뒤차가 제 차를 들이받았어요. 제 자동차보험으로도 보상을 받을 수 있는지 알고 싶습니다."
    (summary,) = Summarizer.load(SHIPPED_MODEL, "cpu").summarize([inquiry])
    assert STRICT.additions(inquiry, summary) == []
