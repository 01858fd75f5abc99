"""By when: the words for it in a sentence, and the day and hour that they mean, counted from the call's time in Korea.

    find("다음 주 화요일까지 보내 드릴게요")            → Found(start=0, end=10, …)
    find("이십사 일까지 주시면 이십육 일에 나갑니다")     → Found(said="이십육 일에", …): the first is by when the caller does his part
    find(…).due(datetime(2026, 11, 27, 10, 0))          → Due(said="다음 주 화요일까지", day=2026-12-01)

Working days leave out Korea's holidays, substitute ones as well (``holidays``). A week ends on its last working day: who is reminded early
loses nothing. What hangs on something that is not known (서류 받으면) is no date.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from pydantic import BaseModel, ConfigDict


class Due(BaseModel):
    """By when, as said, and what that is: a day, an hour of it where one was said; ``after`` where it is not to be before.

    ``day`` is None where the call's date is not known or the words tell no day.
    """

    model_config = ConfigDict(frozen=True)

    said: str
    day: date | None = None
    hour: time | None = None
    after: bool = False


_SINO = {digit: value for value, digit in enumerate("영일이삼사오육칠팔구")} | {"륙": 6, "유": 6, "공": 0}
_NATIVE = {
    word: value for value, word in enumerate(("한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉", "열", "열한", "열두"), 1)
}
_DAYS_COUNTED = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "열흘": 10, "보름": 15}
_WEEKDAYS = "월화수목금토일"
_SOON = {"오늘": 0, "금일": 0, "내일모레": 2, "내일": 1, "명일": 1, "모레": 2, "글피": 3}
_MONTHS_AHEAD = {"이달": 0, "이번 달": 0, "금월": 0, "당월": 0, "다음 달": 1, "담달": 1, "내달": 1, "다다음 달": 2, "그 다음 달": 2}
_WEEKS_AHEAD = {"이번 주": 0, "금주": 0, "다음 주": 1, "담주": 1, "차주": 1, "내주": 1, "다다음 주": 2, "그 다음 주": 2}


def _either(*words: str) -> str:
    """Words as a pattern, longest first, their spaces optional."""
    return "|".join(re.escape(word).replace(r"\ ", " ?") for word in sorted(words, key=len, reverse=True))


_NUMBER = rf"(?:\d{{1,3}}|[일이삼사오육륙유칠팔구십백]{{1,4}}|{_either(*_NATIVE)})"
# What may stand behind 시 of an hour: a particle, a length or the minutes; 네 시동 is none.
_AFTER_AN_HOUR = r"$|[^가-힣]|에|까지|부터|쯤|경|정도|전|이|지나|넘|반|로|나|라|인|예|요|는|은|도|만|가|를|[일이삼사오육칠팔구십]{1,3} ?분"
# What stands behind 일 where it is no day: 십일월, 이십일만 사천 원, 삼십일간.
_NO_DAY = "월| ?(?:년|개월)|[백천억]|만 ?(?:원|[일이삼사오육칠팔구]?[천백십][가-힣 ]*원)|[가-힣]*간"
_PART_OF_DAY = "오전|오후|(?:아침|점심|저녁)(?! ?(?:먹|밥|식사))|낮|밤|새벽"
_HOUR = (
    rf"(?:(?P<part>{_PART_OF_DAY})(?: ?에)? ?)?"
    rf"(?:(?!사시[는던나고죠지])(?P<hour>{_NUMBER}) ?시(?!간|[가-힣]*(?:면|고))(?={_AFTER_AN_HOUR})"
    rf"(?: ?(?P<half>반)| ?(?P<minute>{_NUMBER}) ?분)?|(?P<noon>정오|자정))"
)
_TAIL = (
    r"(?: ?(?P<tail>(?:되|오|가|넘)기 ?전(?:에|까지)?|전으로|퇴근 전까지|퇴근 전|마감 전|해 지기 전|전까지|까지|안으로|안에"
    r"|안(?![가-힣])|이내|내로|내에|내(?![가-힣])"
    r"|중으로|중에|중(?![가-힣])|전에|전(?![가-힣])"
    r"|이후|지나서|지나고|지나면|후|뒤|(?:(?:출금|이체|납입|결제|청구)?분 ?)?부터|쯤)(?:에?는|도)?)?"
)
_DAY = (
    rf"(?:(?<![가-힣])(?P<soon>{_either(*_SOON)})"
    rf"|(?:(?P<week>{_either(*_WEEKS_AHEAD)})(?:에)? ?)?(?P<weekday>[{_WEEKDAYS}])요일"
    rf"|(?<![가-힣])(?P<whole_week>{_either(*_WEEKS_AHEAD)})(?:(?P<weekend> ?말)|(?P<week_begins> ?초(?![가-힣]*일)))?"
    r"|(?P<this_weekend>주말)"
    r"|(?P<twentieth>스무날)"
    rf"|(?:(?P<month>{_either(*_MONTHS_AHEAD)}|(?P<month_number>{_NUMBER}) ?월) ?)?(?:(?P<day_of_month>{_NUMBER}) ?일(?!{_NO_DAY}))"
    rf"|(?<![가-힣])(?P<month_alone>{_NUMBER}) ?월(?= ?(?:에|까지|중|안|부터|이후))"
    rf"|(?<![가-힣])(?P<whole_month>{_either(*_MONTHS_AHEAD)})(?P<month_end> ?말일?)?|(?P<last_day>월말|말일))"
)
_LENGTH = (
    rf"(?P<working>영업일(?: ?기준)?(?:으로|로)? ?)?(?:(?P<days>{_either(*_DAYS_COUNTED)})(?P<of_work> ?영업일)?"
    rf"|(?P<count>{_NUMBER}) ?(?P<unit>영업일|일|시간|분|주일|주|개월|달)|(?P<one_week>일주일))"
)
_BOUNDED = r" ?(?:정도 ?|쯤 ?)?(?P<bound>이내|안으로|안에|안|내로|내에|내(?![가-힣])|뒤|후)"
_AT_ONCE = (
    r"(?P<at_once>(?:(?:통화|전화)[가를]? ?(?:끝나는 대로|끝나(?:면|고)|끝나자마자|마치(?:면|고)|종료 ?후|직후|후)"
    r"|(?:(?:통화|전화) ?)?끊(?:으시면|으면|고(?: ?나서)?|자마자))(?: ?(?:바로|즉시))?"
    r"|(?:지금|이따가?|(?:좀|조금) ?(?:있다가?|이따가?)|바로|즉시|곧)(?: ?(?:바로|당장|즉시))?)"
)
# So long before something of which nobody says here when it is: 출국 삼 일 전까지, 개시일 한 달 전까지.
_BEFORE_AN_EVENT = (
    r"(?:출국|귀국|출발|여행|수술|입원|퇴원|만기|개시|납입|결제|출금|이사|입주|잔금|갱신|종료|시험|예정|방문|조사)(?:일|날|하시기|하기)?"
    rf" ?{_NUMBER} ?(?:일|주일|주|개월|달|시간) ?전(?:까지|에)?"
)
_PATTERNS = (
    re.compile(rf"(?<![가-힣]){_BEFORE_AN_EVENT}"),
    re.compile(r"(?<![가-힣])" + _LENGTH + _BOUNDED),
    re.compile(rf"(?P<working>영업일(?: ?기준)?(?:으로|로)? ?)(?:(?P<days>{_either(*_DAYS_COUNTED)})|(?P<count>{_NUMBER}) ?(?P<unit>일))"),
    re.compile(rf"{_DAY}(?: ?(?:에 ?)?{_HOUR}|(?:,? ?(?P<only_part>{_PART_OF_DAY})(?: ?(?:시간|무렵|때))?))?(?:에|날)?{_TAIL}"),
    re.compile(rf"(?<![가-힣\d]){_HOUR}(?:에)?{_TAIL}"),
    re.compile(rf"(?<![가-힣])(?P<only_part>오전|오후|(?:저녁|점심)(?! ?(?:먹|밥|식사))|밤(?!낮))(?: ?(?:시간|무렵|때))?(?:에)?{_TAIL}"),
    re.compile(rf"(?<![가-힣])(?P<next_working>다음 ?영업일)(?:에|날)?{_TAIL}"),
    re.compile(rf"(?<![가-힣]){_AT_ONCE}"),
)
# Ends of what comes before the deed: what somebody else has to do first (주시면, 오시면 되고), and what else is said (방문할 거고).
_OTHERS_PART = re.compile(r"(?:시면|시면 되고|시면 됩니다|시면 돼요)\s(?!되|돼|됩|좋|괜찮)")
_ASIDE = re.compile(
    r"(?:오면|나오면|들어오면|[가-힣]{2} 거고|되고|까지요|는데|니까|(?:쉬어|바빠|닫아|아파|없어|늦어|안 [돼되][어]?)서"
    r"|휴무라|쉬는 날이라)\s(?!되|돼|됩|좋|괜찮)"
)
_NOT_THEN = re.compile(
    r"\s*(?:말고|(?:으?로|까지) (?:\S+ )?(?:넘기|미루|끌)지 (?:않|말|마)"
    r"|(?:보험료|납입분?|출금분?|이체분?|결제분?|청구분|분|월급|고지서|명세서)(?:부터|은|는|이|가|을|를|까지)?"
    r"(?![가-힣])(?! (?:처리|예정|신청|예약|진행|해|하)))"
)
_OF_A_STATE = re.compile(r"\s*\S+ (?:걸로|것으로|거로) (?:되어|돼) 있")  # 동의서는 일월 구일에 받은 걸로 되어 있는데
_AFTER = ("이후", "지나서", "지나고", "지나면", "부터", "후", "뒤")
# Takes up the day that was named in a reason: 모레 치과 가니까 그때 받아서 바로 올릴게요.
_THEN = re.compile(r"(?<!\S)(?:그때|그날)(?:에|은|까지)?(?!\S)")
_NAMES_OF_DAYS = ("soon", "weekday", "day_of_month")
_LATE = {"오전": time(12), "아침": time(12), "점심": time(14), "낮": time(18), "오후": time(18)}


@dataclass(frozen=True)
class Found:
    """Words that tell by when, and where they stand in the sentence."""

    start: int
    end: int
    said: str
    _match: re.Match[str]

    @property
    def exact(self) -> bool:
        """Whether more is told than that it is to be soon."""
        return "at_once" not in self._match.re.groupindex

    def on_the_day_of(self, other: "Found") -> "Found":
        """An hour without its day, of the day that was said of the same deed before: 내일 오전에 …, 그럼 열두 시 반에."""
        hour, day = self._match.groupdict(), other._match.groupdict()
        if hour.get("hour") is None or any(hour.get(name) for name in _NAMES_OF_DAYS) or not any(day.get(name) for name in _NAMES_OF_DAYS):
            return self
        ends = [other._match.end(name) for name in _NAMES_OF_DAYS if day.get(name)]
        named = other._match.string[other._match.start() : max(ends)]
        named += "요일" if day.get("weekday") else "일" if day.get("day_of_month") else ""
        return find(f"{named} {self.said}") or self

    def due(self, called: datetime | None) -> Due:
        """What that is, counted from the call's time in Korea, where that is known."""
        if called is None:
            return Due(said=self.said)
        said = {name: value for name, value in self._match.groupdict().items() if value}
        resolved = next((found for read in _READERS if (found := read(said, called)) is not None), None)
        if resolved is None:
            return Due(said=self.said)
        day, hour = resolved
        return Due(said=self.said, day=day, hour=hour, after=said.get("tail", "").endswith(_AFTER))


