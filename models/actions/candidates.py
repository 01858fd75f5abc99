"""Every sentence of a call that commits somebody, with what can be seen of it: most are talk of the moment, some are left to be done."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from models.actions.action import Who
from models.actions.acts import MAKING, WORTH_A_LOOK, Act, Commitment, body, commitment, main_verb
from models.actions.due import Found, find
from models.actions.mentions import mentions
from models.actions.sentences import asks, sentences
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.own_words import Shortener, word_set
from models.summarizer.syllables import L, any_with
from models.summarizer.threats import threatens

_DESK = re.compile(
    r"(?:담당자?|담당 ?부서|부서|[가-힣]+ 쪽|[가-힣]*팀장?|파트장|[가-힣]{2,}반|센터장?|기사|심사자|책임자"
    r"|조사자|조사원|조사관|평가사|사정사|사정인|매니저|관리자|지점|직원|은행|카드사|병원|공업사|정비소|설계사|업체"
    r"|(?:보상|심사|민원|수납|대인|대물|지급|계약)과)(?:님|분)?$"
)
# Who does it by himself is told as a topic as well: 보상 담당은 오늘 중으로 전화드릴 겁니다.
_OFFICER = re.compile(r"(?:담당자?|팀장|파트장|센터장|책임자|기사|사정사|심사자|조사원|조사관|매니저)(?:님)?$")
_BY_HIMSELF = frozenset(("phone", "go"))
_SENDERS = re.compile(r"(?:병원|은행|카드사|공업사|정비소|업체)(?: 쪽)?(?:님|분)?$")
_SENDS = re.compile(r"(?<!\S)(병원|은행|카드사|공업사|정비소|업체)(?:이|가|께서) ")
_EMBEDDED = MAKING | {"도록"}
# Who is neither the caller nor of the company: what they will do is nothing to note.
_OTHERS = re.compile(
    r"(?:따님|아드님|딸|아들|남편|아내|와이프|어머님|아버님|엄마|아빠|며느님|사위|손자|손녀|가족분?들?|친구분?|경찰|구급차|구급대)$"
)
_ASSIGNED = word_set("배정 지정")  # 담당자 배정돼서 전화드릴 거예요
_MAY = frozenset(("go", "pay"))
_ON_THE_WAY = re.compile(r"^.*(?:방향|방면) (?=\S)")  # 강릉 방향 이십 분 안에 기사가 도착합니다
_OUR = re.compile(r"^(?:저희|우리|해당|그)\s+")
READY = "준비"  # what is said of papers that are needed, when nobody has said yet by what way they come
_NEAR = 4  # turns in which two sides speak of one thing to do
_EMERGENCY = re.compile(r"(?<!\d)1(?:12|19|09|32)(?!\d)|일일[구이]|일공구|일삼이")
_CONTENT = ("NNG", "NNP", "SL", "XR", "SN")
# Kinds of doing that stand for each other; what belongs to one is known of all of them.
_KINDS = {
    "send": "보내 보내주 발송하 전송하 송부하 부치 넣 남기 드리 주 재발송하 쏘 회신하 회신드리",
    "phone": "걸 전화하 전화드리 연락하 연락드리 재통화하 알리 알려주 통보하 안내하 안내드리 보고하 보고드리",
    "hand in": "올리 내 제출하 첨부하 업로드하 붙이 가져오 갖다주 지참하 전하 전달하",
    "go": "가 오 모시 들르 방문하 찾아가 찾아뵈 찾아오 도착하 출동하",
    "take": "찍 촬영하 떼 발급하 발급받 받 챙기 준비하 모으 찾",
    "sign": "서명하 사인하 작성하 적 쓰 동의하 인증하 신청하",
    "keep": "두 놓 보관하 보존하 갖 갖고있",
    "pay": "입금하 납부하 채우 결제하 송금하 입금되 지급하 지급되 환급하 환급되 들어가 들어오 나가",
    "enter": "등록하 접수하 처리하 변경하 취소하 해지하 막 차단하 정지하 배정하 바꾸 고치 정정하 예약하 넘기 이관하 요청하",
    "report": "신고하 삭제하 지우 부르",
    "ask around": "물 물어보 알아보 확인하 상의하 의논하 여쭙 여쭈",
    "talk": "말씀하 말씀드리 말하 듣 보 기다리 끊 도와드리 돕 조회하 설명하 설명드리 알 모르 감사하 부탁하 부탁드리 연결하",
}
_KIND_OF = {verb: kind for kind, verbs in _KINDS.items() for verb in verbs.split()}
# How a thing is sent, and words that name no thing: a deed with no other noun says too little by itself (메일로 보내기).
_NO_THING = word_set(
    "문자 메일 이메일 팩스 우편 등기 카톡 카카오톡 알림톡 번호 주소 전화 연락 회신 발송 처리 등록 접수 오늘 내일 고객 사진 "
    "이번 그쪽 저희 제 이것 그것 먼저 그때 나머지 "
    "누나 언니 형 오빠 동생 엄마 아빠 어머니 아버지 어머님 아버님 남편 아내 와이프 신랑 딸 아들 따님 아드님 친구 사장 담당자 당일"
)
_PLACE = re.compile(r"(?:사무소|센터|지점|병원|은행|원무과|경찰서|우체국|편의점|보건소|학교|회사|창구)$")
# What a deed of a kind may be done to, by the end of the last word: what can be sent or filled in, and money. Neither people nor acts.
PAPERS = re.compile(
    r"(?:서|서류|처방전|(?<![보할인])증|(?<!대)표|장부|기록부|기록|결과지|기록지|판독지|용지|사진|링크|사본|원본|목록|명단|명부|내역|내역서|진료기록|등본|초본|대장|원부|확인원|양식|안내문|안내장"
    r"|계좌|약관|자료|파일|영상|견적|공문|증권|명세|이력|소견|책자|예시|문구|페이지|종이|임대폰|단말기)$"
)
MONEY = re.compile(r"(?:보험료|금|비|비용|이자|돈|차액|요금)$")
DONE_TO = {"send": PAPERS, "hand in": PAPERS, "take": PAPERS, "sign": PAPERS, "pay": MONEY}
_TOLD = re.compile(r"(?:번호|주소|연락처|이름|성함|계정|주민|인적|사항|시간|답|말씀)$")
_MOMENTS = word_set("전 후 뒤 때 다음")  # 비행기 타기 전에
_ON_ITS_WAY = word_set("가 나가 들어가")
_BY_WAYS = word_set("문자 메일 이메일 팩스 카톡 카카오톡 알림톡 우편 등기 피디에프 PDF")
BY_FAX = "팩스로 발송"
_FAX_WITHIN = 10  # turns
_WAY_OF_PAPERS = re.compile(r"(이?메일|팩스|우편|등기|문자|카톡|알림톡)")
_COUNTED_FROM = re.compile(r"(?:안에|이내|안으로|내로|내에|내)(?:는|도)?$")  # 올리시면 삼 영업일 안에 …: from then on
_ARRIVES = frozenset(("도착하", "출동하"))
_SOMEBODY_COMES = re.compile(r"견인|출동|기사|직원|담당|차(?:가|는)? |사람")
_DRIVER = re.compile(r"(?:(?:출동|견인|정비|현장) ?)?기사(?:님)?")
_TIMES_COUNTED = word_set("번 통 한번")  # 전화 한 통 드릴게요
_GIVING, _CALLED = word_set("주 드리 걸 넣 하"), word_set("전화 연락 회신 답 답변 통화 안내")
# What is asked for within a sentence that says why: 숫자를 회신해 주셔야 등록이 됩니다, 수요일까지 올려 주시면 심사가 가능합니다.
_ASKED_ON_THE_WAY = re.compile(r"^.+?(?:[시셔]야|주시면)(?= (?!되|돼|됩|하|합|해|좋|감사))")
# What is asked for before something else is said: 일일이에 신고하시면 되는데 직원분이 …, 영수증이 필요한데 …
_ASKED_FIRST = re.compile(r"^(.+?(?:시면 |[시셔]야 )(?:안 )?(?:되|돼|하))(?:는데|고|니까) (?=\S+ \S)")
# What an agent does before a desk does something else: 제가 오늘 신청 올리고 손해평가반에서 사흘 안에 …
_THEN_A_DESK = re.compile(
    r"^(.*(?<!이)[가-힣])(?<!시)고,? (?=(?:(?:[가-힣]{2,} )?[가-힣]+[은는] )?(?:[가-힣]{2,} )?[가-힣]*(?:담당자?|부서|팀장?|파트장"
    r"|[가-힣]{2,}반|센터장?|기사|조사관|조사원|평가사|지점)(?:님|분)?(?:이|가|께서|에서) )"
)
# … and what that desk does, which is only pointed at: 소비자보호팀에 넘기고 거기서 내일 전화드릴 거예요.
_THEN_THERE = re.compile(
    r"^(.*?([가-힣]*(?:팀|부서|센터|담당자?|파트)|(?:[가-힣]{2,} )담당)(?:님)?(?:에|한테|에게|으로|로|께) .*[가-힣](?<!시)고),? "
    r"([가-힣]+[은는] )?(?:거기|그쪽)(?:에)?서 (?=\S+ \S)"
)
_THERE = re.compile(r"^([가-힣]+[은는] )?(?:거기|그쪽)(?:에)?서 (?=\S+ \S)")
_HANDED_TO = re.compile(
    r"([가-힣]*(?:팀|부서|센터|담당자?|파트)|[가-힣]{2,} 담당)(?:님)?(?:에|한테|에게|으로|로|께) .*(?:넘기|전달|올리|요청|접수)"
)
_WILL_SO = re.compile(rf"(?<=\S) ?(?:테니(?:까)?(?:요)?|(?<={any_with(L)} )(?:건데|거니까)(?:요)?),? ")
# … what he sends before he does or says something else: 번호를 문자로 드리고 관리자에게도 말씀드려 둘게요.
_SENT_FIRST = re.compile(
    r"^(.*(?:문자|이?메일|팩스|카톡|카카오톡|알림톡|우편|등기)(?:으?로) (?:[가-힣]+ )?(?:드리|보내드리))고(?:요)?,? (?=\S+ \S)"
)
# … what he sends, said with how long it takes: 네, 내일 발송하면 사흘쯤 걸립니다.
_SENT_AND_TAKES = re.compile(r"^(.*(?:발송하|보내|부치|접수하))면 (?=(?:\S+ )*(?:걸리|걸립|걸려|도착))")
# … what is to be done by a day, said with what comes of it: 오늘 자정 전까지 결제하시면 내일부터 적용되세요.
_BY_THEN = re.compile(r"^(.*(?:까지|전에|안에)(?:만)? .*시면) (?=[가-힣]+부터 |바로 |그때부터 )")
# … and who comes to look at it: 손해사정사가 내일 오전에 현장에 나가니까, 담당이 모레 가서 보고 나서 …
_COMES_TO_SEE = re.compile(
    r"^(?:\S+[은는] )?(?:저희 )?((?:.*? )??[가-힣]*(?:담당자?|팀|기사|조사관|조사원|평가사|사정사)(?:님)?(?:이|가|께서) "
    r".*?(?<!\S)(?:나가|가|오|방문하))(?:니까|서 보고|서 확인|셔서 보고|시니까)(?:요)?,? (?=\S)"
)
_OWN_SUBJECT = re.compile(r"(?<!\S)(?:제가|저희가|내가|저도|저희도|저는|우리가)\s+")
ADDRESSING = re.compile(
    r"^(?:(?:(?:[가-힣]{1,6} )?[가-힣]{1,4}님(?=,)|있지(?=,)|네+|예|아|음|어|응|그럼|그러면|그러시면|그러니까|알겠습니다|알았습니다"
    r"|알겠어요|알았어요|알았어|알겠소|알았소|알겠네|알겠심더|알겠슴더|알았심더|알겠구먼|그러죠|그러지요|그래요|오케이|맞아요|맞습니다|좋아요|제가|저희가|저는|고객님|어르신|선생님"
    r"|고마워(?:요|잉)?|고맙습니다|감사합니다|(?:정말 |너무 )*죄송(?:합니다|해요)|미안(?:합니다|해요|해)"
    r"|그리고|그라믄|일단|우선|먼저|아니다(?=,))[\s,]+)+"
)
# What is told before the deed and is none. Endings after which the deed begins, whatever the verb:
_NOT_THE_DEED = word_set("는데 은데 ᆫ데 ᆯ텐데 니까 으니까 다니까 ᆫ다니까 는다니까 라니까 지만 거든요 다가는 더니 는지라 ᆫ지라 길래")
# … after a state alone (양식이 있어서, 승인이 필요해서),
_REASONS = word_set("어서 아서 여서 고 어 아 니 으니 며 으며")
_STATES = word_set("모르 바뀌 있 없 쉬 아프 필요 걸리 모자라 맞 남 같 그러 이러 어떻 되 급하 많 크 작 늦 바쁘 계시")
# … and where the caller is only to say something, or to agree (번호 불러 주시면, 괜찮으시면).
_CONDITIONS = word_set("면 으면")
_SAYING = word_set("부르 말하 말씀하 알리 괜찮 좋 원하 필요하 가능하 편하 말씀주 주소부르")
_GIVES_IT = re.compile(r"^(?:그때 |바로 |꼭 |다시 )*(?:드리기|주기)$")
_DOES_SO = re.compile(r"(?<!\S)(?:하기|그러기|해 ?보기|누르기|들어가기)$")
_BETWEEN_SENTENCES = word_set(
    "요 그리고 다만 그럼 그러면 근데 그런데 그래서 그러니까 대신 아니면 일단 우선 혹시 그냥 가급적 고객님은 고객님께서는 고객님이"
)
_OF_THE_TIME = re.compile(r"(?:(?:^|\s)\S+)?(?:^|\s)(?:전|날|당일|기한)인$")
_IS_WHAT = re.compile(
    r" ?(?:날짜|자)로 |으?로(?=\s+(?:\S+ )?(?:방문|예약|변경|바꾸|바꿔|잡|옮|미루|미뤄|당기|당겨|조정))"
)  # 수요일 열한 시로 방문 예약: what is done, not by when
# What is left until something is known or has happened: 결과 나오면 연락드릴게요, 받아 보고 다시 전화할게요.
_ONCE_KNOWN = re.compile(
    r"(?:나오|나|끝나|되|오|받으|도착하)(?:면|시면|는 대로|자마자)(?!\S)"
    r"|(?<!\S)(?:보고|보고서|물어보고|알아보고|상의하고|의논하고|얘기해 보고)(?!\S)"
)
_WILL_DO = re.compile(r"겠습니다|[가-힣]게요")
_WILL = re.compile(r"거예요|겁니다|예정이|니다")
_IF_YOU_DO = re.compile(r"(?<!\S)(?:하|신청하|누르)시면\s")
_HANGS = re.compile(r"(?:나오|끝나|되|도착하)(?:시)?면(?!\S)")
_HANDED_ON = re.compile(r"(?<!\S)(?:저희가|제가)\s.*(?:넘기|올리|전달하)면\s")
_DOES_IT = re.compile(r"((?:[가-힣]*(?![은는])[가-힣] ){0,2}[가-힣]+(?:팀|부서|센터))에서 ")
_POINTS = re.compile(r"(?<!\S)(?:그|이)(?:거|것|건|걸|게)")
_AGAIN = re.compile(r"(?<!\S)(?:다시|또|먼저)(?!\S)")
UNTIL = re.compile(r"까지|전에|전까지")  # what is to be left until then: 조사 오실 때까지 치우지 마세요
_NOTED = re.compile(r"(?:라고|다고|달라고|도록|하게|거로|걸로|으로)\s(?:\S+ )?(?:메모|기록|표시|적|전달|남기|남겨|넘기|요청)")
_PAPERS_MOVE = frozenset(("send", "hand in", "take", "sign"))
_TAKES_LONG = frozenset(("걸리",))  # 영업일로 사흘에서 닷새 걸립니다 is told, nothing to do
# What somebody threatens with: 네 시까지 안 오면 금융감독원에 넣겠다.
# A day that belongs to what is told: 스무날쯤 방문하신다고 미리 말해 놓겠습니다.
_OF_WHAT_IS_TOLD = re.compile(r"\s*(?:\S+ ){0,2}[가-힣]+[신한간온는린]다고\s(?!하)")
# Two deeds of a caller, each with its topic: 청약은 오늘 밤에 쓰고 돈은 그날 넣을게요.
_AND_OF_ANOTHER = re.compile(r"^(.*[가-힣](?:은|는) .*(?<!시)(?<!보))고,? (?=[가-힣]+(?:은|는) .*(?:게요?|겠습니다|죠|지요)[\s.]*$)")
_THAT_DAY = re.compile(r"(?<!\S)그날(?:에|까지)? ")
_THIS = re.compile(r"(?<!\S)(?:[이그저]|저희랑|저랑|저희하고)$")  # 이 전화 끊고
_MORE_THAN_WHEN = re.compile(r"쯤|정도|까지|안에|요|[\s.,!?]")
_DANGLING = re.compile(r"^(?:에|로|을|를|이|가|까지|은|는|도|만|안에|이나|쯤|정도|중으로|하고|으로)\s+")


@dataclass(frozen=True)
class Candidate:
    """A sentence that may leave something to do.

    ``verb`` is what is done, ``words`` are its content words, ``things`` those that name a thing, ``kind`` its kind of doing, ``signs``
    what can be seen of it; ``by_itself`` is what neither side nor a desk has to do: it comes of itself, others do it, it is a present.
    ``forbids`` where it is to be left undone; ``listed`` are the papers that an agent said are needed for it;
    ``said_last`` is the turn in which its time or way was named anew, ``for_later`` where its verb says that it lasts (찍어 두세요),
    ``said`` is its sentence.
    """

    turn: int
    by_caller: bool
    act: Act
    who: Who
    what: str
    due: Found | None = None
    desk: str = ""
    words: frozenset[str] = frozenset()
    things: frozenset[str] = frozenset()
    kind: str = ""
    verb: str = ""
    by_itself: bool = False
    forbids: bool = False
    listed: str = ""
    said_last: int = 0
    for_later: bool = False
    said: str = field(default="", compare=False)
    signs: tuple[str, ...] = field(default=(), compare=False)

    @property
    def does_so(self) -> bool:
        """Whether the deed is only pointed at, as an answer has it: 저녁에 들어가서 할게요, 그렇게 하겠습니다."""
        return not self.things and not self.kind and _DOES_SO.search(self.what) is not None

    @property
    def points(self) -> bool:
        """Whether its sentence takes up what was named before: 그거는 제가 목요일에 받아서 팩스로 넣을게요."""
        return self.by_caller and f"C:{self.act} points" in self.signs

    @property
    def is_needed(self) -> bool:
        """Whether only that papers are needed is said, not yet that they are to be sent."""
        return bool(self.listed) and self.what.endswith(READY)

    @property
    def hangs(self) -> bool:
        """Whether it is left until something is known: 심사 끝나면 전화."""
        return _HANGS.search(self.what) is not None

    @property
    def gives_it(self) -> bool:
        """Whether only that something is given is said, mostly a call that was promised before: 그럼 열두 시 반에 드리겠습니다."""
        return self.act is Act.PROMISED and not self.things and _GIVES_IT.search(self.what) is not None

    @property
    def names_a_thing(self) -> bool:
        """Whether the deed says of what it is done."""
        return bool(self.things)


def candidates(conversation: Conversation, shortener: Shortener) -> list[Candidate]:
    """The candidates of a call, in the order said; none where nobody can tell the speakers apart."""
    turns = [turn for turn in conversation if turn.text]
    if len({turn.by_caller for turn in turns}) < 2:
        return []
    found = [one for place, turn in enumerate(turns) for one in _of_turn(turns, place, turn, shortener)]
    return [replace(one, signs=(*one.signs, *_beside(one, found))) for one in found]


def _beside(one: Candidate, found: Sequence[Candidate]) -> Iterator[str]:
    """What can be seen of a candidate beside the others: what is asked for and then promised is left to be done."""
    kind = f"{'C' if one.by_caller else 'A'}:{one.act}"
    yield f"{kind} {'thing' if one.names_a_thing else 'no thing'}"
    yield f"{kind} {'thing' if one.names_a_thing else 'no thing'} kind {one.kind or 'other'}"
    others = [other for other in found if other is not one and (other.who is Who.CALLER) is (one.who is Who.CALLER)]
    before = {other.act for other in others if 0 < one.turn - other.turn <= _NEAR and _are_alike(one, other)}
    after = {other.act for other in others if 0 < other.turn - one.turn <= _NEAR and _are_alike(one, other)}
    yield from (f"{kind} said before as {act}" for act in before)
    yield from (f"{kind} said again as {act}" for act in after)
    if one.by_caller and one.who is Who.CALLER and before | after:
        yield f"{kind} on both sides kind {one.kind or 'other'}"


def _are_alike(one: Candidate, other: Candidate) -> bool:
    if one.does_so or other.does_so:
        return one.by_caller is not other.by_caller and Act.PROMISED in (one.act, other.act) and Act.ASKED in (one.act, other.act)
    return (bool(one.kind) and one.kind == other.kind) or bool(one.things & other.things)


def _of_turn(turns: Sequence[Turn], place: int, turn: Turn, shortener: Shortener) -> Iterator[Candidate]:
    # "보내 드릴 테니 보세요" promises and asks.
    text = _WILL_SO.sub("게요. ", turn.text)
    spoken = list(sentences(text, shortener)) if WORTH_A_LOOK.search(text) else []
    for number, sentence in enumerate(spoken):
        last = number == len(spoken) - 1
        first = _and_of_another(turns, place, sentence, shortener) if turn.by_caller else None
        if first is not None:
            yield first[0]
            sentence = first[1]
        desk = ""
        if not turn.by_caller and (there := _THEN_THERE.search(sentence)):
            handed = _of_sentence(turns, place, f"{there[1][:-1]}겠습니다", shortener, last=False, clause=True)
            if handed is not None:
                yield handed
            desk, sentence = there[2].strip(), f"{there[3] or ''}{sentence[there.end() :]}"
        elif not turn.by_caller and number and (there := _THERE.match(sentence)) and (to := _HANDED_TO.search(spoken[number - 1])):
            desk, sentence = to[1].strip(), f"{there[1] or ''}{sentence[there.end() :]}"
        for said, clause in (*((deed, True) for deed in (() if turn.by_caller else _on_the_way(sentence))), (sentence, False)):
            one = _of_sentence(turns, place, said, shortener, last=last, clause=clause) if WORTH_A_LOOK.search(said) else None
            if one is not None:
                after = _only_when(spoken[number + 1]) if number + 1 < len(spoken) and one.due is None and not clause else None
                one = one if after is None else replace(one, due=after)
                yield replace(one, who=Who.OTHER_DESK, desk=desk) if desk else one


def _and_of_another(turns: Sequence[Turn], place: int, sentence: str, shortener: Shortener) -> tuple[Candidate, str] | None:
    """The first of two deeds that a caller promises in one sentence, each of its own topic, and the sentence without it."""
    parts = _AND_OF_ANOTHER.search(sentence)
    one = None if parts is None else _of_sentence(turns, place, f"{parts[1]}겠습니다", shortener, last=False, clause=True)
    return None if parts is None or one is None else (one, sentence[parts.end() :])


def _only_when(sentence: str) -> Found | None:
    """By when, where a sentence says nothing else: 링크로 올려 주세요 이번 주 금요일까지요; None for another sentence."""
    due = find(sentence, by_caller=True)
    return due if due is not None and due.exact and not _MORE_THAN_WHEN.sub("", f"{sentence[: due.start]}{sentence[due.end :]}") else None


def _on_the_way(sentence: str) -> Iterator[str]:
    """What an agent asks for, or does himself, within a sentence that ends otherwise, each as a sentence of its own."""
    yield from (f"{deed} {'됩니다' if deed.endswith('면') else '합니다'}" for deed in _ASKED_ON_THE_WAY.findall(sentence))
    yield from (f"{deed} 됩니다" for deed in _BY_THEN.findall(sentence))
    for first in (_SENT_FIRST, _SENT_AND_TAKES, _COMES_TO_SEE):
        yield from (f"{deed}겠습니다" for deed in first.findall(sentence))
    yield from (f"{deed[:-1]}{'합' if deed[-1] == '하' else '됩'}니다" for deed in _ASKED_FIRST.findall(sentence))
    if _WILL_DO.search(sentence) or _WILL.search(sentence):
        yield from (f"{deed}겠습니다" for deed in _THEN_A_DESK.findall(sentence))


def _of_sentence(turns: Sequence[Turn], place: int, sentence: str, shortener: Shortener, *, last: bool, clause: bool) -> Candidate | None:
    """What a sentence, or a ``clause`` of one that asks for something, may leave to do."""
    turn = turns[place]
    due = find(sentence, by_caller=turn.by_caller)
    if due is not None and (_IS_WHAT.match(sentence[due.end :]) or _OF_WHAT_IS_TOLD.match(sentence[due.end :])):
        due = None
    said = body(ADDRESSING.sub("", sentence if due is None else _without(sentence, due)))
    tokens = shortener.tokens(said)
    found = commitment(tokens, asked=asks(sentence))
    if found is None or _lemma(tokens, found.verb) in _TAKES_LONG or (turn.by_caller and threatens(sentence)):
        return None
    if clause and not found.needs and kind_of(tokens, found.verb) in ("", "talk"):
        return None
    if found.needs:
        return _what_is_needed(turns, place, said, found, tokens, due, shortener, last=last, clause=clause)
    if turn.by_caller and found.act is Act.ARRANGED:
        if _own_decision(tokens, found.verb):
            found = replace(found, act=Act.PROMISED)
        elif _is_plainly_asked(tokens, found.verb) and place + 1 < len(turns) and _WILL_DO.search(turns[place + 1].text):
            found = replace(found, act=Act.ASKED)
    if found.act is Act.ABLE:
        kind = kind_of(tokens, found.verb)
        may = kind in _MAY and not turn.by_caller  # 한두 통 갈 수 있어요
        if due is None or not due.exact or kind in ("", "talk") or may or (turn.by_caller and tokens[found.verb].form == "오"):
            return None  # 토요일에 올 수 있어요, asked of who is to come
        found = replace(found, act=Act.PROMISED)  # 금요일까지는 보낼 수 있어요
    if found.through and not turn.by_caller and _desk_is_made_to(tokens, said, found.verb):
        found = replace(found, through=False)  # 담당이 비교표를 보내 드리게 하겠습니다
    who, desk = _who(found, turn, tokens, said)
    if who is Who.AGENT and not turn.by_caller and _lemma(tokens, found.verb) in _ARRIVES and (driver := _driver(turns)):
        who, desk = Who.OTHER_DESK, driver
    sent = "" if turn.by_caller else _comes_by_a_way(turns, place, _lemma(tokens, found.verb), sentence, due)
    ours = not turn.by_caller and found.act in (Act.PROMISED, Act.ARRANGED)
    if who is Who.AGENT and found.act is Act.ARRANGED and (to := _handed_to(sentence, turn)):
        who, desk = Who.OTHER_DESK, to
    dated = due is not None and due.exact and not _COUNTED_FROM.search(due.said)
    awaited = "" if dated else _once_received(said, tokens, found, ours)
    return Candidate(
        turn=turn.number,
        by_caller=turn.by_caller,
        act=found.act,
        who=who,
        what=sent or f"{awaited}{_what(said, tokens, found, shortener, ours=ours)}",
        verb=_lemma(tokens, found.verb),
        by_itself=_is_a_present(tokens, found)
        if turn.by_caller
        else found.act is Act.ARRANGED and (_is_anothers(tokens, said, found.verb) or _is_how_it_works(sentence, tokens, found.verb, due)),
        due=due,
        desk=desk,
        words=frozenset(content_words(tokens)),
        things=_things(tokens, _deed_begins(tokens, found.verb, ours=ours), found.verb),
        kind="send" if sent else kind_of(tokens, found.verb),
        forbids=found.forbids,
        said=sentence,
        for_later=any(token.tag == "VX" and token.form in ("두", "놓") for token in tokens[found.verb + 1 :]),
        signs=tuple(_signs(turns, place, said, found, tokens, due, last=last, clause=clause)),
    )


def _what_is_needed(
    turns: Sequence[Turn],
    place: int,
    said: str,
    found: Commitment,
    tokens: Sequence[Any],
    due: Found | None,
    shortener: Shortener,
    *,
    last: bool,
    clause: bool,
) -> Candidate | None:
    """The papers that an agent says are needed (진단서하고 영수증이 필요합니다), for the caller to have ready; None for anything else."""
    turn, first = turns[place], _deed_begins(tokens, found.verb)
    end = next((at for at in range(found.verb - 1, first, -1) if tokens[at].tag in ("JKS", "JX") and tokens[at].form != "요"), first)
    things = frozenset(thing for thing in _things(tokens, first, end) if PAPERS.search(thing))
    named = mentions(Turn(turn.number, False, said[tokens[first].start : tokens[end].start]), shortener)
    listed = ", ".join(one.text for one in named if PAPERS.search(one.text))
    if turn.by_caller or not things or not listed:
        return None
    return Candidate(
        turn=turn.number,
        by_caller=False,
        act=Act.ASKED,
        who=Who.CALLER,
        what=f"{listed} {READY}",
        verb=str(tokens[found.verb].form),
        due=due,
        words=content_words(tokens[first:end]),
        things=things,
        kind="hand in",
        listed=listed,
        signs=(*_signs(turns, place, said, found, tokens, due, last=last, clause=clause), "needs papers"),
    )


def _without(sentence: str, due: Found) -> str:
    """The sentence without the words for by when, which are told apart, and without what describes them (종료일 전인 내일까지)."""
    rest = _DANGLING.sub("", sentence[due.end :].replace(due.said, ""))
    rest = _THAT_DAY.sub("", rest)
    before = _THIS.sub("", _OF_THE_TIME.sub("", sentence[: due.start].replace(due.said, "").rstrip()))
    return re.sub(r"\s+", " ", f"{before} {rest}").strip(" ,")


def _own_decision(tokens: Sequence[Any], verb: int) -> bool:
    """써서 부치지요, 저녁 먹고 서명하죠: what a caller decides to do, where no other subject is named and the verb is something to do."""
    decided = any(token.tag == "EF" and token.form in ("죠", "지요", "지") for token in tokens[verb + 1 :])
    return decided and bool(kind_of(tokens, verb)) and not any(token.tag == "JKS" for token in tokens[:verb])


def _is_plainly_asked(tokens: Sequence[Any], verb: int) -> bool:
    """크게 써서 보내, to which the agent says that he will: an order among friends, which a statement of one's own deed is like."""
    plain = tokens[-1].tag == "EF" and tokens[-1].form in ("어", "아") and verb == len(tokens) - 2
    return plain and kind_of(tokens, verb) in ("send", "phone") and not any(token.tag in ("JKS", "NP") for token in tokens[:verb])


