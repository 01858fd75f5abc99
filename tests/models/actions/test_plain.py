"""What is plainly left by its form is told, whatever its words are; what only looks like it is not."""

import pytest

from models.actions.action import Action, Who
from models.actions.extraction import ToDoModel, things_to_do
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

MODEL, SHORTENER = ToDoModel.shipped(), Shortener()
OPENING = (
    "상담원: 무엇을 도와드릴까요\n고객: 문의드릴 게 있어서요\n상담원: 성함이 어떻게 되세요?\n고객: 김가나요\n"
    "상담원: 네, 확인됐습니다.\n고객: 네\n"
)


def left(talk: str) -> list[Action]:
    return things_to_do(read(OPENING + talk), MODEL, SHORTENER)


def told(talk: str) -> list[tuple[Who, str, str, str | None]]:
    return [(one.who, one.desk, one.what, one.due.said if one.due else None) for one in left(talk)]


@pytest.mark.parametrize(
    ("talk", "desk", "what", "said"),
    [
        ("상담원: 네 내일 오전 열 시에 손해사정사가 나가도록 하겠습니다\n고객: 네", "손해사정사", "방문", "내일 오전 열 시에"),
        (
            "상담원: 도배는 저희 손해사정 담당이 모레 가서 보고 나서 하시는 게 좋습니다\n고객: 네",
            "손해사정 담당",
            "방문",
            "모레",
        ),
        ("상담원: 기사님이 이십오 분 안에 도착합니다\n고객: 네", "기사님", "도착", "이십오 분 안에"),
        ("상담원: 보상 담당은 오늘 중으로 전화드릴 겁니다\n고객: 네", "보상 담당", "전화", "오늘 중으로"),
        ("상담원: 보상과에서 영업일로 닷새 안에 결과를 전화드리겠습니다\n고객: 네", "보상과", "결과를 전화", "영업일로 닷새 안에"),
        ("상담원: 담당이 비교표를 우편으로 열흘 안에 보내 드리게 하겠습니다\n고객: 네", "담당", "비교표를 우편으로 발송", "열흘 안에"),
    ],
)
def test_what_a_desk_does_by_a_day_is_that_desks(talk: str, desk: str, what: str, said: str) -> None:
    assert told(talk) == [(Who.OTHER_DESK, desk, what, said)]


@pytest.mark.parametrize(
    ("talk", "what", "said"),
    [
        ("고객: 그럼 기다릴게요\n상담원: 네, 접수 번호는 문자로 나갑니다.\n고객: 네", "접수 번호는 문자로 발송", None),
        ("고객: 네\n상담원: 오늘 오후에 취소됐다는 문자가 갈 거예요\n고객: 네", "취소됐다는 문자 발송", "오늘 오후에"),
        ("고객: 팩스로 납입증명서 한 장 부탁해요\n상담원: 네 오 분 안에 들어갑니다.\n고객: 네", "납입증명서를 팩스로 발송", "오 분 안에"),
        ("고객: 네\n상담원: 첫 회 보험료는 삼 영업일 안에 들어갑니다\n고객: 네", "첫 회 보험료 입금", "삼 영업일 안에"),
        ("고객: 네\n상담원: 서명 끝나시면 환급금은 다음 영업일에 입금됩니다\n고객: 네", "서명 끝나면 환급금은 입금", "다음 영업일에"),
    ],
)
def test_notices_and_payments_by_a_day_are_told(talk: str, what: str, said: str | None) -> None:
    ours = [(one.what, one.due.said if one.due else None) for one in left(talk) if one.who is not Who.CALLER]
    assert ours == [(what, said)]