def find(sentence: str, *, by_caller: bool = False) -> Found | None:
    """The words that tell by when the deed is done with which a sentence ends, the most telling; None where a sentence has none.

    What the caller has to do by then before (네 시까지 오시면 되고, 예약해 놓겠습니다) is no time of an agent's deed.
    """
    found = list(_found(sentence))
    others, aside = (max((end.end() for end in ends.finditer(sentence)), default=0) for ends in (_OTHERS_PART, _ASIDE))
    kept = [one for one in found if by_caller or one.end > others or (not one.exact and one.said.endswith("면"))]  # 끊으시면 바로
    behind = [one for one in kept if one.end > aside]
    if _THEN.search(sentence, aside) and not any(one.exact for one in behind):
        behind = []
    return max(behind or kept, key=lambda one: (one.exact, one.end - one.start), default=None)


def _found(sentence: str) -> Iterator[Found]:
    for pattern in _PATTERNS:
        for match in pattern.finditer(sentence):
            if _is_date(match) and not _NOT_THEN.match(sentence, match.end()) and not _OF_A_STATE.match(sentence, match.end()):
                yield Found(match.start(), match.end(), match[0].strip(), match)


def _is_date(match: re.Match[str]) -> bool:
    """Whether a number is one of a day: 이십오일 is, 일일이 (112) and a 통화 후 of the past are not."""
    said = match.groupdict()
    number = said.get("day_of_month")
    if number is None:
        return True
    value = _value(number)
    standing_alone = not match.string[: match.start()] or not match.string[match.start() - 1].isalnum()
    return value is not None and 1 <= value <= 31 and standing_alone and (bool(said.get("month")) or bool(said.get("tail")) or value > 9)