def _is_a_present(tokens: Sequence[Any], found: Commitment) -> bool:
    """숙주 많이 줄게: what a caller will give that is neither a paper nor a number nor money."""
    things = _things(tokens, _deed_begins(tokens, found.verb), found.verb)
    gives = found.act is Act.PROMISED and tokens[found.verb].form in ("주", "드리") and _lemma(tokens, found.verb) in ("주", "드리")
    return gives and bool(things) and not any(of.search(thing) for thing in things for of in (PAPERS, MONEY, _TOLD))


def _is_anothers(tokens: Sequence[Any], said: str, verb: int) -> bool:
    """Whether the sentence's subject is somebody else's (따님이 전화할 거예요)."""
    subjects = (said[: token.start].rstrip() for token in tokens[:verb] if token.tag == "JKS")
    return any(_OTHERS.search(subject) for subject in subjects)


def _is_how_it_works(sentence: str, tokens: Sequence[Any], verb: int, due: Found | None) -> bool:
    """앱에서 하시면 바로 입금됩니다: what comes of a thing that the caller may do, by no day of its own."""
    if tokens[verb].form == "나가" and due is not None and due.said.endswith("부터"):
        return True  # 이십일부터 농협에서 나갑니다: what is drawn from then on
    happens = tokens[verb].form == "되" and tokens[verb].tag == "XSV"
    return happens and (due is None or not due.exact) and _IF_YOU_DO.search(sentence) is not None


