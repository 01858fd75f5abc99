"""What is plainly left by its form, whatever its words are: it counts from a lower likelihood than talk does.

    담당이 모레 가서 보고 …                       a desk comes, calls or answers by a day
    접수 번호는 문자로 나갑니다                    a notice goes out by a way that is named
    첫 회 보험료는 삼 영업일 안에 들어갑니다         money is paid by a day
    사진은 번호판 나오게 찍어 두세요                what is to be there later
    아랫집에도 말해 놓을게요                       somebody else is told

Callers and agents have more words for things to do than the writers whose calls weights are learnt from; a form has few.
"""

import re

from models.actions.action import Who
from models.actions.acts import Act
from models.actions.candidates import MONEY, PAPERS, UNTIL, Candidate

LEFT_BY_ITS_FORM = 0.01
BY_A_DAY = 0.04
LIKELY = 0.3
HANDED_ON = 0.09
FOR_LATER = 0.1
NO_PROMISE = 0.4  # of what a caller asks for, an agent asks back or is said to come about: most is answered at once or explained
PLAIN = 0.2  # likelihood of a paper that is asked for, or goes out, by its name
# What an agent hands on or notes for others: 마릿수 정정을 담당한테 전달, 위쪽 가지 확인 요청이라고 메모 남기기.
_HANDS_ON = re.compile(
    r"(?:에|에게|한테|께|라고|다고|달라고|도록|으?로|을|를) (?:\S+ )?(?:전달|표시|메모|기록)$"
    r"|\S+ \S+ .*메모(?:에)? 남기기$|보고(?:를)? (?:드리기|하기)$|보고$|다고 (?:\S+ )?말하기$|보고드린다는 점 "
    r"|요청(?:은|을|도)? (?:\S+ )?(?:올리|넣)기$|걸로 (?:\S+ )?(?:적|남기|표시하)기$"
)
_GOES_OUT = frozenset(("나가", "보내", "발송하", "발송되"))
_DONE_BY_A_DAY = frozenset(("send", "hand in", "take", "sign", "pay"))
_CALLERS_BY_A_DAY = _DONE_BY_A_DAY | {"phone", "go"}
_HANDING_OVER = frozenset(("send", "hand in", "take"))
_PASSES_ON = frozenset(("전하", "전달하"))
_SAYS = frozenset(("말씀드리", "설명드리"))
_DESKS_PART = re.compile(r"은행|카드사")  # 이번 달은 우리은행에서 빠지고요
_QUESTION = re.compile(r"뭐|무엇|뭘|무슨|어디|어떻|언제|몇|얼마|누구")
_AT_AN_OFFICE = re.compile(r"(?:지점|창구|센터|사무소)(?:에|으?로) (?:\S+ )?오기$")
_PERSON = re.compile(r"태워|친구|구급차")  # 친구는 구급차 태워서 보낼게요
_COMES_BY_A_WAY = frozenset(("들어가", "도착하"))
_KEPT = re.compile(r"사진|영상|서류|영수증|블랙박스")
_BRINGS = re.compile(r"가지고|들고|챙겨")
_BY_A_WAY = re.compile(r"(?<!\S)(?:문자|이?메일|팩스|카톡|카카오톡|알림톡|우편|등기)(?:으?로)(?:도)? ")
_NOTICE = re.compile(
    r"(?:번호|방법|링크|결과|내용|내역|안내|동영상|금액|일정|견적)(?:은|는|을|를|만|도|이|가|하고|이랑|랑)? "
    r"|(?:문자|알림톡)(?:가|이)? (?:가|나가)기$"
)
_SENT = frozenset(("보내", "남기", "드리", "나가", "가", "넣", "발송하", "전송하", "보내주", "들어가"))
_COMES_IN = frozenset(
    ("입금하", "입금되", "환급하", "환급되", "환불하", "환불되", "들어가", "들어오", "넣", "돌리", "지급하", "지급되", "송금하")
)
# What comes of what the caller has not decided yet: 바로 찾으시면 계좌로 내일 들어갑니다.
_IF_CHOSEN = re.compile(r"(?:찾으|받으|바꾸|빼|줄이|해지하|해약하|취소하|신청하|누르|[가-힣]로 하)시?면")
_COMES_BACK = re.compile(r"(?:환급|환불|입금)되기$")
_INTO = re.compile(r"(?:계좌|통장|카드)(?:으?로|에)|환급|환불|입금|돌려주기")
_TELLS = frozenset(("말하", "말씀하", "말씀드리", "얘기하", "이야기하", "알리", "전하", "전화하", "물어보", "문의하"))
_AGREED = re.compile(r"(?:죠|지요)[\s?.]*$")
_SOMEBODY = re.compile(r"(?<=[가-힣])(?:에|에다|한테|께|에게|보고|더러)(?:도|는)? (?:\S+ )*\S+$")
_MADE_TO = re.compile(r"(?:보고|한테|더러|에게|[가-힣]{2}(?:가|이)) (?:\S+ )*[가-힣]*라고 하기$")
_THEN_CALLS = re.compile(r"[가-힣](?<!보)(?<!보시)고 (?:\S+ )?(?:전화|연락)(?: 한 ?(?:번|통))?(?: 주기)?$")
_SIGNS = re.compile(r"서명|사인|작성")
_IF = re.compile(r"(?<!\S)[가-힣]+면 ")
_STOPS = re.compile(r"신고|지급 ?정지")
_FOR_HELP = re.compile(r"(?:(?<!\d)1(?:12|19|09)(?!\d)|일일[구이]|일공구|백십[이구])(?: ?번)?(?:에|로|으로|부터)? ")
# Whom an agent tells that a caller is in danger, or who has to know: 저희 관리자에게도 말씀드리겠습니다.
_SUPERIOR = re.compile(r"(?:관리자|책임자|팀장|상급자|파트장)(?:님)?(?:에게|한테|께)(?:도)? .*(?:말씀|보고|알리|전달|공유)")
# What a caller does before he calls again: 집사람이랑 얘기해서 다시 전화, 이사하고 나서 다시 걸기.
_CALLS_AFTER = re.compile(r"(?:고|서|면|보고) (?:.* )?(?:전화|연락|걸기)$")
_ASKS_OTHERS = re.compile(r"(?<!\S)(?!저희|우리)[가-힣]{2,}(?:에|에다|한테|보고|더러)(?:도)? .*(?:묻기|물어보기|알아보기)$")
_NOW = re.compile(r"^(?:지금|바로)")


