"""What a call leaves to be done, and what of it does not."""

from dataclasses import replace
from datetime import date, datetime, time

import pytest

from models.actions.action import Action, Who
from models.actions.extraction import ToDoModel, things_to_do
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

MODEL, SHORTENER = ToDoModel.shipped(), Shortener()
EVERYTHING = replace(MODEL, lasting=replace(MODEL.lasting, threshold=0.0), callers=0.0)  # rules alone: whatever the weights
OPENING = (
    "상담원: 무엇을 도와드릴까요\n고객: 보험금 청구하려고요\n상담원: 네 고객님, 성함이 어떻게 되세요?\n고객: 김가나요\n"
    "상담원: 네, 확인됐습니다.\n고객: 네\n상담원: 어떤 진료를 받으셨어요?\n고객: 허리가 아파서 병원에 갔어요\n"
)


def left(talk: str, called: datetime | None = None) -> list[Action]:
    return things_to_do(read(OPENING + talk), MODEL, SHORTENER, called)


def test_a_promise_of_the_agent_and_one_of_the_caller_are_told_with_who_when_and_where() -> None:
    called = datetime(2026, 11, 27, 10)
    talk = (
        "상담원: 서류 목록을 오늘 중으로 문자로 보내 드리겠습니다.\n"
        "고객: 네, 그럼 진단서는 다음 주 화요일까지 팩스로 보낼게요.\n상담원: 네 감사합니다."
    )
    agents, callers = left(talk, called)
    assert (agents.who, agents.what, agents.utterance) == (Who.AGENT, "서류 목록을 문자로 발송", 8)
    assert (callers.who, callers.what, callers.utterance) == (Who.CALLER, "진단서는 팩스로 발송", 9)
    assert agents.due is not None
    assert callers.due is not None
    assert (agents.due.day, callers.due.day) == (date(2026, 11, 27), date(2026, 12, 1))


def test_another_desk_is_told_by_its_name() -> None:
    (action,) = left("상담원: 보상 담당자가 내일 오전까지 전화드릴 거예요.\n고객: 네 알겠습니다")
    assert (action.who, action.desk) == (Who.OTHER_DESK, "보상 담당자")


def test_documents_that_the_agent_asks_for_are_the_callers_to_send() -> None:
    (action,) = left("상담원: 진단서하고 영수증을 이번 주 안에 앱에 올려 주세요.\n고객: 네 알겠어요.\n상담원: 감사합니다.")
    assert (action.who, action.what) == (Who.CALLER, "진단서하고 영수증을 앱에 등록")


@pytest.mark.parametrize(
    "talk",
    [
        "상담원: 잠시만 기다려 주세요.\n고객: 네\n상담원: 확인됐습니다.\n고객: 감사합니다",
        "상담원: 확인해 보겠습니다.\n고객: 네\n상담원: 네, 어제 지급됐습니다.\n고객: 알겠습니다",
        "상담원: 생년월일 말씀해 주세요.\n고객: 불러 드릴게요\n상담원: 네, 조회해 보겠습니다.\n고객: 네",
        "상담원: 증권은 지난주에 우편으로 보내 드렸습니다.\n고객: 네 받았어요\n상담원: 다행이에요.",
        "고객: 고맙습니다, 이만 끊을게요\n상담원: 네, 좋은 하루 보내세요.",
    ],
)
def test_talk_of_the_moment_and_what_has_happened_leave_nothing_to_do(talk: str) -> None:
    assert left(talk) == []


def test_an_offer_counts_once_the_caller_agrees() -> None:
    offer = "상담원: 제가 내일 오전에 다시 전화드릴까요?\n"
    assert left(offer + "고객: 아니요, 괜찮아요\n상담원: 네 알겠습니다.") == []


def test_what_the_caller_refuses_is_not_his_to_do() -> None:
    asked = "상담원: 진단서를 이번 주 안에 팩스로 보내 주세요.\n"
    assert left(asked + "고객: 아니요, 못 해요. 관둘게요.\n상담원: 네 알겠습니다.") == []


def test_what_is_taken_back_later_is_not_to_be_done() -> None:
    promised = "상담원: 안내장을 내일 우편으로 보내 드리겠습니다.\n"
    assert [one.who for one in left(promised + "고객: 네\n상담원: 감사합니다.")] == [Who.AGENT]
    assert left(promised + "고객: 아 안내장은 안 보내셔도 돼요. 필요 없어요.\n상담원: 네 알겠습니다.") == []


