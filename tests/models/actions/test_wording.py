"""A thing to do says by itself what is to be done, in words that were said."""

from dataclasses import replace

import pytest

from models.actions.extraction import ToDoModel, things_to_do
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

MODEL, SHORTENER = ToDoModel.shipped(), Shortener()
EVERYTHING = replace(MODEL, lasting=replace(MODEL.lasting, threshold=0.0), callers=0.0)  # wording alone: whatever is promised or asked
OPENING = (
    "상담원: 무엇을 도와드릴까요\n고객: 보험금 청구하려고요\n상담원: 네 고객님, 성함이 어떻게 되세요?\n고객: 김가나요\n"
    "상담원: 네, 확인됐습니다.\n고객: 네\n"
)


def promised(talk: str) -> list[str]:
    return [one.what for one in things_to_do(read(OPENING + talk), EVERYTHING, SHORTENER)]


def promised_of(talk: str, request: str) -> list[str]:
    return [one.what for one in things_to_do(read(OPENING + talk), EVERYTHING, SHORTENER, None, request)]


def left(talk: str, request: str = "") -> list[str]:
    return [one.what for one in things_to_do(read(OPENING + talk), MODEL, SHORTENER, None, request)]


def test_a_deed_that_names_no_thing_is_told_with_the_one_that_was_named_turns_before() -> None:
    talk = (
        "상담원: 혹시 더 필요하신 거 있으세요?\n"
        "고객: 자동차보험 가입증명서를 이메일로 받고 싶어요\n상담원: 등록된 메일 주소로 드리면 될까요?\n"
        "고객: 네 맞아요\n상담원: 네, 오늘 중으로 이메일로 보내 드리겠습니다.\n고객: 네 감사합니다"
    )
    (what,) = left(talk, "자동차보험 가입증명서 발송 요청")
    assert "가입증명서를" in what
    assert "이메일로 발송" in what


def test_a_word_that_only_points_gives_way_to_what_it_points_at() -> None:
    talk = "상담원: 진료비 세부내역서를 내셔야 해요.\n고객: 네 그거 내일까지 팩스로 보낼게요.\n상담원: 네 감사합니다."
    (what,) = left(talk)
    assert "그거" not in what
    assert "세부내역서를" in what


def test_where_no_thing_is_likely_enough_the_request_stands_behind_the_deed() -> None:
    talk = "고객: 그럼 언제 알 수 있어요?\n상담원: 내일 오전까지 확인해서 전화드리겠습니다.\n고객: 네 알겠습니다"
    assert left(talk, "실손 보험금 지급 예정일 문의") == ["확인 후 전화 (실손 보험금 지급 예정일 문의)"]
    assert left(talk) == ["확인 후 전화"]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("청구 양식이 있어서 청구 서류 목록을 오늘 문자로 보내 드리겠습니다.", "청구 서류 목록을 문자로 발송"),
        ("그리고 승인이 필요해서요, 지급 심사 결과를 내일까지 문자로 보내 드리겠습니다.", "지급 심사 결과를 문자로 발송"),
    ],
)
def test_reasons_and_conjunctions_before_a_deed_are_no_part_of_it(said: str, what: str) -> None:
    assert left(f"상담원: {said}\n고객: 네 감사합니다") == [what]


def test_a_desk_that_is_told_by_its_name_is_not_told_again_in_the_deed() -> None:
    (action,) = things_to_do(
        read(f"{OPENING}상담원: 보상 담당자가 내일 오전까지 진행 상황을 전화드릴 거예요.\n고객: 네 알겠습니다"), MODEL, SHORTENER
    )
    assert (action.desk, action.what) == ("보상 담당자", "진행 상황을 전화")


