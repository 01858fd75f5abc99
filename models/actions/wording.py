"""A thing to do in words that say by themselves what is to be done, each of them said in the call.

    네, 통화 끊고 바로 발송해 드리겠습니다    → 가입증명서 발송 (자동차보험 갱신)    the thing was named ten turns before
    그거 엑셀로 메일 한번 보내 주세요          → 피보험자 명단을 엑셀로 메일로 발송
    모레까지 계산해서 전화드리겠습니다         → 계산 후 전화 (감액완납하면 보장금액이 얼마인지 문의)

Where the sentence names no thing, or points at one (그거), the thing named in the call that weights find likeliest takes its place; a bare
noun (번호, 목록) takes the fuller words that were said of it. What the call is about stands behind every deed that does not say it
(``models.actions.matter``): 신청서 발송 is nothing to work from, 신청서 발송 (연금 개시일 연기) is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from models.actions.about import Matter, changed_party, ranked, requested
from models.actions.action import Who
from models.actions.candidates import DONE_TO, PAPERS, Candidate
from models.actions.due import find
from models.actions.keywords import likelihoods
from models.actions.lacking import (
    account,
    asked_just_before,
    awaited,
    done_to_before,
    names_money_barely,
    paid,
    picture_taken,
    sum_paid_out,
    sum_to_pay,
    thing_wanted,
    with_its_name,
    with_money,
    with_sum,
)
from models.actions.listed import Listed, lists, of_all
from models.actions.listed import told as list_told
from models.actions.matter import matters, nouns_of, open_question, open_wish
from models.actions.mentions import Mention, mentions, named_in
from models.actions.noted import noted, object_particle
from models.actions.passed_on import PASSES_ON
from models.actions.topics import IS_FRAUD, Topics
from models.actions.weighed import Weighed
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.own_words import Shortener, word_set

_TOWARDS = re.compile(r"(?:에|에서|으?로)(?:\s|$)")
_BESIDE = 4  # turns
_COLLECTING = frozenset(("take", "hand in", "send"))
_FETCHES_FIRST = re.compile(r"(?<!\S)(?:떼|챙겨|준비해)(?:서|가지고|가) ")  # 떼서 가기, where nothing is named
_EVERYTHING = re.compile(r"(?<!\S)(?:다|모두|전부|한꺼번에|같이)(?!\S)|모아|서류|준비해|챙겨|챙길|챙기|자료")
_ANY_PAPERS = re.compile(r"(?<!\S)(?:그 )?(?:서류|자료|그거 다|두 개|그거 두 개)(?:를|는|도|만)? ")
# What a caller hands in by its own name.
_OWN_PAPER = re.compile(
    r"[가-힣]{2,}(?:서|증|표|명단|명부|등본|초본|사진|영상|사본|자료|파일|신청서|기록|내역)(?:를|을|는|은|도|만|하고|랑|이랑)(?!\S)|인감|신분증|통장"
)
_A_LIST = 3  # things that a sentence names
JUST_BEFORE = 2  # turns in which a deed's own matter is named
NEAREST = 6  # turns back in which a thing is looked for
# After a group of nouns that the verb does something to; none is as good as 을.
_OF_AN_OBJECT = word_set("을 를 은 는 도 만 이 가 - 하고 랑 이랑 부터 이나 나")
_JOINS = word_set("하고 랑 이랑 나 이나 와 과")
_WAIVED = re.compile(r"(?<!\S)안 ?[가-힣]{0,3}셔도")  # 증명서는 안 보내셔도 되고요
_FORBIDDEN = re.compile(r"시면 안 (?:되|돼|됩)|지 ?마[시세]")  # 각서를 쓰시면 안 됩니다
_WHERE = word_set("에 에서")  # 번호는 종이에 있는 그거: where something is written
_GOING = word_set("가 오 들르 나가 나오 들어가 들어오 다니 내려가 올라가 찾아가 다녀오")  # 병원 가서: a place without its particle
_POINTER = re.compile(r"(?<!\S)(?:그|이|저|요|고)(?:거|것|건|걸)(?:를|은|는|도|만|부터|랑|로|)(?!\S)")
_POINTING_WORD = re.compile(r"(?<!\S)(?:그|이|저)\s$")
# What comes before a deed and is done to nothing: 퇴근하고, 집에 가서, 결과 나오면, 심사 끝난 다음에.
_COMES_FIRST = re.compile(
    r".*(?:(?:퇴근|출근|전화|통화|도착)(?:하고|해서)|(?<!\S)(?:가서|와서|나가서|들러서|들어가서|끊고|먹고|나오면|나면|끝나면|되면|오면"
    r"|도착하면|보고|\S+(?<!서)(?<!화)(?<!도)면|\S+한테 빌려서|\S*(?:날|일|시|내일|말|주|달|전)까지|퇴근 전에|\S+ 전에"
    r"|나온 다음에?|끝난 다음에?|받은 다음에?|난 (?:다음|뒤|후)에?|오는 대로|나오는 대로|되는 대로|끝나는 대로|받는 대로))\s"
)
# Who hands a thing over, by the sentence that names it: a caller wants it, an agent sends it or needs it.
_WANTED = re.compile(r"보내|받고 싶|받을 수|받아 ?[보야볼]|받기|받으|발급|떼 ?주|뽑아|부쳐|볼 수")
_SENDING = re.compile(r"(?:보내|넣어|발송해|전송해|뽑아|부쳐|적어)? ?(?:드릴|드리겠|드려요|드립니다|드렸|드리도록)")
_SAID_BACK = re.compile(r"(?:군요|네요|말씀이[가-힣]*|건가요|이요|요)\s*[.?!]*$")
_NEEDED = re.compile(r"필요|있어야|내셔야|주셔야|하셔야|주시면|주세요|주시겠|주실|내시면|챙기|챙겨|(?:보내|올리|내|가져오)세요")
_WRITTEN = re.compile(
    r"(?:청구|신청|동의|확인|증명|진단|소견|계약|청약|견적|명세|내역|고지|안내|위임|질문|설명|각|합의|철회|서약|보고|통지|요청|신고|등록|경위"
    r"|사유|진술|판결|산출|계산|유언|이력|수술|퇴원|협조|회신|답변|의견|사실|처방|추천|조사|승인|허가|면허|감정|결정|권리|약정|해지|변경|문)서$"
)
_OF_THE_COMPANY = re.compile(r"(?:링크|문구|안내문|안내장|예시|페이지|약관)$")  # nothing that a caller hands in
_FORM = re.compile(r"(?:신청서|청약서|철회서|서식|양식|용지|링크|질문서)$")
_WRITES = re.compile(r"작성|사인해|서명해|(?<!\S)(?:써서|적어서|쓰고|적고)")
_SIGNED = re.compile(r"(?:동의서|계약서|위임장|합의서|서류|각서|확인서|통지서)$")
WRITTEN_ON = re.compile(r"서명|작성|사인|(?<!\S)(?:써|적어|쓰고|적고)")
# What the sentence that names a thing shows of it: that it is needed, sent, said back, refused.
_SHOWN = (
    ("needed", re.compile(r"필요|있어야|내셔야|주셔야|하셔야|주시면|부탁|받겠|제출|준비|챙기|첨부|올려|작성")),
    ("sent", re.compile(r"보내|발송|드릴|드리겠|드리도록|넣어|받아 ?보|받고 싶|받을 수|전송|부쳐|뽑아|떼")),
    ("said back", re.compile(r"(?:군요|네요|죠|지요|말씀이[가-힣]*|이요)[.?!]*$")),
    ("refused", re.compile(r"말고|아니|없|필요 ?없|안 ?(?:해|하|돼|되)|아뇨")),
)
_OURS = re.compile(r"(?<!\S)(?:저희|우리) $")
_STRAY = re.compile(r"^(?:그|이|저|제|내|저희|다른|무슨|어떤|새)\s")
_OF_A_CASE = re.compile(r"(?<!\S)[가-힣]+(?<!그)(?<!이) 건(?:은|을|도|만)? ")  # 콩이 건 새로 넣기
_PUTS_IN_A_REQUEST = re.compile(r"(?:요청|신청|접수|처리|해제|등록)(?:까지|도)? (?:넣기|걸기|올리기)$")
_NAMED_SHORTLY = re.compile(
    r"(?:링크|결과|번호|방법|내역|내용|사본|[가-힣][서증]|문자) (?:발송|제출)$"
    r"|(?<!\S)(?:돈|표|답|책|차|약)(?:을|를|은|는|도|만)\s|(?<=[가-힣] )(?:문자|메일)(?:를|을)\s"
    r"|(?<=[가-힣] )(?:안내|방법)(?:를|을)? (?:문자|이?메일|팩스|우편|카톡|카카오톡|알림톡)으?로 발송$"
)
# What is sent is what becomes known: 문의 넣고 문자로 발송.
_IS_THE_ANSWER = re.compile(
    r"(?:(?:문의|확인|조회)(?:를|을)? ?(?:넣고|하고|해서|후)|(?:물어|알아)[보봐]\S*|(?:나오|끝나|되)시?면).* ?문자로 발송$"
)
_REGISTERED = re.compile(r"(?<!\S)(?:등록|기재)된 (?:주소|이?메일(?: 주소)?|번호|휴대폰|연락처)(?:으?로|에) ")
_OUTDATED = re.compile(r"옛날|예전|바뀌|바뀐|바꼈|안 ?쓰|안 ?써|말고")
_WAY = re.compile(r"(?<!\S)(서면|우편|등기|이?메일|팩스|문자|카톡|알림톡)(으?로)(?= )")
_ANY_WAY = re.compile(r"(?<!\S)(서면|우편|등기|이?메일|팩스|문자|카톡|카카오톡|알림톡|택배)(으?로)(?= )")
_WAY_CHOSEN = re.compile(
    r"^(?:(?:네|예|아|그럼|그냥)[,. ]+)*(우편|등기|이?메일|팩스|문자|카톡|알림톡)(으?로) (?:해|할게|보내|주|받을|부탁)"
)
# What somebody will find out: 확인 후 전화, 심사팀에 물어봐서 문자로 발송, 문의 넣고 …
_LOOKS_INTO = re.compile(r"(?:확인|조회|문의|검토)(?:를|을)? ?(?:후|해서|하고|넣고|넣어서|해 ?보고)|(?:물어|알아|여쭤)[보봐]|여쭙")
_FORMS = re.compile(r"(?:안내문|양식|확인서|서식|사본|원본)$")
_HANDED_ON = re.compile(r"(?:전달|메모|기록|메모 남기기|보고)$")
_BY_A_WAY_ASKED = re.compile(r"(?:문자|이?메일|팩스|우편|등기|카톡)로 ")
_WAYS = word_set("문자 메일 이메일 팩스 우편 등기 카톡")
_CHANGES_ONE = re.compile(r"(?:수익자|계약자|예금주|통장|계좌|주소|명의|납입일|이체일) 변경$")
_SHOWS = re.compile(r"사진|영상|화면")
_THEN_PAYS = re.compile(r"((?:쓰|하|작성하|서명하)고) 넣기$")
_TOPIC_OF_A_WAY = re.compile(r"^[가-힣]+(?: [가-힣]+)?(?<!저)(?<!나)(?<! 때)(?<!후)[은는] (?=\S+ )")  # 수익자 변경은 지점에 오기
_EITHER = re.compile(r"(?:시)?거나 |든지 |든가 ")
# Who is in danger of his life is put through, whatever he called about.
_CRISIS = re.compile(r"109|일공구|자살|상담 ?(?:선생님|번호|전화|센터|기관)|119|일일구")
_HOTLINE = re.compile(r"(?<!\d)109(?!\d)|일공구|백구 ?번")
_ONCE_MORE = re.compile(r"다시|안부|먼저")
_CRISIS_LINE = re.compile(r"위기 ?상담|자살 ?예방")
_JOINED = re.compile(r"(?<=[가-힣])(?:하고|이?랑|와|과|,| 그리고| 및)\s")


@dataclass(frozen=True)
class Told:
    """A call as wording needs it: the things named in it, and its request (empty where it is not known)."""

    conversation: Conversation
    shortener: Shortener
    request: str = ""
    words: Weighed | None = None
    _by_turn: dict[int, list[Mention]] = field(default_factory=dict, compare=False)

    def things(self, last: int, back: int) -> list[Mention]:
        """What is named from ``back`` turns before a turn up to it, in the order said; looked for only where something lacks a thing."""
        return [thing for turn in self.conversation if last - back <= turn.number <= last for thing in self._named(turn)]

    def _named(self, turn: Turn) -> list[Mention]:
        if turn.number not in self._by_turn:
            self._by_turn[turn.number] = list(mentions(turn, self.shortener)) if turn.text else []
        return self._by_turn[turn.number]

    def until(self, turn: int) -> list[Mention]:
        """Everything that is named in the call up to a turn."""
        return self.things(turn, turn)

    @cached_property
    def _matters(self) -> list[Matter]:
        """What may be told as what the call is about."""
        last = max((turn.number for turn in self.conversation), default=0)
        things = self.things(last, last)
        staffs = dict.fromkeys(matters(self.conversation, things, self.request, self.shortener))
        product = Topics(self.conversation, things, self.request, self.shortener).product
        learnt = changed_party(self._likely, product) if self.request else ()
        return [*(Matter(one, short=True) for one in staffs), *learnt, *requested(self.request, product)]

    @cached_property
    def _likely(self) -> dict[str, float]:
        return {} if self.words is None else likelihoods(self.conversation, self.request, self.shortener, self.words)

    def matter_behind(self, what: str, turn: int) -> str:
        """The matter that tells most of those that say more than a deed does; empty where none does."""
        own = nouns_of(what, self.shortener)
        near = " ".join(self.text(number) for number in range(turn - JUST_BEFORE, turn + 1))
        telling = ranked(self._matters, self._likely, near, self.shortener)
        swindle = [one.text for one in self._matters if IS_FRAUD.search(one.text)]
        return next((one for one in (*swindle, *telling) if self._says_more(one, what, own)), "")

    def _says_more(self, matter: str, what: str, own: frozenset[str]) -> bool:
        """Whether a matter names something that a deed does not, and no other change (수익자 변경 behind 계약자 변경 신청서)."""
        nouns = nouns_of(matter, self.shortener)
        if matter.removesuffix(" 관련").replace(" ", "") in what.replace(" ", ""):
            return False
        last = matter.split()[-1]
        rest = {noun for noun in nouns - own if noun not in last}
        if nouns and _ANY_WAY.search(what) and _BY_A_WAY_ASKED.search(matter) and nouns - own <= _WAYS:
            return False
        another = last in what and len(matter.split()) > 1 and bool(rest) and _CHANGES_ONE.search(matter) is not None
        return not another and (not nouns <= own if nouns else matter.split()[0] not in what)

    @cached_property
    def crisis(self) -> str:
        """That the caller was told of a crisis line, which is why somebody calls him back, whatever he called about; else empty."""
        by_agent = " ".join(turn.text for turn in self.conversation if not turn.by_caller)
        if _HOTLINE.search(by_agent):
            return "109 상담 안내한 통화"
        return "위기 상담 안내한 통화" if _CRISIS_LINE.search(by_agent) else ""

    @cached_property
    def listed(self) -> list[Listed]:
        """The papers that the agent listed."""
        return lists(self.conversation, self.shortener)

    def text(self, turn: int) -> str:
        """What was said in a turn."""
        return next((one.text for one in self.conversation if one.number == turn), "")

    def question_before(self, turn: int) -> str:
        """What the caller asked just before a turn."""
        return open_question(self.conversation, turn, self.shortener)

    def wish_before(self, turn: int) -> str:
        """What the caller wanted just before a turn."""
        return open_wish(self.conversation, turn, self.shortener)

    @cached_property
    def requested(self) -> frozenset[str]:
        """The nouns of the request."""
        return frozenset(noun for one in named_in(self.request, self.shortener) for noun in one.nouns)


def worded(one: Candidate, told: Told, model: Weighed) -> str:
    """The deed with what it is done to."""
    what = _sent_to(
        one, told, noted(re.sub(r"\s+", " ", _POINTER.sub("", _without_desk(one))).strip() or one.what, one.who, told.shortener)
    )
    what = _chosen(what, one, told)
    what, objects = _of_its_thing(what, one, told, model), objects_in(what, told.shortener)
    what = awaited(what, one, told.until(one.turn))
    names_it = bool(objects) or _names_its_thing(what, told.shortener)
    if one.kind == "go":
        what = with_its_name(_TOPIC_OF_A_WAY.sub("", what), told.conversation)
    if one.verb in _GOING and not _TOWARDS.search(what) and (place := _place_to_go(one, told)):
        what = with_its_name(re.sub(r"(?<!\S)(?=\S+$)", f"{place}에 ", what), told.conversation)
    matter = told.question_before(one.turn) if _LOOKS_INTO.search(what) and not objects else ""
    if not matter and not names_it and _HANDED_ON.search(what):
        matter = told.wish_before(one.turn)
    if one.kind == "phone" and one.who is not Who.CALLER and _ONCE_MORE.search(what):
        matter = told.crisis or matter
    matter = matter or ("" if _CRISIS.search(what) else told.matter_behind(what, one.turn))
    return f"{what} ({matter})" if matter else what


def _chosen(what: str, one: Candidate, told: Told) -> str:
    """Of two ways that the agent named (앱에서 하거나 지점에 오기) the one that the caller takes, or that he does not turn down."""
    ways = _EITHER.split(what)
    if one.who is not Who.CALLER or len(ways) < 2:
        return what
    said = " ".join(
        turn.text for turn in told.conversation if turn.by_caller and one.turn <= turn.number <= max(one.turn + 1, one.said_last)
    )
    named = [{noun for group in named_in(way, told.shortener) for noun in group.nouns} for way in ways]
    down = {
        noun
        for nouns in named
        for noun in nouns
        if re.search(rf"{re.escape(noun)}(?:[은는을를이가도]|은커녕)? ?(?:못|없|안 |몰라|말고)", said)
    }
    left = [way for way, nouns in zip(ways, named, strict=True) if not nouns & down]
    taken = [way for way, nouns in zip(ways, named, strict=True) if any(noun in said for noun in nouns - down)]
    chosen = taken if len(taken) == 1 else left
    if len(chosen) != 1:
        return what
    return chosen[0] if chosen[0] == ways[-1] else f"{chosen[0]}기"


def _of_its_thing(what: str, one: Candidate, told: Told, model: Weighed) -> str:
    """The deed with its thing, as fully as it was named; as it is where nothing tells it."""
    objects = objects_in(what, told.shortener)
    if one.verb in PASSES_ON:
        return what
    if (money := sum_paid_out(one, told.conversation)) and not any(group.particle in ("을", "를") for group in objects):
        return with_money(what, money)
    papers = _all_that_is_needed(what, one, told)
    if len(papers) > 1 or (papers and objects and not any(PAPERS.search(group.text) for group in objects)):
        return _with_papers(what, papers, objects)
    if names_money_barely(what) and (money := sum_to_pay(one, told.conversation, told.until(one.turn))):
        return paid(with_sum(what, money))
    if _THEN_PAYS.search(what) and (money := sum_to_pay(one, told.conversation, told.until(one.turn))):
        return paid(_THEN_PAYS.sub(rf"\1 {money} 넣기", what))
    if not _SHOWS.search(what) and (picture := picture_taken(one, told.conversation)):
        return with_thing(what, picture)
    if objects:
        return _fuller(what, objects[-1], one, told)
    if not one.things and not one.forbids and (named := done_to_before(one, told.conversation)):
        return with_thing(what, named)
    if one.kind not in DONE_TO or one.forbids or _IS_THE_ANSWER.search(what) or _names_its_thing(what, told.shortener):
        return what
    if thing := _done_to(one, told, model):
        whole = with_thing(what, thing)
        put_in = objects_in(whole, told.shortener)
        return _fuller(whole, put_in[-1], one, told) if put_in and put_in[-1].text == thing else whole
    if money := sum_to_pay(one, told.conversation, told.until(one.turn)):
        return paid(with_thing(what, money))
    if papers:
        return _with_papers(what, papers, objects)
    if paid_into := account(one, told.conversation):
        return with_thing(what, paid_into)
    wanted = asked_just_before(one, told.until(one.turn)) or thing_wanted(one, told.conversation, told.until(one.turn))
    return with_thing(what, wanted) if wanted else what


def _all_that_is_needed(what: str, one: Candidate, told: Told) -> tuple[str, ...]:
    """The papers that a caller means who names none himself (다 떼서 보낼게요), all that the agent listed for it."""
    fetches = one.kind == "go" and _FETCHES_FIRST.search(what) is not None
    if one.who is not Who.CALLER or not one.by_caller or not (one.kind in _COLLECTING or fetches) or one.forbids:
        return ()
    own = one.said
    before = [listed for listed in told.listed if listed.turn <= one.turn]
    if any(paper.split()[-1] in own for listed in before for paper in listed.papers) or _OWN_PAPER.search(own):
        return ()
    everything = _EVERYTHING.search(own) is not None
    near = [listed for listed in before if everything or fetches or one.turn - listed.turn <= NEAREST]
    papers = of_all(near)
    if _WRITES.search(what) and not everything:
        papers = tuple(paper for paper in papers if _SIGNED.search(paper) or _FORM.search(paper))
    if all(paper in what for paper in papers):
        return ()
    return papers if len(papers) > 1 or (papers and not _other_thing(what, papers, told)) else ()


def _other_thing(what: str, papers: Sequence[str], told: Told) -> bool:
    """Whether the deed names a thing of its own."""
    return any(PAPERS.search(group.text) and not any(group.head in paper for paper in papers) for group in objects_in(what, told.shortener))


def _with_papers(what: str, papers: Sequence[str], objects: Sequence[Mention]) -> str:
    named = list_told(papers)
    if bare := _ANY_PAPERS.search(what):
        return f"{what[: bare.start()]}{named}{object_particle(papers[-1])} {what[bare.end() :]}"
    first = min((place for paper in papers if (place := what.find(paper)) >= 0), default=len(what))
    ends = [place + len(paper) for paper in papers if (place := what.find(paper)) >= 0]
    ends += [group.start + len(group.text) for group in objects if PAPERS.search(group.text)]
    if not ends:
        return with_thing(what, named)
    first = min(first, *(group.start for group in objects if PAPERS.search(group.text)), len(what))
    rest = re.sub(r"^(?:을|를|은|는|도|만|으?로)? ", "", what[max(ends) :])
    return f"{what[:first]}{named}{object_particle(papers[-1])} {rest}"


def _sent_to(one: Candidate, told: Told, what: str) -> str:
    """The deed by the way that the caller says behind it (서면으로 … 문자로 해요), and to no address that he calls old."""
    answers = [turn.text for turn in told.conversation if turn.by_caller and one.turn < turn.number <= one.turn + _BESIDE]
    if one.by_caller or not answers:
        return what
    if _OUTDATED.search(answers[0]):
        what = _REGISTERED.sub("", what)
    chosen = next((found for text in answers if (found := _WAY_CHOSEN.search(text))), None)
    return what if chosen is None else _WAY.sub(f"{chosen[1]}{chosen[2]}", what, count=1)


def by_the_way_of(what: str, other: str) -> str:
    """The deed by the way that another telling of it names, where both name one: 팩스로 발송, then 이메일로."""
    way = _ANY_WAY.search(other)
    return what if way is None else _ANY_WAY.sub(f"{way[1]}{way[2]}", what, count=1)


def _place_to_go(one: Candidate, told: Told) -> str:
    """Where somebody was told to go just before (지점에 오시는 게 빠릅니다. 어머님 모시고 갈게요); empty where nobody said it."""
    named = [
        thing.text
        for thing in told.things(one.turn, _BESIDE)
        if thing.particle in ("에", "로", "으로") and thing.verb in _GOING and find(f"{thing.text}에") is None
    ]
    return named[-1] if named else ""


def _without_desk(one: Candidate) -> str:
    """The deed without its subject, where that is the desk that it is told of anyway (보상 담당자가 진행 상황을 알리기)."""
    if not one.desk:
        return one.what
    named = rf"(?:(?:저희|우리|해당|그)\s+)?{re.escape(one.desk)}(?:님)?(?:이|가|께서|에서|은|는|도)\s+"
    # 제가 신청 올리고 평가반에서 …: the agent's part is told by itself
    rest = re.sub(rf"^.*고\s+((?:(?:[가-힣]{{2,}} )?[가-힣]+[은는] )?){named}", r"\1", one.what)
    return re.sub(rf"(?<!\S){named}", "", rest, count=1) or one.what


def objects_in(what: str, shortener: Shortener) -> list[Mention]:
    """The things that a deed does something to."""
    return [group for group in named_in(what, shortener) if _is_object(group, what)]


def last_objects(what: str, objects: Sequence[Mention]) -> str:
    """The last thing that a deed is done to, with those that are joined to it: 소견서나 기록지, 영수증하고 진단서."""
    first = len(objects) - 1
    while first and objects[first - 1].particle in _JOINS:
        first -= 1
    return what[objects[first].start : objects[-1].start + len(objects[-1].text)]


def _is_object(group: Mention, what: str) -> bool:
    """Whether something is done to a group of nouns: not where its noun is the deed itself (… 발송), nor a place to go to."""
    return group.particle in _OF_AN_OBJECT and not _is_deed(group, what) and not (group.particle == "-" and group.verb in _GOING)


def _is_deed(group: Mention, what: str) -> bool:
    return group.start + len(group.text) == len(what)


def _names_its_thing(what: str, shortener: Shortener) -> bool:
    """Whether the deed's thing is no group of nouns of its own: 돈은 넣기, 안내 문자를 보내기, 확인서 발급."""
    as_a_paper = any(group.particle in ("으로", "로") and _FORMS.search(group.head) for group in named_in(what, shortener))
    return (
        as_a_paper
        or _OF_A_CASE.search(what) is not None
        or _PUTS_IN_A_REQUEST.search(what) is not None
        or _NAMED_SHORTLY.search(what) is not None
        or any(_is_deed(group, what) and len(group.nouns) > 1 for group in named_in(what, shortener))
    )


