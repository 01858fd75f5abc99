"""What a deed lacks and somebody said before it: the paper that the caller wants, the sum that is to be paid, what is waited for.

    고객: 납입증명서 메일로 받을 수 있을까요?  …  상담원: 10분 안에 보내 드릴게요.             → 납입증명서를 보내기
    상담원: 밀린 금액은 십사만 삼천 원이고요, 가상계좌를 …    고객: 내일 은행 가서 넣을게요.    → 은행 가서 십사만 삼천 원을 넣기
    고객: 등기부등본 내일 보낼게요.  …  상담원: 받으면 다음 날 처리하고 …                  → 등기부등본 받으면 …

Rules, behind the weights that choose among things nearby (``models.actions.wording``): each counts only where one thing alone may be meant.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from models.actions.action import Who
from models.actions.candidates import MONEY, PAPERS, Candidate
from models.actions.mentions import Mention
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.own_words import word_set
from models.summarizer.syllables import is_closed

SUM_WITHIN = 8  # turns
FORM_WITHIN = 4
AWAITED_WITHIN = 5
PICTURE_WITHIN, PICTURE_BEHIND = 4, 2
SAME_VERB_WITHIN = 3
_A_NOUN = 3  # syllables of a verb that is made of a noun
_NO_OBJECT = word_set("그거 이거 그것 이것 내용 부분 저희 고객님")
_PICTURE = re.compile(r"([가-힣]{2,}(?<![은는을를에서고면로도만요이])) 사진(?!기)")
_BY_CALLER_WANTED = re.compile(
    r"보내|받고 싶|받을 (?:수|거)|받아 ?[보야볼]|발급|떼 ?[주달]|뽑[아으]|잃어버|분실"
    r"|부쳐|돌려 ?[주받]|달라|필요|한 장|급[해하]|주시|주세요|줘|주면|만들어"
)
_TURNED_DOWN = re.compile(r"말고|아니|필요 ?없|안 (?:주|보내|받)|됐고|됐습")
_MEANS = re.compile(r"((?:[가-힣]{2,} )?[가-힣]+(?:증명서|확인서|증권|내역서|계산서|약관|안내장)) 말씀이[시신세]")
_AGREES = re.compile(r"(?:네|예|응|맞|그렇)")
_POINTED_AT = re.compile(r"(?<!\S)그(?:거|것|걸)\S*(?: \S+){0,3} ?(?:줘|주세요|주이소|보내|달라|부탁)")
_NUMBERS = "일이삼사오육칠팔구십백천만억"
_SUM = re.compile(rf"(?:(?<![가-힣])[{_NUMBERS}]+|\d[\d,]*(?:만|천|백)?)(?: ?[{_NUMBERS}\d,]+)* ?원(?![가-힣]*(?:금|칙|래|인))")
_OTHER_SUM = re.compile(
    r"환급|돌려|지급|한도|가능|받으|부담금|보장|나옵|나와|할인|까지 (?:돼|됩|되)|적립|올라|오르|남|잔액|원금|빌린|빌려|까지는|대출금"
)
_SUM_CHOSEN = re.compile(rf"([{_NUMBERS}]*[만천]|\d+만)(?: ?원)?(?:만|은|을)? (?:갚|넣|내|입금|보내)")
_PAYING = re.compile(r"가상 ?계[좌자]|입금|출금|밀린|보험료|이자|금액|납입|넣으|내시|내야|[만천] ?원|갚")
_OWED = re.compile(r"(?:보험료|이자|연체금|부담금|차액|요금|회비)$")
_PAYS = word_set("입금하 납부하 갚 송금하 결제하 이체하")
_MAY_PAY = word_set("넣 내 부치 보내 채우")
_AN_OFFICE = re.compile(r"(?:세무|경찰|소방|관공)서$")
_ACCOUNT = re.compile(r"가상 ?계좌")
_SENT_WHEN_ASKED = re.compile(
    r"(?:증권|증명서|확인서|내역서|신청서|청구서|안내문|안내장|비교표|산출표|표|번호|금액|내역|목록|양식|링크|약관|약도|견적서?)$"
)
_OF_WHAT_IS_ASKED = word_set("을 를 도 만 은 는 이 가 로 -")
_SENDS_BACK = word_set("보내 부치 회신하 돌려보내")
_SENT_BY_US = re.compile(r"(?:보내|넣어|발송해|부쳐|드릴|드리|나[가갑]|갑니)")
_A_FORM = re.compile(r"(?:신청서|청약서|철회서|서식|양식|용지|질문서|동의서)$")
_COUNTED = re.compile(r" (?:한|두|세|\d+) ?(?:장|부|통|개)$")
_BARE_PAYMENT = re.compile(
    r"^((?:.*(?:면|서|고|로|에) )?)(?:입금(?:되기|하기| 처리|되게 처리|되게 하기)?|넣기|지급(?:되기|하기)?|들어가기|송금)$"
)
_PAID_OUT = word_set("입금하 입금되 넣 지급하 지급되 들어가 송금하")
_MOVED = word_set("입금 출금 송금")
_MADE_PAID = re.compile(r"입금(?: 처리|되게 (?:처리|하기))$")
_WANTED_SUM = re.compile(r"빌|빼|인출|대출|받|꺼내|찾|해 주|해 줘|신청|주세요")
_SAYS_WHAT = re.compile(r"(?:환급|환불|지급)$")
_MONEY_OUT = re.compile(r"(?:해지 ?)?환급금|환불금|환불|대출금|차액|만기금")
_MONEY_BARE = re.compile(r"(?<!\S)(?:그 )?돈(?:은|을|도|만)? ")
_AWAITS = re.compile(r"^(?:(?:그거|그) )?(받으면|받고 나서|받는 대로|확인되면|확인하면|들어오면|도착하면|올라오면|오면)(?= )")
_HAD = re.compile(r"받")
_NO_PLACE = re.compile(r"(?:요일|에|로|고|서|면|은|는|을|를|도|요|가지|들고|께|이|가|의)$")
_OF_ALL_KINDS = word_set("서류 자료 문자 링크 사진 사본 종이 파일")
_NEEDS = re.compile(r"필요|있어야|있으[시면]|들어와야|와야|내셔야|주셔야|하셔야|주시면|주세요|올려|보내|낼게|올릴|떼|챙기|찍")


def thing_wanted(one: Candidate, conversation: Conversation, things: Sequence[Mention]) -> str:
    """The paper that the caller wants sent, where he wants one alone in the whole call until then; a number only where he asked for it.

    What the caller sends is the form that he is sent, where that is one alone.
    """
    if one.kind != "send":
        return ""
    if one.who is Who.CALLER:
        return _form_sent_back(one, things)
    wanted = [thing for thing in things if thing.by_caller and _BY_CALLER_WANTED.search(thing.said) and not _TURNED_DOWN.search(thing.said)]
    pointing = {turn.number for turn in conversation if turn.by_caller and turn.number < one.turn and _POINTED_AT.search(turn.text)}
    wanted += [thing for thing in things if thing.turn in pointing]
    texts = {_COUNTED.sub("", thing.text) for thing in wanted} | set(_said_back(conversation, one.turn))
    named = {text for text in texts if PAPERS.search(text) and text not in _OF_ALL_KINDS and not _AN_OFFICE.search(text)}
    fullest = [text for text in named if not any(text != other and text in other for other in named)]
    return fullest[0] if len(fullest) == 1 else ""


def _form_sent_back(one: Candidate, things: Sequence[Mention]) -> str:
    """신청서는 우편으로 보내 드릴게요 … 이달 말까지 보낼게요."""
    if one.verb not in _SENDS_BACK or one.things:
        return ""
    near = [thing for thing in things if not thing.by_caller and one.turn - FORM_WITHIN <= thing.turn < one.turn]
    forms = {thing.text for thing in near if _A_FORM.search(thing.text) and _SENT_BY_US.search(thing.said)}
    return forms.pop() if len(forms) == 1 else ""


def _said_back(conversation: Conversation, until: int) -> Iterator[str]:
    """The papers that an agent understood and the caller agreed to: 연금저축 납입증명서 말씀이시죠?"""
    for turn, answer in pairwise(conversation):
        if not turn.by_caller and answer.by_caller and turn.number < until and _AGREES.match(answer.text):
            yield from (found[1] for found in _MEANS.finditer(turn.text))


def asked_just_before(one: Candidate, things: Sequence[Mention]) -> str:
    """What the caller spoke of in the turn that a promise to send answers (증권도 새로 와요? 오늘 메일로 갑니다).

    Else the form that the agent has just named in it (신청서에 서명이 필요하세요, 이메일로 …); only where it is one alone.
    """
    if one.who is Who.CALLER or one.kind != "send":
        return ""
    by_caller = {_COUNTED.sub("", thing.text) for thing in things if thing.by_caller and thing.turn == one.turn - 1 and _is_sent(thing)}
    by_agent = {
        thing.text
        for thing in things
        if thing.turn == one.turn and not thing.by_caller and thing.said not in one.said and _A_FORM.search(thing.text)
    }
    for named in (by_caller, by_agent):
        if named:
            return named.pop() if len(named) == 1 else ""
    return ""


def _is_sent(thing: Mention) -> bool:
    plainly = _SENT_WHEN_ASKED.search(thing.text) is not None and thing.text not in _OF_ALL_KINDS
    return plainly and thing.particle in _OF_WHAT_IS_ASKED and not _TURNED_DOWN.search(thing.said) and not _AN_OFFICE.search(thing.text)


def picture_taken(one: Candidate, conversation: Conversation) -> str:
    """What a picture is taken of, where nearby pictures are of one thing alone: 시동 켜고 찍기, 계기판 사진 확인되면."""
    if one.verb not in ("찍", "촬영하"):
        return ""
    near = [turn.text for turn in conversation if -PICTURE_BEHIND <= one.turn - turn.number <= PICTURE_WITHIN and turn.text]
    named = {found for text in near for found in _PICTURE.findall(text) if found not in _NO_NAME}
    return f"{named.pop()} 사진" if len(named) == 1 else ""


def done_to_before(one: Candidate, conversation: Conversation) -> str:
    """What the same verb was said to be done to just before: 임차권등기명령을 법원에 신청하셔서 …, 이번 주에 법원에 신청할게요."""
    if not one.verb.endswith("하") or len(one.verb) < _A_NOUN:
        return ""
    deed = re.compile(rf"([가-힣]{{2,}})(?:을|를) (?:[가-힣]+(?:에|에서|으?로) )?{re.escape(one.verb[:-1])}[하해]")
    near = [turn.text for turn in conversation if one.turn - SAME_VERB_WITHIN <= turn.number < one.turn and turn.text]
    named = [found for text in near for found in deed.findall(text) if found not in _NO_OBJECT]
    return named[-1] if named else ""


def sum_to_pay(one: Candidate, conversation: Conversation, things: Sequence[Mention]) -> str:
    """The sum that the caller is to pay, else the name of the money; empty where the deed is no payment."""
    if one.who is not Who.CALLER or one.verb not in _PAYS | _MAY_PAY:
        return ""
    before = [turn for turn in conversation if one.turn - SUM_WITHIN <= turn.number <= one.turn and turn.text]
    asked = next((turn.text for turn in reversed(before) if not turn.by_caller), "")
    if one.verb in _MAY_PAY and not _MONEY_BARE.search(f"{one.what} ") and not _PAYING.search(asked):
        return ""
    for turn in reversed(before):
        if turn.by_caller and (chosen := _SUM_CHOSEN.search(turn.text)):
            return f"{chosen[1]} 원"
        if sums := [found[0] for found in _SUM.finditer(turn.text) if not _OTHER_SUM.search(_sentence_of(turn, found.start()))]:
            return sums[-1].strip()
    named = [thing.text for thing in things if one.turn - SUM_WITHIN <= thing.turn <= one.turn and _OWED.search(thing.text)]
    telling = [name for name in named if " " in name or len(name) > 2]
    return telling[-1] if telling else ""


def account(one: Candidate, conversation: Conversation) -> str:
    """The account that the caller pays into, where the agent has named one for it."""
    if one.who is not Who.CALLER or one.verb not in _MAY_PAY:
        return ""
    near = (turn.text for turn in conversation if one.turn - SUM_WITHIN <= turn.number < one.turn and not turn.by_caller)
    return "가상계좌" if any(_ACCOUNT.search(text) for text in near) else ""


def sum_paid_out(one: Candidate, conversation: Conversation) -> str:
    """What the company pays, where the deed names no money: the sum of its turn, else the money that was spoken of last."""
    pays = one.verb in _PAID_OUT or _MADE_PAID.search(one.what) is not None
    if one.who is Who.CALLER or not pays or _names_money(one.what) or _SAYS_WHAT.search(one.what) or _SUM.search(one.what):
        return ""
    own = next((turn for turn in conversation if turn.number == one.turn), None)
    sums = [] if own is None else [found[0].strip() for found in _SUM.finditer(own.text)]
    if len(sums) == 1:
        return sums[0]
    before = [turn.text for turn in conversation if one.turn - SUM_WITHIN <= turn.number <= one.turn and turn.text]
    wanted = [
        found[0].strip()
        for turn in conversation
        if turn.by_caller and one.turn - SUM_WITHIN <= turn.number <= one.turn
        for found in _SUM.finditer(turn.text)
        if _WANTED_SUM.search(_sentence_of(turn, found.start()))
    ]
    named = [found[0] for text in before for found in _MONEY_OUT.finditer(text)]
    return wanted[-1] if wanted else named[-1] if named else ""


def with_sum(what: str, money: str) -> str:
    """돈은 넣기 with its sum."""
    return _MONEY_BARE.sub(f"{money} ", what, count=1)


def _names_money(what: str) -> bool:
    """Whether a payment says what is paid: 환급금 입금, not 입금."""
    words = (word.rstrip("은는을를이가도") for word in what.split()[:-1])
    return any(MONEY.search(word) and word not in _MOVED for word in words)


def with_money(what: str, money: str) -> str:
    """넣기 as 환급금 입금, 서명 끝나면 입금 as 서명 끝나면 환급금 입금, 통장에 넣기 as 통장에 환불금 입금."""
    bare = _BARE_PAYMENT.match(what)
    if bare is None:
        return what  # 심사 넣기
    before = bare[1] or ""
    return f"{before}{money}" if money == "환불" else f"{before}{money} 입금"


def paid(what: str) -> str:
    """이십팔만 원을 넣기 as 이십팔만 원 입금."""
    return re.sub(r"(?<=계좌로) (?:발송|보내기|넣기)$", " 입금", re.sub(r"(?<=원)(?:을|를)? 넣기$", " 입금", what))


def names_money_barely(what: str) -> bool:
    """Whether a deed only says that it is money."""
    return _MONEY_BARE.search(what) is not None


def _sentence_of(turn: Turn, place: int) -> str:
    """The clause around a place in a turn."""
    begin = max(turn.text.rfind(sign, 0, place) for sign in ".?!,") + 1
    ends = [end for sign in ".?!," if (end := turn.text.find(sign, place)) >= 0]
    return turn.text[begin : min(ends, default=len(turn.text))]


def awaited(what: str, one: Candidate, things: Sequence[Mention]) -> str:
    """The deed with what is waited for: 받으면 처리하기 as 등기부등본 받으면 처리하기."""
    found = _AWAITS.match(what)
    if found is None or one.who is Who.CALLER:
        return what
    handed = [
        thing
        for thing in things
        if one.turn - AWAITED_WITHIN <= thing.turn <= one.turn and PAPERS.search(thing.text) and _NEEDS.search(thing.said)
    ]
    handed = [thing for thing in handed if thing.text not in what and thing.text not in _OF_ALL_KINDS]
    if not handed:
        return what
    thing = ([one for one in handed if one.by_caller] or handed)[-1].text
    return (
        f"{thing} {what[found.start(1) :]}"
        if _HAD.match(found[1])
        else f"{thing}{'이' if is_closed(thing) else '가'} {what[found.start(1) :]}"
    )


_A_PLACE = re.compile(r"(?<!\S)(지점|창구|영업점|센터)(?=(?:에|으?로)(?: |$))")
_NO_NAME = word_set("오늘 내일 모레 이따 가까운 저희 우리 그 어느 아무 근처 다른 해당 고객 콜 상담 접수 가서 아내하고 본사")


def with_its_name(what: str, conversation: Conversation) -> str:
    """A place to go by its name, where the call names one alone: 지점에 가기 as 부산진 지점에 가기."""
    bare = _A_PLACE.search(what)
    if bare is None or _is_named(re.findall(r"[가-힣]+(?= $)", what[: bare.start()])):
        return what
    said = (re.findall(rf"(?<![가-힣])([가-힣]{{2,5}}?) ?{bare[1]}(?=[으에로이은]|$| )", turn.text) for turn in conversation)
    named = {name for names in said for name in names if _is_named([name])}
    return f"{what[: bare.start()]}{named.pop()} {what[bare.start() :]}" if len(named) == 1 else what


def _is_named(before: Sequence[str]) -> bool:
    """Whether the word before a place is its name, not the end of another clause."""
    return any(word not in _NO_NAME and _NO_PLACE.search(word) is None for word in before)