@pytest.mark.parametrize(
    "talk",
    [
        "상담원: 그거 오늘 중으로 문자로 보내 드리겠습니다.\n고객: 네 감사합니다",
        "상담원: 진단서하고 영수증이 필요하세요.\n고객: 네 내일까지 팩스로 보낼게요\n상담원: 네 감사합니다.",
    ],
)
def test_no_word_is_put_in_that_was_not_said(talk: str) -> None:
    whole = OPENING + talk
    found = [what.removesuffix("(보험금 청구)").split()[:-1] for what in left(talk, "보험금 청구")]  # the last word is the verb as a noun
    assert found
    assert all(word in whole or word[:-1] in whole for words in found for word in words)


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        (
            "상담원: 증액 산출서를 내일까지 메일로 보내 드리겠습니다.\n고객: 네\n상담원: 건축물대장도 하나 필요하십니다.\n"
            "고객: 그건 이번 주 안에 떼서 보낼게요.",
            "건축물대장을 떼서 보내기",
        ),
        (
            "상담원: 퇴직증명서가 필요하세요.\n고객: 언제 줄지 몰라서요\n상담원: 상실 확인서도 됩니다.\n고객: 그럼 그걸로 내일까지 낼게요.",
            "상실 확인서를 내기",
        ),
        ("상담원: 초본이 필요하세요.\n고객: 초본은 있으니까 내일까지 앱으로 올릴게요.", "초본은 앱으로 올리기"),
        ("상담원: 청약서 링크를 보내 드릴게요.\n고객: 돈은 금요일에 월급 나오니까 금요일에 넣을게요.", "돈은 넣기"),
        ("상담원: 신청서를 우편으로 보내 드릴게요.\n고객: 네\n상담원: 감사합니다.\n고객: 다음 주에 써서 부칠게요.", "신청서를 써서 부치기"),
    ],
)
def test_what_a_caller_hands_over_is_what_was_asked_of_him_last_and_not_what_he_is_sent(talk: str, what: str) -> None:
    assert what in promised(f"{talk}\n상담원: 네 감사합니다")


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        (
            "상담원: 지연확인서를 받아 주셔야 합니다.\n고객: 네\n상담원: 통화 끝나면 바로 안내 문자를 보내 드리겠습니다.",
            "안내 문자를 보내기",
        ),
        ("상담원: 진료비 세부내역서가 필요합니다.\n고객: 어려워요\n상담원: 오늘 영어 문자로 보내 드릴게요.", "영어 문자로 발송"),
        (
            "상담원: 위임장, 인감증명서, 가족관계증명서가 필요하세요.\n고객: 많네요\n상담원: 전부 적어서 오늘 문자로 보내 드리겠습니다.",
            "전부 적어서 문자로 발송",
        ),
    ],
)
def test_an_agent_does_not_send_what_the_caller_has_to_bring(talk: str, what: str) -> None:
    assert what in promised(f"{talk}\n고객: 네 감사합니다")


def test_what_somebody_will_find_out_is_told_with_the_question_that_was_asked() -> None:
    talk = "고객: 판독지는 작년 건데 돼요? 다시 못 찍어서요\n상담원: 심사 부서에 확인해서 내일 오전까지 전화드릴게요.\n고객: 네 알겠습니다"
    assert left(talk, "치매보험 청구 서류 문의") == ["심사 부서에 확인 후 전화 (판독지는 작년 건데 되는지)"]


def test_raw_speech_stands_behind_no_deed() -> None:
    talk = "상담원: 대출 안내장을 오늘 문자로 보내 드리겠습니다.\n고객: 네 감사합니다"
    assert left(talk, "사고 관련, 무릎 까진 거 말고는 뭐 치킨이 다 날아갔어요 그거 되는지 여부 문의") == ["대출 안내장을 문자로 발송"]


def test_a_paper_takes_the_fuller_name_that_was_said_of_it_anywhere_before() -> None:
    talk = (
        "상담원: 부활하시려면 건강 상태 질문서를 작성하셔야 해요.\n고객: 감기로 한 번 갔어요\n상담원: 그대로 적으시면 되고요.\n고객: 네\n"
        "상담원: 질문서를 오늘 문자로 보내 드릴게요.\n고객: 네"
    )
    assert "건강 상태 질문서를 문자로 발송" in promised(talk)