def may_be_done_to(one: Candidate, thing: Mention) -> bool:
    """Whether such a deed is done to such a thing at all: a link is followed by the caller, not sent back, a form is not fetched."""
    of = DONE_TO.get(one.kind)
    if of is not None and not of.search(thing.text):
        return False
    if thing.text.endswith("서") and not _WRITTEN.search(thing.text):
        return False  # a dialect's ending that morphology takes for a paper
    return not (one.who is Who.CALLER and (_OF_THE_COMPANY.search(thing.head) or (one.kind == "take" and _FORM.search(thing.head))))


def likeliest(one: Candidate, told: Told, model: Weighed) -> Mention | None:
    """The thing that a deed is most likely done to; None where none is likely enough."""
    sure = [(model.likelihood(thing_signs(one, thing, told)), -place, thing) for place, thing in enumerate(reachable(one, told))]
    best = max(sure, key=lambda found: found[:2], default=None)
    return best[2] if best is not None and best[0] >= model.threshold else None


def _done_to(one: Candidate, told: Told, model: Weighed) -> str:
    """The thing that a deed is most likely done to; all that were said to be needed for it where it is one of them."""
    thing = likeliest(one, told, model)
    if one.listed and (thing is None or thing.text in one.listed or one.listed in thing.text):
        return one.listed
    return _at_its_link(one, told) if thing is None else thing.text


