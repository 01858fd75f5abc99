"""Identification before, behind and between takes no part in the summary; requests that speak of names and numbers stay whole."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.call.identification import without_identification
from models.call.record import Speaker, Utterance

C, A, U = Speaker.CUSTOMER, Speaker.AGENT, Speaker.UNKNOWN

REQUESTS = [
    "치아보험 해지하고 싶어요.",
    "여행자보험 가입하고 싶어요.",
    "보험료가 얼마인지 알고 싶어요",
    "자동차 사고 접수하려고요.",
    "실비 청구 서류가 뭐예요?",
    "보험금 받는 계좌를 다른 은행으로 바꿀게요",
    "생년월일이 잘못 등록됐어요",
    "주소를 바꾸고 싶은데요",
    "해지 환급금 얼마예요?",
    "증권 재발급해 주세요",
    "연락처를 변경하려고요",
    "자동이체 카드를 바꾸고 싶어요",
]
IDENTIFICATION = [
    "이름은 홍길동이에요.",
    "저는 김영희라고 합니다.",
    "홍길동입니다.",
    "저 박철수인데요",
    "홍길동이고 생일은 칠월 이일이에요.",
    "생년월일은 900124예요.",
    "생년월일은 1990년 1월 24일입니다.",
    "주민번호 앞자리는 900124이고 뒷자리는 1234567이에요.",
    "주민번호는 구공공일이사 다시 일이삼사오육칠이요.",
    "전화번호는 010-2345-6789예요.",
    "제 번호는 공일공 이삼사오 육칠팔구입니다",
    "계좌번호는 국민은행 110-234-567890이에요.",
    "계좌는 신한은행이고요 110에 234에 567890이요",
    "신한은행 110 234 567890이고요 예금주는 홍길동입니다.",
    "카드번호는 4111 2222 3333 4444예요.",
    "증권번호는 20261121001입니다.",
    "차량번호는 12가 3456이에요.",
    "네 본인 맞습니다.",
]


def call(*said: tuple[Speaker, str]) -> list[Utterance]:
    return [Utterance(speaker=speaker, start_ms=1000 * i, duration_ms=900, text=text) for i, (speaker, text) in enumerate(said)]


def left(*said: tuple[Speaker, str]) -> str:
    return " ".join(u.text for u in without_identification(call(*said)) if u.speaker is not A and u.text)


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("identification", IDENTIFICATION)
def test_a_request_with_identification_around_it_is_read_as_the_request_alone(request_: str, identification: str) -> None:
    assert left((C, request_)) == request_
    assert left((C, identification), (C, request_)) == request_
    assert left((C, request_), (C, identification)) == request_
    assert left((A, "네, 무엇을 도와드릴까요?"), (C, request_), (A, "네, 본인 확인 부탁드립니다."), (C, identification)) == request_
    assert left((C, f"{identification} {request_}")) == request_
    assert left((C, f"{request_} {identification}")) == request_
    assert left((U, request_), (U, "본인 확인 부탁드립니다."), (U, identification)) == request_
    assert left((C, request_), (C, identification), (C, request_)) == f"{request_} {request_}"


@pytest.mark.parametrize(
    "text",
    [
        "보험금 받는 계좌를 다른 은행으로 바꿀게요",
        "생년월일이 잘못 등록됐어요",
        "이름이 바뀌었는데요 어떻게 해요",
        "계좌번호 110-234-567890으로 바꿔 주세요",
        "연락처가 010-2345-6789로 바뀌었어요",
        "12가 3456 차량 사고 접수하려고요",
        "카드 4111222233334444 말고 다른 카드로 내고 싶어요",
        "다 주나요? 다시 정하세요",
        "강아지인데요 펫보험 되나요",
        "반지하인데요 하수구에서 물이 올라와요",
        "저는 배우자인데요 대신 청구돼요?",
        "제가 계약자인데 지금 해지하려고요",
        "명의가 엄마라서요 명의를 바꿔 주세요",
        "네 여보세요 보험료 납입일이요",
        "월 35000원이요",
        "통장에서 오백만 원이 빠졌어요, 오백이요!",
        "최종은? 나왔으면 말을 해 줘야지.",
    ],
)
def test_a_request_that_speaks_of_names_and_numbers_stays_as_it_was_said(text: str) -> None:
    assert left((C, text)) == text


@pytest.mark.parametrize(
    "answer", ["홍가짜요.", "박모의요 박 모 의", "강도식. 강, 도, 식.", "네 한무영입니다", "공공공공이요.", "네 구구 공공 공공"]
)
def test_an_answer_to_who_is_calling_is_identification_however_it_is_said(answer: str) -> None:
    assert left((C, "해지할게요"), (A, "네 성함하고 생년월일 말씀해 주시겠어요?"), (C, answer)) == "해지할게요"


def test_a_number_told_over_utterances_is_identification_in_each() -> None:
    said = [(C, "해지할게요"), (A, "연락처요?"), (C, "공일공에"), (A, "네"), (C, "이삼사오"), (A, "네"), (C, "육칠팔구요")]
    assert left(*said) == "해지할게요"


def test_what_else_an_answer_says_stays() -> None:
    assert left((A, "본인 확인 부탁드립니다."), (C, "네 홍길동이고 지금 밖이라 좀 시끄러워요.")) == "지금 밖이라 좀 시끄러워요."


def test_the_agents_questions_for_identification_are_left_out_and_the_rest_of_the_agents_words_stay() -> None:
    asked = call((A, "네 보험금 받으실 계좌 변경이시죠. 본인 확인부터 할게요"), (A, "성함이 어떻게 되세요?"))
    assert [u.text for u in without_identification(asked) if u.text] == ["네 보험금 받으실 계좌 변경이시죠."]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([C, A, U]), st.sampled_from(REQUESTS + IDENTIFICATION) | st.text(max_size=40)), max_size=6))
def test_nothing_is_added_and_nothing_changes_its_place(said: list[tuple[Speaker, str]]) -> None:
    before = {u.start_ms: u for u in call(*said)}
    for utterance in without_identification(list(before.values())):
        own = before[utterance.start_ms]
        assert (utterance.speaker, utterance.duration_ms) == (own.speaker, own.duration_ms)
        rest = iter(own.text)
        assert all(character in rest for character in utterance.text)


@pytest.mark.slow
@pytest.mark.timeout(30)  # a quadratic pattern takes minutes
@pytest.mark.parametrize("unit", ["네 ", "이고 ", "홍길동이고 ", "저는 ", "번호는 ", "이름은 ", "가", "공일공 ", "이에요", "은는이가"])
def test_a_hundred_kilobytes_take_time_in_proportion(unit: str) -> None:
    without_identification(call((U, unit * (100_000 // len(unit.encode())))))