def test_a_payment_that_hangs_on_what_the_caller_has_not_decided_is_none() -> None:
    assert told("고객: 지금 빼면 언제 받아요\n상담원: 바로 찾으시면 계좌로 내일 들어갑니다.\n고객: 생각해 볼게요") == []


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        ("상담원: 그 시간에 조사원이 갑니다\n고객: 아랫집에도 말해 놓을게요.\n상담원: 네", "아랫집에도 말하기"),
        (
            "상담원: 접수 번호는 나왔습니다\n고객: 그 번호를 상대방한테 알려 주면 되는 거죠\n상담원: 네 맞습니다",
            "접수 번호를 상대방한테 알리기",
        ),
        ("상담원: 블랙박스는 덮어쓰이지 않게 따로 빼서 보관해 주세요\n고객: 네", "블랙박스는 덮어쓰이지 않게 따로 빼서 보관"),
        ("상담원: 양쪽 차 사진하고 번호판 나오게 찍어 두세요\n고객: 네", "양쪽 차 사진하고 번호판 나오게 찍기"),
        ("상담원: 가상계좌는 보내 드렸습니다. 입금하시고 전화 한 번 주세요.\n고객: 네", "입금 후 전화"),
    ],
)
def test_what_a_caller_tells_others_keeps_or_takes_for_later_is_told(talk: str, what: str) -> None:
    assert [one.what for one in left(talk) if one.who is Who.CALLER] == [what]


@pytest.mark.parametrize(
    "talk",
    [
        "고객: 아랫집에 뭐라고 말하면 돼요?\n상담원: 그냥 두시면 됩니다.\n고객: 네",
        "고객: 집사람하고 얘기를 해 봐야겠네 오늘 바로는 안 할게요\n상담원: 네",
        "고객: 토요일에 올 수 있어요?\n상담원: 아니요, 어렵습니다.\n고객: 네",
        "상담원: 그럼 오늘은 따로 접수되는 거 없이 안내만 해 드린 걸로 하겠습니다\n고객: 네",
        "고객: 사고 접수해 주시고 견인차도 좀 보내 주세요\n상담원: 네, 접수했습니다.\n고객: 네",
        "고객: 통장만 바꿔 주세요\n상담원: 은행 말씀해 주세요\n고객: 기업은행이요\n상담원: 기업은행으로 나가도록 바꿔 드렸습니다\n고객: 네",
        "고객: 전화 그만 오게 해 주세요\n상담원: 수신 거부로 오늘 등록해 드릴게요\n고객: 문자도요?\n상담원: 네 처리됐습니다\n고객: 네",
    ],
    ids=["a question", "not today", "asked of another", "as before", "done at once", "done later", "all done"],
)
def test_what_only_looks_like_it_is_not_told(talk: str) -> None:
    assert told(talk) == []


def test_what_was_offered_to_be_sent_and_gladly_taken_is_told() -> None:
    talk = "상담원: 베트남어 안내문도 있는데 보내 드릴까요?\n고객: 오, 그런 게 있어요? 그럼 좋죠.\n상담원: 네"
    assert told(talk) == [(Who.AGENT, "", "베트남어 안내문을 보내기", None)]
    assert told(talk.replace("오, 그런 게 있어요? 그럼 좋죠.", "아니요, 됐어요.")) == []


def test_thanks_are_passed_on_in_words_that_say_so_and_a_bare_promise_is_not() -> None:
    thanks = "고객: 그 아가씨가 잘해 줘서 고맙다고 전화한 거여\n상담원: 네 그 직원한테 꼭 전해 드리겠습니다\n고객: 그려요"
    assert told(thanks) == [(Who.AGENT, "", "그 직원한테 고맙다는 말 전달", None)]
    assert told("고객: 두고 봅시다\n상담원: 네 꼭 전달하겠습니다\n고객: 네") == []


def test_the_papers_of_a_list_that_nothing_takes_up_are_the_callers_to_have_ready() -> None:
    talk = (
        "고객: 청구하려면 뭐가 있어야 돼요\n상담원: 진단서하고 구입 영수증하고 수리 견적서요\n고객: 아 네\n"
        "상담원: 더 궁금하신 점 있으세요?\n고객: 아뇨"
    )
    assert told(talk) == [(Who.CALLER, "", "진단서, 구입 영수증, 수리 견적서 준비", None)]
    assert told(talk.replace("아뇨", "생각해 볼게요")) == []