def _who(found: Commitment, turn: Turn, tokens: Sequence[Any], said: str) -> tuple[Who, str]:
    if (found.act is Act.ASKED) != turn.by_caller:
        sender = "" if turn.by_caller else _sender(tokens, said, found.verb)
        return (Who.OTHER_DESK, sender) if sender else (Who.CALLER, "")
    desk = _desk(tokens, said, found.verb)
    return (Who.OTHER_DESK, desk) if desk and not found.through else (Who.AGENT, "")


def _comes_by_a_way(turns: Sequence[Turn], place: int, verb: str, sentence: str, due: Found | None) -> str:
    """What arrives by the minute (오 분 안에 들어갑니다, 십 분 안에 도착하실 겁니다) as sent by the way that was spoken of.

    Empty where it may be money, or somebody who comes.
    """
    if due is None or not due.exact or not ("분" in due.said or "시간" in due.said):
        return ""
    before = [turn.text for turn in turns[max(0, place - _FAX_WITHIN) : place]]
    if verb == "들어가" and any("팩스" in text for text in before) and not re.search(r"입금|계좌|통장|보험료|[가-힣]금", sentence):
        return BY_FAX
    ways = [way for text in before for way in _WAY_OF_PAPERS.findall(text)]
    if verb not in _ARRIVES or not ways or _driver(turns) or _SOMEBODY_COMES.search(sentence):
        return ""
    return f"{ways[-1]}{'으로' if ways[-1].endswith(('톡', '편')) else '로'} 발송"