def _value(written: str) -> int | None:
    """A number in digits, Sino-Korean or Korean words.

    >>> [_value(word) for word in ("25", "십오", "이십", "열두", "삼")]
    [25, 15, 20, 12, 3]
    """
    if written.isdigit():
        return int(written)
    if written in _NATIVE:
        return _NATIVE[written]
    total, digit = 0, 0
    for sign in written:
        if sign in ("십", "백"):
            total += max(1, digit) * (10 if sign == "십" else 100)
            digit = 0
        elif sign in _SINO:
            digit = _SINO[sign]
        else:
            return None
    return total + digit


Resolved = tuple[date, time | None]
Said = dict[str, str]


def _length(said: Said, called: datetime) -> Resolved | None:
    """영업일 사흘 안, 3영업일, 일주일 안, 한 시간 내."""
    count = _DAYS_COUNTED.get(said.get("days", "")) or (7 if "one_week" in said else _value(said.get("count", "x")))
    unit = said.get("unit", "일")
    if "next_working" in said:
        return working_day(called.date(), 1), None
    if count is None or not {"days", "count", "one_week"} & said.keys():
        return None
    if {"working", "of_work"} & said.keys() or unit == "영업일":
        return working_day(called.date(), count), None
    if unit in ("시간", "분"):
        moment = called + timedelta(**{"hours" if unit == "시간" else "minutes": count})
        return moment.date(), moment.time().replace(second=0, microsecond=0)
    if unit in ("개월", "달"):
        return _months_on(called.date(), count), None
    return called.date() + timedelta(days=count * (7 if unit.startswith("주") else 1)), None


