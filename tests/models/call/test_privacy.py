"""What is masked, what must stay, and that a hostile text costs no more than its length."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.call.privacy import mask_personal_data

MASKED = [
    ("주민번호는 900124-1234567입니다", "주민번호는 [주민등록번호]입니다"),
    ("9001241234567", "[주민등록번호]"),
    ("900124 - 5234567", "[주민등록번호]"),
    ("900124-1******", "[주민등록번호]"),
    ("900124-1로 시작해요", "[주민등록번호]로 시작해요"),
    ("1234-5678-9012-3456", "[카드번호]"),
    ("1234 5678 9012 3456이고", "[카드번호]이고"),
    ("1234567890123456", "[카드번호]"),
    ("3782-822463-10005", "[카드번호]"),
    ("국민은행 계좌는 110-123-456789예요", "국민은행 계좌는 [계좌번호]예요"),
    ("신한은행 110 123 456789", "신한은행 [계좌번호]"),
    ("110-123-456789", "[계좌번호]"),
    ("010-1234-5678로 전화 주세요", "[전화번호]로 전화 주세요"),
    ("010.1234.5678, 01012345678", "[전화번호], [전화번호]"),
    ("+82 10-1234-5678", "[전화번호]"),
    ("(02) 123-4567", "[전화번호]"),
    ("0507-1234-5678", "[전화번호]"),
    ("０１０－１２３４－５６７８", "[전화번호]"),
    ("hong.gd+x@naver.com으로", "[이메일]으로"),
    ("hong 골뱅이 네이버 닷 컴", "[이메일]"),
    ("면허 12-34-567890-12", "면허 [운전면허번호]"),
    ("서울 04-567890-12", "[운전면허번호]"),
    ("여권 M12345678, M123A4567", "여권 [여권번호], [여권번호]"),
    ("12가 3456 차량", "[차량번호] 차량"),
    ("서울 123가3456", "[차량번호]"),
    ("증권번호 20241121001", "증권번호 [번호]"),
]
SPOKEN = [
    ("공일공 일이삼사 오육칠팔이에요", "[전화번호]이에요"),
    ("번호는공일공에 일이삼사에 오육칠팔이고요", "번호는[전화번호]이고요"),
    ("공일공일이삼사오육칠구", "[전화번호]"),
    ("공 일 공 일 이 삼 사 오 육 칠 팔 번", "[전화번호] 번"),
    ("공일공 다시 일이삼사 다시 오육칠팔", "[전화번호]"),
    ("공일공 1234 오육칠팔", "[전화번호]"),
    ("0 1 0 1 2 3 4 5 6 7 8", "[전화번호]"),
    ("공하나공 둘이삼사 오육칠팔", "[전화번호]"),
    ("이 공일공 일이삼사 오육칠팔 이사 갔어요", "이 [전화번호] 이사 갔어요"),
    ("영이 일이삼 사오육칠", "[전화번호]"),
    ("일이삼사에 오육칠팔", "[전화번호]"),
    ("구공공일이사 다시 일이삼사오육칠", "[주민등록번호]"),
    ("구공공일이사 다시 일이요", "[주민등록번호]이요"),
    ("구 공 공 일 이 사 일 이 삼 사 오 육 칠", "[주민등록번호]"),
    ("카드는 일이삼사 오육칠팔 구공일이 삼사오육입니다", "카드는 [카드번호]입니다"),
    ("국민은행 계좌 일일공 일이삼 사오육칠팔구", "국민은행 계좌 [계좌번호]"),
]
KEPT = [
    "이사 일이 사고 오일 구이",
    "이사 일이 오일 구이 사이 이사",
    "이사하다가 사고가 나서 일이 커졌어요. 구이 집 사이에 오일이 샜어요.",
    "삼백만 원, 2024년 3월 2일 1,200,000원",
    "보험금 12345678901원이 이천이십사년에 들어왔어요",
    "이공이사년 삼월 이일, 12조 3456억",
    "1588-1234, 1588 1234, 080-123-4567",
    "일오팔팔 일이삼사로 걸었어요",
    "3월 12일 오후 2시 30분, 2024-11-21 10:30",
    "30도 2000원, 20대 3000명, 10만 5000원",
    "영업사원 이일구 씨 — 구 십 일 세",
    "112, 119, 100%, 4.5 대 5.5",
    "진료비 35,000원 중 7,500원 자기부담, 통원 12회",
]


@pytest.mark.parametrize(("said", "shown"), MASKED + SPOKEN)
def test_personal_data_is_replaced_by_its_kind(said: str, shown: str) -> None:
    assert mask_personal_data(said) == shown


@pytest.mark.parametrize("text", KEPT)
def test_everyday_words_amounts_dates_and_companies_numbers_stay(text: str) -> None:
    assert mask_personal_data(text) == text


pieces = st.sampled_from(
    [said for said, _ in MASKED + SPOKEN]
    + KEPT
    + list("0123456789-. ,()@[]")
    + list("영공일이삼사오육칠팔구에의가")
    + ["다시", "계좌", "카드"]
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(pieces, max_size=14).flatmap(lambda parts: st.sampled_from(["", " "]).map(lambda gap: gap.join(parts))))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask_personal_data(text)
    assert mask_personal_data(once) == once


@given(st.text(max_size=300))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(mask_personal_data(text), str)


HOSTILE = [
    "1",
    "일",
    "일 ",
    "a",
    "a.@",
    "1-",
    "계좌 ",
    "은행1 ",
    "공일공 ",
    "012 ",
    "가 골뱅이",
    " ",
    "[이메일]",
    "이에",
    "일   ",
    "900124-",
    "이사 ",
]


@pytest.mark.timeout(30)  # a quadratic pattern takes minutes
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hundred_kilobytes_take_time_in_proportion(unit: str) -> None:
    text = unit * (100_000 // len(unit.encode()))
    mask_personal_data(text)
