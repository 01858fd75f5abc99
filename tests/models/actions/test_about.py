"""What stands behind a deed is what tells most of the call, by the words that summaries name."""

import pytest

from models.actions.about import Matter, changed_party, phrases, ranked, requested
from models.actions.extraction import ToDoModel, things_to_do
from models.actions.keywords import likelihoods, words_in
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

MODEL, SHORTENER = ToDoModel.shipped(), Shortener()


def best(request: str, product: str = "", likely: dict[str, float] | None = None, near: str = "") -> str:
    told = ranked(list(requested(request, product)), likely or {}, near, SHORTENER)
    return told[0] if told else ""


def test_the_phrase_whose_words_summaries_name_is_told() -> None:
    request = "실손 관련, 육아 휴직 중, 상해 입원만 빼 달라는 요청"
    assert best(request, likely={"상해": 0.7, "입원": 0.8}) == "상해 입원만 빼 달라는 요청"


def test_the_product_stands_in_front_where_the_phrase_does_not_name_it() -> None:
    likely = {"보험료": 0.3, "변액연금": 0.6}
    assert best("석 달 동안 보험료 안 내고 쉬는 것 문의", "변액연금", likely) == "변액연금 석 달 동안 보험료 안 내고 쉬는 것 문의"
    assert best("변액연금 보험료 안 내고 쉬는 것 문의", "변액연금", likely).count("변액연금") == 1


def test_two_phrases_are_told_only_where_none_says_enough_alone() -> None:
    request = "보험료가 두 번 빠졌음, 한 번 거는 돌려 달라는 요청"
    assert best(request, likely={"보험료": 0.3}) == request
    assert best(request, likely={"보험료": 0.9, "번": 0.1}, near="보험료") == "보험료가 두 번 빠졌음"


def test_of_two_wishes_the_one_that_was_just_spoken_of_is_told() -> None:
    request = "주소 변경 희망, 증권 발급 요청"
    assert best(request, near="증권은 내일 발송됩니다") == "증권 발급 요청"
    assert best(request, near="주소는 오늘 처리됩니다") == "주소 변경 희망"


@pytest.mark.parametrize("request_", ["누가 깼습니까? 보험이", "되는지 여부 문의", "아직 모르겠어요", ""])
def test_what_tells_nothing_stands_behind_nothing(request_: str) -> None:
    assert best(request_) == ""


def test_the_party_that_callers_describe_is_named_where_staff_surely_means_it() -> None:
    likely = {"수익자": 0.8, "변경": 0.9, "계약자": 0.05}
    assert [one.text for one in changed_party(likely, "종신보험")] == ["종신보험 수익자 변경"]
    assert list(changed_party(likely | {"변경": 0.2}, "종신보험")) == []
    both = [Matter("종신보험 계약자 변경", short=True), *changed_party(likely, "종신보험")]
    assert ranked(both, likely, "", SHORTENER)[0] == "종신보험 수익자 변경"


def test_a_question_without_any_noun_gives_way_to_the_trades_name() -> None:
    matters = [Matter("사고 접수", short=True), *requested("어떻게 해야 되는지 방법 문의", "")]
    assert ranked(matters, {}, "", SHORTENER) == ["사고 접수"]


def test_a_long_phrase_loses_what_was_told_before_it() -> None:
    (told,) = phrases("저희 어머니께서 지난주에 계단에서 넘어지셔서 병원에 다녀오셨는데 입원비를 제가 대신 청구할 수 있는지 문의")
    assert told.endswith("입원비를 제가 대신 청구할 수 있는지 문의")
    assert len(told) <= 44


def test_a_trades_name_stays_where_nothing_is_worth_telling() -> None:
    assert ranked([Matter("화재보험 관련", short=True)], {}, "", SHORTENER) == ["화재보험 관련"]


def test_words_written_together_are_one_and_what_every_call_names_is_none() -> None:
    assert [word for word, *_ in words_in("고객님 골절진단비 청구 문의", SHORTENER)] == ["골절진단비", "청구"]


def test_what_the_call_is_about_is_likelier_than_what_it_names_in_passing() -> None:
    talk = (
        "상담원: 무엇을 도와드릴까요\n고객: 암보험 해지하려고요 주차장이 멀어서 이제 왔네요\n"
        "상담원: 암보험 해지 말씀이시죠\n고객: 네 해지요\n"
        "상담원: 해지 신청서를 문자로 보내 드리겠습니다\n고객: 네"
    )
    likely = likelihoods(read(talk), "암보험 해지 희망", SHORTENER, MODEL.words)
    assert min(likely["암보험"], likely["해지"]) > 0.5 > likely["주차장"]


def test_who_was_told_of_a_crisis_line_is_called_back_for_that() -> None:
    talk = (
        "상담원: 무엇을 도와드릴까요\n고객: 사망보험금이 얼마인지 알고 싶어요 살기가 싫어서요\n"
        "상담원: 자살예방 상담전화 109를 안내해 드릴게요\n고객: 네\n"
        "상담원: 제가 오늘 저녁에 다시 전화드리겠습니다.\n고객: 네"
    )
    told = [one.what for one in things_to_do(read(talk), MODEL, SHORTENER, None, "사망보험금이 얼마인지 문의")]
    assert "다시 전화 (109 상담 안내한 통화)" in told


def test_numbers_of_persons_and_days_of_birth_are_no_matter() -> None:
    assert phrases("육공이 팔일 공구삼사사 신입 세 명을 단체보험에 넣기 희망") == ["신입 세 명을 단체보험에 넣기 희망"]
    assert phrases("육팔년 사월 팔일 보험금을 어떻게 받는지 문의") == ["보험금을 어떻게 받는지 문의"]