def test_a_correction_replaces_what_was_promised_before() -> None:
    talk = (
        "고객: 진단서는 내일까지 팩스로 보낼게요.\n상담원: 네 알겠습니다.\n"
        "고객: 아 잠깐만요, 진단서는 모레까지 팩스로 보낼게요.\n상담원: 네, 모레요."
    )
    (action,) = left(talk)
    assert action.due is not None
    assert (action.due.said, action.utterance) == ("모레까지", 10)


def test_a_promise_that_names_no_thing_is_told_with_what_was_asked_for() -> None:
    talk = "상담원: 깨진 부분 사진을 올려 주시겠어요?\n고객: 네, 오늘 저녁에 찍어서 올릴게요.\n상담원: 네 감사합니다."
    (action,) = left(talk)
    assert action.what == "깨진 부분 사진을 찍어서 올리기"


def test_where_nobody_can_tell_who_speaks_nothing_is_told() -> None:
    assert things_to_do(read("내일까지 팩스로 보낼게요"), MODEL, SHORTENER) == []


@pytest.mark.parametrize(
    "text", ["", "상담원: \n고객: ", "상담원: 겠습니다\n고객: 게요", "상담원: ?\n고객: !!! 까요", "상담원: 을게\n고객: 세요세요세요"]
)
def test_pieces_of_speech_leave_nothing_to_do_and_stop_nothing(text: str) -> None:
    assert things_to_do(read(text), MODEL, SHORTENER) == []


@pytest.mark.parametrize(
    ("talk", "who", "what", "said"),
    [
        (
            "상담원: 인적사항하고 동의서 필요하신데 팩스로 주시겠어요\n고객: 내일 열두 시 전에 넣을게요 걔가 지금 나가 있어서",
            Who.CALLER,
            "인적사항하고 동의서를 넣기",
            "내일 열두 시 전에",
        ),
        (
            "상담원: 안내문을 내일까지 문자로 보내드릴게요 더 필요하신 건 없으세요\n고객: 네 없어요",
            Who.AGENT,
            "안내문을 문자로 발송",
            "내일까지",
        ),
        (
            "상담원: 소견서를 언제까지 보내 주실 수 있으세요?\n고객: 이번 주 금요일까지는 보낼 수 있어요.",
            Who.CALLER,
            "소견서를 보내기",
            "이번 주 금요일까지는",
        ),
        (
            "상담원: 서명은 이번 달 이십오일까지 해 주셔야 다음 달 출금이 안 됩니다.\n고객: 네, 이십오일 전에 할게요.",
            Who.CALLER,
            "서명",
            "이십오일 전에",
        ),
    ],
    ids=["no signs", "no signs, more behind", "able to", "asked for within a sentence"],
)
def test_promises_in_other_forms_are_found(talk: str, who: Who, what: str, said: str) -> None:
    (action,) = left(f"{talk}\n상담원: 네 감사합니다")
    assert action.due is not None
    assert (action.who, action.what, action.due.said) == (who, what, said)


def test_who_thanks_for_what_was_promised_asks_for_nothing_more() -> None:
    talk = "고객: 진단서는 오늘 저녁에 앱으로 올릴게요.\n상담원: 네, 올려 주시면 내일까지 결과를 문자로 보내 드리겠습니다.\n고객: 네"
    assert [(one.who, one.utterance) for one in left(talk)] == [(Who.CALLER, 8), (Who.AGENT, 9)]


@pytest.mark.parametrize(
    ("said", "what", "by_when"),
    [
        ("본점에 세 시까지 오시면 되고 통역 직원을 예약해 놓겠습니다.", "통역 직원 예약", None),
        ("서류를 십오 일까지 주시면 십팔 일에 변경 증권을 보내 드리겠습니다.", "변경 증권을 보내기", "십팔 일에"),
        ("조사원이 금요일 오전에 방문할 거고 오늘 저녁까지 시간 잡는 전화를 드릴 거예요.", "시간 잡는 전화", "오늘 저녁까지"),
        ("네 말일 밤 열두 시까지요 안내문을 사흘 안에 우편으로 보내 드릴게요.", "안내문을 우편으로 발송", "사흘 안에"),
    ],
)
def test_a_deadline_is_that_of_its_own_deed(said: str, what: str, by_when: str | None) -> None:
    (action,) = (one for one in left(f"상담원: {said}\n고객: 네\n상담원: 감사합니다.") if one.who is not Who.CALLER)
    assert (action.what, action.due.said if action.due else None) == (what, by_when)


