"""The things that are named in a turn: every group of nouns, where it stands, and what can be seen of it.

A deed often does not say of what it is done (네, 바로 발송해 드리겠습니다): the thing was named before, by either side. Which of the things
named is meant, weights over what can be seen tell (``models.actions.antecedent``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from models.actions.sentences import asks, sentences
from models.summarizer.conversation import Turn
from models.summarizer.own_words import Shortener, word_set

_NOUNS = frozenset(("NNG", "NNP", "SL", "SN", "NR", "XSN", "XPN", "NNB", "XR", "SW"))
_HEADS = frozenset(("NNG", "NNP", "SL", "XSN"))
_LINKS = frozenset(("의", "와", "과", "랑", "이랑", "하고"))
# Groups that name no thing to do something with.
_NEVER = word_set(
    "고객 고객님 상담원 상담사 선생님 어르신 보호자 사장님 성함 생년월일 본인 확인 감사 말씀 전화 통화 연락 회신 안내 "
    "오늘 내일 모레 어제 지금 이번 다음 오전 오후 저녁 아침 시간 하루 나중 이따 이따가 먼저 그때 직접 다음날 당일 반차 정도 때 "
    "분 번 일 시 개 명 달 년 주 원 만 거 것 수 데 중 전 후 뒤 안 건 김 대로 동안 상담 문의 도움 잠시 잠깐 부탁 생각 걱정 이유 때문 "
    "경우 하나 처리 발송 접수 등록 조회 진행 문자 메일 이메일 팩스 우편 등기 카톡 알림톡"
)
_DEEDS = word_set(
    "해지 해약 취소 철회 가입 환급 청구 접수 신청 지급 견인 출동 신고 변경 합의 심사 수리 조사 입원 수술 퇴원 진료 납입 입금 출금 "
    "이체 갱신 정정 삭제"
)
_TIMES = word_set("김 때 후 전 뒤 대로 동안 적")
_MOMENTS = word_set("오늘 내일 모레 어제 지금 이번 다음 오전 오후")
_WAYS = word_set("문자 메일 이메일 팩스 우편 등기 카톡 알림톡")
_SHORTEST = 2
_LONGEST = 24  # characters


@dataclass(frozen=True)
class Mention:
    """A thing as it was named: its words, the turn, the last noun, the particle after it, and what the clause does with it.

    ``said`` is its sentence, ``among`` how many things that sentence names.
    """

    text: str
    turn: int
    by_caller: bool
    head: str
    nouns: frozenset[str]
    particle: str
    verb: str
    asked: bool
    said: str = ""
    among: int = 1
    start: int = field(compare=False, default=0)


def named_in(text: str, shortener: Shortener) -> list[Mention]:
    """The things named in a text that is no turn of a call."""
    return list(mentions(Turn(0, True, text), shortener))


def mentions(turn: Turn, shortener: Shortener) -> Iterator[Mention]:
    """The things named in a turn, in the order said."""
    for sentence in sentences(turn.text, shortener):
        tokens = shortener.tokens(sentence)
        named = [(first, end, found) for first, end in groups(tokens) if (found := _mention(sentence, tokens, first, end)) is not None]
        for first, end, (words, head, nouns) in named:
            following = tokens[end] if end < len(tokens) else None
            yield Mention(
                text=words,
                turn=turn.number,
                by_caller=turn.by_caller,
                head=head,
                nouns=nouns,
                particle=following.form if following is not None and following.tag.startswith("J") else "-",
                verb=_verb_after(tokens, end),
                asked=asks(sentence),
                said=sentence,
                among=len(named),
                start=max(tokens[first].start, sentence.find(words, tokens[first].start)),
            )


def groups(tokens: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """Where groups of nouns stand, from and to: nouns one after the other, joined by 의 or 하고, and a word that describes them."""
    place = 0
    while place < len(tokens):
        if tokens[place].tag not in _NOUNS or (tokens[place].tag == "NNB" and tokens[place].form == "데"):
            place += 1
            continue
        end = place
        while end < len(tokens) and (tokens[end].tag in _NOUNS or _links(tokens, end)):
            end += 1
        if end < len(tokens) and tokens[end].tag.startswith("XS") and tokens[end].tag != "XSN":
            end -= 1  # 발송하다: its noun belongs to the verb
        if end - 2 > place and tokens[end - 1].form in _WAYS and tokens[end - 2].form in _LINKS:
            end -= 2  # 증명서랑 위임장이랑 팩스로
        if end > place:
            yield _described(tokens, place), end
        place = max(end, place) + 1


def _links(tokens: Sequence[Any], place: int) -> bool:
    """Whether a particle joins two nouns (영수증하고 진단서)."""
    joins = tokens[place].form in _LINKS and tokens[place].tag in ("JKG", "JC", "JKB")
    return joins and place + 1 < len(tokens) and tokens[place + 1].tag in _NOUNS


def _described(tokens: Sequence[Any], first: int) -> int:
    """A word before a group that tells which one is meant (깨진 부분 사진), as long as nothing else hangs on that word."""
    if first > 1 and tokens[first - 1].tag == "ETM":
        verb = first - 2
        while verb > 0 and tokens[verb].tag in ("EP", "XSV", "XSA"):
            verb -= 1
        while verb > 0 and tokens[verb].tag == tokens[verb - 1].tag == "NNG":
            verb -= 1  # 접수 신청하신 서류
        if verb > 1 and tokens[verb - 1].tag == "JKS" and tokens[verb - 2].tag in _HEADS and tokens[verb].tag == "VV":
            verb -= 2  # 시행일이 적힌 소견서
            while verb > 0 and tokens[verb - 1].tag in _HEADS:
                verb -= 1
            return verb
        alone = verb == 0 or tokens[verb - 1].tag in ("EC", "EF", "SP", "SF", "MAJ", "IC", "JX", "JKS")
        if alone and tokens[verb].tag.startswith(("VV", "VA", "NNG")):
            return verb
    if first > 0 and tokens[first - 1].tag == "MM" and tokens[first - 1].form in ("새", "다른", "첫"):
        return first - 1
    return first


def _mention(sentence: str, tokens: Sequence[Any], first: int, end: int) -> tuple[str, str, frozenset[str]] | None:
    while end - 1 > first and tokens[end - 1].form in _WAYS and tokens[end - 2].tag in _HEADS:
        end -= 1  # 추가 보험료 메일로: by what way it is sent is none of the thing
    while first < end - 1 and (
        tokens[first].form in _MOMENTS or tokens[first].form == "대로" or any(token.form == "때" for token in tokens[first : end - 1])
    ):
        first += 1  # 오늘 청약서, 퇴원하실 때 진단서
    while end - 1 > first and tokens[end - 1].form in _MOMENTS:
        end -= 1  # 등기부등본 내일 오전에 떼서
    if tokens[end - 1].form in _TIMES:
        return None  # 가는 김에, 나가기 전에
    heads = [token for token in tokens[first:end] if token.tag in _HEADS]
    nouns = frozenset(token.form for token in heads if token.form not in _NEVER and len(token.form) >= _SHORTEST)
    if not nouns or heads[-1].form in _NEVER or (len(heads) == 1 and heads[-1].form in _DEEDS):
        return None
    while first and tokens[first].tag == "NNB" and tokens[first - 1].tag in ("MM", "NR"):
        first -= 1  # 두 대 가입증명서, 세 명 서류 목록
    cut = first and tokens[first - 1].tag in ("IC", "MM") and tokens[first - 1].end == tokens[first].start
    # 예상표, taken for 예 and 상표; 세극등 for 세 and 극등
    begin = tokens[first - 1 if cut else first].start
    words = re.sub(r"\s+", " ", sentence[begin : tokens[end - 1].end]).strip()
    return (words, heads[-1].form, nouns) if _SHORTEST <= len(words) <= _LONGEST else None


def _verb_after(tokens: Sequence[Any], place: int) -> str:
    """The verb of the clause that a group stands in."""
    for at in range(place, min(len(tokens), place + 6)):
        token = tokens[at]
        if token.tag.startswith(("VV", "VA", "VCP")):
            return str(token.form)
        if token.tag in ("XSV", "XSA") and at:
            return f"{tokens[at - 1].form}하"
    return ""
