"""Numbers, dates, units and Latin letters as Korean reads them, so that no voice has to guess: 4세대 is 사 세대, 2개 is 두 개.

Which of the two number systems is read depends on what is counted: native for things, people, ages in 살 and hours, Sino-Korean for money,
dates, minutes, months (개월) and ranks. What stays ambiguous is read as summaries of insurance calls mean it (``분`` is minutes).
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_DIGITS = "영일이삼사오육칠팔구"
_BY_DIGIT = "공일이삼사오육칠팔구"
_SMALL, _LARGE = ("", "십", "백", "천"), ("", "만", "억", "조", "경")
_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
_ABOUT = {(1, 2): "한두", (2, 3): "두세", (3, 4): "서너", (4, 5): "네다섯", (5, 6): "대여섯", (6, 7): "예닐곱", (7, 8): "일고여덟"}
_LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        [
            "에이",
            "비",
            "씨",
            "디",
            "이",
            "에프",
            "지",
            "에이치",
            "아이",
            "제이",
            "케이",
            "엘",
            "엠",
            "엔",
            "오",
            "피",
            "큐",
            "알",
            "에스",
            "티",
            "유",
            "브이",
            "더블유",
            "엑스",
            "와이",
            "제트",
        ],
        strict=True,
    )
)
_ENGLISH_DIGITS = ("제로", "원", "투", "쓰리", "포", "파이브", "식스", "세븐", "에이트", "나인")
_WORDS = {"app": "앱", "ok": "오케이", "email": "이메일", "e-mail": "이메일", "no": "노", "vs": "대"}
_UNITS = {
    "km/h": "킬로미터", "kg": "킬로그램", "km": "킬로미터", "cm": "센티미터", "mm": "밀리미터", "mg": "밀리그램", "ml": "밀리리터",
    "mL": "밀리리터", "kWh": "킬로와트시", "kW": "킬로와트", "GB": "기가바이트", "MB": "메가바이트", "TB": "테라바이트", "cc": "시시",
    "CC": "시시", "%p": "퍼센트포인트", "%": "퍼센트", "㎡": "제곱미터", "m²": "제곱미터", "m2": "제곱미터", "℃": "도", "°C": "도",
    "°": "도", "㎏": "킬로그램", "㎞": "킬로미터", "㎝": "센티미터", "m": "미터", "g": "그램", "L": "리터", "ℓ": "리터", "l": "리터",
    "t": "톤",
}  # fmt: skip
_CURRENCIES = {"$": "달러", "₩": "원", "￦": "원", "€": "유로", "¥": "엔"}
_NATIVE = (
    "시간", "군데", "가지", "마리", "사람", "번째", "켤레", "송이", "그루", "바퀴", "차례", "달", "개", "명", "살", "시", "건", "장",
    "대", "병", "잔", "권", "곳", "채", "통", "벌", "쌍", "줄", "끼", "배", "번", "알", "방울", "봉지", "박스", "부",
)  # fmt: skip
_SINO = (
    "퍼센트", "개월", "개년", "주일", "주년", "주간", "세대", "등급", "단계", "회차", "번지", "학년", "인승", "년간", "년", "분기",
    "일간", "일", "분", "초", "원", "세", "층", "호", "회", "급", "주", "점", "평", "인", "도", "달러", "유로", "엔", "킬로", "미터",
    "그램", "리터", "박",
)  # fmt: skip
_LONGEST_NAMED = 16  # digits that have names, up to 경
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_LARGE_WORD = r"(?:[십백천]?[만억조]|[십백천])"
_AMOUNT = re.compile(
    rf"(?P<sign>(?<![\w가-힣])[-−+](?=\d))?(?P<currency>[$₩￦€¥])?(?P<number>{_NUMBER})(?:\.(?P<decimals>\d+))?(?P<large> ?{_LARGE_WORD})?",
    re.ASCII,
)
_FROM_TO = re.compile(rf"(?<![\d.,])(?P<a>{_NUMBER}) ?[~∼〜] ?(?P<b>{_NUMBER})(?![\d.,])", re.ASCII)
_COUNTER = re.compile(rf"(?P<space> ?)(?:(?P<native>(?!개월|개년|시속)(?:{'|'.join(_NATIVE)}))|(?P<sino>{'|'.join(_SINO)}))")
_UNIT = re.compile(rf" ?(?P<unit>{'|'.join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))})(?![A-Za-z0-9])")


@dataclass(frozen=True)
class Reading:
    """A piece of a text, from and to, and how it is read."""

    start: int
    end: int
    spoken: str


def read_aloud(text: str) -> str:
    """The whole text as it is read.

    >>> read_aloud("4세대 실손 1,200,000원, 2026-11-30까지 3개월")
    '사 세대 실손 백이십만 원, 이천이십육 년 십일월 삼십 일까지 삼 개월'
    """
    pieces, done = [], 0
    for one in readings(text):
        pieces += [text[done : one.start], one.spoken]
        done = one.end
    return "".join(pieces) + text[done:]


def readings(text: str) -> list[Reading]:
    """What of a text is read otherwise than it is written, in order, without overlaps: the earlier rule wins."""
    found: list[Reading] = []
    for rule in _RULES:
        found += [one for one in rule(text) if not any(one.start < other.end and other.start < one.end for other in found)]
    return sorted(found, key=lambda one: one.start)


def sino(number: int) -> str:
    """A number in Sino-Korean.

    >>> sino(0), sino(16), sino(10_000), sino(123_450_000)
    ('영', '십육', '만', '일억 이천삼백사십오만')
    """
    if number == 0:
        return "영"
    groups, rest = [], number
    for large in _LARGE:
        rest, group = divmod(rest, 10_000)
        if group:
            read = _four(group)
            groups.append("만" if (read, large) == ("일", "만") else read + large)
    return (" ".join(reversed(groups)) if not rest else " ".join(_by_digit(str(number)))).strip()


def _four(number: int) -> str:
    read = ""
    for place, digit in enumerate(reversed(f"{number:d}")):
        if digit != "0":
            read = ("" if digit == "1" and place else _DIGITS[int(digit)]) + _SMALL[place] + read
    return read


def native(number: int) -> str:
    """A number of things, 1 to 99.

    >>> native(1), native(20), native(21)
    ('한', '스무', '스물한')
    """
    if number == 20:
        return "스무"
    return _TENS[number // 10] + _ONES[number % 10]


def _by_digit(digits: str) -> str:
    return "".join(_BY_DIGIT[int(digit)] for digit in digits)


def _year(year: str) -> str:
    return f"{sino(int(year))} 년"


def _month(month: int) -> str:
    """June and October lose their last sound."""
    return {6: "유", 10: "시"}.get(month, sino(month)) + "월"


def _by(pattern: str, read: Callable[[re.Match[str]], str | None]) -> Callable[[str], Iterator[Reading]]:
    """A rule: what matches is read so, unless the reading is None."""
    compiled = re.compile(pattern, re.ASCII)

    def rule(text: str) -> Iterator[Reading]:
        for match in compiled.finditer(text):
            spoken = read(match)
            if spoken is not None:
                yield Reading(match.start(), match.end(), spoken)

    return rule


def _date(match: re.Match[str]) -> str | None:
    year, month, day = match["y"], int(match["m"]), int(match["d"])
    return f"{_year(year)} {_month(month)} {sino(day)} 일" if 1 <= month <= 12 and 1 <= day <= 31 else None


def _short_date(match: re.Match[str]) -> str | None:
    month, day = int(match["m"]), int(match["d"])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return f"{_month(month)} {sino(day)} 일"


def _time(match: re.Match[str]) -> str | None:
    hour, minute = int(match["h"]), int(match["m"])
    if hour > 24 or minute > 59:
        return None
    second = f" {sino(int(match['s']))} 초" if match["s"] else ""
    return f"{_hour(hour)} 시" + (f" {sino(minute)} 분" if minute or second else "") + second


def _hour(hour: int) -> str:
    return native(hour) if 1 <= hour <= 12 else sino(hour)


def _phone(match: re.Match[str]) -> str:
    return " ".join(_by_digit(part) for part in re.findall(r"\d+", match[0]))


def _ratio(match: re.Match[str]) -> str:
    return f"{sino(int(match['a']))} 대 {sino(int(match['b']))}"


def _fraction(match: re.Match[str]) -> str | None:
    above, below = int(match["a"]), int(match["b"])
    return f"{sino(below)}분의 {sino(above)}" if above < below else None


def _range(text: str) -> Iterator[Reading]:
    """From one number to another of the same things: 삼에서 오 일, 두세 명 where they are neighbours; the second is read as any number."""
    for match in _FROM_TO.finditer(text):
        if len(match[0]) > _LONGEST_NAMED:
            continue
        first, last = int(match["a"].replace(",", "")), int(match["b"].replace(",", ""))
        counter = _COUNTER.match(text, match.end())
        if not (counter and counter["native"] and _is_native(counter["native"], last, text[counter.end() :]) and 1 <= first < 100):
            yield Reading(match.start(), match.start("b"), f"{sino(first)}에서 ")
        elif near := _ABOUT.get((first, last)):
            yield Reading(match.start(), match.end(), near + ("" if counter["space"] else " "))
        else:
            yield Reading(match.start(), match.start("b"), f"{native(first)} {counter['native']}에서 ")


def _is_native(counter: str, number: int, after: str) -> bool:
    if counter == "시":
        return 1 <= number <= 12
    if counter == "시간":
        return 1 <= number < 20
    if counter == "번" and re.match(r"(?:을|를)? ?(?:누|선택|창구|버튼|게이트)", after):
        return False
    return 1 <= number <= 99


def _amounts(text: str) -> Iterator[Reading]:
    """Every number that no other rule reads: amounts, decimals, units, counters."""
    for match in _AMOUNT.finditer(text):
        yield _amount(text, match)


def _amount(text: str, match: re.Match[str]) -> Reading:
    digits = match["number"].replace(",", "")
    plain = match["decimals"] is None and not match["large"] and "," not in match["number"]
    if len(digits) > _LONGEST_NAMED or (plain and (len(digits) > 8 or (digits[0] == "0" and len(digits) > 1))):
        return Reading(match.start(), match.end(), _by_digit(digits))
    value, end = int(digits), match.end()
    large = (match["large"] or "").strip()
    sign = {"-": "마이너스 ", "−": "마이너스 ", "+": "플러스 "}.get(match["sign"] or "", "")
    read = sino(value) + (f"점{_decimal(match['decimals'])}" if match["decimals"] else "")
    if large:
        read = ("" if value == 1 and large[0] in "십백천만" and not match["decimals"] else read) + large
    if match["currency"]:
        return Reading(match.start(), end, f"{sign}{read} {_CURRENCIES[match['currency']]}")
    if unit := _UNIT.match(text, end):
        name, before = _UNITS[unit["unit"]], "시속 " if unit["unit"] == "km/h" else ""
        return Reading(match.start(), unit.end(), f"{sign}{before}{read} {name}")
    counter = _COUNTER.match(text, end)
    whole = match["decimals"] is None and not large
    if text.startswith("월", end) and whole and 1 <= value <= 12:
        return Reading(match.start(), end + 1, _month(value))
    if text.startswith("번째", end) and whole and value == 1:
        return Reading(match.start(), end + 2, "첫 번째")
    if counter and counter["native"] and whole and _is_native(counter["native"], value, text[counter.end() :]):
        read = native(value)
    gap = " " if counter and not counter["space"] and not _bound(text, match.start()) else ""
    if large and re.match(r"\d", text[end:]):
        gap = " "
    return Reading(match.start(), end, f"{sign}{read}{gap}")


def _bound(text: str, start: int) -> bool:
    """제3자 and 제2호: an ordinal is one word with what follows."""
    return text[start - 1 : start] == "제" and not text[start - 2 : start - 1].strip()


def _decimal(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)


def _letters(match: re.Match[str]) -> str:
    """Capital letters by their names; a single digit after them in English (K5), more as a number (G80)."""
    name = "".join(_LETTERS[letter] for letter in match["letters"].replace("/", "").replace("&", "").replace("-", "").upper())
    digits = match["digits"] or ""
    return name + (_ENGLISH_DIGITS[int(digits)] if len(digits) == 1 else sino(int(digits)) if digits else "")


def _word(match: re.Match[str]) -> str | None:
    return _WORDS.get(match[0].lower())


_RULES: tuple[Callable[[str], Iterator[Reading]], ...] = (
    _by(r"(?<![\d.-])(?P<y>(?:19|20)\d\d) ?[-./] ?(?P<m>\d{1,2}) ?[-./] ?(?P<d>\d{1,2})(?!\d)\.?", _date),
    _by(r"(?<![\d-])(?:\+82[- ]?)?0\d{1,2}[-) ]\d{3,4}-\d{4}(?![\d-])|(?<![\d-])1[5-9]\d\d-\d{4}(?![\d-])", _phone),
    _by(r"(?<![\d:])(?P<h>\d{1,2}):(?P<m>\d\d)(?::(?P<s>\d\d))?(?![\d:])", _time),
    _by(r"(?<![\d:])(?P<a>\d{1,3}) ?: ?(?P<b>\d{1,3})(?![\d:])", _ratio),
    _by(r"(?<![\d/])(?P<m>\d{1,2})/(?P<d>(?:0[1-9]|[12]\d|3[01]))(?![\d/])", _short_date),
    _by(r"(?<![\d/])(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![\d/])", _fraction),
    _range,
    _by(r"(?<![\d-])\d{2,6}(?:-\d{2,7}){1,3}(?![\d-])", _phone),
    _by(r"(?<![A-Za-z0-9])(?P<letters>[A-Z](?:[/&-]?[A-Z]){0,5}|i(?=\d))(?P<digits>\d{1,3})?(?![A-Za-z0-9])", _letters),
    _by(r"(?<![A-Za-z-])[A-Za-z]+(?:-[A-Za-z]+)?(?![A-Za-z])", _word),
    _amounts,
)