def test_no_desk_takes_the_deadline_of_the_agents_message() -> None:
    first = "상담원: 확인서로 되는지 심사팀에 물어보고 오늘 중으로 문자 드릴게요.\n고객: 네\n상담원: 아닙니다\n고객: 네\n"
    message, call = left(f"{first}상담원: 변경 보험료는 심사 끝나면 계약팀에서 전화드립니다.\n고객: 네")
    assert message.due is not None
    assert (message.due.said, message.who) == ("오늘 중으로", Who.AGENT)
    assert (call.desk, call.due) == ("계약팀", None)


def test_a_call_moved_to_another_hour_stays_on_its_day() -> None:
    talk = "상담원: 내일 오전에 확인하고 제가 전화드릴게요.\n고객: 아침엔 회의가 있어요\n상담원: 그럼 한 시 반에 드리겠습니다.\n고객: 네"
    (action,) = left(talk, datetime(2026, 11, 26, 10))
    assert action.due is not None
    assert (action.what, action.due.day, action.due.hour) == ("확인 후 전화", date(2026, 11, 27), time(13, 30))


@pytest.mark.parametrize(
    "talk",
    [
        "상담원: 제가 지금 계좌 변경을 막아 놓겠습니다.\n고객: 네 빨리요\n상담원: 네 막았습니다.\n고객: 고맙습니다",
        "고객: 신청 링크 좀 보내 주세요.\n상담원: 네, 링크를 문자로 보내 드릴게요.\n고객: 왔어요\n상담원: 네.",
        "상담원: 서류를 지금 문자로 보내 드리겠습니다.\n고객: 네\n상담원: 지금 보내드렸어요.\n고객: 네",
        "상담원: 네, 대출 바로 취소하겠습니다.\n고객: 네\n상담원: 대출 신청 취소하고 거래 정지까지 지금 등록했습니다.\n고객: 네",
    ],
    ids=["done", "arrived", "sent", "before another"],
)
def test_what_is_done_in_the_call_is_not_left(talk: str) -> None:
    assert left(talk) == []


def test_what_was_done_of_another_thing_is_still_left() -> None:
    talk = "상담원: 청구서를 내일 우편으로 보내 드리겠습니다.\n고객: 네\n상담원: 링크는 지금 보냈습니다.\n고객: 네"
    assert [one.what for one in left(talk)] == ["청구서를 우편으로 발송"]


def test_what_the_agent_makes_another_is_no_longer_the_callers() -> None:
    asked = "상담원: 진단서를 피해자분한테 받아서 보내 주셔야 합니다.\n고객: 그걸 제가요?\n"
    assert [one.who for one in left(f"{asked}상담원: 네, 그렇습니다.\n고객: 네")] == [Who.CALLER]
    assert left(f"{asked}상담원: 그럼 서류는 저희가 요청하는 걸로 바꾸겠습니다.\n고객: 네") == []
    assert left(f"{asked}상담원: 그럼 진단서는 안 보내셔도 됩니다.\n고객: 네") == []


def test_it_is_sent_by_the_way_and_to_the_address_that_the_caller_says_last() -> None:
    (by_text,) = left(
        "상담원: 심사 결과를 서면으로 보내 드리겠습니다.\n고객: 글쎄요\n상담원: 문자도 됩니다.\n고객: 문자로 해 주세요\n상담원: 네."
    )
    (elsewhere,) = left("상담원: 납입 확인서를 등록된 이메일로 발송해 드리겠습니다.\n고객: 그거 예전 거예요\n상담원: 네 바꾸겠습니다.")
    assert (by_text.what, elsewhere.what) == ("심사 결과를 문자로 발송", "납입 확인서를 발송")