def test_what_is_signed_is_the_form_whose_link_was_promised_just_before() -> None:
    talk = "상담원: 통화 끝나는 대로 신청서 링크를 문자로 보내 드릴게요.\n고객: 네, 오늘 저녁까지 서명할게요.\n상담원: 감사합니다."
    assert "신청서 서명" in promised(talk)


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        (
            "고객: 작년 납입증명서를 메일로 받을 수 있을까요\n상담원: 성함이요?\n고객: 신가영이요\n"
            "상담원: 주소는 등록된 걸로 보내면 될까요?\n"
            "고객: 네\n상담원: 더 필요하신 건요?\n고객: 없어요\n상담원: 십 분 안에 보내 드릴게요.\n고객: 네",
            "작년 납입증명서를 보내기",
        ),
        (
            "고객: 그 진단서 원본을 돌려주세요\n상담원: 주소가요?\n고객: 그대로요\n상담원: 내일 등기로 보내 드리겠습니다.",
            "진단서 원본을 등기로 발송",
        ),
        ("고객: 증권을 못 쓰게 됐어 그거도 한 장 새로 줘요\n상담원: 네 내일 등기로 보내겠습니다.", "증권을 등기로 발송"),
    ],
)
def test_what_is_sent_is_what_the_caller_wants_wherever_he_said_so(talk: str, what: str) -> None:
    assert what in left(f"{talk}\n고객: 네 감사합니다")


def test_of_two_papers_that_the_caller_wants_far_back_none_is_put_in() -> None:
    talk = (
        "고객: 증권을 새로 보내 주세요\n상담원: 네\n고객: 그리고 약관도 받고 싶어요\n상담원: 성함이요?\n고객: 김가나요\n상담원: 주소요?\n"
        "고객: 그대로요\n상담원: 더 필요하신 건요?\n고객: 없어요\n상담원: 내일 등기로 보내겠습니다.\n고객: 네"
    )
    assert "등기로 발송" in promised(talk)


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        (
            "상담원: 밀린 금액은 십사만 삼천 원이고요. 가상계좌를 오늘 문자로 보내 드릴게요.\n고객: 내일 은행 가서 넣을게요.",
            "은행 가서 십사만 삼천 원 입금",
        ),
        ("상담원: 밀린 게 이십팔만 원입니다\n고객: 돈은 이번 주에 넣을게요", "이십팔만 원 입금"),
        ("상담원: 28만 원이고 청약서 쓰시고 이달 말까지 넣으시면 됩니다\n고객: 네, 그럴게요.", "청약서 쓰고 28만 원 입금"),
        (
            "상담원: 대출 원금 팔백만 원 남아 있으세요.\n고객: 그럼 삼백만 갚을게요. 계좌 하나 만들어 주세요.\n"
            "상담원: 가상계좌를 문자로 보내 드릴게요.\n고객: 그럼 오늘 네 시까지 넣을게요.",
            "삼백만 원 입금",
        ),
    ],
)
def test_what_the_caller_pays_is_told_with_its_sum(talk: str, what: str) -> None:
    assert what in promised(f"{talk}\n상담원: 네 감사합니다")


def test_a_sum_that_the_caller_gets_is_none_that_he_pays() -> None:
    talk = "상담원: 환급금은 천이백만 원입니다. 보험료는 나중에 내셔도 됩니다.\n고객: 금요일에 넣을게요.\n상담원: 네"
    assert not any("천이백만" in what for what in promised(talk))