def enough(one: Candidate, usual: float) -> float:
    """From which likelihood on it outlasts the call, where ``usual`` is that of its side."""
    if one.forbids and UNTIL.search(one.what):
        return LEFT_BY_ITS_FORM  # 조사 오실 때까지 치우지 마세요
    if one.act is (Act.ASKED if one.by_caller else Act.ACCEPTED):
        return max(usual, NO_PROMISE)
    if one.act is Act.ARRANGED:
        usual = max(usual, NO_PROMISE)
    if not one.by_caller and one.act is Act.ASKED:
        forms = _asked_of_him(one)
    else:
        forms = _promised_by_him(one) if one.who is Who.CALLER else _of_ours(one)
    return min((usual, *(least for least, is_so in forms if is_so)))


def _dated(one: Candidate) -> bool:
    return one.due is not None and one.due.exact


def _of_ours(one: Candidate) -> tuple[tuple[float, bool], ...]:
    """The forms of what an agent or a desk does, each with what suffices."""
    if one.act is Act.OFFERED and not one.by_caller:
        return ((LEFT_BY_ITS_FORM, one.kind == "send"),)
    if one.by_caller or one.act not in (Act.PROMISED, Act.ARRANGED):
        return ()
    dated, way = _dated(one), _BY_A_WAY.search(one.what) is not None
    named = any(map(PAPERS.search, one.things))
    return (
        (HANDED_ON, _HANDS_ON.search(one.what) is not None),
        (0.0, one.act is Act.PROMISED and one.verb in _PASSES_ON),
        (0.0, one.act is Act.PROMISED and _SUPERIOR.search(one.what) is not None),
        (BY_A_DAY, dated and one.act is Act.PROMISED and one.kind != "talk"),
        (PLAIN, dated and one.act is Act.ARRANGED and one.verb in _GOES_OUT and named),
        (LEFT_BY_ITS_FORM, dated and one.who is Who.OTHER_DESK and _DESKS_PART.search(one.desk) is None and _is_a_desks(one)),
        (PLAIN, one.who is Who.OTHER_DESK and one.kind == "phone" and one.act is Act.ARRANGED),
        (BY_A_DAY, one.kind == "send" and one.verb in _SENT and (_NOTICE.search(one.what) is not None or (way and (named or dated)))),
        (LEFT_BY_ITS_FORM, dated and one.kind == "send" and one.verb in _COMES_BY_A_WAY),
        (
            LEFT_BY_ITS_FORM,
            dated
            and (one.verb in _COMES_IN or _COMES_BACK.search(one.what) is not None)
            and _is_money(one)
            and not _IF_CHOSEN.search(one.said),
        ),
    )