def test_a_caller_who_names_no_paper_means_all_that_was_listed() -> None:
    talk = (
        "고객: 뭐 떼면 돼요\n상담원: 진단서하고 입퇴원 확인서요\n고객: 네\n"
        "상담원: 위임장하고 가족관계증명서도 필요합니다\n고객: 그럼 다음 주에 모아서 우편으로 보낼게요\n상담원: 네"
    )
    callers = [(one.what, one.due.said if one.due else None) for one in left(talk) if one.who is Who.CALLER]
    assert callers == [("진단서, 입퇴원 확인서, 위임장, 가족관계증명서를 모아서 우편으로 발송", "다음 주에")]


def test_a_visit_takes_the_hour_that_the_agent_books() -> None:
    talk = "고객: 다음 주 월요일에 신분증 들고 가겠습니다.\n상담원: 네, 월요일 오전 열한 시로 상무지점 예약해 드렸습니다.\n고객: 네"
    (visit,) = [one for one in left(talk) if one.who is Who.CALLER]
    assert visit.due is not None
    assert visit.due.said == "다음 주 월요일 오전 열한 시"


def test_a_day_that_is_only_pointed_at_is_the_one_named_just_before() -> None:
    talk = "상담원: 진단서를 다음 주 월요일까지 보내 주실 수 있을까요?\n고객: 네 그날 병원 가니까 받아서 보낼게요\n상담원: 네"
    (paper,) = left(talk)
    assert paper.due is not None
    assert paper.due.said == "다음 주 월요일까지"


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        ("고객: 숨은 쉬는데 말을 못 해요\n상담원: 지금 끊고 바로 119에 전화하세요.\n고객: 네 네", "지금 119에 전화"),
        ("고객: 어떡해요\n상담원: 일일구에 먼저 전화하세요. 친구분은 움직이지 마시고요.\n고객: 네", "일일구에 먼저 전화"),
        ("고객: 네\n고객: 보고 집사람이랑 얘기해서 다시 전화할게요\n상담원: 네 감사합니다", "보고 집사람이랑 얘기 후 다시 전화"),
        ("고객: 네\n고객: 이사하고 나서 내가 다시 걸게요.\n상담원: 네", "이사하고 나서 다시 걸기"),
        ("고객: 저는 미용실에 보험 들었는지 물어볼게요.\n상담원: 네", "미용실에 보험 들었는지 묻기"),
        ("상담원: 삭제 신청서를 오늘 카카오톡으로 보내 드릴게요.\n고객: 네, 오면 바로 서명할게요.\n상담원: 네", "오면 삭제 신청서를 서명"),
    ],
)
def test_what_callers_do_in_danger_before_they_call_again_or_with_a_form_is_told(talk: str, what: str) -> None:
    assert what in [one.what for one in left(talk) if one.who is Who.CALLER]


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        ("고객: 네\n상담원: 저희 관리자에게도 말씀드리겠습니다.\n고객: 네", "저희 관리자에게도 말씀"),
        ("고객: 새 주소로 우편으로 부탁드려요.\n상담원: 네, 내일 발송하면 사흘쯤 걸립니다.\n고객: 네", "발송"),
        ("고객: 네\n상담원: 네, 이십오일로 등록하고 오늘 구만 육천 원 출금하겠습니다.\n고객: 네", "등록하고 오늘 구만 육천 원 출금"),
    ],
)
def test_what_an_agent_does_by_a_day_or_tells_his_superior_is_told(talk: str, what: str) -> None:
    assert what in [one.what for one in left(talk) if one.who is Who.AGENT]


@pytest.mark.parametrize(
    "talk",
    [
        "고객: 해지되는 건 아니죠\n상담원: 아직 서류가 안 들어와서 바로 해지되지는 않습니다.\n고객: 네",
        "고객: 네\n상담원: 지금 손해사정 보고서 작성 중으로 나옵니다\n고객: 네",
        "고객: 애들 월급도 줘야 되는데 어떡해요\n상담원: 네 그러시군요\n고객: 네",
    ],
)
def test_what_is_no_deed_of_anybody_is_not_told(talk: str) -> None:
    assert left(talk) == []
