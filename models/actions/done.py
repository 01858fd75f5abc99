"""What of the things to do is done, or becomes another, before the call ends.

지금 막아 놓겠습니다 … 네, 막았습니다                     done
링크 지금 보내 드릴게요 … 왔다                            done
서류를 받아서 보내 주세요 … 서류는 담당자가 요청하는 거로 바꾸겠습니다     changed
"""

import re
from collections.abc import Sequence
from itertools import takewhile

from models.actions.action import Who
from models.actions.acts import Act, done
from models.actions.candidates import Candidate, done_in
from models.actions.sentences import asks, sentences
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.own_words import Shortener
from models.summarizer.syllables import SS, any_with

SOON = 6  # turns in which what is done at once is told to be done
_PAST = re.compile(rf"(?![있겠]){any_with(SS)}")
_ARRIVED = re.compile(
    r"^(?:(?:네|예|아|어|오|응|바로|벌써|금방|방금|지금|이 자리(?:에)?서)[,. ]+)*"
    r"(?:(?:문자|링크|카톡|메일) ?)?(?:왔(?:다|네|어|습|구)|도착했|들어왔)"
)
# It is done as it was asked for, whatever it was: 네, 처리됐습니다. 접수했습니다.
_DONE_NOW = re.compile(
    rf"(?:^|[.?!] ?|(?<!\S)(?:네|예|지금|바로)[,]? )(?:(?:다|모두|같이|지금|바로) )*[가-힣 ]*(?![있겠]){any_with(SS)}습니다"
)
_ALL_DONE = re.compile(
    r"^(?:네|예)?[,. ]*(?:다 |모두 |지금 )*(?:처리|완료|등록|변경|접수|취소)(?:가|를|도)? ?(?:다 )?(?:완료)?(?:했|됐|되었|됐)습니다"
)
_WAIVED = re.compile(r"(?<!\S)안 ?[가-힣]{0,3}셔도|필요 ?없")
_CHANGED = re.compile(r"(?:는|을) (?:거|것|걸)로 (?:바꾸|바꿔|변경)")
_PAPERS_OF_ALL_KINDS = "서류"
_ASIDE = re.compile(r"잠깐만|잠시만|옆에(?:서| )|뭐라 ?(?:하|그러)|물어보(?:세요|시네|네요)")
_TO_TELL = re.compile(r"(?:라고|다고) ?(?:꼭 |좀 )?(?:전하|말씀드리|말하)기$")


def is_done(one: Candidate, conversation: Conversation, shortener: Shortener) -> bool:
    """Whether it is said to be done, or to have arrived, soon after: by who does it, in the same verb and of no other thing."""
    if one.who is Who.OTHER_DESK:
        return False
    later = [turn for turn in conversation if one.turn < turn.number <= one.turn + SOON and turn.text]
    if one.who is Who.AGENT and one.kind == "send" and any(turn.by_caller and _ARRIVED.search(turn.text) for turn in later):
        return True
    if (
        one.who is Who.AGENT
        and one.kind == "enter"
        and one.act is not Act.ARRANGED
        and any(not turn.by_caller and _ALL_DONE.match(turn.text) for turn in later)
    ):
        return True
    doers = [turn for turn in later if turn.by_caller is (one.who is Who.CALLER) and _PAST.search(turn.text)]
    return any(_says_so(turn, one, shortener) for turn in doers)


def _says_so(turn: Turn, one: Candidate, shortener: Shortener) -> bool:
    named = one.verb.removesuffix("하")
    if named not in ("", one.verb) and re.search(rf"{named}(?:이|가|는|은)? ?(?:들어갔|됐|되었|끝났|마쳤)", turn.text):
        return True  # 신고 들어갔고
    if named not in ("", one.verb) and any(_did_on_the_way(named, said) for said in sentences(turn.text, shortener)):
        return True  # 대출 신청 취소하고 거래 정지까지 지금 등록했습니다
    for sentence in sentences(turn.text, shortener):
        if _PAST.search(sentence) and not asks(sentence):
            tokens = shortener.tokens(sentence)
            verb = done(tokens)
            if verb is not None and _is_the_deed(*done_in(tokens, verb), one):
                return True
    return False


def _did_on_the_way(named: str, sentence: str) -> bool:
    """Whether a deed is told to be done before another one that is."""
    first = re.search(rf"{named}하고 ", sentence)
    return first is not None and _PAST.search(sentence, first.end()) is not None and not asks(sentence)


def _is_the_deed(verb: str, kind: str, things: frozenset[str], one: Candidate) -> bool:
    if one.by_caller and one.who is Who.AGENT:
        return verb == one.verb  # the caller's request: 통장만 바꿔 주세요 … 기업은행으로 나가도록 바꿔 드렸습니다
    return (verb == one.verb or (kind == "send" == one.kind)) and (not things or not one.things or bool(things & one.things))


def is_answered(one: Candidate, said: Sequence[Candidate], conversation: Conversation) -> bool:
    """Whether what the caller asked for is answered otherwise than with a promise: it is done (접수했습니다), or a desk does it."""
    if one.act is not Act.ASKED or not one.by_caller:
        return False
    answers = list(takewhile(lambda turn: not turn.by_caller, (turn for turn in conversation if turn.number > one.turn and turn.text)))
    spoken = {turn.number for turn in answers}
    promised = [other for other in said if other.turn in spoken and other.act in (Act.PROMISED, Act.ARRANGED)]
    if any(other.who is Who.OTHER_DESK for other in promised):
        return True
    return not promised and any(_DONE_NOW.search(turn.text) for turn in answers)


def is_changed(one: Candidate, conversation: Conversation) -> bool:
    """Whether the agent says later that the caller need not do it or that it is done otherwise, or it is told at once to who stands by."""
    if one.who is not Who.CALLER or one.act is not Act.ASKED:
        return False
    before = next((turn.text for turn in reversed(conversation) if turn.number < one.turn and turn.text), "")
    if _TO_TELL.search(one.what) and _ASIDE.search(before):
        return True  # 엄마가 물어보세요. 조사만 하는 거라고 전해 주세요
    return any(_makes_another(turn.text, one) for turn in conversation if one.turn < turn.number and not turn.by_caller and turn.text)


def _makes_another(text: str, one: Candidate) -> bool:
    named = any(len(thing) > 1 and thing in text for thing in one.things)
    changed = _CHANGED.search(text) is not None and one.kind in ("hand in", "send", "take") and (named or _PAPERS_OF_ALL_KINDS in text)
    return changed or (named and _WAIVED.search(text) is not None)