def _day(said: Said, called: datetime) -> Resolved | None:
    """오늘 다섯 시, 다음 주 화요일, 이번 주 안, 월말, 십오일."""
    day = _calendar_day(said, called.date())
    return None if day is None else (day, _hour(said))


def _calendar_day(said: Said, today: date) -> date | None:
    monday = today - timedelta(days=today.weekday())
    if soon := said.get("soon"):
        return today + timedelta(days=_SOON[soon])
    if weekday := said.get("weekday"):
        return _weekday(today, monday, _WEEKDAYS.index(weekday), said.get("week"))
    if week := said.get("whole_week"):
        monday += timedelta(weeks=_WEEKS_AHEAD[_spaced(week, _WEEKS_AHEAD)])
        if "week_begins" in said:
            return max(monday + timedelta(days=1), today)
        return monday + timedelta(days=6) if "weekend" in said else max(last_working_day(monday), today)
    if "this_weekend" in said and "기" in said.get("tail", ""):
        return max(last_working_day(monday), today)  # 주말 되기 전에
    if "this_weekend" in said:
        return monday + timedelta(days=6)
    if "twentieth" in said:
        return _day_of_month(today, 20, None, None)
    if number := said.get("day_of_month"):
        return _day_of_month(today, _value(number), said.get("month"), said.get("month_number"))
    if month := said.get("month_alone"):
        return _whole_month(today, _value(month), begins=said.get("tail") == "부터")
    if "last_day" in said:
        return _month_end(today)
    if month := said.get("whole_month"):
        first = _months_on(today.replace(day=1), _MONTHS_AHEAD[_spaced(month, _MONTHS_AHEAD)])
        return first if said.get("tail") == "부터" else _month_end(first)
    return None


