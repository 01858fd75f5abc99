"""A thing to do in words that say by themselves what is to be done, each of them said in the call.

    네, 통화 끊고 바로 발송해 드리겠습니다    → 가입증명서 발송               the thing was named ten turns before
    그거 엑셀로 메일 한번 보내 주세요          → 피보험자 명단을 엑셀로 메일 한번 보내기
    모레까지 계산해서 전화드리겠습니다         → 계산해서 전화드리기 (감액완납하면 보장금액이 얼마인지 문의)

Where the sentence names no thing, or points at one (그거), the thing named in the call that weights find likeliest takes its place; a bare
noun (번호, 목록) takes the fuller words that were said of it. Where none is likely enough, the caller's request stands behind the deed.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from models.actions.candidates import Candidate
from models.actions.mentions import Mention, mentions, named_in, times_named
from models.actions.weighed import Weighed
from models.summarizer.conversation import Conversation
from models.summarizer.own_words import Shortener, word_set

LATEST = 24  # turns back in which a thing is looked for; one may also be named in the answer
# After a group of nouns that the verb does something to; none is as good as 을.
_OF_AN_OBJECT = word_set("을 를 은 는 도 만 이 가 - 하고 랑 이랑 부터 이나 나")
_GOING = word_set("가 오 들르 나가 나오 들어가 들어오 다니 내려가 올라가 찾아가 다녀오")  # 병원 가서: a place without its particle
_POINTER = re.compile(r"(?<!\S)(?:그|이|저|요|고)(?:거|것|건|걸)(?:를|은|는|도|만|부터|랑|)(?!\S)")
_POINTING_WORD = re.compile(r"(?<!\S)(?:그|이|저)\s(?=[가-힣])")
_BY_TELEPHONE = re.compile(r"(?:(?:다시|꼭|직접|한 ?번 더|바로|제가)\s)*(?:전화|연락|통화|회신)\S*(?:\s(?:한번\s)?(?:드리기|주기|하기))?$")
_BARE = 1  # nouns of a group that may be told more fully, and of a deed that tells too little by itself
_HANDED_OVER = frozenset(("send", "hand in", "take", "sign", "pay"))


@dataclass(frozen=True)
class Told:
    """A call as wording needs it: the things named in it, and its request (empty where it is not known)."""

    conversation: Conversation
    shortener: Shortener
    request: str = ""

    @cached_property
    def things(self) -> Sequence[Mention]:
        """What is named, in the order said; looked for once, and only where something lacks a thing."""
        return mentions(self.conversation, self.shortener)

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How often each is named."""
        return times_named(self.things)

    @cached_property
    def requested(self) -> frozenset[str]:
        """The nouns of the request."""
        return frozenset(noun for one in named_in(self.request, self.shortener) for noun in one.nouns)


def worded(one: Candidate, told: Told, model: Weighed) -> str:
    """The deed with what it is done to."""
    what = re.sub(r"\s+", " ", _POINTER.sub("", _without_desk(one))).strip() or one.what
    own = named_in(what, told.shortener)
    objects = [group for group in own if _is_object(group, what)]
    if objects:
        what = _fuller(what, objects[-1], one, told)
    elif one.kind in _HANDED_OVER and (thing := likeliest(one, told, model)) is not None:
        return _with_thing(what, thing)
    return what if _tells_enough(what, told.shortener) or not told.request else f"{what} ({told.request})"


def _without_desk(one: Candidate) -> str:
    """The deed without its subject, where that is the desk that it is told of anyway (보상 담당자가 진행 상황을 알리기)."""
    rest = re.sub(rf"^{re.escape(one.desk)}(?:님)?(?:이|가|께서|에서)\s+", "", one.what) if one.desk else ""
    return rest or one.what


def _is_object(group: Mention, what: str) -> bool:
    """Whether something is done to a group of nouns: not where its noun is the deed itself (… 발송), nor a place to go to."""
    return group.particle in _OF_AN_OBJECT and not _is_deed(group, what) and not (group.particle == "-" and group.verb in _GOING)


def _is_deed(group: Mention, what: str) -> bool:
    return group.start + len(group.text) == len(what)


def _tells_enough(what: str, shortener: Shortener) -> bool:
    """Whether a deed says by itself what is done: to what, in more than one noun, or a number to call; and it points at nothing."""
    groups = named_in(what, shortener)
    nouns = [noun for group in groups if _is_object(group, what) for noun in group.nouns]
    nouns += [noun for group in groups if _is_deed(group, what) for noun in group.nouns - {group.head}]
    return (len(set(nouns)) > _BARE or re.search(r"\d{3}", what) is not None) and not _POINTING_WORD.search(what)


def likeliest(one: Candidate, told: Told, model: Weighed) -> Mention | None:
    """The thing that a deed is most likely done to; None where none is likely enough."""
    sure = [(model.likelihood(thing_signs(one, thing, told)), -place, thing) for place, thing in enumerate(reachable(one, told))]
    best = max(sure, key=lambda found: found[:2], default=None)
    return best[2] if best is not None and best[0] >= model.threshold else None


def reachable(one: Candidate, told: Told) -> list[Mention]:
    """The things that may be meant, the latest first: not those that the deed names itself."""
    own = one.what.replace(" ", "")
    return [
        thing
        for thing in reversed(told.things)
        if -1 <= one.turn - thing.turn <= LATEST and not (thing.turn == one.turn and thing.text.replace(" ", "") in own)
    ]


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
    yield f"times {min(told.counts[thing.head], 4)}"
    yield f"nouns {min(len(thing.nouns), 3)}"
    yield f"{'asked' if thing.asked else 'said'}"
    if thing.nouns & told.requested:
        yield "requested"
        yield f"{kind} requested"


def _apart(turns: int) -> str:
    return str(turns) if turns <= 4 else "5-8" if turns <= 8 else "9-14" if turns <= 14 else "15+"


def _fuller(what: str, bare: Mention, one: Candidate, told: Told) -> str:
    """The deed with a bare noun of its told as fully as it was told before: 목록 as 청구 서류 목록, 그 번호 as 팩스 번호."""
    if len(bare.nouns) > _BARE or " " in bare.text:
        return what
    for thing in reachable(one, told):
        if thing.head == bare.head and thing.text.endswith(bare.text) and len(thing.nouns) > _BARE:
            before = _POINTING_WORD.sub("", what[: bare.start])
            return f"{before}{thing.text}{what[bare.start + len(bare.text) :]}"
    return what


def _with_thing(what: str, thing: Mention) -> str:
    if _BY_TELEPHONE.match(what):
        return f"{what} ({thing.text})"
    if " " not in what and not what.endswith("기"):
        return f"{thing.text} {what}"  # 가입증명서 발송
    return f"{thing.text}{_object_particle(thing.text)} {what}"


def _object_particle(word: str) -> str:
    """을 after a closed syllable, 를 else.

    >>> _object_particle("사진"), _object_particle("영수증 사본"), _object_particle("서류")
    ('을', '을', '를')
    """
    last = word[-1]
    return "을" if "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 else "를"