@pytest.mark.parametrize(
    "said",
    [
        "상담원: 그 전에 난 사고는 보장이 안 되세요.",
        "상담원: 카드사에서 반영까지 이삼 일 걸리세요.",
        "상담원: 지금 약속은 못 드려요.",
        "상담원: 명단 때문에 내일까지는 한두 통 갈 수 있어요.",
        "상담원: 십구 일에 앱에서 신청하시면 바로 입금됩니다.",
        "상담원: 아드님이 오늘 여섯 시에 전화할 거예요.",
        "고객: 가게 오시면 만두 많이 줄게요",
        "상담원: 이번 달 이십일부터 농협에서 나갑니다.",
        "상담원: 서류가 다 들어오면 보통 영업일로 사흘에서 닷새 걸립니다.",
        "고객: 네 시까지 안 오면 금융감독원에 넣겠습니다.",
        "고객: 엄마가 물어보세요 잠깐만요\n상담원: 어머님께 조사만 하는 거라고 전해 주세요.",
    ],
)
def test_refusals_warnings_jokes_and_what_others_do_are_no_tasks_whatever_the_weights(said: str) -> None:
    talk = f"{said}\n고객: 네\n상담원: 네" if said.startswith("상담원") else f"{said}\n상담원: 네\n고객: 네"
    told = things_to_do(read(OPENING + talk), EVERYTHING, SHORTENER)
    assert [one.what for one in told if one.utterance == 7 + len(said.splitlines())] == []


@pytest.mark.parametrize(
    ("talk", "who", "desk"),
    [
        ("상담원: 모레 오후까지는 담당자 배정돼서 고객님께 전화드릴 거예요.\n고객: 네", Who.OTHER_DESK, "담당자"),
        (
            "상담원: 삭제는 정보 보호팀에서 하고요 저희가 신청을 넘기면 열흘 안에 결과를 문자로 보내 드려요.\n고객: 네",
            Who.OTHER_DESK,
            "정보 보호팀",
        ),
        ("상담원: 내일 오전까지 언더라이팅 쪽에서 고객님께 전화드릴 거예요.\n고객: 네", Who.OTHER_DESK, "언더라이팅 쪽"),
        ("상담원: 저희 쪽에서 내일까지 안내문을 문자로 보내 드릴 거예요.\n고객: 네", Who.AGENT, ""),
        ("고객: 안내문 글씨나 크게 써서 보내\n상담원: 네 크게 해서 넣어 드리겠습니다.", Who.AGENT, ""),
    ],
)
def test_the_sentence_says_who_does_it_before_its_speaker_does(talk: str, who: Who, desk: str) -> None:
    (action,) = left(f"{talk}\n상담원: 감사합니다.")
    assert (action.who, action.desk) == (who, desk)


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        ("고객: 남편 번호는 정지해야 되죠?\n상담원: 그건 통신사에 하셔야 하고 번호를 문자로 보내 드릴게요.", "번호를 문자로 발송"),
        (
            "고객: 링크는 받았어요.\n상담원: 링크를 누르시면 돼요.\n고객: 조산은요?\n상담원: 제가 문의 넣고 이틀 안에 문자 드릴게요.",
            "문의 넣고 문자로 발송",
        ),
        (
            "상담원: 정기검사 결과지를 내셔야 심사가 됩니다.\n고객: 예전 약관도 캡처해도 돼요?\n상담원: 네 이번 주 안에 앱에 올려 주세요.",
            "정기검사 결과지를 앱에 등록",
        ),
        (
            "상담원: 서류 그림으로 된 안내를 지금 카카오톡으로 보낼게요 나중에 영수증 사진 찍어서 보내세요",
            "서류 그림으로 된 안내를 카카오톡으로 발송",
        ),
        ("상담원: 정말 죄송합니다 확답을 못 드리고 심사팀에 물어봐서 내일까지 문자 드릴게요.", "심사팀에 물어봐서 문자로 발송"),
    ],
    ids=["another's number", "the answer", "what was asked for", "named already", "stray words"],
)
def test_nothing_is_put_in_that_belongs_elsewhere(talk: str, what: str) -> None:
    assert what in [one.what for one in left(f"{talk}\n고객: 네\n상담원: 감사합니다.")]


