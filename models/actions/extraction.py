"""From a call to what is left to be done after it.

    things_to_do(conversation, ToDoModel.shipped(), Shortener())  → [Action(what="서류 목록을 문자로 보내기", who=AGENT, utterance=16, …)]

Sentences that commit somebody are found by morphology (``candidates``); which of them outlast the call, a logistic regression over what can
be seen of them tells (``weights.json``, made by ``models.recipe.actions_recipe``). What was offered counts once the caller agrees, what was
asked for unless he refuses, and what is said again with other words for by when replaces what was said before.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from models.actions.action import Action, Who
from models.actions.acts import Act
from models.actions.candidates import MONEY, PAPERS, READY, Candidate, candidates
from models.actions.done import is_answered, is_changed, is_done
from models.actions.due import Found, find
from models.actions.elsewhere import said_elsewhere
from models.actions.listed import lists, of_all
from models.actions.listed import told as list_told
from models.actions.meeting import as_booked, on_that_day
from models.actions.passed_on import PASSES_ON, what_is_passed_on
from models.actions.plain import enough
from models.actions.remembering import RememberingShortener
from models.actions.weighed import Weighed
from models.actions.wording import WRITTEN_ON, Told, by_the_way_of, last_objects, may_be_done_to, objects_in, with_thing, worded
from models.errors import ConfigurationError
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.own_words import Shortener

WEIGHTS = Path(__file__).with_name("weights.json")
_YES = re.compile(
    r"(?:(?:아|오|어|음|와|어머|그|저|뭐)[,.!…]* )*(?:네+|예|응+|그래|좋|그럼|그러|알겠|알았|고마|고맙|감사|부탁|당연|물론)"
    r"|.*(?:그럼|그러면|너무|저야) 좋[죠지]"
)
_NO = re.compile(r"(?:아니|아뇨|아녀|싫|됐어|됐습|못 ?해|안 ?(?:할|해|돼)|필요 ?없|관둘|그만)")
BESIDE = 1  # turns in which two sentences of one kind are about the same
LATEST_ANSWER = 4  # turns between a question and the promise that answers it
MOVED_WITHIN = 10  # turns in which a caller moves the day of what he said he would do
_HANDING_OVER = frozenset(("send", "hand in", "take"))
_OF_ALL_KINDS = frozenset(("서류", "자료"))
_PAPERS_OF_ALL_KINDS = re.compile(r"(?<!\S)(?:서류|자료)(?:를|는|도|만)? ")
_ITS_OBJECT = re.compile(r"^(.*(?:을|를|도|만)) \S+$")
_HOW_IT_WORKS = re.compile(
    r"면 .*적용$|으?로 나오기$|(?:판단|생각하기|고민)$"
)  # 십오 일 전에만 올라오면 다음 달 보험료부터 적용돼요, 작성 중으로 나옵니다
_THERE = re.compile(r"^거기(?:서|에서|에다가?|에)? (?=(?:서명|작성|동의|인증|입력|사인))")
_LINK = re.compile(r"링크")
_TAKES_A_CALL = re.compile(r"^(?:그 |이 )?(?:전화|연락)(?:는|를|을|만)? (?:꼭 )?받기$")
_A_DESKS = re.compile(r"(?:담당자?|심사자|조사관|[가-힣]팀)(?:님)?(?:이|가|께서|에서) [가-힣]+기$")  # 되는지는 심사 담당자가 봐야 해서요
_AS_BEFORE = re.compile(r"(?:없이|만) .*걸로 하기$")  # 오늘은 따로 접수되는 거 없이 안내만 해 드린 걸로 하겠습니다
_EMERGENCY = re.compile(r"(?<!\d)1(?:12|19)(?!\d)|일일[구이]|백십[이구]")
_OF_ANY_DEED = frozenset(("드리", "주"))
_HELP = re.compile(r"(?<!\d)1(?:12|19|09|32)(?!\d)|일일[구이]|백십[이구]|백구 ?번?|일공구")
_CALLS_THERE = re.compile(r"^(?:(?:꼭|바로|지금|\S+ 전화로) )*(?:걸기|부르기|전화|신고)$")
_ALSO = re.compile(r"(?:문자|이?메일|팩스|카톡|우편|등기)(?:으?로)도 ")
FEWEST_LISTED = 2  # papers
_LIST_SENT = re.compile(r"(?:목록|서류|안내|리스트)[^ ]* .*(?:발송|보내기|넣기)$")
_LATER = re.compile(r"생각해|나중에|안 할게|됐어요|관두|다음에|다시 전화")
_SAYING = frozenset(("말씀드리", "말씀하", "설명드리", "설명하"))
_IF_ANY = re.compile(r"있으면 ")
_REPORTED = frozenset(("report", "phone"))
_CALLS_AGAIN = re.compile(r"(?:전화|연락)(?:드리)?도록 전달$")
_TELLS_NOTHING = frozenset(
    ("하기", "그러기", "그렇게 하기", "그때 하기", "둘 다 하기", "적기")
)  # 십일월에 할게요, where nothing was asked for
_OTHERWISE = re.compile(r"말고|안 ?[되돼]|못 |없(?:는데|어|고|습|다)|아니|넘어야|바빠|어려|힘들|회의|근무|수업")
_IF_THERE_IS = re.compile(r"([가-힣]{2,})(?:이|가) 있으(?:시)?면 ")
_IF_NOT = re.compile(r"(?<!\S)안 ?되(?:시)?면 ")
# 옆집 가서 하기: where, by what and when alone; which deed, what was asked for tells. 부활로 하기 chooses.
_SO = re.compile(r"^(?:(?:[가-힣]+ )?\S+(?:에|서|로|고|면|이랑) |(?:바로|빨리|꼭|다시|직접|먼저|그냥|한번) )*(?<!로 )하기$")
_TELLING = frozenset(("phone", "talk"))
_MOMENTS = frozenset(("지금", "오늘", "내일", "모레", "저녁", "나중"))
_COMES_BEFORE = re.compile(r"([가-힣]+)(?:이|가)? (?:끝나고|마치고|끝나면|하고 나서)")  # 장사 끝나고 보내기
_COMES_ALONG = re.compile(r"(?:가지고|들고|챙겨서?|모시고|데리고|지참) ?")
_BY_OR_IN = re.compile(r"^(?!.*(?:[은는]|건) ).*(?:으?로|에) ")
_OF_A_NAME = frozenset(("sign", "enter", "report", "take", "keep"))
_AN_OFFICE = re.compile(r"^(?:거래 |거기 |그 )?(은행|카드사|통신사|경찰서|병원)(?:에|으로|로|에다)? (?:바로 |먼저 )?(?:전화|연락)")
_CALLS_ALONE = re.compile(r"^(?:꼭 |직접 |다시 )*(?:전화|연락)$")
_MADE_TO_CALL = re.compile(r"^(?:(?:바로|직접|꼭|메모|전달해서|남기고|전달하고) )*(?:전화|연락)드리(?:도록|게) ")
_OFFICER = re.compile(r"(?:(?:보상|심사|대인|대물|민원|사고|지급|배상|현장) ?)?(?:담당자|담당|팀장|센터장|파트장|책임자|과장|대리)")
_DEMANDED = re.compile(
    r"(담당자|담당|팀장|센터장|파트장|책임자|과장|대리)(?:님)?(?:가|이|보고|한테|더러|께서)? "
    r".{0,14}(?:전화|연락).{0,6}(?:하라|하게|주라|달라|해 ?달)"
)
_BY_WAY = re.compile(r"(?<!\S)(문자|메일|이메일|팩스|카톡|알림톡|우편|등기)로 ")
_TAKEN_BACK = re.compile(
    r"(?:필요 ?없|안 ?(?:주셔도|보내셔도|하셔도|해 주셔도|할게|할래|보낼게|갈게)|됐어요|취소할게|관둘게|그만둘게|없던 ?걸로|하지 ?마)"
)


@cache
def shipped() -> "ToDoModel":
    """The weights that ship, read once."""
    return ToDoModel.shipped()


@dataclass(frozen=True)
class ToDoModel:
    """Which candidates outlast the call, and which of the things named in it a deed is done to where it names none.

    ``callers`` is the likelihood from which on a thing for the caller to do counts: callers promise in more ways than agents.
    """

    lasting: Weighed
    things: Weighed
    callers: float
    words: Weighed

    @classmethod
    def shipped(cls) -> "ToDoModel":
        """The one that ships; ConfigurationError where its file is damaged."""
        try:
            stored = json.loads(WEIGHTS.read_text("utf-8"))
            return cls(Weighed(**stored["lasting"]), Weighed(**stored["things"]), float(stored["callers"]), Weighed(**stored["words"]))
        except (OSError, ValueError, TypeError, KeyError) as error:
            remedy = "Restore it, or make it again with python -m models.recipe.actions_recipe"
            raise ConfigurationError(f"{WEIGHTS} cannot be read: {error}", remedy=remedy) from error


def things_to_do(
    conversation: Conversation, model: ToDoModel, shortener: Shortener, called: datetime | None = None, request: str = ""
) -> list[Action]:
    """What has to be done after a call that began at ``called`` (Korea's time), in the order said; empty where nothing is left.

    ``request`` is what the caller asked for, as it was told; it completes a deed of which nothing else tells what it is about.
    """
    remembering = RememberingShortener()
    told = Told(conversation, remembering, request, model.words)
    return [_action(one, called, worded(one, told, model.things), told) for one in left_to_do(conversation, model, remembering)]


def left_to_do(conversation: Conversation, model: ToDoModel, shortener: Shortener) -> list[Candidate]:
    """What outlasts the call, each thing once, in its speaker's words."""
    said = candidates(conversation, shortener)
    likely = [(one, model.lasting.likelihood(one.signs)) for one in said]
    standing = [
        (one, how)
        for one, how in likely
        if how >= _enough(one, model)
        and not one.by_itself
        and _stands(one, conversation)
        and not is_done(one, conversation, shortener)
        and not is_changed(one, conversation)
        and not is_answered(one, said, conversation)
    ]
    standing = [(_as_taken_up(_of_its_own_things(one), said), how) for one, how in standing]
    told = [
        (passed, how)
        for one, how in standing
        if (passed := what_is_passed_on(_completed(one, said, conversation, shortener), conversation, shortener)) is not None
    ]
    said_of_something = [
        (one, how)
        for one, how in told
        if not _is_at_once_said(one)
        and one.what not in _TELLS_NOTHING
        and not _HOW_IT_WORKS.search(one.what)
        and not _AS_BEFORE.search(one.what)
        and not (one.who is Who.CALLER and _A_DESKS.search(one.what))
    ]
    return _with_what_is_needed(_with_its_call(_once_each(said_of_something)), conversation, shortener)


def _of_its_own_things(one: Candidate) -> Candidate:
    """A deed without the thing that only tells when: 장사 끝나고 보내기 names no thing, nor does 지금은 밖이고 …."""
    if one.kind not in _HANDING_OVER:
        return one
    return replace(one, things=one.things - _MOMENTS - set(_COMES_BEFORE.findall(one.what)))


def _is_at_once_said(one: Candidate) -> bool:
    """제가 지금 보고 말씀드릴게요: what an agent says in the call itself."""
    return not one.by_caller and one.kind == "talk" and one.verb in _SAYING and one.due is not None and one.due.said.startswith("지금")


def _with_what_is_needed(left: Sequence[Candidate], conversation: Conversation, shortener: Shortener) -> list[Candidate]:
    """The papers that an agent listed where nothing else takes them up: the caller hands in none and is sent no list of them."""
    if any(_takes_papers(one) or _LIST_SENT.search(one.what) for one in left):
        return list(left)
    found = lists(conversation, shortener)
    papers = of_all(found)
    if len(papers) < FEWEST_LISTED or any(
        turn.by_caller and turn.number > found[0].turn and _LATER.search(turn.text) for turn in conversation
    ):
        return list(left)
    needed = Candidate(
        turn=found[-1].turn,
        by_caller=False,
        act=Act.ASKED,
        who=Who.CALLER,
        what=f"{list_told(papers)} {READY}",
        kind="hand in",
        listed=", ".join(papers),
    )
    return sorted((*left, needed), key=lambda one: one.turn)


def _takes_papers(one: Candidate) -> bool:
    return one.who is Who.CALLER and (one.kind in _HANDING_OVER or bool(one.listed) or _COMES_ALONG.search(one.what) is not None)


def _completed(one: Candidate, said: Sequence[Candidate], conversation: Conversation, shortener: Shortener) -> Candidate:
    """A deed with what was said of it elsewhere: its thing, by when, the time or way that was named anew, where it is done."""
    asked = _as_asked(_as_offered(named(one, said, shortener), said), said, shortener)
    timely = as_booked(on_that_day(_with_time(asked, said), conversation), conversation)
    timely = _at_the_number(timely, conversation)
    return _by_who_is_wanted(_at_the_link(_named_anew(timely, said, conversation), conversation), conversation)


def _as_offered(one: Candidate, said: Sequence[Candidate]) -> Candidate:
    """A bare promise in the words in which it was offered: 전문 상담하시는 분을 연결해 드려도 될까요 … 바로 연결하겠습니다."""
    if one.by_caller or one.act is not Act.PROMISED or one.things or one.forbids:
        return one
    offered = [
        other
        for other in said
        if 0 < one.turn - other.turn <= LATEST_ANSWER and other.act is Act.OFFERED and not other.by_caller and other.verb == one.verb
    ]
    fuller = offered and offered[-1].things and not set(one.what.split()[:-1]) & set(offered[-1].what.split())
    return replace(one, what=offered[-1].what, words=one.words | offered[-1].words, things=offered[-1].things) if fuller else one


def _as_asked(one: Candidate, said: Sequence[Candidate], shortener: Shortener) -> Candidate:
    """What a caller promises barely in the agent's fuller words: 금요일에 갈게요 as 신분증 가지고 지점에 가기, 아들 시켜서
    올릴게요 as 아들 시켜서 앱으로 사진 찍어 올리기, 은행에 전화할게요 as 은행에 지급 정지를 요청."""
    if not one.by_caller or one.act is not Act.PROMISED or one.forbids or one.names_a_thing:
        return one
    asked = [
        other
        for other in said
        if -BESIDE <= one.turn - other.turn <= LATEST_ANSWER and not other.by_caller and other.act is Act.ASKED and not other.forbids
    ]
    for other in sorted(asked, key=lambda other: abs(one.turn - other.turn)):
        words = other.what.split()
        if other.turn > one.turn and one.kind != "go":
            continue  # what is said behind a promise goes with a way alone: 그날 신분증 가지고 오시면 됩니다
        if one.kind == "go" == other.kind and _COMES_ALONG.search(other.what) and not _COMES_ALONG.search(one.what):
            return replace(one, what=re.sub(r"오기$", "가기", _last_choice(other.what)), words=one.words | other.words)
        if (
            one.kind == "phone"
            and other.kind in ("enter", "report", "pay")
            and (place := _AN_OFFICE.match(one.what))
            and place[1] in other.what
        ):
            return replace(one, what=other.what, words=one.words | other.words, things=other.things, kind=other.kind)
        if one.verb == other.verb and one.kind in _OF_A_NAME and other.things and not one.things:
            return replace(one, what=other.what, words=one.words | other.words, things=other.things)
        alike = one.kind in _HANDING_OVER and one.verb == other.verb and not one.names_a_thing and _BY_OR_IN.search(other.what)
        if alike and words[-1] == one.what.split()[-1] and not set(words[:-1]) & set(one.what.split()):
            return replace(one, what=" ".join((*one.what.split()[:-1], *words)), words=one.words | other.words, things=other.things)
    return one


def _last_choice(what: str) -> str:
    """앱에서 하거나 신분증 가지고 지점에 오기: who comes has chosen the last one."""
    return re.sub(r"^.*(?:거나|든지|든가) ", "", what)


def _by_who_is_wanted(one: Candidate, conversation: Conversation) -> Candidate:
    """A call that the agent sees to for somebody of whom the caller demanded it: 담당자가 전화하라고 하세요. 꼭 전화드리도록 하겠습니다."""
    if one.by_caller or one.who is not Who.AGENT or not (_CALLS_ALONE.match(one.what) or _MADE_TO_CALL.match(one.what)):
        return one
    before = [turn for turn in conversation if one.turn - MOVED_WITHIN <= turn.number < one.turn and turn.text]
    near = [turn.text for turn in before if turn.by_caller and one.turn - turn.number <= LATEST_ANSWER]
    demanded = next((found[1] for text in reversed(near) if (found := _DEMANDED.search(text))), "")
    if not demanded:
        return one
    fuller = [found[0] for turn in before for found in _OFFICER.finditer(turn.text) if found[0].endswith(demanded)]
    officer = max(fuller, key=len, default=demanded)
    if _MADE_TO_CALL.match(one.what):
        subject = f"{officer}{'가' if officer.endswith(('자', '리')) else '이'}"
        return replace(one, what=re.sub(r"(?=(?:전화|연락)드리(?:도록|게))", f"{subject} ", one.what, count=1))
    return replace(one, who=Who.OTHER_DESK, desk=officer)


def _at_the_link(one: Candidate, conversation: Conversation) -> Candidate:
    """거기서 서명하시면 됩니다 as 링크에서 서명, where the agent has just said that he sends one."""
    if not _THERE.match(one.what):
        return one
    sent = any(_LINK.search(turn.text) for turn in conversation if not turn.by_caller and one.turn - BESIDE <= turn.number <= one.turn)
    return replace(one, what=_THERE.sub("링크에서 ", one.what)) if sent else one


def _at_the_number(one: Candidate, conversation: Conversation) -> Candidate:
    """예, 오늘 걸게요 as 109에 전화, where the agent has just named the number."""
    if not one.by_caller or one.act is not Act.PROMISED or not _CALLS_THERE.match(one.what):
        return one
    near = [turn.text for turn in conversation if not turn.by_caller and one.turn - BESIDE <= turn.number < one.turn]
    numbers = [found[0] for text in near for found in _HELP.finditer(text)]
    return replace(one, what=f"{numbers[-1]}에 전화", kind="phone") if numbers else one


def _with_its_call(left: Sequence[Candidate]) -> list[Candidate]:
    """The call that the caller is to take as the one that a desk was said to make before: 그 전화 꼭 받으세요."""
    return [
        _as_that_call(one, [other for other in left if other.turn <= one.turn and other.desk and other.kind == "phone"]) for one in left
    ]


def _as_that_call(one: Candidate, calls: Sequence[Candidate]) -> Candidate:
    if one.who is not Who.CALLER or not calls or not _TAKES_A_CALL.match(one.what):
        return one
    return replace(one, what=f"{calls[-1].desk} 전화 받기", due=one.due or calls[-1].due)


def _enough(one: Candidate, model: ToDoModel) -> float:
    """From which likelihood on it outlasts the call."""
    return enough(one, model.callers if one.who is Who.CALLER else model.lasting.threshold)


def _action(one: Candidate, called: datetime | None, what: str, told: Told) -> Action:
    due = None if one.due is None else one.due.due(called)
    utterance = max(one.turn, one.said_last)
    also = said_elsewhere(what, utterance, told.conversation, told.shortener)
    return Action(what=what, who=one.who, utterance=utterance, due=due, desk=one.desk, also=also)


def named(one: Candidate, said: Sequence[Candidate], shortener: Shortener) -> Candidate:
    """A deed that names no thing (메일로 보내기) with the thing that the same one was asked for just before."""
    if one.act is Act.PROMISED and (one.does_so or _only_says_so(one)):
        return _what_was_asked(one, said)
    if one.gives_it:
        return _what_was_promised(one, said)
    if (
        objects_in(one.what, shortener)
        and not one.points
        and not one.names_a_thing
        and PAPERS.search(objects_in(one.what, shortener)[-1].text)
    ):
        return one  # 눌러서 사진만 올리기
    if one.forbids or (one.names_a_thing and not one.points) or one.kind not in _HANDING_OVER or one.verb in PASSES_ON:
        return one
    asked = [
        other
        for other in said
        if 0 < one.turn - other.turn <= LATEST_ANSWER
        and other.names_a_thing
        and not other.is_needed
        and other.act in (Act.ASKED, Act.OFFERED, Act.PROMISED)
        and (other.who is Who.CALLER) is (one.who is Who.CALLER)
        and other.kind in _HANDING_OVER
    ]
    if not asked or WRITTEN_ON.search(one.what):
        return one
    objects = objects_in(asked[-1].what, shortener)
    own = asked[-1].act is Act.PROMISED and asked[-1].by_caller is one.by_caller  # 승인번호를 문자로 드릴 테니 … 십 분 안에 보내겠습니다
    if objects and not own and not may_be_done_to(one, objects[-1]):
        return one
    what = with_thing(one.what, last_objects(asked[-1].what, objects)) if objects else asked[-1].what
    return replace(one, what=what, words=one.words | asked[-1].words, things=asked[-1].things)


def _with_time(one: Candidate, said: Sequence[Candidate]) -> Candidate:
    """A deed without words for by when, with those said of it beside (열두 시 전에만 넣으면 되죠? 퇴근하고 넣을게요)."""
    if one.due is not None or not one.kind or one.hangs:
        return one
    beside = [
        other.due
        for other in said
        if other.due is not None
        and other.due.exact
        and other.kind == one.kind
        and abs(other.turn - one.turn) <= BESIDE
        and (other.who is Who.CALLER) is (one.who is Who.CALLER)
        and (not other.things or bool(other.things & one.things))
    ]
    return replace(one, due=beside[-1]) if beside else one


def _as_taken_up(one: Candidate, said: Sequence[Candidate]) -> Candidate:
    """What the caller asks for in the words in which the agent takes it up: 글씨나 크게 … 큰 글씨 안내문으로 넣어 드리겠습니다."""
    if one.act is not Act.ASKED or not one.by_caller:
        return one
    taken = [
        other
        for other in said
        if 0 < other.turn - one.turn <= BESIDE
        and not other.by_caller
        and other.act is Act.PROMISED
        and other.kind == one.kind
        and other.things & one.things
    ]
    return taken[0] if taken else one


def _named_anew(one: Candidate, said: Sequence[Candidate], conversation: Conversation) -> Candidate:
    """A promise with the time or the way that the agent names anew, after the caller has answered with another one (그때는 안 되고요 …)."""
    if one.by_caller or one.act not in (Act.PROMISED, Act.ARRANGED) or one.kind not in ("phone", "send", "go"):
        return one
    anew = [
        other
        for other in said
        if 0 < other.turn - one.turn <= LATEST_ANSWER
        and not other.by_caller
        and other.act in (Act.PROMISED, Act.ARRANGED)
        and (other.kind == one.kind or other.gives_it)
        and (not other.names_a_thing or bool(other.things & one.things))
        and (other.who is one.who or other.gives_it)
        and any(_puts_off(turn) for turn in conversation if turn.by_caller and one.turn < turn.number < other.turn)
    ]
    anew = [other for other in anew if (other.due is not None and other.due.exact) or by_the_way_of(one.what, other.what) != one.what]
    if not anew:
        return one
    last = anew[-1]
    due = one.due if last.due is None or not last.due.exact else last.due.on_the_day_of(one.due) if one.due else last.due
    return replace(one, due=due, what=by_the_way_of(one.what, last.what), said_last=last.turn)


def _puts_off(turn: Turn) -> bool:
    """Whether the caller answers with another time or way than was named: 그 시간엔 못 받아요, 팩스 없는데요."""
    return _OTHERWISE.search(turn.text) is not None or find(turn.text, by_caller=True) is not None


def _what_was_asked(one: Candidate, said: Sequence[Candidate]) -> Candidate:
    """네, 오늘 저녁에 할게요: what the other side asked for just before."""
    asked = [
        other
        for other in said
        if 0 <= one.turn - other.turn <= LATEST_ANSWER
        and (
            (other.by_caller is not one.by_caller and other.act is Act.ASKED)
            or (other.by_caller is one.by_caller and other.act is Act.ACCEPTED)
        )
        and (other.kind or (other.things and one.does_so))
        and other.kind != "talk"
        and not other.what.endswith("부르기")
    ]
    return (
        replace(one, what=asked[-1].what, words=asked[-1].words, things=asked[-1].things, kind=asked[-1].kind, verb=asked[-1].verb)
        if asked
        else one
    )


def _what_was_promised(one: Candidate, said: Sequence[Candidate]) -> Candidate:
    """그럼 열두 시 반에 드리겠습니다: what the same side promised just before."""
    before = [
        other
        for other in said
        if 0 < one.turn - other.turn <= LATEST_ANSWER
        and other.by_caller is one.by_caller
        and other.act is Act.PROMISED
        and other.kind in ("phone", "send")
        and not other.gives_it
    ]
    if not before:
        return one
    last = before[-1]
    due = one.due if one.due is None or last.due is None else one.due.on_the_day_of(last.due)
    return replace(one, what=last.what, words=last.words, things=last.things, kind=last.kind, due=due)


def _stands(one: Candidate, conversation: Conversation) -> bool:
    """Whether what was offered is agreed to, what was asked for not refused, and neither taken back later."""
    if one.by_caller:
        answer = next((turn.text for turn in conversation if turn.number > one.turn and not turn.by_caller and turn.text), "")
        if one.act is Act.ACCEPTED and _NO.match(answer):
            return False  # 캄보디아 면허도 보내면 되죠? 아니요.
        return not any(_takes_back(turn, one) for turn in conversation if turn.number > one.turn and turn.by_caller)
    later = [turn for turn in conversation if turn.number > one.turn and turn.by_caller and turn.text]
    answer = later[0].text if later else ""
    if one.act is Act.OFFERED and not _YES.match(answer):
        return False
    if (there := _IF_THERE_IS.search(one.what)) and re.search(rf"{re.escape(there[1])}(?:은|는|이|가|도)? ?(?:따로 )?없", answer):
        return False  # 따로 요구하는 양식이 있으면 같이 보내 주세요. 양식은 없대요.
    if _IF_NOT.search(one.what) and _IF_NOT.search(answer):
        return False  # 안 되시면 제가 이메일로 보내 드려요. 하다가 안 되면 다시 전화할게요.
    if one.act in (Act.OFFERED, Act.ASKED) and _NO.match(answer):
        return False
    if one.act is Act.PROMISED and any(
        re.match(rf"(?:아,? |어,? )?(?:아니|아뇨).*{re.escape(word)}(?:은|는|이|가)? ?(?:아니|말고)", answer) for word in one.words
    ):
        return False  # 신청을 넣어 드릴게요. 아니 아니, 신청 아니에요.
    return not any(_takes_back(turn, one) for turn in later)


def _takes_back(turn: Turn, one: Candidate) -> bool:
    """Whether the caller says of a thing, by its name, that it need not be (문자는 안 보내셔도 돼요)."""
    return _TAKEN_BACK.search(turn.text) is not None and any(len(word) > 1 and word in turn.text for word in one.words)


def _once_each(found: Sequence[tuple[Candidate, float]]) -> list[Candidate]:
    """Each thing once. Of what is said twice the later one counts, which may be a correction; what it leaves out, the earlier one tells."""
    kept: list[tuple[Candidate, float]] = []
    for one, how in found:
        alike = (i for i, (other, _) in enumerate(kept) if _is_the_same(other, one))
        again = max(alike, key=lambda i: kept[i][0].kind == one.kind, default=None)
        if again is None:
            kept.append((one, how))
        elif kept[again][0].turn != one.turn or how > kept[again][1]:
            kept[again] = (_joined(kept[again][0], one), how)
    return sorted((one for one, _ in kept), key=lambda one: one.turn)


def _takes_up(before: Candidate, later: Candidate) -> bool:
    """Whether one side promises what the other has just asked for, in other words: it will be done (옆집 가서 할게요), by the same day or
    way, or of a thing that is named more shortly (장해진단서를 떼 보시고요 … 진단서는 떼서 보낼게요)."""
    apart = later.turn - before.turn
    if before.act is not Act.ASKED or later.act is not Act.PROMISED or before.by_caller is later.by_caller or apart > LATEST_ANSWER:
        return False
    if _only_says_so(later):
        return True
    handed = {before.kind, later.kind} <= _HANDING_OVER
    if handed and later.by_caller and any(_names_one(thing, other) for thing in before.things for other in later.things):
        return True
    if apart > 1 or before.due is None is later.due:
        return False
    if before.due is not None and later.due is not None and before.due.exact and {before.kind, later.kind} <= _TELLING:
        return _same_hour(before.due, later.due)  # 금요일에 결과를 알려 주셔야 …, 금요일 다섯 시에 전화로 말씀드릴게요
    ways = [found[1] if (found := _BY_WAY.search(one.what)) else "" for one in (before, later)]
    return (
        before.by_caller and before.kind == later.kind == "send" and ways[0] == ways[1] != "" and not any(map(PAPERS.search, before.things))
    )


def _only_says_so(one: Candidate) -> bool:
    """Whether a promise only says that it will be done, wherever and by what: 딸 전화로 112하고 은행에 바로 할게요."""
    return one.verb == "하" and not one.kind and _SO.search(one.what) is not None


def _names_one(thing: str, other: str) -> bool:
    """Whether one noun is the shorter name of the other paper: 진단서 of 장해진단서."""
    return PAPERS.search(thing) is not None and len(other) > 2 and thing.endswith(other)


def _joined(before: Candidate, later: Candidate) -> Candidate:
    if later.by_caller and later.act is Act.ASKED and before.kind == "phone" and not before.by_caller and _CALLS_ALONE.match(later.what):
        return before
    if {before.kind, later.kind} <= _REPORTED and _EMERGENCY.search(before.what) and not _EMERGENCY.search(later.what):
        return replace(before, due=before.due or later.due)
    if _CALLS_AGAIN.search(later.what):
        return before
    if _takes_up(before, later) and (_only_says_so(later) or {before.kind, later.kind} <= _TELLING):
        return replace(before, due=later.due or before.due, said_last=later.turn)
    if later.things and later.things <= _OF_ALL_KINDS and not before.things <= _OF_ALL_KINDS and (of := _ITS_OBJECT.match(before.what)):
        what = f"{of[1]} {_PAPERS_OF_ALL_KINDS.sub('', later.what)}"
        return replace(later, due=later.due or before.due, what=what, things=before.things, listed=before.listed)
    if before.is_needed and not later.is_needed:
        return replace(later, due=later.due or before.due, listed=before.listed)
    due = later.due if later.due is not None and (later.due.exact or before.due is None) else before.due
    of_callers = before.act is later.act and (before.act is Act.ASKED or before.by_caller)
    if of_callers and before.turn < later.turn and later.things == before.things and before.things:
        fuller = max(before.what, later.what, key=len)  # 그거 화요일까지 보내시면 돼요, 아니 금요일에 올릴게요
        return replace(before, due=due, what=by_the_way_of(fuller, later.what), said_last=later.turn)
    if before.act is Act.PROMISED and (later.act is Act.ASKED or later.things <= before.things) and _no_other_time(before, later):
        return replace(before, due=before.due or later.due)  # once more, or thanked for: 네, 올려 주시면 …
    if later.names_a_thing or later.turn == before.turn:
        return replace(later, due=due)
    if later.act is before.act and _no_other_time(before, later):
        return replace(before, due=before.due or later.due)  # the same promise once more
    if not before.names_a_thing:
        return replace(later, due=due, what=later.what if " " in later.what else before.what)
    return replace(
        later,
        due=due,
        what=by_the_way_of(before.what, later.what),
        words=before.words | later.words,
        things=before.things,
        desk=later.desk or before.desk,
    )


def _go_together(before: Candidate, later: Candidate) -> bool:
    """Whether a promise may answer what was asked for: a call that is promised answers no paper, a form that is written pays nothing."""
    if later.kind == "sign" and any(map(MONEY.search, before.things)):
        return False
    return later.kind != "phone" or before.kind not in _HANDING_OVER or not any(map(PAPERS.search, before.things))


def _are_two(before: Candidate, later: Candidate) -> bool:
    """Whether two sentences of one turn leave two things to do: 신청을 올리고 …, 결과는 문자로 …; each of its own kind and thing."""
    kinds = {before.kind, later.kind}
    told_apart = len(kinds) == 2 and not kinds & {"", "talk"} and bool(before.things) and bool(later.things)
    if before.who is not later.who and before.kind != later.kind:
        return True  # 오늘 심사 넣겠습니다. 심사팀에서 결과를 …
    shared = {thing for thing in before.things & later.things if thing not in f"{before.desk} {later.desk}"}
    return (told_apart or before.who is not later.who) and not shared


def _no_other_time(before: Candidate, later: Candidate) -> bool:
    return before.due is None or later.due is None or _same_hour(before.due, later.due)


def _same_hour(one: Found, other: Found) -> bool:
    """Whether one tells no other time than the other: 오늘 다섯 시까지, 다섯 시 전에."""
    words, others = (
        set(re.findall(r"[가-힣0-9]+", re.sub(r"까지|전에|전|쯤|정도|안에|(?<=[일주달월])에", "", found.said))) for found in (one, other)
    )
    return words <= others or others <= words


def _is_the_same(before: Candidate, later: Candidate) -> bool:
    """Whether two sentences are about one thing to do: in one turn, an answer to what was asked for, or a thing said again."""
    if (before.who is Who.CALLER) is not (later.who is Who.CALLER):
        return False
    if before.turn == later.turn:
        return not _are_two(before, later)
    if _IF_ANY.search(before.what) and before.by_caller and before.kind == later.kind == "send" and later.turn - before.turn <= BESIDE:
        return True  # 적힌 게 있으면 메일로 주세요. 산출 안내문을 보내 드릴게요
    if _CALLS_AGAIN.search(later.what) and later.turn - before.turn <= LATEST_ANSWER:
        return "전화" in before.what or "연락" in before.what  # 담당자가 여섯 시 전에 전화드리게 … 네, 꼭 연락드리도록 전달하겠습니다
    if later.by_caller and before.kind == "report" and later.kind == "phone" and _EMERGENCY.search(later.what):
        return later.turn - before.turn <= LATEST_ANSWER  # 일일이에 신고하세요. 옆집 가서 일일이에 전화할게요
    if before.kind == "go" == later.kind and before.by_caller and later.by_caller and later.turn - before.turn <= LATEST_ANSWER:
        return not before.things  # 화요일에 갈 수 있어요 … 신분증이랑 통장 가지고 갈게요
    if later.kind == "phone" and not later.by_caller and not before.by_caller and _HELP.search(before.what):
        return False  # 109를 안내해 드릴게요 … 제가 저녁에 다시 전화드리겠습니다
    if before.forbids is not later.forbids or (_ALSO.search(later.what) and not _ALSO.search(before.what)):
        return False
    if _takes_up(before, later):
        return True
    if before.is_needed and later.kind in _HANDING_OVER:
        return later.turn - before.turn <= LATEST_ANSWER and (not later.things or bool(before.things & later.things))
    apart, alike = later.turn - before.turn, bool(before.kind) and before.kind == later.kind
    if later.by_caller and later.act is Act.ASKED and _CALLS_ALONE.match(later.what) and later.due is None and before.kind == "phone":
        return not before.by_caller and apart <= LATEST_ANSWER  # 담당자가 내일 전화드립니다. 꼭 연락 주세요
    if before.who is not later.who and (later.hangs or not (alike and before.things & later.things)):
        return False  # the agent's message, the desk's call
    if before.act is Act.ASKED and later.act is Act.PROMISED and apart <= 2 and _go_together(before, later):
        return not (before.names_a_thing and later.names_a_thing) or bool(before.things & later.things)
    if before.act is Act.PROMISED and later.act is Act.ASKED and apart <= 2 and alike:
        return not (before.names_a_thing and later.names_a_thing) or bool(before.things & later.things)
    if before.act is Act.PROMISED and before.by_caller and later.act is Act.ASKED and apart == 1 and before.due and later.due:
        return _same_hour(before.due, later.due)  # 금요일에 넣을게요. 네, 금요일까지 입금해 주시면 됩니다.
    if before.act in (Act.OFFERED, Act.ACCEPTED) and later.act is Act.PROMISED and apart <= 4 and alike:
        return True
    if before.act is Act.ACCEPTED and later.act is Act.ASKED and apart <= BESIDE and alike:
        return True  # 그럼 그것만 내면 돼요? 네, 다시 올려 주세요.
    if apart <= 4 and alike and not later.names_a_thing:
        return True
    if apart <= MOVED_WITHIN and alike and before.by_caller and later.by_caller and before.act is later.act is Act.PROMISED:
        moved = before.due is not None and later.due is not None and not _same_hour(before.due, later.due)
        if moved and (not later.things or not before.things or later.things & before.things):
            return True  # 내일 보낼게요 … 아니 금요일에 보낼게요
    if later.things and later.things <= _OF_ALL_KINDS and apart <= 6 and {before.kind, later.kind} <= _HANDING_OVER and before.things:
        return before.who is later.who  # 사업자 등록증하고 사진을 주시면 … 서류를 이십사 일까지 주시면
    shared = (before.words & later.words) - _OF_ANY_DEED
    return len(shared) >= 2 or (bool(shared) and shared in (before.words, later.words))