def _weekday(today: date, monday: date, number: int, week: str | None) -> date:
    """A day of the week that was named; without its week the next one."""
    if week is not None:
        return monday + timedelta(weeks=_WEEKS_AHEAD[_spaced(week, _WEEKS_AHEAD)], days=number)
    ahead = (number - today.weekday()) % 7
    return today + timedelta(days=ahead or 7)


def _day_of_month(today: date, number: int | None, month: str | None, month_number: str | None) -> date | None:
    """The fifteenth: of the month that was named, else the next that comes."""
    first = today.replace(day=1)
    if month_number is not None:
        value = _value(month_number)
        if value is None or not 1 <= value <= 12:
            return None
        first = first.replace(year=today.year + (value < today.month), month=value)
    elif month is not None:
        first = _months_on(first, _MONTHS_AHEAD[_spaced(month, _MONTHS_AHEAD)])
    elif number is not None and number < today.day:
        first = _months_on(first, 1)
    if number is None or number > _month_end(first).day:
        return None
    return first.replace(day=number)


def _whole_month(today: date, number: int | None, *, begins: bool) -> date | None:
    """십일월에, 십일월까지: its last day; its first one where something begins then."""
    if number is None or not 1 <= number <= 12:
        return None
    first = date(today.year + (number < today.month), number, 1)
    return first if begins else _month_end(first)


def _clock(said: Said, called: datetime) -> Resolved | None:
    """오후 세 시까지, without a day: today."""
    hour = _hour(said)
    return (called.date(), hour) if hour is not None or "only_part" in said else None


def _at_once(said: Said, called: datetime) -> Resolved | None:
    return (called.date(), None) if "at_once" in said else None


_READERS: tuple[Callable[[Said, datetime], Resolved | None], ...] = (_length, _day, _clock, _at_once)


def _hour(said: Said) -> time | None:
    """The hour that was said. Without a part of the day one to seven are in the afternoon, as a contact centre is open then."""
    part = said.get("part") or said.get("only_part", "")
    if noon := said.get("noon"):
        return time(12) if noon == "정오" else time(23, 59)
    if "hour" not in said:
        return _LATE.get(part)
    hour, minute = _value(said["hour"]), 30 if "half" in said else _value(said.get("minute", "0"))
    if hour is None or hour > 24 or minute is None or minute > 59:
        return None
    if hour == 24 or (hour == 12 and part == "밤"):
        return time(23, 59)
    afternoon = part in ("오후", "저녁", "밤", "낮") or (not part and 1 <= hour <= 7)
    return time((hour + 12 if afternoon and hour < 12 else hour) % 24, minute)


def _spaced(word: str, known: dict[str, int]) -> str:
    """A word as it stands in the table: 다음주 is 다음 주."""
    return next(one for one in known if one.replace(" ", "") == word.replace(" ", ""))


def _months_on(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def is_working_day(day: date) -> bool:
    """Whether Korea works: neither a weekend nor a public holiday.

    >>> is_working_day(date(2026, 12, 25)), is_working_day(date(2026, 12, 28))
    (False, True)
    """
    return day.weekday() < 5 and day not in _holidays()


def working_day(day: date, count: int) -> date:
    """So many working days on; the day itself does not count.

    >>> working_day(date(2026, 12, 24), 1)
    datetime.date(2026, 12, 28)
    """
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day)
    return day


def last_working_day(monday: date) -> date:
    """A week's last working day; its Friday where there is none."""
    days = [monday + timedelta(days=number) for number in range(5)]
    return next((day for day in reversed(days) if is_working_day(day)), days[-1])


@cache
def _holidays() -> "dict[date, str]":
    """Korea's public holidays, computed a year at a time as years are asked for."""
    import holidays

    return holidays.country_holidays("KR")