@pytest.mark.parametrize(
    ("talk", "what", "said", "turn"),
    [
        (
            "상담원: 심사팀에 확인해서 오늘 다섯 시까지 전화드리겠습니다.\n고객: 오늘은 회의라 못 받아요\n"
            "상담원: 그럼 내일 열 시에 전화드리겠습니다.",
            "심사팀에 확인 후 전화",
            "내일 열 시에",
            10,
        ),
        (
            "상담원: 확인해서 내일 오전까지 전화드릴게요.\n고객: 오전에는 제가 열한 시 넘어야 돼요\n"
            "상담원: 그럼 열한 시 반쯤으로 드리겠습니다.",
            "확인 후 전화",
            "내일 열한 시 반쯤",
            10,
        ),
        (
            "상담원: 청구서를 팩스로 보내 드리겠습니다.\n고객: 팩스가 없는데요\n상담원: 그럼 이메일로 보내 드리겠습니다.",
            "청구서를 이메일로 발송",
            None,
            10,
        ),
        (
            "고객: 진단서는 내일까지 앱으로 올릴게요.\n상담원: 네\n고객: 아 내일은 안 되겠다 금요일까지 올릴게요.",
            "진단서는 앱으로 올리기",
            "금요일까지",
            10,
        ),
    ],
    ids=["another day", "another hour", "another way", "the caller moves it"],
)
def test_what_is_put_off_is_told_once_as_it_was_named_anew(talk: str, what: str, said: str | None, turn: int) -> None:
    (action,) = left(f"{talk}\n고객: 네 알겠습니다" if talk.endswith("다.") else f"{talk}\n상담원: 네 알겠습니다")
    assert (action.what, action.due.said if action.due else None, action.utterance) == (what, said, turn)


def test_a_hospital_that_is_to_send_papers_is_not_the_caller() -> None:
    (action,) = left("상담원: 병원이 소견서를 저희 쪽으로 보내 주시면 됩니다.\n고객: 네 알겠습니다\n상담원: 네 감사합니다.")
    assert (action.who, action.desk, action.what) == (Who.OTHER_DESK, "병원", "소견서를 저희 쪽으로 발송")


def test_what_is_to_be_left_until_then_is_told_as_left() -> None:
    (action,) = left("상담원: 조사원이 가실 때까지 젖은 물건은 치우지 마세요.\n고객: 네 알겠습니다\n상담원: 네 감사합니다.")
    assert (action.who, action.what) == (Who.CALLER, "조사원이 갈 때까지 젖은 물건은 치우지 않기")


def test_papers_that_are_needed_are_those_that_are_to_be_sent() -> None:
    talk = "상담원: 치매 진단서하고 가족관계증명서가 필요합니다.\n고객: 네\n상담원: 이번 주까지 팩스로 보내 주세요.\n고객: 네 알겠습니다"
    (action,) = left(talk)
    assert (action.who, action.what) == (Who.CALLER, "치매 진단서하고 가족관계증명서를 팩스로 발송")


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("그럼 서류 올려 주시고 저는 접수 대기로 표시해 놓겠습니다.", "접수 대기로 표시"),
        ("확인서를 다시 보내 주시면 재심사를 바로 올리겠습니다.", "확인서 받으면 재심사를 올리기"),
    ],
)
def test_the_callers_part_is_none_of_our_deed(said: str, what: str) -> None:
    told = things_to_do(read(f"{OPENING}상담원: {said}\n고객: 네\n상담원: 감사합니다."), EVERYTHING, SHORTENER)
    assert what in [one.what for one in told if one.who is Who.AGENT]


def test_by_when_may_stand_behind_the_sentence_or_before_an_event() -> None:
    (action,) = left("상담원: 여권 사본을 링크로 올려 주세요 이번 주 금요일까지요\n고객: 네\n상담원: 감사합니다.")
    assert action.due is not None
    assert action.due.said == "이번 주 금요일까지"
    (action,) = left("상담원: 출국 삼 일 전까지 항공권 사본을 문자로 보내 주세요.\n고객: 네\n상담원: 감사합니다.")
    assert action.due is not None
    assert (action.due.said, action.due.day) == ("출국 삼 일 전까지", None)


def test_a_promise_that_the_caller_denies_by_its_name_is_none() -> None:
    assert left("상담원: 상환 신청을 넣어 드릴게요.\n고객: 아니 아니 신청 아니에요\n상담원: 네.\n고객: 네") == []