def _at_its_link(one: Candidate, told: Told) -> str:
    """What the caller signs or fills in where its link was promised just before: 신청서 링크를 보내 드릴게요. 오늘 저녁까지 서명할게요."""
    if one.kind != "sign" or one.who is not Who.CALLER:
        return ""
    links = {thing.text for thing in told.things(one.turn, 1) if not thing.by_caller and thing.head == "링크"}
    forms = {text.removesuffix("링크").rstrip() for text in links}
    return forms.pop() if len(forms) == 1 and all(map(PAPERS.search, forms)) else ""


def reachable(one: Candidate, told: Told) -> list[Mention]:
    """The things that may be meant: those of the nearest turn that names any which such a deed is done to, by who does it."""
    own = one.what.replace(" ", "")
    meant = [
        thing
        for thing in told.things(one.turn, NEAREST)
        if may_be_done_to(one, thing)
        and not (thing.turn == one.turn and (thing.particle in _WHERE or _is_said_behind(thing, one, told)))
        and not (_WAIVED.search(thing.said) or _FORBIDDEN.search(thing.said))
        and thing.text.replace(" ", "") not in own
        and _is_handed_over(one, thing, told)
    ]
    if WRITTEN_ON.search(one.what):
        meant = [thing for thing in meant if _FORM.search(thing.head) or _SIGNED.search(thing.head)]
    nearest = [thing for thing in reversed(meant) if thing.turn == meant[-1].turn]
    return [thing for thing in nearest if not any(thing.nouns < other.nouns for other in nearest)]


