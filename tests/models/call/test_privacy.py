"""What is masked, what must stay, and that a hostile text costs no more than its length."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from masking_examples import INNOCENT, SECRETS

from models.call.privacy import PHONE, mask_personal_data, mask_utterances, personal_spans, seconds_of, shown_contact
from models.call.record import Utterance

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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.timeout(30)  # a quadratic pattern takes minutes
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hundred_kilobytes_take_time_in_proportion(unit: str) -> None:
    text = unit * (100_000 // len(unit.encode()))
    mask_personal_data(text)


@pytest.mark.parametrize(("secret", "conversation"), SECRETS, ids=[conversation[:40] for _, conversation in SECRETS])
def test_a_secret_told_in_any_form_is_masked(secret: str, conversation: str) -> None:
    shown = " | ".join(mask_utterances(conversation.split(" | ")))
    assert [piece for piece in secret.split(" | ") if piece in shown] == []


@pytest.mark.parametrize("text", INNOCENT)
def test_an_innocent_text_full_of_digits_stays(text: str) -> None:
    assert mask_personal_data(text) == text


SEPARATORS = [*"- .,/·_~", "에", "의", " 다시 ", " · ", ", ", "--", " - ", "  ", "에 ", "의 ", "—", "–", "－", " 하이픈 ", " 그리고 "]
ENDINGS = [
    "",
    "예요",
    "입니다",
    "번이요",
    " 만료일은 12월이에요",
    " 원래 제 거예요",
    "만 있어요",
    " 조회해 주세요",
    " 억울해요",
    " 천천히요",
    "이고요",
    "으로요",
]
NUMBERS = [
    ["010", "2345", "6789"],
    ["031", "345", "6789"],
    ["4111", "2222", "3333", "4444"],
    ["900124", "1234567"],
    ["901345", "1234567"],
    ["19900124", "1234567"],
    ["110", "234", "567890"],
]
numbers, endings = st.sampled_from(NUMBERS), st.sampled_from(ENDINGS)
between = st.lists(st.sampled_from(SEPARATORS), min_size=3, max_size=3)
asides = st.lists(st.sampled_from(["네", "네 말씀하세요", "예 다음이요", "잠시만요 입력 중입니다"]), max_size=2)
leads = st.sampled_from(["", "네 ", "그다음은 ", "어 ", "뒤에는 "])
tails = st.sampled_from(["", "요", "이고요", "에", "까지요", "예요"])


@settings(max_examples=400, deadline=None)
@given(numbers, between, endings)
def test_separators_may_be_mixed_and_any_word_may_follow(parts: list[str], gaps: list[str], ending: str) -> None:
    told = "".join(part + gap for part, gap in zip(parts, [*gaps[: len(parts) - 1], ""], strict=True))
    shown = mask_personal_data(f"네 {told}{ending}")
    assert [part for part in parts if part in shown] == []


@settings(max_examples=400, deadline=None)
@given(numbers, tails, asides, leads, st.sampled_from(SEPARATORS), endings)
def test_a_number_may_be_told_over_utterances(parts: list[str], tail: str, aside: list[str], lead: str, gap: str, ending: str) -> None:
    shown = mask_utterances([parts[0] + tail, *aside, lead + gap.join(parts[1:]) + ending])
    assert [part for part in parts if any(part in line for line in shown)] == []
    assert shown[1:-1] == aside


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.lists(st.lists(pieces, max_size=8).map(" ".join), max_size=5))
def test_masking_a_masked_conversation_changes_nothing(texts: list[str]) -> None:
    once = mask_utterances(texts)
    assert mask_utterances(once) == once


@settings(max_examples=500, deadline=None)
@given(st.text("0123456789", min_size=9, max_size=30), st.sampled_from(["", "제 번호는 ", "네 ", "카드 "]), endings)
def test_no_run_of_nine_digits_that_was_said_as_a_number_is_left(digits: str, before: str, ending: str) -> None:
    assume(not re.fullmatch(r"080\d{7}|0800\d{6,7}", digits))  # a company's free number, which stays
    assert digits not in (shown := mask_personal_data(before + digits + ending))
    assert re.search(r"\d{9}", shown) is None


def test_the_words_between_the_parts_of_a_number_stay() -> None:
    assert mask_personal_data("주민번호 앞자리는 900124이고 뒷자리는 1234567이에요") == (
        "주민번호 앞자리는 [주민등록번호]이고 뒷자리는 [주민등록번호]이에요"
    )
    assert mask_utterances(["카드번호는 4111 2222", "네 4111 2222요", "3333 4444예요"]) == [
        "카드번호는 [카드번호]",
        "네 [카드번호]요",
        "[카드번호]예요",
    ]


def test_an_address_that_begins_with_a_passports_number_is_one_secret() -> None:
    assert mask_personal_data("M12345678@naver.com이요") == "[이메일]이요"


def test_spans_count_the_characters_of_the_utterance_as_it_was_said() -> None:
    texts = ["연락처요?", "０１０　２３４５ 그리고", "네", "6789예요"]
    spans = personal_spans(texts)
    assert [(s.utterance, texts[s.utterance][s.start : s.end], s.kind) for s in spans] == [
        (1, "０１０　２３４５", PHONE),
        (3, "6789", PHONE),
    ]


def test_a_number_lies_in_the_sound_where_its_characters_lie_in_the_utterance() -> None:
    said = [
        Utterance(start_ms=1000, duration_ms=2000, text="번호는 010 2345"),
        Utterance(start_ms=4000, duration_ms=800, text="6789예요"),
    ]
    spans = personal_spans([u.text for u in said])
    assert seconds_of(spans, said) == [pytest.approx((1 + 2 * 4 / 12, 3.0)), pytest.approx((4.0, 4 + 0.8 * 4 / 6))]


@pytest.mark.parametrize(
    "contact", ["3f1c9a52-7d04-4b8e-9a61-0c5e2d7f1b01", "12345678-1234-4123-8123-123456789012", "c-1", "통화-녹취", "case-12"]
)
def test_a_contact_id_is_shown_as_it_is(contact: str) -> None:
    assert shown_contact(contact) == contact


@pytest.mark.parametrize("contact", ["01023456789", "010-2345-6789", "821023456789", "+821023456789", "9001241234567"])
def test_a_contact_id_that_looks_like_somebodys_number_is_masked(contact: str) -> None:
    assert re.search(r"\d", shown_contact(contact)) is None