def _driver(turns: Sequence[Turn]) -> str:
    """Who comes to the place where a car stands, as the call names him; empty where nobody does."""
    named = (_DRIVER.search(turn.text) for turn in turns)
    return next((found[0] for found in named if found), "")


def _desk_is_made_to(tokens: Sequence[Any], said: str, verb: int) -> bool:
    """Whether it is seen to that a desk does it, which leaves it to that desk."""
    link = _linked(tokens, verb)
    return link is not None and tokens[link].form == "게" and bool(_desk(tokens, said, verb))


def _sender(tokens: Sequence[Any], said: str, verb: int) -> str:
    """Who else is to send something (병원에서 차트를 팩스로 보내 주셔야 …); empty where the caller fetches it there (병원에서 떼서 …)."""
    subject = _SENDS.search(said)  # morphology takes 병원이 for what something is
    named = _desk(tokens, said, verb) or (subject[1] if subject else "")
    fetches = any(token.tag == "EC" for token in tokens[:verb])
    sends = re.search(rf"{re.escape(named)}(?:이|가|께서)|{re.escape(named)}에서 (?:직접|바로|저희|팩스)", said)
    return named if _SENDERS.search(named) and kind_of(tokens, verb) == "send" and sends and not fetches else ""


def _handed_to(sentence: str, turn: Turn) -> str:
    """The desk that is said before to do it: 삭제는 보호팀에서 하고요, 저희가 신청을 넘기면 결과를 드려요; empty where there is none."""
    if not _HANDED_ON.search(sentence):
        return ""
    desks = _DOES_IT.findall(turn.text[: max(0, turn.text.find(sentence))])
    return str(desks[-1]) if desks else ""