def _is_said_behind(thing: Mention, one: Candidate, told: Told) -> bool:
    """Whether a thing is named in a later sentence of the deed's own turn: 받아 두세요. 새 증권은 메일로 보내겠습니다."""
    text = told.text(one.turn)
    return bool(one.said) and thing.said not in one.said and text.find(thing.said) > text.find(one.said) >= 0


def _is_handed_over(one: Candidate, thing: Mention, told: Told) -> bool:
    """Whether the one who does it may be who hands a thing over: a caller what is needed of him or what he has, an agent what was asked of
    him. What an agent sends is sent back where it is to be written on (신청서)."""
    form = _FORM.search(thing.head) is not None
    if one.who is Who.CALLER:
        sent = _WANTED.search(thing.said) if thing.by_caller else _SENDING.search(thing.said)
        return thing.turn == one.turn or sent is None or (form and WRITTEN_ON.search(one.what) is not None)
    if thing.by_caller:
        return _WANTED.search(thing.said) is not None
    if thing.among >= _A_LIST or not (form or _SENDING.search(thing.said) or _SAID_BACK.search(thing.said)):
        return False  # 위임장, 인감증명서, 가족관계증명서: what the caller has to bring
    asked_of_caller = {other.head for other in told.things(one.turn, NEAREST) if not other.by_caller and _NEEDED.search(other.said)}
    return form or thing.head not in asked_of_caller


