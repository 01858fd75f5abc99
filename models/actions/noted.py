"""A deed as somebody notes it who works from a list: what is done to what, without how it was said.

    받으신 다음에 떼기                       → 받은 다음에 떼기
    확인서 네 확인서 받아서 올리기             → 확인서 받아서 올리기
    변경 계약서 나가기                       → 변경 계약서 발송
    확인해서 다시 전화                       → 확인 후 다시 전화

Nothing is put in that was not said but the name of a doing: papers that go out are sent, what a caller gives of them he hands in.
"""

import re

from models.actions.action import Who
from models.actions.candidates import MONEY, PAPERS
from models.summarizer.own_words import Shortener
from models.summarizer.syllables import is_closed

_WAY_ALONE = re.compile(
    r"(?:^|(?<=[을를은는도만에로서고면록까] ))(문자|이?메일|팩스|카톡|카카오톡|알림톡|우편|등기|택배)(?:를|을|도)? "
    r"(?=(?:(?:바로|다시|한번|꼭|먼저) )*(?:발송|보내기|넣기|드리기|주기)$)"
)
# What the caller gets for it, said before what he gives: 파일은 신분증 사본과 신청서를 주시면 나갑니다.
_TOPIC = re.compile(r"^[가-힣]+(?:은|는) (?=(?:\S+ )+\S+(?:을|를) (?:주기|보내기|내기|올리기)$)")
_CALL_ONCE = re.compile(r"(전화|연락)(?:를|을)? ?한 ?(?:번|통) (?:드리기|하기|주기|걸기|넣기)$|(?<!\S)한번 (전화|연락)$")
_COMES_TRUE = re.compile(r"(환급|입금|환불|지급|취소|변경)되기$")
_KEPT = re.compile(r"(?<!\S)(?:갖고 있|갖|가지고 있)기$")
_SUM_OF = re.compile(r"(금액|견적)으로 (?=(?:문자|이?메일|카톡|카카오톡|알림톡)(?:으?로) )")
_REPORTED = re.compile(r"(?:보고드린다는 점(?:을)? 알리기|보고하게 하기)$")
_SO = re.compile(r"((?:에|한테|께|에게)) 그렇게 (?=(?:말하기|전하기|전달)$)")
_VISITS = re.compile(r"^(?:나가기|가기|오기)$")
_ON_ITS_WAY = re.compile(
    r"((?:문자|이?메일|팩스|카톡|카카오톡|알림톡|우편|등기|피디에프|PDF)(?:으?로)(?: 바로| 먼저)?) (?:나가기|가기|들어가기|나기)$"
)
_MESSAGE_GOES = re.compile(r"((?<!\S)(?:[가-힣]+ )?(?:문자|알림톡|메일))(?:가|이|는|은)? (?:나?가기|오기)$")
_FIRST_THEN = re.compile(r"([가-힣]{2,})(?:해서|하고|하여|해 가지고) (?=(?:(?:바로|다시|직접|꼭) )*(?:전화|연락|회신|안내|답변)$)")
_HONOURED = re.compile(r"(?<=[가-힣])하(?:시는|실) (?=[가-힣])(?!수 |거 |것 |때 |분|걸|건 |게 )")
_DONE_BY_NAME = re.compile(r"(?<!\S)((?:전자)?서명|제출|신고|입금|결제|동의|방문|접수|신청|인증)(?:은|는|을|를|만|도) 하기$")
_HONOUR = frozenset(("시", "으시"))
_FILLS = re.compile(
    r"(?<!\S)(?:네+|예|아|어|음|좀|혹시|일단|이제|지금은|제가|저희가|저희는|저는|고객님이|고객님은|어머님은|절대|꼭|그때)[,.]? (?=\S)"
)
_BEGINS = re.compile(
    r"^(?:그다음에|그때|그러면|그럼|그 다음에|또|그리고|정|[가-힣]+(?<!필)(?<!중)(?<!주)(?<!수)요|[가-힣]+ [가-힣]+서요)[,]? (?=\S+ \S)"
)
_WAYS = r"(?:문자|이?메일|팩스|카톡|카카오톡|알림톡|우편|등기|링크)"
_BY_A_WAY = re.compile(rf"(?<=[가-힣]) (?={_WAYS}으?로 (?:\S+ )?(?:발송|보내기)$)")
_NO_THING_SENT = re.compile(
    r"^(?:문자|카톡|번호|앱|톡|오늘|내일|기본|회사|댁|집|병원|은행|공장|학교)$|(?:어|말)$"
)  # 영어 문자로, 네팔말 문자로
_ACCOUNT_TOLD = re.compile(r"계좌로 (?=(?:문자|카톡|이?메일|알림톡)(?:으로|로) 발송$)")  # its number is sent, nothing is paid into it
_MADE_SENT = re.compile(r"보내 ?드리(?:게|도록) 하기$")
_SAID_BEFORE = re.compile(
    r"^.*(?:니다|[세셔]요|[어아]요|[에예]요|하죠|[가-힣]이요) (?=\S+ \S)"
)  # a sentence of its own, where no sign parts them
_CANNOT = re.compile(r"(?<!\S)[가-힣]+[은는] (?:몰라|못 ?해|못 ?하니까|없어)(?:서|요)? (?=\S+ ?\S)")  # 앱은 몰라 팩스로
_PAPERS_CAME = re.compile(
    r"^[가-힣 ]*(?:서류|[가-힣]서)[은는] (?=(?:\S+ )*(?:입금|지급|환급)(?: 처리)?$)"
)  # 서류는 다 들어왔고 목요일에 입금
_STRAY_COMMA = re.compile(r"(?<=[가-힣]), (?=\S+기$)")
_TWICE = re.compile(r"(?<!\S)([가-힣]{2,}) \1(?=\s)")
_COMES = re.compile(rf"^(?P<before>.*?)(?P<way>{_WAYS}으?로 )(?P<thing>(?:[가-힣]+ )?[가-힣]+)(?:이|가|은|는) (?:나?가기|오기)$")
_GOES_OUT = re.compile(r"^(.*?[가-힣])(?:이|가|은|는)? 나가기$")
_GOES_IN = re.compile(r"^(.*?[가-힣])(?:이|가|은|는)? (?:들어가기|들어오기)$")
_GIVES = re.compile(r"^(.*?[가-힣])(?:을|를|은|는|만|도)? (?:주기|드리기)$")
_COUNTED = re.compile(r" \S{1,3} ?(?:장|부|통|개|가지|매)$")
_TOLD_OF = re.compile(r"(?:문자|결과|안내|알림톡|메일)$")
_NOT_THEN = re.compile(r"지 마시고요? ")