def _desk(tokens: Sequence[Any], said: str, verb: int) -> str:
    """The desk that is the sentence's subject (담당자가 …), as it was named."""
    by_himself = kind_of(tokens, verb) in _BY_HIMSELF and not any(token.tag == "JKS" for token in tokens[:verb])
    for place, token in enumerate(tokens[:verb]):
        assigned = token.form in _ASSIGNED and tokens[place + 1].form == "되"
        subject = assigned or token.tag in ("JKS", "JKC") or (token.form == "에서" and token.tag == "JKB")
        subject |= place > 0 and token.form == "이" and token.tag == "MM" and tokens[place - 1].end == token.start  # 담당이
        subject |= by_himself and token.form in ("은", "는", "도") and _OFFICER.search(said[: token.start]) is not None
        if not subject or not place or any(other.tag == "EC" and other.form in _EMBEDDED for other in tokens[place:verb]):
            continue  # 담당자가 전화드리게 예약하겠습니다: who speaks does it
        if any(one.tag == "NP" and one.form in ("저", "나") and other.tag == "JKS" for one, other in pairwise(tokens[place + 1 : verb])):
            continue  # 담당자가 통화 중이라 제가 보고
        begin = place
        while (
            begin
            and place - begin < 4
            and (
                tokens[begin - 1].tag in ("NNG", "NNP", "NP", "NR", "XSN")
                or tokens[begin - 1].form in ("쪽", "새")
                or (tokens[begin - 1].form == "과" and begin == place)  # 보상과에서
            )
        ):
            begin -= 1
        named = _ON_THE_WAY.sub("", _OUR.sub("", said[tokens[begin].start : token.start].strip()))
        if _DESK.search(named):
            return named
    return ""


