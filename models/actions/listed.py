"""The papers that an agent lists for a claim or a change, all of them, wherever in the call he does.

    상담원: 진단서하고 입퇴원 확인서요 …  네 그리고 위임장하고 가족관계증명서가 필요한데요    고객: 제가 모아서 우편으로 보낼게요
        → 진단서, 입퇴원 확인서, 위임장, 가족관계증명서를 모아서 우편으로 발송

A caller says that he will send it all; an agent's list is told whole, since half a list sends nobody to the right counter.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.actions.mentions import groups
from models.actions.sentences import sentences
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.own_words import Shortener

LONGEST = 70  # characters of a list
ASKED_WITHIN = 4  # turns between the caller's question and the list that answers it
_PAPER = re.compile(
    r"(?:(?<!인)(?<!보)증|증명서|확인서|진단서|소견서|결과지|기록지|기록부|판독지|영수증|내역서|위임장|등본|초본|대장|원부|기록|차트|동의서|계약서|견적서"
    r"|사본|원본|통장|인감|사진|영상|명단|명부|내역|처방전|고지서|여권|등기부|배치도|평면도|약도)$"
)
_SMALL_WORDS = frozenset(("사본", "원본", "사진", "영상"))
_NOT_HANDED_IN = frozenset(("양식", "목록", "링크", "서식", "안내문", "안내", "신청서", "용지", "파일"))
_JOINED = re.compile(r"(?<=[가-힣])(?:하고|이?랑|와|과|,)\s|\s(?:그리고|및)\s")
_LAST_JOINT = re.compile(r"(?:하고|이?랑)$")
_NEEDED = re.compile(
    r"필요|있어야|있으(?:시)?면 (?:되|돼|됩|빨|도움)|내셔야|주셔야|떼셔야|준비해|챙겨|챙기|제출|첨부"
    r"|올려 주|올리시|보내 주|가지고 (?:오|가)|가져오|주시면|나와야|있으면 같이"
)
_ASKED = re.compile(r"뭐|뭘|무슨|어떤|무엇|필요|서류|어떻게|내야|떼|있어야|내면")
_BARE_LIST = re.compile(r"(?:서|증|장|부|지|진|본|록|트|증명)(?:요|이요|입니다|이에요|예요|도요|이고요|고요|이랑요)?[.\s]*$")
_SENDS = re.compile(r"(?:보내|넣어|발송해|부쳐) ?(?:드리|드릴|드려)|드릴게|드리겠|회신드")
_NOT_SO = re.compile(r"필요 ?없|안 ?[가-힣]{0,3}셔도|안 ?(?:되|돼|됩|내)|말고|아니|없으시면")
_INSTEAD = re.compile(r"(?:서|증|장) 대신|(?:로|서)도 (?:되|돼|됩)")
_OF_ANYTHING = frozenset(("사진", "영상", "원본", "사본"))
_STRAY = re.compile(r"^(?:그|이|저|제|저희|우리|다음|먼저|그리고|일단|혹시|처음|본인|고객님|분) ")


@dataclass(frozen=True)
class Listed:
    """Papers that an agent listed in one turn."""

    turn: int
    papers: tuple[str, ...]


def lists(conversation: Conversation, shortener: Shortener) -> list[Listed]:
    """The lists of a call, in the order said."""
    turns = [turn for turn in conversation if turn.text]
    found = ((turn, tuple(dict.fromkeys(_papers(turn, place, turns, shortener)))) for place, turn in enumerate(turns) if not turn.by_caller)
    return [Listed(turn.number, papers) for turn, papers in found if papers]


def _papers(turn: Turn, place: int, turns: Sequence[Turn], shortener: Shortener) -> Iterator[str]:
    asked = any(other.by_caller and _ASKED.search(other.text) for other in turns[max(0, place - ASKED_WITHIN) : place])
    for sentence in sentences(turn.text, shortener):
        for part in re.split(r"(?:(?<=주시면)|(?<=[가-힣])(?:[는은인한]데요?|고요|으며)) ", sentence):
            if _SENDS.search(part) or _NOT_SO.search(part) or _INSTEAD.search(part):
                continue
            if _NEEDED.search(part) or (asked and _BARE_LIST.search(part)) or (asked and _NEEDED.search(sentence) and part != sentence):
                yield from _named(part, shortener)


def _named(part: str, shortener: Shortener) -> Iterator[str]:
    tokens = shortener.tokens(part)
    for first, end in groups(tokens):
        for piece in _JOINED.split(part[tokens[first].start : tokens[end - 1].end]):
            yield from _one_by_one(_LAST_JOINT.sub("", piece).split())


def _one_by_one(words: Sequence[str]) -> Iterator[str]:
    """Papers that are named one behind the other: 영수증 수술 전후 사진."""
    begin = 0
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if not _PAPER.search(word) or following in _SMALL_WORDS or following in _NOT_HANDED_IN:
            continue
        name = _STRAY.sub("", " ".join(words[begin : place + 1]))
        begin = place + 1
        if not _NOT_HANDED_IN & set(name.split()):
            yield name


def of_all(found: Sequence[Listed]) -> tuple[str, ...]:
    """The papers of several lists, each once by its fullest name; a picture that nobody says of what only beside other papers."""
    named = list(dict.fromkeys(paper for one in found for paper in one.papers))
    named = [one for one in named if one not in _OF_ANYTHING or any(one in other.papers and len(other.papers) > 1 for other in found)]
    return tuple(one for one in named if not any(one != other and other.endswith(one) for other in named))


def told(papers: Sequence[str]) -> str:
    """A list as it is told; where it is too long, how many more there are."""
    whole, kept = ", ".join(papers), list(papers)
    while len(whole) > LONGEST and len(kept) > 1:
        kept = kept[:-1]
        whole = f"{', '.join(kept)} 등 {len(papers)}가지"
    return whole