@pytest.mark.parametrize(
    ("talk", "what", "said"),
    [
        (
            "상담원: 112에 신고하시고 은행에 지급정지를 하셔야 합니다.\n고객: 네, 딸 전화로 112하고 은행에 바로 할게요.",
            "112에 신고하고 은행에 지급정지",
            "바로",
        ),
        (
            "상담원: 은행에도 바로 전화하셔서 지급 정지 신청하세요.\n고객: 왜요\n상담원: 앱 때문에요\n고객: 옆집 가서 바로 할게요",
            "지급 정지 신청",
            "바로",
        ),
        (
            "상담원: 장해진단서를 떼 보시고요.\n고객: 네\n상담원: 네.\n고객: 진단서는 이달 말에 병원 가서 떼서 보내겠습니다",
            "진단서는 병원 가서 떼서 보내기",
            "이달 말에",
        ),
        (
            "상담원: 아랫집 사진을 받으실 수 있으면 보내 주세요.\n고객: 큰딸이 내려가서 찍어 오면 오늘 저녁에 보낼게요.",
            "큰딸이 내려가서 찍어 오면 아랫집 사진을 보내기",
            "오늘 저녁에",
        ),
        (
            "상담원: 금요일에 결과를 저희한테 알려 주셔야 합니다.\n고객: 금요일 오후 다섯 시에 통장 보고 제가 전화로 말씀드릴게요.",
            "결과를 저희한테 알리기",
            "금요일 오후 다섯 시에",
        ),
        (
            "고객: 이번 거 계산이 어떻게 됐는지도 문자로 하나 주세요.\n상담원: 네 지급 내역 산출 근거를 내일까지 문자로 보내 드리겠습니다.",
            "지급 내역 산출 근거를 문자로 발송",
            "내일까지",
        ),
    ],
)
def test_what_both_sides_say_in_other_words_is_told_once(talk: str, what: str, said: str) -> None:
    told = things_to_do(read(f"{OPENING}{talk}\n상담원: 네.\n고객: 네"), EVERYTHING, SHORTENER)
    (one,) = [one for one in told if 8 <= one.utterance < 8 + len(talk.splitlines())]
    assert one.due is not None
    assert one.due.said == said
    assert what in one.what


def test_of_two_deeds_in_one_sentence_each_has_its_own_time() -> None:
    talk = "고객: 청약은 오늘 밤에 숙소 가서 쓰고 돈은 25일이 월급날이니까 그날 넣을게요\n상담원: 네."
    told = {one.what: one.due.said for one in left(talk) if one.who is Who.CALLER and one.due is not None}
    assert {when for what, when in told.items() if "쓰기" in what} == {"오늘 밤에"}
    assert {when for what, when in told.items() if "돈" in what} == {"25일"}
    talk = "상담원: 통과되면 보험료 넣어 주시면 됩니다.\n고객: 예 오늘 밤에 쓸게요 통과됐다고 연락 오면 그때 입금할게요\n상담원: 네."
    told_of_money = [one for one in left(talk) if "입금" in one.what or "넣기" in one.what]
    assert [one.due for one in told_of_money] in ([], [None])


def test_a_day_within_what_is_told_is_no_time_of_the_telling() -> None:
    talk = "상담원: 제가 영주 지점에 스무날쯤 방문하신다고 미리 말해 놓겠습니다.\n고객: 네"
    (one,) = [one for one in things_to_do(read(OPENING + talk), EVERYTHING, SHORTENER) if one.utterance == 8]
    assert (one.what, one.due) == ("영주 지점에 스무날쯤 방문한다고 미리 말하기", None)


def test_a_word_is_told_whole_and_a_grace_period_is_no_call() -> None:
    (table,) = left("상담원: 네 예상표를 오늘 오후에 등록된 메일로 넣어 드릴게요\n고객: 네 감사합니다")
    assert table.what == "예상표를 등록된 메일로 발송"
    (grace,) = left("상담원: 심사 결과 나올 때까지 석 달 유예로 오늘 걸어 놓겠습니다.\n고객: 네 감사합니다")
    assert (grace.what, grace.due and grace.due.said) == ("심사 결과 나올 때까지 석 달 유예로 걸기", "오늘")


def test_what_is_said_not_to_be_there_or_is_done_otherwise_is_not_asked_for() -> None:
    assert left("상담원: 따로 요구하는 양식이 있으면 같이 보내 주세요.\n고객: 양식은 없대요. 네, 수고하세요.") == []
    talk = "상담원: 앱에서 되시고요 안 되시면 제가 신청서를 이메일로 보내 드려요.\n고객: 앱으로 하다가 안 되면 다시 전화할게요\n상담원: 네."
    assert [one.what for one in left(talk) if one.who is Who.AGENT] == []


