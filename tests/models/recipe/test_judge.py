import pytest

from models.recipe.judge import judge, lines_named_in, request_kind_of
from models.recipe.taxonomy import LINES_OF_BUSINESS, REQUEST_KINDS


@pytest.mark.parametrize(("kind", "ending"), [(kind.key, ending) for kind in REQUEST_KINDS for ending in kind.endings])
def test_every_ending_of_the_taxonomy_decides_on_its_own_kind(kind: str, ending: str) -> None:
    assert request_kind_of(ending) == kind
    assert request_kind_of(f"암보험 갑상선암 {ending}") == kind


@pytest.mark.parametrize(("name", "alias"), [(line.name, alias) for line in LINES_OF_BUSINESS for alias in (line.name, *line.aliases)])
def test_every_alias_names_its_line_alone(name: str, alias: str) -> None:
    assert lines_named_in(f"저 {alias} 문의요") == {name}


@pytest.mark.parametrize(
    "text",
    [
        "자동차 사고 보험 여부 확인 요청",
        "과실 비율이 몇 대 몇이에요",
        "사실 비싸서요",
        "유방암 보험금 청구 절차 안내 요청",
        "치과 치료를 받았어요",
        "화재 보험금은 언제 나와요",
        "주차 보험 처리 되나요",
        "암 진단을 받았는데 보험금이 나오나요",
        "확실 비교해 주세요",
    ],
)
def test_an_event_or_an_illness_is_no_product(text: str) -> None:
    assert lines_named_in(text) == frozenset()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("자 동차보험 들었는데", "자동차보험"),
        ("실비 되나요", "실손보험"),
        ("실삐 청구요", "실손보험"),
        ("우리 애 보험이요", "어린이보험"),
        ("일배책으로요", "배상책임보험"),
    ],
)
def test_callers_words_name_the_product_however_they_are_spaced_or_heard(text: str, line: str) -> None:
    assert lines_named_in(text) == {line}


def test_a_right_summary_is_right() -> None:
    verdict = judge("실비로 도수치료 되나요", "실손보험 도수치료 보상 여부 확인 요청", "실손보험", "coverage")
    assert verdict.right
    assert verdict.invented == ()


def test_near_synonyms_and_another_word_order_count_as_right() -> None:
    assert judge("실비로 도수치료 되나요", "도수치료 실비 보장 여부 확인", "실손보험", "coverage").right


def test_a_product_the_caller_did_not_say_is_invented_and_wrong() -> None:
    verdict = judge("보험증권을 이메일로 다시 받고 싶어요", "암보험 증권 재발급 요청", "", "certificate")
    assert not verdict.product_right
    assert verdict.request_right
    assert verdict.invented == ("암보험",)


def test_a_second_product_makes_the_product_wrong_even_when_it_was_said() -> None:
    verdict = judge("자동차보험 말고 실비 해지요", "자동차보험 실손보험 해지 요청", "실손보험", "cancel")
    assert not verdict.product_right
    assert verdict.invented == ()


def test_a_missing_product_is_wrong() -> None:
    assert not judge("치아보험 해지할게요", "해지 요청", "치아보험", "cancel").product_right


@pytest.mark.parametrize("summary", ["보험금 300만 원 지급 지연 확인 요청", "3월 5일 보험금 지급 지연 확인 요청"])
def test_an_amount_or_a_date_the_caller_did_not_say_is_invented(summary: str) -> None:
    assert judge("두 달째 돈이 안 들어와요", summary, "", "delay").invented


def test_an_amount_said_in_words_is_borne_out_by_digits() -> None:
    assert judge("삼백만 원 청구했는데 안 들어와요", "300만 원 보험금 지급 지연 확인 요청", "", "delay").invented == ()


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ("저축보험 해지 환급금 문의", "refund"),
        ("자동이체 해지 요청", "auto_debit"),
        ("특약 해지 요청", "rider"),
        ("담당자 변경 요청", "contact"),
        ("중복 보상 여부 확인 요청", "double_cover"),
        ("과실 비율 이의 제기", "fault_ratio"),
        ("갱신 보험료 인상 문의", "renewal"),
    ],
)
def test_of_several_markers_the_longest_decides(summary: str, kind: str) -> None:
    assert request_kind_of(summary) == kind


def test_a_summary_without_any_marker_is_of_no_kind() -> None:
    assert request_kind_of("운동화 배송 지연 확인 요청") == ""
    assert not judge("보험 해지요", "보험 문의", "", "cancel").request_right