def thing_signs(one: Candidate, thing: Mention, told: Told) -> Iterator[str]:
    """What can be seen of a thing named, as that which a deed may be done to."""
    apart = _apart(one.turn - thing.turn)
    kind = one.kind or "none"
    yield f"apart {apart}"
    yield f"apart {apart} {'own' if thing.by_caller == one.by_caller else 'other'}"
    yield f"by {'C' if thing.by_caller else 'A'} {one.act}"
    yield f"{kind} by {'C' if thing.by_caller else 'A'}"
    for name, value in (("particle", thing.particle), ("head", thing.head), ("end", thing.head[-1]), ("verb", thing.verb)):
        yield f"{name} {value}"
        yield f"{kind} {name} {value}"
    yield f"end {thing.head[-2:]}"
    for noun in thing.nouns:
        yield f"noun {noun}"
    yield f"nouns {min(len(thing.nouns), 3)}"
    yield f"{'asked' if thing.asked else 'said'}"
    speaker, doer = "C" if thing.by_caller else "A", "C" if one.who is Who.CALLER else "A"
    for sign, shown in _SHOWN:
        if shown.search(thing.said):
            yield f"{doer} {kind} {sign} by {speaker}"
            yield f"{sign} by {speaker} apart {apart}"
    yield f"{doer} {kind} among {min(thing.among, 3)} by {speaker}"
    yield f"{doer} apart {apart} by {speaker} particle {thing.particle}"
    if thing.nouns & told.requested:
        yield "requested"
        yield f"{kind} requested"