def noted(what: str, who: Who, shortener: Shortener) -> str:
    """The deed as a note."""
    what = _HONOURED.sub(" ", _NOT_THEN.sub("지 말고 ", what))
    what = _without_honour(_without_fillers(what), shortener)
    what = _WAY_ALONE.sub(lambda way: f"{way[1]}{'으로' if way[1].endswith(('톡', '편')) else '로'} ", what)
    what = _KEPT.sub("보관", _COMES_TRUE.sub(r"\1", _SUM_OF.sub(r"\1을 ", _REPORTED.sub("보고", what))))
    what = re.sub(r"(?<=문자로 )적기$", "발송", re.sub(r"(?<!\S)잇기$", "연결", what))  # 상담 전화를 이어 드릴게요
    what = _SO.sub(r"\1 ", what)
    what = _VISITS.sub("방문", what) if who is Who.OTHER_DESK else what
    what = _CALL_ONCE.sub(lambda call: call[1] or call[2], what)
    what = _MESSAGE_GOES.sub(r"\1 발송", _ON_ITS_WAY.sub(r"\1 발송", what))
    what = _DONE_BY_NAME.sub(r"\1", _CANNOT.sub("", _STRAY_COMMA.sub(" ", what)))
    what = _TOPIC.sub("", what) if who is Who.CALLER else _PAPERS_CAME.sub("", what)
    what = re.sub(r"(?<=로 )((?:(?:바로|다시|한번|꼭|먼저|같이|함께) )*)(?:보내기|넣기|드리기|주기)$", r"\1발송", what)
    if who is not Who.CALLER:
        what = re.sub(r"계좌로 (?=(?:발송|보내기)$)", "계좌를 ", what)  # its number, as above
    what = _MADE_SENT.sub("보내기", _ACCOUNT_TOLD.sub("계좌를 ", what))
    return _by_its_name(_with_particle(_FIRST_THEN.sub(r"\1 후 ", what), shortener), who)


def _with_particle(what: str, shortener: Shortener) -> str:
    """서류 목록 문자로 발송 as 서류 목록을 문자로 발송: what is sent is none of the way."""
    found = _BY_A_WAY.search(what)
    if found is None:
        return what
    before = shortener.tokens(what[: found.start()])
    word = what[: found.start()].split()[-1]
    named = before and before[-1].tag in ("NNG", "NNP", "XSN") and not _NO_THING_SENT.search(word)
    return f"{what[: found.start()]}{object_particle(what[: found.start()])}{what[found.start() :]}" if named else what


def _without_fillers(what: str) -> str:
    """Without words that only fill or take up what was said before, nor a word said twice."""
    for words in (_SAID_BEFORE, _FILLS, _BEGINS):
        what = words.sub("", what)
    return _TWICE.sub(r"\1", what)


def _without_honour(what: str, shortener: Shortener) -> str:
    """들어가셔서 as 들어가서, 받으신 as 받은: a note honours nobody."""
    tokens = shortener.tokens(what)
    for place in range(len(tokens) - 2, 0, -1):
        if tokens[place].tag == "EP" and tokens[place].form in _HONOUR and tokens[place + 1].tag.startswith("E"):
            stem, ending = tokens[place - 1], tokens[place + 1]
            if stem.tag.startswith(("V", "XS")):
                plain = shortener.joined([(stem.form, stem.tag), (ending.form, ending.tag)])
                what = f"{what[: stem.start]}{plain}{what[ending.end :]}"
    return what


def _by_its_name(what: str, who: Who) -> str:
    """What goes out is sent or paid, what a caller gives of papers is handed in."""
    if found := _COMES.match(what):
        return f"{found['before']}{found['thing']}{object_particle(found['thing'])} {found['way']}발송"
    if (found := _GOES_OUT.match(what)) and _is_sent(found[1]):
        return f"{found[1]} 발송"
    if found and MONEY.search(found[1]):
        return f"{found[1]} 지급"
    if (found := _GOES_IN.match(what)) and MONEY.search(found[1]):
        return f"{found[1]} 입금"
    if (found := _GIVES.match(what)) and _is_sent(found[1]):
        return f"{found[1]} {'제출' if who is Who.CALLER else '발송'}"
    return what


def _is_sent(what: str) -> bool:
    """Whether a deed's words end with a paper or with what is told (처리 결과): neither 통장에서 nor money is sent."""
    named = _COUNTED.sub("", what)
    return (PAPERS.search(named) is not None and not named.endswith("에서")) or _TOLD_OF.search(named) is not None


def object_particle(word: str) -> str:
    """을 after a closed syllable, 를 else.

    >>> object_particle("사진"), object_particle("영수증 사본"), object_particle("서류")
    ('을', '을', '를')
    """
    return "을" if is_closed(word) else "를"
