"""Personal numbers taken out of a text, whether they are written in digits or spelled out as callers say them.

A mask names its kind, such as ``[전화번호]``, so that the sentence stays readable, and holds no digit, so that masking a masked
text changes nothing. Every pattern is anchored or bounded: the time grows with the length of the text, not with its square.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

RESIDENT, CARD, ACCOUNT, PHONE = "[주민등록번호]", "[카드번호]", "[계좌번호]", "[전화번호]"
EMAIL, LICENCE, PASSPORT, PLATE, NUMBER = "[이메일]", "[운전면허번호]", "[여권번호]", "[차량번호]", "[번호]"

_FULL_WIDTH = {0xFF10 + digit: str(digit) for digit in range(10)}
_DASH = re.compile(r"(?<=\d)[‐‑‒–—―−－](?=\d)")
_AMOUNT = r"(?!\d|[ ]?(?:원|만|억|조|천|달러))"
_BIRTH_DATE = r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_AREA = r"(?:1[016789]|2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d|30\d)"  # of numbers that belong to a person; 080 and 15xx are companies'
_BANK = r"(?:계좌|은행|뱅크|농협|수협|신협|새마을금고|우체국|통장)"
_REGIONS = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_PLATE_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자하허호배육해공국합"

# In this order: what is more certain comes first. Each pattern with its replacement.
_WRITTEN: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (re.compile(r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"), EMAIL),
    (
        re.compile(r"(?<!\S)[^\s\[\]]{1,64}\s{0,3}골뱅이\s{0,3}[^\s\[\]]{1,64}(?:\s{1,3}(?:닷|점|쩜|도트)\s{0,3}[^\s\[\]]{1,20}){0,3}"),
        EMAIL,
    ),
    (re.compile(rf"(?<!\d){_BIRTH_DATE}(?:[ ]?-[ ]?|[ ])?\d(?:\d{{6}}|[*●xX]{{6}})(?!\d)"), RESIDENT),
    (re.compile(rf"(?<!\d){_BIRTH_DATE}[ ]?-[ ]?[0-9](?![\d-])"), RESIDENT),
    (re.compile(rf"(?<!\d)(?:\d\d|{_REGIONS})[- ]{{0,2}}\d\d[- ]\d{{6}}[- ]\d\d(?!\d)"), LICENCE),
    (re.compile(r"(?<!\d)\d{4}([-. ])\d{4}\1\d{4}\1\d{1,4}" + _AMOUNT), CARD),
    (re.compile(r"(?<!\d)\d{15,16}" + _AMOUNT), CARD),
    (re.compile(r"(?<!\d)3[47]\d\d[- ]?\d{6}[- ]?\d{5}(?!\d)"), CARD),
    (re.compile(rf"(?<!\d)(?:\+?82[-. ]{{0,2}}(?:\(0\)|0)?|\(?0){_AREA}\)?[-. ]{{0,2}}\d{{3,4}}[-. ]{{0,2}}\d{{4}}(?!\d)"), PHONE),
    (re.compile(rf"({_BANK}[^\d\n\[\]]{{0,15}})\d(?:[- ]?\d){{7,15}}{_AMOUNT}"), rf"\1{ACCOUNT}"),
    (re.compile(r"(?<![A-Za-z0-9-])(?!080-)(?=(?:-?\d){10,16}(?![\d-]))\d{2,6}-\d{2,6}-\d{2,7}(?:-\d{1,4})?(?![A-Za-z0-9])"), ACCOUNT),
    (re.compile(r"(?<![A-Za-z0-9])[MSRODGmsrodg](?:\d{8}|\d{3}[A-Za-z]\d{4})(?![A-Za-z0-9])"), PASSPORT),
    (re.compile(rf"(?:(?:{_REGIONS})[ ]?)?(?<!\d)\d{{2,3}}[ ]?[{_PLATE_LETTERS}][ ]?\d{{4}}(?![ ]?(?:\d|억|만|천|원|개|명|년|km))"), PLATE),
    (re.compile(r"(?<![A-Za-z0-9])\d{10,}(?![A-Za-z])" + _AMOUNT), NUMBER),
)

_SPELLED = (
    dict(zip("영공일이삼사오육륙칠팔구", "001234566789", strict=True)) | {"하나": "1", "둘": "2"} | {str(d): str(d) for d in range(10)}
)
# 이 and 구 are digits and also begin endings: "팔이에요" is 8, "팔구요" is 8.
_ENDING = r"(?!이(?:에요|예요|고|구요|요|라|거든|니|며|었|래|야|죠|지|네|랑|나|던)|구(?:요|나|만)|일(?:까|거|걸|텐)|사(?:요|고))"
_SPELLED_DIGIT = r"(?:하나|둘|[영공일이삼사오육륙칠팔구])"
_DIGIT = rf"{_ENDING}(?:[0-9]|(?<![0-9]){_SPELLED_DIGIT})"  # the 일 of 2일 is a day
_BETWEEN = r"(?:[ ]{0,3}(?:다시|하이픈|대시|에|의|[-.]|,(?!\d{3}))?[ ]{0,3})"
_RUN = re.compile(rf"{_DIGIT}(?:{_BETWEEN}{_DIGIT}){{6,}}")
_GROUP = re.compile(rf"{_DIGIT}(?:{_DIGIT})*")
_ONE = re.compile(_DIGIT)
_PHONE_DIGITS = re.compile(rf"0{_AREA}\d{{7,8}}")
_RESIDENT_DIGITS = re.compile(rf"{_BIRTH_DATE}\d(?:\d{{6}})?")
_LINE_WITHOUT_AREA = re.compile(r"(?!1[568])\d{8}")
_FEWEST_SPELLED = 3  # digits in words that make a run a spoken one
_SPOKEN_LIMIT = 16  # digits of the longest number that has a kind: a card's
_NEARBY = 20  # characters before a number that may say what it is


def mask_personal_data(text: str) -> str:
    """Replace personal numbers and addresses by their kind in brackets.

    Masked: resident and alien registration numbers, cards (13 to 16 digits, valid or not: a misheard card is still a card),
    accounts, phone numbers of persons, e-mail addresses, driving licences, passports, vehicle plates, any other number
    of ten digits or more; and registration, card, account and phone numbers spelled in Sino-Korean digits with any spacing.
    Kept: companies' numbers (1588-…, 080-…), amounts, dates, everyday words that happen to be digits (이사, 사고, 오일).

    >>> mask_personal_data("공일공 일이삼사 오육칠팔이에요, 보험료는 1,200,000원")
    '[전화번호]이에요, 보험료는 1,200,000원'
    """
    masked = _mask_once(text)
    while masked != text:  # two numbers run together show the second only once the first is gone; every pass removes digits
        text, masked = masked, _mask_once(masked)
    return masked


def _mask_once(text: str) -> str:
    plain = _DASH.sub("-", text.translate(_FULL_WIDTH))
    for pattern, replacement in _WRITTEN:
        plain = pattern.sub(replacement, plain)
    return _RUN.sub(_mask_run, plain)


@dataclass(frozen=True)
class _Group:
    """Digits said in one breath, and where they stand in the run."""

    digits: str
    start: int
    end: int


def _mask_run(match: re.Match[str]) -> str:
    """Mask the numbers in one run of digits, the words between them stay; written runs had their turn before."""
    run = match[0]
    groups = [_Group("".join(_SPELLED[d] for d in _ONE.findall(m[0])), m.start(), m.end()) for m in _GROUP.finditer(run)]
    singly = all(len(group.digits) == 1 for group in groups)
    if not singly and len(re.findall(_SPELLED_DIGIT, run)) < _FEWEST_SPELLED:
        return run
    if singly:
        groups = [_Group("".join(group.digits for group in groups), 0, len(run))]
    before = match.string[max(0, match.start() - _NEARBY) : match.start()].rpartition("]")[2]
    pieces, done = [], 0
    for start, end, mask in _numbers(groups, before):
        pieces += [run[done:start], mask]
        done = end
    return "".join(pieces) + run[done:]


def _numbers(groups: Sequence[_Group], before: str) -> Iterator[tuple[int, int, str]]:
    """Find the numbers that groups of digits form: start, end, mask. What is certain is found before the rest is guessed."""
    rest = 0
    for first, last, mask in [*_search(groups, _certain), (len(groups), len(groups), "")]:
        between = groups[rest:first]
        for i, j, guess in _search(between, lambda readings: _likely(readings, before)):
            yield between[i].start, between[j].end, guess
        if mask:
            yield groups[first].start, groups[last].end, mask
        rest = last + 1


_Readings = Sequence[tuple[int, str, int]]  # index of the last group, digits up to it, length of the longest group


def _search(groups: Sequence[_Group], classify: Callable[[_Readings], tuple[int, str] | None]) -> Iterator[tuple[int, int, str]]:
    """Take the groups from the left, each start with as many groups as the longest number has digits."""
    first = 0
    while first < len(groups):
        readings, digits, longest = [], "", 0
        for last in range(first, len(groups)):
            digits += groups[last].digits
            longest = max(longest, len(groups[last].digits))
            readings.append((last, digits, longest))
            if len(digits) > _SPOKEN_LIMIT:
                break
        found = classify(readings)
        if found:
            yield first, *found
        first = found[0] + 1 if found else first + 1


def _certain(readings: _Readings) -> tuple[int, str] | None:
    """A phone number or a registration number: their digits have a form of their own."""
    for pattern, mask in ((_PHONE_DIGITS, PHONE), (_RESIDENT_DIGITS, RESIDENT)):
        for last, digits, _ in reversed(readings):
            if pattern.fullmatch(digits):
                return last, mask
    return None


def _likely(readings: _Readings, before: str) -> tuple[int, str] | None:
    """Any other number, named by what was said before it. Groups of one or two are words: "이사 일이 오일 구이"."""
    bank, card = re.search(_BANK, before), "카드" in before
    for last, digits, longest in reversed(readings):
        if longest < 3:
            continue
        if 13 <= len(digits) <= _SPOKEN_LIMIT and (card or not bank):
            return last, CARD
        if len(digits) >= 9:
            return last, ACCOUNT if bank else NUMBER
        if _LINE_WITHOUT_AREA.fullmatch(digits):
            return last, ACCOUNT if bank else PHONE
    return None
