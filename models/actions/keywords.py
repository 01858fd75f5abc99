"""How likely a call's summary names each of its words: the few that tell what it is about.

    고객: 여섯 달만 쉬게 해 주세요   상담원: 변액연금 납입유예 신청서를 …     → 변액연금 0.6, 납입유예 0.4, 주소 0.02

A summary names a fifth of the nouns that its call names. Which ones, a logistic regression tells by what can be seen of each word: who says
it, how often, since when, with which particle and verb, whether the request has it, whether anybody denies it. It is learnt from what
writers say that their calls are about (``models.recipe.actions_recipe``).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from models.actions.candidates import MONEY, PAPERS
from models.actions.matter import said_back
from models.actions.sentences import asks, sentences
from models.actions.topics import DENIAL, ENDS_WITH_ACT, ENDS_WITH_OBJECT, NO, OF_THE_TRADE
from models.actions.weighed import Weighed
from models.summarizer.conversation import Conversation, Turn
from models.summarizer.own_words import Shortener, word_set

_SHORTEST = 2
_NOUNS = frozenset(("NNG", "NNP", "SL", "XPN", "XR"))
# What every call names, and what a note names anyway.
_OF_ANY_CALL = word_set(
    "고객 고객님 요청 희망 문의 여부 방법 안내 확인 필요 관련 보험 전화 연락 말씀 경우 진행 처리 오늘 내일 상담 상담원 지금 번호 이번 다음 "
    "성함 생년월일 이름 감사 죄송 보험사 회사 정도 때문 문자 하나 뒷자리 앞자리"
)
_WISHES = re.compile(r"싶|려고|해 ?[주달]|요청|[할될]까|되나|될까|원하|바꾸|필요|문의|알고")
_VERB_WITHIN = 4  # morphemes behind a word in which its verb is looked for


@dataclass(frozen=True)
class _Said:
    """A word where it was said: its sentence's morphemes, and where it begins and ends among them."""

    turn: Turn
    sentence: str
    tokens: Sequence[Any]
    first: int
    end: int


def words_in(text: str, shortener: Shortener) -> Iterator[tuple[str, Sequence[Any], int, int]]:
    """The nouns of a text, those written together as one word, and where they stand among its morphemes."""
    tokens = shortener.tokens(text)
    place = 0
    while place < len(tokens):
        end = place
        while end < len(tokens) and tokens[end].tag in _NOUNS and (end == place or tokens[end].start == tokens[end - 1].end):
            end += 1
        if end > place:
            word = text[tokens[place].start : tokens[end - 1].end]
            if len(word) >= _SHORTEST and word not in _OF_ANY_CALL:
                yield word, tokens, place, end
        place = max(end, place + 1)


def signs(conversation: Conversation, request: str, shortener: Shortener) -> dict[str, tuple[str, ...]]:
    """What can be seen of each word of a call."""
    turns = [turn for turn in conversation if turn.text]
    said: dict[str, list[_Said]] = defaultdict(list)
    for turn in turns:
        for sentence in sentences(turn.text, shortener):
            for word, tokens, first, end in words_in(sentence, shortener):
                said[word].append(_Said(turn, sentence, tokens, first, end))
    for word, *_ in words_in(request, shortener):
        said.setdefault(word, [])  # the trade's name of what was said: 변경 of 바꾸다
    seen = _Seen(turns, request, " ".join(said_back(conversation, shortener)).replace(" ", ""))
    return {word: tuple(dict.fromkeys(seen.of(word, places))) for word, places in said.items()}


class _Seen:
    """A call as the signs of its words need it."""

    def __init__(self, turns: Sequence[Turn], request: str, back: str) -> None:
        self._answers = {one.number: other.text for one, other in pairwise(turns)}
        self._last = turns[-1].number if turns else 0
        self._request, self._back = request.replace(" ", ""), back
        self._asked_last = request.rpartition(", ")[2].replace(" ", "")
        self._subject = request.rpartition(" 관련, ")[0].replace(" ", "")

    def of(self, word: str, places: Sequence[_Said]) -> Iterator[str]:
        """The signs of a word that was said in such places."""
        by_caller = min(2, sum(place.turn.by_caller for place in places))
        by_agent = min(2, len(places) - sum(place.turn.by_caller for place in places))
        yield from (f"word {word}", f"end {word[-1]}", f"end {word[-2:]}", f"long {min(len(word), 6)}", f"said {by_caller} {by_agent}")
        if places:
            first, last = places[0].turn.number, places[-1].turn.number
            yield from (f"first {min(first, 8)}", f"left {min(self._last - last, 4)}", f"through {min((last - first) // 2, 5)}")
        requested = word in self._request
        if requested:
            yield from ("requested", f"requested {by_caller} {by_agent}", f"requested end {word[-2:]}")
        if word in self._asked_last:
            yield "requested last"
        if word in self._subject:
            yield "subject"
        if word in self._back:
            yield "said back"
        kinds = (("trade", OF_THE_TRADE), ("paper", PAPERS), ("money", MONEY), ("act", ENDS_WITH_ACT), ("object", ENDS_WITH_OBJECT))
        for name, kind in kinds:
            if kind.search(word):
                yield from (name, f"{name} {'requested' if requested else 'not requested'}")
        for place in places:
            yield from self._where(place)

    def _where(self, place: _Said) -> Iterator[str]:
        who = "C" if place.turn.by_caller else "A"
        tokens, end = place.tokens, place.end
        answer = self._answers.get(place.turn.number, "")
        if DENIAL.match(place.sentence, tokens[end - 1].end):
            yield f"denied {who}"
        if not place.turn.by_caller and asks(place.sentence):
            yield "asked, no" if NO.match(answer) else "asked"
        if _WISHES.search(place.sentence):
            yield f"wished {who}"
        if end < len(tokens):
            following = tokens[end]
            yield f"before {who} {following.form if following.tag.startswith(('J', 'XS', 'VCP')) else following.tag}"
            if following.tag.startswith("N"):
                yield f"before noun {following.form}"
        if place.first and tokens[place.first - 1].tag.startswith("N"):
            yield f"after noun {tokens[place.first - 1].form}"
        for token in tokens[end : end + _VERB_WITHIN]:
            if token.tag.startswith(("VV", "VA")):
                yield f"verb {who} {token.form}"
                break
            if token.tag in ("XSV", "XSA"):
                yield f"verb {who}"
                break


def likelihoods(conversation: Conversation, request: str, shortener: Shortener, weighed: Weighed) -> dict[str, float]:
    """How likely a summary names each word of a call."""
    return {word: weighed.likelihood(seen) for word, seen in signs(conversation, request, shortener).items()}
