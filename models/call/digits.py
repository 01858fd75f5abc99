"""Digits as people say and write them: one normalization of a whole conversation, in which every character keeps its place.

A number may be written (010-1234), spelled in Sino-Korean digits (공일공 일이삼사), split by words (앞자리는 …이고 뒷자리는 …) or told over
several utterances with the other side's "네" between them. ``chains_of`` finds the groups of digits and which of them belong together.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Final

BLANK: Final = "\ufffc"  # stands for a character of a number that has been found
BREAK: Final = "\n"  # between two utterances

_SEPARATORS = "-./·,_()~"
_DOTS = "·ㆍ・•‧∙⋅･"


class _Plain(dict[int, str]):
    """What a character stands for among digits: one character for one, so that no place moves."""

    def __missing__(self, code: int) -> str:
        self[code] = plain = _plain(chr(code))
        return plain


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Pd" or character in "−ー":
        return "-"
    if character in _DOTS:
        return "·"
    if category in {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"} or character == BLANK:
        return " "
    if "\uff01" <= character <= "\uff5e":
        return chr(ord(character) - 0xFEE0)
    return {"。": ".", "｡": ".", "、": ",", "､": ","}.get(character, character)


_TABLE = _Plain()


@dataclass(frozen=True)
class Conversation:
    """Utterances as one text, normalized, with a line break between two; ``starts`` says where each begins."""

    text: str
    starts: Sequence[int]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Conversation":
        """Join and normalize utterances."""
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))[:-1]
        return cls(BREAK.join(text.translate(_TABLE) for text in texts), starts)

    def place(self, position: int) -> tuple[int, int]:
        """The utterance that a position of the text lies in, and the character of that utterance."""
        utterance = bisect_right(self.starts, position) - 1
        return utterance, position - self.starts[utterance]


class Link(Enum):
    """How a group of digits follows the one before: by a separator, or by words or another utterance that lead on to it."""

    TIGHT = "tight"
    LOOSE = "loose"


@dataclass(frozen=True)
class Group:
    """Digits written or said in one breath. ``plain`` groups are dates or amounts and are part of no longer number."""

    digits: str
    start: int
    end: int
    spelled: bool = False
    plain: bool = False
    link: Link | None = None

    @cached_property
    def is_year(self) -> bool:
        """Whether it reads as a year of these times."""
        return len(self.digits) == 4 and self.digits[:2] in {"19", "20"}

    @cached_property
    def is_date(self) -> bool:
        """Whether it reads as a day of these times, in eight digits."""
        return re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", self.digits) is not None

    @cached_property
    def is_round(self) -> bool:
        """Whether it reads as a round amount or count."""
        return 3 <= len(self.digits) <= 7 and self.digits.endswith("00") and not self.digits.startswith("0")


_SPELLED: Final = {
    **dict(zip("영공일이삼사오육륙칠팔구", "001234566789", strict=True)),
    **{"하나": "1", "둘": "2", "제로": "0"},
}
# 이, 구, 일 and 사 are digits and also begin endings: "팔이에요" is 8, "팔구요" is 8.
_NO_ENDING = (
    r"(?!이(?:에요|예요|고|구요|요|라|거든|니|며|었|래|야|죠|지|네|랑|나|던|신|세|십니|셨)|구(?:요|나|만)|일(?:까|거|걸|텐)|사(?:요|고)"
    r"|하나(?:은행|카드|생명|손해|손보|뱅크|로))"
)
_ANY_SPELLED = "[영공일이삼사오육륙칠팔구]"
# After three digits 사 is one as well: "구공공일이사요".
_SPELLED_DIGIT = rf"(?:{_NO_ENDING}(?:하나|둘|제로|{_ANY_SPELLED})|(?<={_ANY_SPELLED}{{3}})사)"
_ONE = re.compile(r"하나|둘|제로|.")
_DATE = r"(?:19|20)\d\d(?P<by>[-./])[ ]?\d{1,2}(?P=by)[ ]?\d{1,2}(?![0-9]|[-./]\d)"
_SPACE = rf"[ {re.escape(_SEPARATORS)}]"
# Not the beginning of "110,234-567890".
_AMOUNT = rf"[1-9]\d{{0,2}}(?:,\d{{3}})+(?!\d|,\d|(?:{_SPACE}|에|의|다시|하이픈|그리고){{1,6}}\d{{5}})"
_GROUP = re.compile(rf"(?<!\d)(?P<date>{_DATE})|(?<![\d,])(?P<amount>{_AMOUNT})|(?P<written>[0-9]+)|(?P<spelled>(?:{_SPELLED_DIGIT})+)")

_HANGUL = re.compile(r"[가-힣]")
_AFTER_DIGITS = set("에의다이입예요고구로은는가랑번하라")  # what may follow a short spelled group in the same word
_COUNT_OF_DIGITS = re.compile(r"[ ]?자리")  # "뒤 7자리는" tells how many digits follow
_SHORT = 2  # spelled digits that are more often a word: 이사, 일이, 오이

# Possessive, and the longest alternative first: whatever the text, nothing is tried twice.
_TIGHT = re.compile(rf"(?:{_SPACE}|에|의|다시|하이픈|대시|슬래시|슬래쉬|[작짝]대기|빼기)*+")
_LEADING_ON = re.compile(
    rf"(?:{_SPACE}|[…!?:]|이고요|이고|고요|이구요|구요|고|이에요|예요|에요|이요|입니다|이시고|시고|이며|인데요|인데|이랑|하고|이|요"
    r"|까지요|까지|네네|네|넵|예|음|어|아|그다음|그 다음|다음|그리고|그리구|이어서|또|그|저|제|에|의|다시|하이픈|대시"
    r"|앞|뒤|뒷|가운데|중간|끝|나머지|마지막|국번|주민등록|주민|번호|(?:네|세|두|여섯|일곱|[0-9]{1,2}|[삼사육칠팔]) ?자리"
    r"|자리|숫자|번|는|은|가|로|도|맞아요)*+"
)
# Within one utterance one of these has to be there.
_LEADS = re.compile(r"[고구]|[이예에]요|입니다|인데|시며|이며|[앞뒤뒷끝]|가운데|중간|나머지|마지막|국번|다음|그리|자리")
_LONGEST_LINK = 60  # characters between two groups that words lead over
_LONGEST_ASIDE = 24  # characters that the other side may say meanwhile
_MOST_ASIDES = 3


def leads_on(text: str) -> bool:
    """Whether words only lead on to the digits that follow: particles, endings, fillers, 뒷자리는."""
    return len(text) <= _LONGEST_LINK and _LEADING_ON.fullmatch(text) is not None


def chains_of(text: str) -> Iterator[list[Group]]:
    """Find the groups of digits in a normalized text, those together that may be parts of one number."""
    chain: list[Group] = []
    for group in _linked(text, list(_groups_of(text))):
        if chain and group.link is None:
            yield chain
            chain = []
        chain.append(group)
    if chain:
        yield chain


def _groups_of(text: str) -> Iterator[Group]:
    """Every group that is no part of a word."""
    for match in _GROUP.finditer(text):
        found, start, end = match[0], match.start(), match.end()
        if match["spelled"] is None:
            digits = re.sub(r"\D", "", found)
            if len(digits) > _SHORT or not _COUNT_OF_DIGITS.match(text, end):
                yield Group(digits, start, end, plain=match["written"] is None)
            continue
        digits = "".join(_SPELLED[one] for one in _ONE.findall(found))
        if not _is_word(text, start, end, digits):
            yield Group(digits, start, end, spelled=True)


def _is_word(text: str, start: int, end: int, digits: str) -> bool:
    """Whether spelled digits are more likely (part of) a word: the 일 of 2일, the 이사 of 이사하다가."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isdecimal():
        return len(digits) <= _SHORT
    if len(digits) == 1 and _HANGUL.match(before):
        return True
    if len(digits) > _SHORT or "0" in digits:
        return False
    return bool(_HANGUL.match(before)) or (bool(_HANGUL.match(after)) and after not in _AFTER_DIGITS) or after.isdecimal()


def _linked(text: str, groups: Sequence[Group]) -> Iterator[Group]:
    """The groups, each with its link to the one before."""
    yield from groups[:1]
    for before, group in pairwise(groups):
        yield Group(group.digits, group.start, group.end, group.spelled, group.plain, _link(text, before, group))


def _link(text: str, before: Group, group: Group) -> Link | None:
    if before.plain or group.plain:
        return None
    mixed = before.spelled != group.spelled
    short = before if before.spelled else group
    if mixed and len(short.digits) <= _SHORT and "0" not in short.digits:
        return None  # "010 1234 5678 이 번호로": 이 is a word
    between = text[before.end : group.start] if group.start - before.end < 200 else BLANK
    if len(between) <= 16 and _TIGHT.fullmatch(between):
        return Link.TIGHT
    first, *others = between.split(BREAK)
    if not others:
        return Link.LOOSE if leads_on(first) and _LEADS.search(first) else None
    *asides, last = others
    fits = len(asides) <= _MOST_ASIDES and all(len(aside) <= _LONGEST_ASIDE for aside in asides)
    return Link.LOOSE if fits and BLANK not in between and leads_on(first) and leads_on(last) else None