def _what(said: str, tokens: Sequence[Any], found: Commitment, shortener: Shortener, *, ours: bool = False) -> str:
    """The deed in the speaker's words, up to its verb, which becomes a noun (보내기); 보내라고 하기 where another is to do it, 따지 않기
    where it is to be left."""
    first = _deed_begins(tokens, found.verb, ours=ours)
    start = tokens[first].start
    text, kept = " " * start + said[start:], list(tokens[first:])
    verb = found.verb - first
    if found.forbids:
        left = shortener.deed(text, kept, verb) if kept[verb + 1].form != "지" else shortener.upto(text, kept, kept[verb + 1].end)
        deed = f"{left} 않기" if left.endswith("지") else f"{left.removesuffix('기')}지 않기" if left.endswith("기") else f"{left}하지 않기"
    elif found.through and (link := _linked(kept, verb)):
        deed = f"{shortener.upto(text, kept, kept[link].end)} 하기"
    else:
        deed = shortener.deed(text, kept, verb)
        if kept[verb].form == "돌리" and [token.form for token in kept[verb + 1 : verb + 3]] in (["어", "드리"], ["어", "주"]):
            deed = re.sub(r"돌리기$", "돌려주기", deed)
    begin, end = _topic(tokens, first)
    done_to = end and kind_of(tokens, found.verb) in DONE_TO and any(of.search(tokens[end - 1].form) for of in (PAPERS, MONEY))
    done_to = done_to and not any(token.tag == "JKO" for token in kept[:verb])
    topic = f"{said[tokens[begin].start : tokens[end].end]} " if done_to else ""
    words = f"{topic}{_OWN_SUBJECT.sub('', deed)}".split()
    while len(words) > 1 and words[0].rstrip(",") in _BETWEEN_SENTENCES:
        words = words[1:]
    return " ".join(words)