def _is_a_desks(one: Candidate) -> bool:
    """Whether a desk does something with it: it says so, or what is told of it is no mere state."""
    return one.kind not in ("", "talk") or one.verb in _SAYS or (not one.kind and one.act is Act.ARRANGED)


def _is_money(one: Candidate) -> bool:
    return any(map(MONEY.search, one.things)) or _INTO.search(one.what) is not None


def _asked_of_him(one: Candidate) -> tuple[tuple[float, bool], ...]:
    """The forms of what an agent asks for, of the caller or of who has a paper of his."""
    named = any(map(PAPERS.search, one.things)) and not one.is_needed
    return (
        (PLAIN, one.kind in _HANDING_OVER and named),
        (BY_A_DAY, _dated(one) and (one.kind in _DONE_BY_A_DAY or _AT_AN_OFFICE.search(one.what) is not None) and not one.forbids),
        (BY_A_DAY if one.for_later else FOR_LATER, one.kind in ("take", "keep") and (one.for_later or named) and not _IF.search(one.what)),
        (FOR_LATER, one.kind == "keep" and _KEPT.search(one.what) is not None and not _IF.search(one.what)),
        (BY_A_DAY, one.kind == "phone" and _THEN_CALLS.search(one.what) is not None and not _IF.search(one.what)),
        (LEFT_BY_ITS_FORM, _STOPS.search(one.what) is not None and not one.forbids and not _IF.search(one.what)),
        (LEFT_BY_ITS_FORM, one.kind == "phone" and _FOR_HELP.search(f"{one.what} ") is not None and not one.forbids),
    )


def _promised_by_him(one: Candidate) -> tuple[tuple[float, bool], ...]:
    """The forms of what a caller promises."""
    if one.act not in (Act.PROMISED, Act.ACCEPTED) or _QUESTION.search(one.what):
        return ()
    somebody = _SOMEBODY.search(one.what) is not None
    named = any(map(PAPERS.search, one.things))
    promised = one.act is Act.PROMISED
    return (
        (BY_A_DAY, promised and _dated(one) and (one.kind in _CALLERS_BY_A_DAY or _SIGNS.search(one.what) is not None)),
        (LEFT_BY_ITS_FORM, one.verb in _TELLS and somebody and (promised or _AGREED.search(one.said) is not None)),
        (FOR_LATER, _MADE_TO.search(one.what) is not None),
        (FOR_LATER, promised and one.kind in _HANDING_OVER and (named or one.for_later)),
        (FOR_LATER, promised and one.kind == "keep" and _KEPT.search(one.what) is not None),
        (LIKELY, promised and one.kind in _HANDING_OVER and not _PERSON.search(one.said) and not any(map(MONEY.search, one.things))),
        (PLAIN, promised and _dated(one) and (one.does_so or one.what.endswith("서 하기"))),
        (BY_A_DAY, one.kind == "sign" and (one.due is None or one.due.exact or not _NOW.match(one.due.said))),
        (LEFT_BY_ITS_FORM, one.kind == "sign" and promised and _IF.search(one.what) is not None),
        (BY_A_DAY, promised and one.kind == "phone" and _CALLS_AFTER.search(one.what) is not None),
        (LEFT_BY_ITS_FORM, promised and _ASKS_OTHERS.search(one.what) is not None),
        (FOR_LATER, promised and one.kind == "go" and _BRINGS.search(one.what) is not None),
    )