def test_what_is_waited_for_is_told() -> None:
    talk = "상담원: 입원확인서가 들어와야 배정이 됩니다\n고객: 네\n상담원: 들어오면 제가 내일 업체를 연결해 드리겠습니다\n고객: 네"
    assert "입원확인서가 들어오면 업체 연결" in promised(talk)


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        (
            "상담원: 앱에서 하시거나 신분증 가지고 지점에 오시면 됩니다.\n고객: 나는 앱을 못 해요. 모레 지점으로 갈게요.",
            "신분증 가지고 지점에 가기",
        ),
        ("상담원: 신분증 가지고 지점에 오시면 됩니다\n고객: 금요일에 갈게요.", "신분증 가지고 지점에 가기"),
        ("상담원: 앱으로 사진 찍어 올리시면 됩니다\n고객: 네 그건 아들 시켜서 올릴게요", "아들 시켜서 앱으로 사진 찍어 올리기"),
        (
            "상담원: 바로 은행에 지급 정지를 요청하세요.\n고객: 어디로요?\n상담원: 대표 번호로요.\n고객: 지금 은행에 전화할게요.",
            "은행에 지급 정지 요청",
        ),
    ],
)
def test_a_bare_promise_takes_the_fuller_words_in_which_it_was_asked_for(talk: str, what: str) -> None:
    assert what in left(f"{talk}\n상담원: 네 감사합니다")


def test_a_place_is_told_by_its_name_where_the_call_names_one_alone() -> None:
    talk = "상담원: 지점에 오셔야 됩니다. 부산진 지점으로 예약해 드릴까요?\n고객: 네 신분증 들고 목요일에 지점에 갈게요\n상담원: 네"
    assert any("부산진 지점에 가기" in what for what in left(talk))


def test_a_matter_says_more_than_the_deed_or_is_left_out() -> None:
    talk = "상담원: 계약자 변경이시군요.\n고객: 네\n상담원: 계약자 변경 신청서를 오늘 이메일로 보내 드릴게요.\n고객: 네"
    assert left(talk, "계약자 변경 요청") == ["계약자 변경 신청서를 이메일로 발송"]


def test_who_is_put_through_to_a_crisis_line_is_told_without_what_he_called_about() -> None:
    talk = "고객: 종신보험 물어보려다가 다 끝내고 싶네요\n상담원: 지금 바로 109 상담 선생님과 연결해 드리겠습니다.\n고객: 네"
    assert any(what == "109 상담 선생님과 연결" for what in promised_of(talk, "종신보험 보험금 나오는지 문의"))


def test_a_result_is_no_account_that_is_paid_into() -> None:
    talk = "고객: 계좌는 그대로고 날짜만 바꿔 주세요\n상담원: 처리되면 오늘 중에 문자 드리겠습니다.\n고객: 네"
    assert "처리되면 문자로 발송" in left(talk)


def test_what_the_same_verb_was_done_to_just_before_is_what_is_meant() -> None:
    talk = "상담원: 임차권등기명령을 법원에 신청하셔서 확인하고 나가시면 안전합니다.\n고객: 이번 주에 바로 법원에 신청할게요.\n상담원: 네"
    assert "임차권등기명령을 바로 법원에 신청" in left(talk)


def test_a_picture_is_told_with_what_is_on_it() -> None:
    talk = (
        "상담원: 시동 켜고 찍으세요.\n고객: 네 저녁에 시동 켜고 찍을게요.\n상담원: 계기판 사진 확인되면 삼 일 안에 넣어 드릴게요.\n고객: 네"
    )
    assert any(what.startswith("계기판 사진을") for what in promised(talk))