def _linked(tokens: Sequence[Any], verb: int) -> int | None:
    """Where the ending stands by which another is made to do it (놔 두라고)."""
    return next((i for i in range(len(tokens) - 1, verb, -1) if tokens[i].tag == "EC" and tokens[i].form in MAKING), None)


def _deed_begins(tokens: Sequence[Any], verb: int, *, ours: bool = False) -> int:
    """Where the clause of the deed begins: after reasons, states and what has happened, and where it is ``ours`` after what the caller
    does before (앱에 올려 주시고 저는 …)."""
    first = 0
    for place in range(1, verb):
        token = tokens[place]
        aside = _is_while(tokens, place) or (token.tag == "SP" and not tokens[place - 1].tag.startswith(("N", "J", "EC", "XSN")))
        callers = ours and token.tag == "EC" and _is_the_callers_part(tokens, place)
        if aside or callers or token.tag == "EF" or (token.tag == "EC" and _ends_no_deed(tokens, place)):
            first = place + 1
    while first < verb and tokens[first].tag in ("JX", "SP", "SF", "IC") and (tokens[first].tag != "JX" or tokens[first].form == "요"):
        if tokens[first].tag == "IC" and tokens[first].end == tokens[first + 1].start and tokens[first + 1].tag.startswith("N"):
            break  # 예상표, taken for 예 and 상표
        first += 1
    return first


def _once_received(said: str, tokens: Sequence[Any], found: Commitment, ours: bool) -> str:
    """영수증을 받으면, for what we do as soon as the caller has handed something in (영수증 올려 주시면 …); empty for anything else."""
    parts = [at for at in range(2, found.verb) if ours and tokens[at].form in ("면", "으면") and _is_the_callers_part(tokens, at)]
    if not parts:
        return ""
    verb, _ = main_verb(tokens, parts[-1] - 2)
    if verb is None or kind_of(tokens, verb) not in ("send", "hand in"):
        return ""
    first = _deed_begins(tokens, verb)
    things = [
        at
        for at in range(first, verb)
        if tokens[at].tag in ("NNG", "XSN") and tokens[at + 1].tag in ("JKO", "JX", "VV") and PAPERS.search(tokens[at].form)
    ]
    if not things:
        return f"{said[tokens[verb].start : tokens[parts[-1]].end]} "
    begin = things[0]
    while begin > first and tokens[begin - 1].tag in (*_CONTENT, "XSN") and tokens[begin - 1].end <= tokens[begin].start:
        begin -= 1
    return f"{said[tokens[begin].start : tokens[things[0]].end]} 받으면 "


def _is_the_callers_part(tokens: Sequence[Any], ending: int) -> bool:
    """Whether a clause tells what the caller does (작성하시고, 보내 주시면): with honour, and a doing rather than a state."""
    if tokens[ending].form not in ("고", "면", "으면") or tokens[ending - 1].form not in ("시", "으시") or ending < 2:
        return False
    verb, _ = main_verb(tokens, ending - 2)
    return verb is not None and kind_of(tokens, verb) in ("send", "hand in", "sign", "take", "go", "report")


def _is_while(tokens: Sequence[Any], place: int) -> bool:
    """는데 taken for a place: 위임장이 필요한 데 양식은 …; not 데 with a particle (밝은 데서)."""
    noun = tokens[place]
    joined = tokens[place - 1].tag == "ETM" and tokens[place - 1].end >= noun.start
    return noun.tag == "NNB" and noun.form == "데" and joined and place + 1 < len(tokens) and not tokens[place + 1].tag.startswith("J")


def _ends_no_deed(tokens: Sequence[Any], ending: int) -> bool:
    form, stem = tokens[ending].form, ending - 1
    if form in _REASONS and stem and tokens[stem - 1].form == "못":
        return True  # 정확하게 말씀을 못 드리고
    if form in _NOT_THE_DEED or (form in ("라", "라서") and tokens[stem].tag in ("VCP", "VCN")):
        return True  # 지금 밖이라
    if form in _REASONS and stem and tokens[stem].form == "하" and tokens[stem - 1].form in ("어야", "아야", "여야"):
        return True  # 특약을 봐야 해서
    if form in _CONDITIONS and tokens[stem].form == "드리":
        return True  # 문자로 링크 보내드리면 올려 주시겠어요: another's deed
    past = False
    while stem > 0 and tokens[stem].tag == "EP":
        past |= tokens[stem].form in ("었", "았", "였")
        stem -= 1
    while stem > 1 and tokens[stem].tag == "VX":
        stem -= 2  # 불러 주시면: 부르
    lemma = _lemma(tokens, stem)
    if form in _CONDITIONS:
        return lemma in _SAYING
    if form not in _REASONS:
        return False
    state = tokens[stem].tag.startswith(("VA", "XSA", "VCP", "VCN")) or lemma in _STATES or tokens[stem].form in _STATES
    return past or (state and form not in ("어", "아"))


def _things(tokens: Sequence[Any], first: int, verb: int) -> frozenset[str]:
    """Nouns of the deed's clause that name a thing; not the verb's own (발송하다), nor by what way, where, with whom or when."""
    own = verb - 1 if tokens[verb].tag.startswith("XS") else verb
    first = next(
        (place + 1 for place in range(own - 1, first, -1) if tokens[place - 1].form in _MOMENTS and tokens[place].form == "에"), first
    )
    named = [place for place in range(first, own) if tokens[place].tag in _CONTENT and len(tokens[place].form) > 1]
    topic = [tokens[end - 1].form for _, end in (_topic(tokens, first),) if end]
    done_to = [tokens[place].form for place in named if tokens[place + 1].tag != "JKB" and not tokens[place + 1].tag.startswith("XS")]
    return frozenset(noun for noun in (*topic, *done_to) if not (_PLACE.search(noun) or _OTHERS.search(noun))) - _NO_THING


def done_in(tokens: Sequence[Any], verb: int) -> tuple[str, str, frozenset[str]]:
    """A deed as a candidate has it: what is done, its kind, and the things that its clause names."""
    return _lemma(tokens, verb), kind_of(tokens, verb), _things(tokens, _deed_begins(tokens, verb), verb)


