"""What a sentence commits somebody to, by its last predicate and ending (Kiwi's morphology).

보내 드릴게요, 보내 드리겠습니다, 보내도록 하겠습니다     PROMISED    who speaks
담당자가 전화드릴 거예요, 내일 입금됩니다                  ARRANGED    whoever the sentence names
전화드려도 될까요?                                        OFFERED     who speaks, if the other agrees
올려 주세요, 신고하시고요, 신고하셔야 해요, 가져오시면 됩니다  ASKED       who is spoken to
제가 내일까지 서명하면 되죠?                               ACCEPTED    who speaks
금요일까지는 보낼 수 있어요                                ABLE        who speaks
진단서하고 영수증이 필요합니다, 신고서가 꼭 있어야 해요       ASKED       who is spoken to, to have them ready
오실 때까지 따지 마세요, 매몰하시면 안 됩니다                ASKED       who is spoken to, to leave it (``forbids``)
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from models.summarizer.dialect import standard
from models.summarizer.own_words import without_politeness, word_set
from models.summarizer.syllables import NONE, L, N, final


class Act(StrEnum):
    """What a sentence does."""

    PROMISED = "promised"
    ARRANGED = "arranged"
    OFFERED = "offered"
    ASKED = "asked"
    ACCEPTED = "accepted"
    ABLE = "able"


@dataclass(frozen=True)
class Commitment:
    """An act and where the verb stands that tells what is done; ``through`` where somebody else is made to do it (보내라고 할게요),
    ``forbids`` where it is to be left (따지 마세요), ``needs`` where things are to be there (진단서가 필요합니다)."""

    act: Act
    verb: int
    through: bool = False
    forbids: bool = False
    needs: bool = False


_PROMISES = word_set("리다 으리다 ᆯ게 을게 ᆯ께 을께 ᆯ게요 을게요 ᆯ께요 을께요 께 으께 마 으마")
_FETCHED = word_set("떼 받 사 챙기 뽑")
_STATES = word_set("습니다 ᆸ니다 어요 아요 에요 예요 고요 고 네요 는데요 지요 죠 다 어 야 거든요")
_OFFERS = word_set("ᆯ까요 을까요 ᆯ까 을까")
MAKING = word_set("라고 으라고 라 으라 게")  # 보내라고 할게요: another is made to do it
_ORDERS = word_set("세요 으세요 시오 십시오 으십시오 ᆸ시오 라 어라 아라 셔요 세 읍시다 ᆸ시다")
# What nobody can be told to do: 보장이 안 되세요, 이삼 일 걸리세요.
_NO_ORDERS = word_set("계시 안녕하 되 돼 걸리 나오 모르 없 맞 들")
_NOT = word_set("못 안")
# What may be worth a morphological look at all; most sentences are not.
WORTH_A_LOOK = re.compile(
    r"겠|리다|[게께](?:요|예|유|에|여)?(?=[\s.,!?…]|$)|거(?:예|에|야)|겁니다|것(?:이|입)|예정|세요|셔요|시오|[야면] "
    r"|라네|랑게|심더|께예|테니|수 있|까요|시다|시고요|[께](?=[\s.,!?…]|$)|주[실시죠]|주지|[가-힣]니다|[돼가와내려해고죠쥬데]요|죠|필요"
)
_DIALECT = re.compile(r"(?<=[게께])(?:예|유|에|여)?$")
# 알려 주면 되는 거죠, and what a desk is said to do: 메일로 드린다고 합니다.
_DO_BY = re.compile(r"(?<=[면야] )([되하])는 (?:거|건|것)(?:이)?(?:죠|지요)$")
_IS_SAID_TO = re.compile(r"([가-힣])다고 (?:합니다|해요|하네요)$")
_INTENDS = re.compile(r"([가-힣])(?:께요?|라네|랑게요?|라요|란다)$")


def body(sentence: str) -> str:
    """A sentence as its predicate is read: final signs off, a dialect's ending as the standard language has it, and one that morphology
    takes for 것이 made plain.

    >>> body("놓을게."), body("모시고 가께예"), body("내일 넣겠심더"), body("문자로 보낼라네"), body("같이 왔네")
    ('놓을게요', '모시고 갈게요', '내일 넣겠습니다', '문자로 보낼게요', '같이 왔네')
    >>> body("알려 주면 되는 거죠?"), body("메일로 드린다고 합니다")
    ('알려 주면 되죠', '메일로 드릴 겁니다')
    """
    plain = _IS_SAID_TO.sub(_is_to, _DO_BY.sub(r"\1죠", re.sub(r"[\s.?!…~,]+$", "", standard(sentence).strip())))
    return _INTENDS.sub(_will, _DIALECT.sub("요", plain))


def _is_to(found: re.Match[str]) -> str:
    """드린다고 합니다 as 드릴 겁니다; after another final consonant it is a state (없다고 합니다)."""
    return f"{chr(ord(found[1]) + L - N)} 겁니다" if final(found[1]) == N else found[0]


def _will(found: re.Match[str]) -> str:
    """가께 and 갈라네 as 갈게요; after another final consonant it is no intention (먹을께 is 을께, 왔네)."""
    last = final(found[1])
    return found[0] if last not in (NONE, L) or (last == NONE and "께" not in found[0]) else f"{chr(ord(found[1]) + L - last)}게요"


def commitment(tokens: Sequence[Any], *, asked: bool) -> Commitment | None:
    """What a tokenized sentence commits to, None for one that commits nobody."""
    kept = without_politeness(tokens)
    last = next((i for i in range(len(kept) - 1, max(0, len(kept) - 6), -1) if kept[i].tag == "EF" or kept[i].form in _PROMISES), None)
    kept = kept if last is None else without_politeness(kept[: last + 1])  # 걸게요, 경찰에도
    if len(kept) < 2 or kept[-1].tag not in ("EF", "EC"):
        return None
    ending, place = kept[-1].form, len(kept) - 2
    marks: set[str] = set()
    while place >= 0 and kept[place].tag == "EP":
        marks.add(kept[place].form)
        place -= 1
    if place > 0 and "겠" in marks and kept[place].form in ("어야", "아야", "여야"):
        place -= 1  # 말씀드려야겠네요
    if place < 0 or marks & {"었", "았", "였"}:
        return None
    if kept[place].tag == "VCP":
        return _future(kept, place)
    if not kept[place].tag.startswith(("VV", "VX", "XSV", "XSA", "VA")):
        return None
    if not asked and (needed := _needed(kept, place)) is not None:
        return Commitment(Act.ASKED, needed, needs=True)
    found = _by_ending(kept, place, ending, marks, asked=asked)
    if found is None or _is_refused(kept, found):
        return None
    return replace(found, forbids=True) if found.act is Act.ASKED and _is_left(kept, found.verb) else found


def _needed(tokens: Sequence[Any], stem: int) -> int | None:
    """Where the predicate begins by which things are needed (필요하다, 있어야 되다); None for another one, or where no subject is named."""
    if tokens[stem].tag == "XSA" and tokens[stem - 1].form == "필요":
        begin = stem - 1
    elif tokens[stem].form in ("하", "되", "돼") and stem > 2 and tokens[stem - 1].form == "어야":
        begin = stem - 2
        while begin and tokens[begin].tag == "EP":
            begin -= 1
        if tokens[begin].form != "있":
            return None
    else:
        return None
    subject = begin - 1
    while subject > 0 and tokens[subject].tag == "MAG":
        subject -= 1
    return begin if subject > 0 and tokens[subject].tag in ("JKS", "JX") else None


def _is_left(tokens: Sequence[Any], verb: int) -> bool:
    """Whether the deed is to be left: 따지 말아 주세요, 가시면 안 됩니다."""
    after = [token.form for token in tokens[verb + 1 : verb + 5] if token.tag not in ("JX", "EP")]
    return after[:2] == ["지", "말"] or (after[:1] in (["면"], ["으면"]) and after[1:3] in (["안", "되"], ["안", "돼"]))


def done(tokens: Sequence[Any]) -> int | None:
    """Where the verb stands that a sentence says to have been done (막아 놓았습니다); None for another sentence, or one with 못 and 안."""
    kept = without_politeness(tokens)
    ending = next((place for place in range(len(kept) - 1, 1, -1) if kept[place].tag in ("EF", "EC")), 0)
    stem, marks = ending - 1, set[str]()
    while stem > 0 and kept[stem].tag == "EP":
        marks.add(kept[stem].form)
        stem -= 1
    if stem < 0 or not marks & {"었", "았", "였"} or marks & {"시", "으시", "겠"}:
        return None
    verb, _ = main_verb(kept, stem)
    return None if verb is None or _just_before(kept, verb) in _NOT else verb


def _is_refused(tokens: Sequence[Any], found: Commitment) -> bool:
    """약속은 못 드려요, 보장이 안 됩니다, 오늘 바로는 안 할게요: what is not done."""
    before = _just_before(tokens, found.verb)
    after = [token.form for token in tokens[found.verb + 1 : found.verb + 5] if token.tag not in ("JX", "EP")]
    if found.act is not Act.ASKED and after[:1] == ["지"] and after[1:2] in (["않"], ["못하"]):
        return True  # 바로 해지되지는 않습니다
    return before == "못" or (before == "안" and found.act in (Act.ARRANGED, Act.PROMISED))


def _just_before(tokens: Sequence[Any], verb: int) -> str:
    """The word before a verb and the noun that it is made of."""
    first = verb - 1 if tokens[verb].tag.startswith("XS") else verb
    return str(tokens[first - 1].form) if first > 0 and tokens[first - 1].tag == "MAG" else ""


def _future(tokens: Sequence[Any], copula: int) -> Commitment | None:
    """보낼 거예요, 나갈 예정입니다."""
    noun = copula - 1
    if noun < 1 or tokens[noun].form not in ("거", "것", "예정") or tokens[noun - 1].form not in ("ᆯ", "을"):
        return None
    stem = noun - 2
    if stem > 1 and tokens[stem].tag == "EP" and tokens[stem - 2].form == "도착":
        stem -= 1  # 십 분 안에 도착하실 겁니다
    verb, through = main_verb(tokens, stem)
    return None if verb is None else Commitment(Act.ARRANGED, verb, through)


def _by_ending(tokens: Sequence[Any], stem: int, ending: str, marks: set[str], *, asked: bool) -> Commitment | None:
    form = tokens[stem].form
    if _asks_to_give(tokens, stem, ending, marks, asked=asked) or _orders(form, ending, marks):
        verb, _ = main_verb(tokens, _able(tokens, stem))
        return None if verb is None else Commitment(Act.ASKED, verb)
    if (obliged := _obliged(tokens, stem)) is not None:
        return Commitment(Act.ACCEPTED, obliged.verb) if asked or ending in ("죠", "지요", "지") else obliged
    if form == "부탁" or (stem and tokens[stem - 1].form == "부탁"):
        return None
    honoured = bool(marks & {"시", "으시"})  # 이메일로 받으시겠어요 asks, also without its sign
    promising = ending in _PROMISES or ("겠" in marks and not asked and not honoured and ending in _STATES)
    verb, through = main_verb(tokens, stem)
    if verb is None:
        return None
    if promising and tokens[stem].tag != "VA":
        return Commitment(Act.PROMISED, verb, through)
    if ending in _STATES and not asked and not honoured and _able(tokens, _likely(tokens, stem)) != _likely(tokens, stem):
        verb, through = main_verb(tokens, _able(tokens, _likely(tokens, stem)))
        return None if verb is None else Commitment(Act.ABLE, verb, through)
    if ending in _OFFERS:
        return Commitment(Act.OFFERED, verb, through)
    return Commitment(Act.ARRANGED, verb, through) if ending in _STATES and not asked and tokens[stem].tag != "VA" else None


def _orders(stem: str, ending: str, marks: set[str]) -> bool:
    """신고하세요, and one of several orders: 신고하시고요."""
    return stem not in _NO_ORDERS and (ending in _ORDERS or (ending in ("고", "고요") and bool(marks & {"시", "으시"})))


def _asks_to_give(tokens: Sequence[Any], stem: int, ending: str, marks: set[str], *, asked: bool) -> bool:
    """보내 주세요, 보내 주시겠어요?, 보내 주실 수 있으세요?"""
    if tokens[stem].form == "주" and tokens[stem].tag.startswith("V"):
        return "시" in marks or ending in ("어요", "어", "십시오", "라", "소", "쇼", "구려")
    able = tokens[stem].form == "있" and stem > 3 and any(token.form == "수" for token in tokens[stem - 2 : stem])
    return able and asked and any(token.form == "주" and token.tag == "VX" for token in tokens[stem - 5 : stem])


def _likely(tokens: Sequence[Any], stem: int) -> int:
    """The stem of which 것 같다 says that it is likely (보낼 수 있을 것 같아요); the stem itself where it says something else."""
    if tokens[stem].form != "같" or stem < 4 or tokens[stem - 1].form not in ("것", "거"):
        return stem
    return stem - 3


def _able(tokens: Sequence[Any], stem: int) -> int:
    """The verb of which 수 있다 says that it can be done; the stem itself where it says something else."""
    if tokens[stem].form != "있" or stem < 3 or tokens[stem - 1].form != "수":
        return stem
    verb = stem - 3
    while verb > 0 and tokens[verb].tag == "EP":
        verb -= 1
    return verb


def _obliged(tokens: Sequence[Any], stem: int) -> Commitment | None:
    """…셔야 합니다, …시면 됩니다, …시면 안 됩니다: what the one who is spoken to has to do or leave; None for another predicate."""
    if tokens[stem].form in ("되", "돼") and stem > 3 and tokens[stem - 1].form == "안" and tokens[stem - 2].form in ("면", "으면"):
        leaves = tokens[stem - 3].tag == "EP" and tokens[stem - 3].form in ("시", "으시")
        verb, _ = main_verb(tokens, stem - 4) if leaves else (None, False)
        return None if verb is None else Commitment(Act.ASKED, verb)
    if tokens[stem].form not in ("하", "되", "돼") or stem < 2 or tokens[stem - 1].form not in ("어야", "아야", "면", "으면", "여야"):
        return None
    before = stem - 2
    honoured = False
    while before >= 0 and tokens[before].tag == "EP":
        honoured |= tokens[before].form in ("시", "으시")
        before -= 1
    verb, _ = main_verb(tokens, before)
    if verb is None or tokens[verb].form in ("있", "없"):
        return None  # 신청서가 있어야 해요
    if not honoured and tokens[stem - 1].form in ("어야", "아야", "여야") and tokens[before].form == "드리":
        return Commitment(Act.ARRANGED, verb)  # 심사해서 답을 드려야 합니다: nobody is told so who is spoken to
    return Commitment(Act.ASKED, verb) if honoured or tokens[verb].tag == "XSV" or tokens[verb].form != "하" else None


def main_verb(tokens: Sequence[Any], stem: int) -> tuple[int | None, bool]:
    """The verb that tells what is done behind the ones that help it (보내 드리다, 보내도록 하다), and whether another is to do it."""
    through = False
    while stem > 1:
        token = tokens[stem]
        if token.tag == "XSV" or token.tag == "XSA":
            break
        back = stem - 1
        while back > 0 and tokens[back].tag in ("JX", "EP"):
            back -= 1
        linked = tokens[back]
        if linked.tag != "EC" or not tokens[back - 1].tag.startswith(("V", "XS", "EP")):
            break
        fetched = token.form == "오" and linked.form in ("어", "아") and tokens[back - 1].form in _FETCHED  # 떼 올게요
        helping = (
            fetched
            or token.tag.startswith("VX")
            or (
                token.form in ("하", "되", "주", "드리", "말하", "두", "놓", "시키", "괜찮")
                and linked.form in ("도록", "게", "어도", "아도", "라고", "으라고", "라", "려고")
            )
        )
        if not helping:
            break
        through |= linked.form in MAKING
        stem = back - 1
        while stem > 0 and tokens[stem].tag == "EP":
            stem -= 1
    return (stem if stem >= 0 and tokens[stem].tag.startswith(("VV", "VX", "XS", "VA")) else None), through