def test_papers_that_are_joined_are_what_is_sent() -> None:
    talk = "상담원: 원무과에 소견서 달라고 하시면 됩니다\n고객: 내일 오전에 증명서랑 위임장이랑 팩스로 보낼게요\n상담원: 네"
    assert "증명서랑 위임장이랑 팩스로 발송" in promised(talk)


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        ("고객: 증권도 새로 와요?\n상담원: 네 오늘 중으로 이메일로 보내 드리겠습니다.\n고객: 네", "증권을 이메일로 발송"),
        ("고객: 그 금액을 문자로 남겨 주시겠어요\n상담원: 네 오늘 문자로 드리겠습니다\n고객: 네", "금액을 문자로 발송"),
        ("고객: 네\n상담원: 신청서에 서명이 필요하세요 이메일로 오늘 중에 보내 드리겠습니다\n고객: 네", "신청서를 이메일로 발송"),
    ],
)
def test_what_is_sent_is_what_the_turn_before_spoke_of(talk: str, what: str) -> None:
    assert what in [one.partition(" (")[0] for one in left(talk)]


def test_of_two_things_in_the_turn_before_none_is_put_in() -> None:
    talk = "고객: 증권이랑 약관도 새로 와요? 약도는요?\n상담원: 네 오늘 중으로 이메일로 보내 드리겠습니다.\n고객: 네"
    assert "이메일로 발송" in [one.partition(" (")[0] for one in left(talk)]


def test_a_list_is_what_is_fetched_before_somebody_comes_however_long_ago_it_was_told() -> None:
    talk = (
        "고객: 뭘 내면 돼요?\n상담원: 사망진단서, 가족관계증명서, 신분증, 통장 사본이 필요하세요.\n고객: 네\n상담원: 네\n"
        "고객: 적을 데가 없네요\n"
        "상담원: 괜찮으세요?\n고객: 지점으로 가도 되지요?\n상담원: 네, 어디든 됩니다.\n고객: 그럼 다음 주 화요일에 떼서 갈게요.\n상담원: 네"
    )
    assert any(one.startswith("사망진단서, 가족관계증명서, 신분증, 통장 사본을 떼서") for one in left(talk))


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        ("상담원: 서류는 다 들어왔고 목요일에 입금됩니다.\n고객: 네", "입금"),
        (
            "고객: 오백만 원만 빌려 주세요\n상담원: 네 오백만 원은 오늘 우체국 계좌로 입금됩니다.\n고객: 네",
            "오백만 원은 우체국 계좌로 입금",
        ),
        ("고객: 삼백만 원 빼 주세요\n상담원: 네, 내일 오전에 급여 통장으로 입금 처리하겠습니다.\n고객: 네", "급여 통장으로 삼백만 원 입금"),
        ("상담원: 세 명 서류 목록은 오늘 문자로 보내 드리겠습니다.\n고객: 네", "세 명 서류 목록은 문자로 발송"),
    ],
)
def test_what_is_paid_and_of_whom_is_told_once(talk: str, what: str) -> None:
    assert what in [one.partition(" (")[0] for one in left(talk)]


def test_what_is_sent_back_is_the_form_that_was_just_promised() -> None:
    talk = "상담원: 신청서를 내일 우편으로 보내 드리겠습니다.\n고객: 언제까지요\n상담원: 이달 말까지 보내 주시면 됩니다.\n고객: 네"
    assert "신청서를 보내기" in [one.partition(" (")[0] for one in left(talk)]


def test_a_paper_that_the_agent_understood_and_the_caller_agreed_to_is_what_is_sent() -> None:
    talk = (
        "고객: 세무사가 연금 넣은 거 증명서를 떼 오라고 해서요\n상담원: 연금저축 납입증명서 말씀이시죠\n고객: 네 작년 거요\n"
        "상담원: 메일로 드릴까요\n"
        "고객: 팩스로 바로 넣어 주세요\n상담원: 네 십 분 안에 들어갈 겁니다\n고객: 네"
    )
    assert "연금저축 납입증명서를 팩스로 발송" in [one.partition(" (")[0] for one in left(talk)]


def test_money_that_is_paid_is_no_form() -> None:
    talk = "상담원: 부활 청약서는 카톡으로 보내 드릴게요.\n고객: 그 돈이면 이달에 낼 수 있어요\n상담원: 네\n고객: 네"
    assert not any("청약서를 내" in one for one in left(talk))