def _topic(tokens: Sequence[Any], first: int) -> tuple[int, int]:
    """Where the sentence's topic stands, before a deed that begins at ``first``: 초본은 있으니까 앱으로 올릴게요; nowhere is (0, 0)."""
    for end in range(1, first):
        named = tokens[end - 1].tag in ("NNG", "NNP", "SL", "XSN")
        if tokens[end].tag == "JX" and tokens[end].form in ("은", "는") and named and tokens[end - 1].form not in _NO_THING:
            begin = end - 1
            while begin and tokens[begin - 1].tag in (*_CONTENT, "XSN", "XPN"):
                begin -= 1
            return begin, end
    return 0, 0


def content_words(tokens: Sequence[Any]) -> frozenset[str]:
    """Nouns and verbs of two syllables or more."""
    nouns = {token.form for token in tokens if token.tag in _CONTENT}
    verbs = {token.form for token in tokens if token.tag.startswith("VV") and len(token.form) > 1}
    return frozenset(nouns | verbs)


def _signs(
    turns: Sequence[Turn], place: int, said: str, found: Commitment, tokens: Sequence[Any], due: Found | None, *, last: bool, clause: bool
) -> Iterator[str]:
    turn = turns[place]
    kind = f"{'C' if turn.by_caller else 'A'}:{found.act}"
    verb = _lemma(tokens, found.verb)
    yield kind
    yield f"{kind} {verb}"
    yield f"{kind[0]} {verb}"
    done = _KIND_OF.get(verb, "other")
    yield f"{kind} kind {done}"
    when = "none" if due is None else "exact" if due.exact else "soon"
    yield f"{kind} due {when}"
    yield f"due {when} {verb}"
    yield f"{kind} due {when} kind {done}"
    yield f"{kind} left {_bucket(len(turns) - 1 - place)}"
    yield f"{kind} begun {min(3, place // 4)}"
    yield f"{kind} {'last' if last else 'not last'}"
    if found.through:
        yield f"{kind} through"
    if found.forbids:
        yield f"{kind} forbids"
        yield f"{kind} forbids kind {done}"
        if UNTIL.search(said):
            yield f"{kind} forbids until"
    if clause:
        yield f"{kind} on the way"
    if _POINTS.search(said):
        yield f"{kind} points"
    if _ONCE_KNOWN.search(said):
        yield f"{kind} once known"
        yield f"{kind} once known kind {done}"
    if done in _PAPERS_MOVE and any(token.tag.startswith("N") and PAPERS.search(token.form) for token in tokens[: found.verb]):
        yield f"{kind} kind {done} papers"
        yield f"{kind[0]} papers move"
    if _NOTED.search(said):
        yield f"{kind} noted"
    if _AGAIN.search(said):
        yield f"{kind} again kind {done}"
    if _EMERGENCY.search(said):
        yield f"{kind} emergency"
    for token in tokens[: found.verb]:
        if token.tag in _CONTENT and len(token.form) > 1:
            yield f"{kind[0]} noun {token.form}"
        elif token.tag in ("JKB", "EC", "MAG", "NP", "JX", "JKS"):
            yield f"{kind[0]} {token.tag} {token.form}"
    for token in tokens[found.verb + 1 :]:
        yield f"{kind} after {token.form}/{token.tag}"
    if place + 1 < len(turns):
        yield f"{kind} answered {_answer(turns[place + 1].text)}"
    if place:
        yield f"{kind} after {_answer(turns[place - 1].text)}"
        yield f"{kind} {'after question' if asks(turns[place - 1].text) else 'after statement'}"


def kind_of(tokens: Sequence[Any], verb: int) -> str:
    """The kind of doing of a verb; empty for one of no kind. 전화 주다 and 답을 드리다 are of the kind of 전화하다."""
    if tokens[verb].form in _ON_ITS_WAY and _is_sent_by(tokens, verb):
        return "send"
    if tokens[verb].form == "걸" and [token.form for token in tokens[verb + 1 : verb + 3]] in (["어", "놓"], ["어", "두"]):
        return "enter"  # 석 달 유예로 걸어 놓겠습니다
    noun = verb - 1
    while noun > 0 and (
        tokens[noun].tag in ("JKO", "JX", "MAG", "MM")
        or tokens[noun].form in _TIMES_COUNTED
        or (tokens[noun].form in ("로", "으로") and tokens[noun - 1].form in _CALLED)
    ):
        noun -= 1
    if noun >= 0 and tokens[verb].form in _GIVING and tokens[noun].form in _CALLED:
        return "phone"
    return _KIND_OF.get(_lemma(tokens, verb), "")


def _is_sent_by(tokens: Sequence[Any], verb: int) -> bool:
    """Whether something goes out by a way that is named, or a message itself does: 문자로 나갑니다, 취소됐다는 문자가 갈 거예요."""
    ways = [place for place in range(verb - 1) if tokens[place].form in _BY_WAYS]
    return any(
        tokens[place + 1].form in ("로", "으로", "이", "가") or place + 1 == verb
        for place in (*ways, verb - 1)
        if tokens[place].form in _BY_WAYS
    )


def _lemma(tokens: Sequence[Any], verb: int) -> str:
    """The verb with the noun that it is made of: 발송하, 전화드리."""
    token, noun = tokens[verb], tokens[verb - 1] if verb else None
    made = (
        noun is not None
        and noun.tag in ("NNG", "XR")
        and (token.tag.startswith("XS") or (token.form == "드리" and noun.end == token.start))
    )
    if token.form == "하" and not made and (named := _done_by_name(tokens, verb)) is not None:
        return f"{tokens[named].form}하"
    return f"{noun.form}{'하' if token.tag.startswith('XS') else token.form}" if made and noun is not None else str(token.form)


def _done_by_name(tokens: Sequence[Any], verb: int) -> int | None:
    """Where the noun stands that tells what is done (서명은 이십오일까지 해 주셔야 …); None where nothing is named so."""
    named = (place for place in range(verb - 1) if tokens[place].tag == "NNG" and tokens[place + 1].tag in ("JX", "JKO"))
    return next((place for place in named if f"{tokens[place].form}하" in _KIND_OF), None)


def _bucket(left: int) -> str:
    return str(left) if left < 3 else "3-4" if left < 5 else "5-7" if left < 8 else "8+"


_ANSWERS = {
    "yes": re.compile(r"네|예|응|그래|좋|그렇게|알겠|알았|그러|고마|고맙|감사|부탁"),
    "no": re.compile(r"아니|아뇨|싫|됐|괜찮|못|안 "),
}


def _answer(text: str) -> str:
    return next((name for name, pattern in _ANSWERS.items() if pattern.match(text.strip())), "else")
