"""Signs that an answer is untrue, where no pattern of the row's own says so, and that it cannot be read back at all."""

import pytest

from models.summarizer.soundness import is_korean, stammers
from models.summarizer.suspicion import suspicion


@pytest.mark.parametrize(
    ("said", "told", "why"),
    [
        ("아니 대출 말고요. 중간에 빼 쓸 수 있는 거요.", "보험계약대출 문의", "고객이 아니라고 한 말: 대출"),
        ("해약 말고 보험료만 낮출 수 있나요?", "해지 환급금 문의", "고객이 아니라고 한 말: 해지"),
        ("아까 그 링크로 했더니 됐어요.", "보험 대출 요청", "고객이 말하지 않은 요청: 대출"),
        ("보험금 청구하려고요", "암보험 보험금 청구 요청", "고객이 말하지 않은 상품이나 숫자: 암보험"),
        ("중도인출 되죠?", "중도인출 500만 원 요청", "고객이 말하지 않은 상품이나 숫자: 500만 원"),
        ("꽃집에 건다는 게 번호를 잘못 눌렀네요.", "앱 이용 방법 문의", "요청이 없는 통화로 보임"),
    ],
)
def test_what_was_denied_or_never_said_is_suspected_with_its_reason(said: str, told: str, why: str) -> None:
    assert suspicion(said, told) == why


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("해약 말고 보험료만 낮출 수 있나요?", "해약 말고 보험료만 낮출 수 있는지 문의"),
        ("실비 깨면 얼마 돌려받아요?", "실손보험 해지 환급금 문의"),
        ("주소 바꾸려고요", "주소 변경 요청"),
        ("주소 바꾸려고요", ""),
    ],
)
def test_what_was_said_in_other_words_or_stays_denied_is_not_suspected(said: str, told: str) -> None:
    assert suspicion(said, told) == ""


@pytest.mark.parametrize("text", ["실손보험 실손보험 실손보험 청구", "보험보험보험금 청구", "해지 요청 해지 요청 해지 요청"])
def test_words_over_and_over_are_stammering(text: str) -> None:
    assert stammers(text)


@pytest.mark.parametrize(
    "text", ["두 건은 두 건대로 각각 청구 요청", "하나하나 확인 요청", "차차 알아보고 다시 문의", "10000000원 중도인출 요청"]
)
def test_words_that_come_twice_are_none(text: str) -> None:
    assert not stammers(text)


def test_abbreviations_do_not_make_a_text_foreign() -> None:
    assert is_korean("MRI 검사비 청구 요청")
    assert not is_korean("insurance claim 요청")
    assert not is_korean("…")