def test_what_is_sent_is_nothing_that_was_waived_or_is_written_on_elsewhere() -> None:
    talk = (
        "상담원: 증명서는 안 보내셔도 되고요, 취소 승인번호를 문자로 드리겠습니다.\n고객: 언제요\n상담원: 십 분 안에 보내겠습니다\n고객: 네"
    )
    assert [one.what for one in left(talk) if "증명서" in one.what] == []
    talk = "상담원: 세극등 사진하고 진료기록을 달라고 하시면 줍니다.\n고객: 떼서 금요일까지 팩스로 보낼게요. 번호는 종이에 있는 거죠?"
    (one,) = left(f"{talk}\n상담원: 네 맞습니다.")
    assert one.what == "세극등 사진하고 진료기록을 떼서 팩스로 발송"


def test_a_call_that_the_caller_demanded_of_somebody_is_that_ones() -> None:
    talk = (
        "상담원: 진행 상황을 제가 안내할까요?\n고객: 됐고 담당자가 직접 나한테 전화하라고 하세요\n"
        "상담원: 보상 담당자가 지금 외근 중입니다.\n"
        "고객: 맨날 외근이야\n상담원: 오늘 오후 세 시에 꼭 전화드리도록 하겠습니다\n고객: 끊어요"
    )
    told = things_to_do(read(OPENING + talk), EVERYTHING, SHORTENER)
    (one,) = [one for one in told if one.utterance == 12]
    assert (one.who, one.desk, one.what) == (Who.OTHER_DESK, "보상 담당자", "전화")
    asked = talk.replace("됐고 담당자가 직접 나한테 전화하라고 하세요", "네, 그럼 나중에 알려 주세요")
    (one,) = [one for one in things_to_do(read(OPENING + asked), EVERYTHING, SHORTENER) if one.utterance == 12]
    assert one.who is Who.AGENT


def test_a_desk_that_is_only_pointed_at_does_its_own_part_by_its_own_time() -> None:
    talk = "상담원: 오늘 중으로 소비자보호팀에 넘기고 거기서 내일 오전에 고객님께 직접 전화를 드리도록 하겠습니다\n고객: 네"
    handed, calls = [one for one in things_to_do(read(OPENING + talk), EVERYTHING, SHORTENER) if one.utterance == 8]
    assert (handed.who, handed.what, handed.due and handed.due.said) == (Who.AGENT, "소비자보호팀에 넘기기", "오늘 중으로")
    assert (calls.who, calls.desk, calls.due and calls.due.said) == (Who.OTHER_DESK, "소비자보호팀", "내일 오전에")


def test_what_the_caller_asks_back_and_the_agent_then_asks_for_is_one_thing() -> None:
    talk = (
        "상담원: 진료 세부내역서가 빠져 있습니다.\n고객: 그럼 세부내역서만 내면 돼요?\n"
        "상담원: 네, 앱에 세부내역서를 다시 올려 주세요.\n고객: 네"
    )
    assert [one.utterance for one in left(talk) if one.who is Who.CALLER] == [10]


def test_a_call_that_a_desk_makes_and_the_caller_asks_for_again_is_told_once() -> None:
    (action,) = left("상담원: 보상 담당자가 내일 오전까지 전화드릴 거예요.\n고객: 꼭 연락 주세요.\n상담원: 네")
    assert (action.who, action.desk) == (Who.OTHER_DESK, "보상 담당자")


def test_what_arrives_by_the_minute_is_sent_by_the_way_that_was_asked_for() -> None:
    talk = "고객: 연금저축 납입증명서 메일로 보내 줘요.\n상담원: 작년 거로요?\n고객: 네\n상담원: 십 분 안에 도착하실 겁니다.\n고객: 네"
    (action,) = left(talk)
    assert (action.what.partition(" (")[0], action.due.said if action.due else "") == ("연금저축 납입증명서를 메일로 발송", "십 분 안에")


def test_what_is_sent_after_the_shop_is_closed_is_what_was_asked_for() -> None:
    (action,) = left("상담원: 새 차 등록증 사진을 보내 주세요.\n고객: 장사 끝나고 저녁에 보낼게요.\n상담원: 네")
    assert "등록증 사진" in action.what
    assert action.due is not None
    assert action.due.said == "저녁에"


def test_a_moment_is_no_thing_so_what_was_asked_for_and_is_promised_is_told_once() -> None:
    (action,) = left("상담원: 그 임대차 계약서를 찍어서 보내 주세요.\n고객: 네 지금은 밖이고 오늘 저녁에 찍어서 보낼게요.\n상담원: 네")
    assert "임대차 계약서" in action.what
    assert "지금" not in action.what