def _apart(turns: int) -> str:
    return str(turns) if turns <= 4 else "5-8" if turns <= 8 else "9-14" if turns <= 14 else "15+"


def _fuller(what: str, named: Mention, one: Candidate, told: Told) -> str:
    """The deed with its thing told as fully as it was told before: 목록 as 청구 서류 목록, 질문서 링크 as 건강 질문서 링크.

    Only where one name alone may be meant: of the turns beside, or for a paper (신청서, 확인서) of the whole call until then.
    """
    first = named.text.split()[0]
    if not first.endswith(named.head) and not PAPERS.search(first):
        return what
    found = _names_of(first, _BESIDE, one, told) or (_names_of(first, one.turn, one, told) if PAPERS.search(first) else set())
    if len(found) != 1 or (name := found.pop()) in what:
        return what
    if _OURS.search(what[: named.start]) or name.split()[0] in what:
        return what  # 저희 접수번호, not the other side's; 윗집에서 접수번호를 받아, said already
    before = _POINTING_WORD.sub("", what[: named.start])
    return f"{before}{name}{what[named.start + len(first) :]}"


def _names_of(bare: str, back: int, one: Candidate, told: Told) -> set[str]:
    """The fuller names that were said of a thing until a deed, of those that may be handed over."""
    return {
        name
        for thing in told.things(one.turn, back)
        if thing.by_caller is (one.who is Who.CALLER)
        or not thing.by_caller
        or (thing.head == bare and PAPERS.search(bare) is not None)
        or _is_handed_over(one, thing, told)
        for name in _JOINED.split(thing.text)
        if name.endswith(f" {bare}") and find(name) is None and not _STRAY.search(name)
    }


def with_thing(what: str, thing: str) -> str:
    """The deed with a thing, after what comes first (퇴근하고 가상계좌를 …) and before what is done to it (사진을 찍어 보내기)."""
    if " " not in what and not what.endswith("기"):
        return f"{thing} {what}"  # 가입증명서 발송
    if thing.endswith("계좌") and re.search(r"(?:넣|보내)기$", what):
        return f"{re.sub(r'(?:넣|보내)기$', '', what)}{thing}로 입금"  # an account is paid into
    bare = thing.split()[-1]
    if re.search(rf"(?<!\S){re.escape(thing)}[을를은는도만]? ", what):
        return what  # 사진 보내기
    if " " in thing and re.search(rf"(?<!\S){re.escape(bare)}(?=[을를은는도만]? )", what):
        return re.sub(rf"(?<!\S){re.escape(bare)}(?=[을를은는도만]? )", thing, what, count=1)  # 사진 다 찍어서 with 면허증 사진
    first = _COMES_FIRST.match(what)
    before, deed = (what[: first.end()], what[first.end() :]) if first else ("", what)
    return f"{before}{thing}{object_particle(thing)} {deed}"
