"""When a question is about: "이번 주 해지 사유" names a stretch of days that the filters need not repeat."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from models.call.korea import KOREA


@dataclass(frozen=True)
class Period:
    """From the first moment of ``since`` to the first after it; ``said`` is how the question says it."""

    since: datetime
    until: datetime
    said: str


Days = Callable[[date, "re.Match[str]"], tuple[date, date]]  # first day, and the day after the last


def _week(back: int) -> Days:
    def days(today: date, found: "re.Match[str]") -> tuple[date, date]:
        monday = today - timedelta(days=today.weekday() + 7 * back)
        return monday, monday + timedelta(days=7)

    return days


def _month(back: int) -> Days:
    def days(today: date, found: "re.Match[str]") -> tuple[date, date]:
        first = _months_before(today.replace(day=1), back)
        return first, _months_before(first, -1)

    return days


def _day(back: int) -> Days:
    return lambda today, found: (today - timedelta(days=back), today - timedelta(days=back - 1))


def _lately(today: date, found: "re.Match[str]") -> tuple[date, date]:
    count = min(int(found["count"]), 366)
    days = {"일": count, "주": 7 * count, "개월": 30 * count, "달": 30 * count}[found["unit"]]
    return today - timedelta(days=max(1, days) - 1), today + timedelta(days=1)


def _named_month(today: date, found: "re.Match[str]") -> tuple[date, date]:
    month = int(found["month"])
    first = date(today.year if month <= today.month else today.year - 1, month, 1)
    return first, _months_before(first, -1)


def _months_before(first: date, back: int) -> date:
    months = first.year * 12 + first.month - 1 - back
    return date(months // 12, months % 12 + 1, 1)


_SAID: Final[tuple[tuple["re.Pattern[str]", Days], ...]] = (
    (re.compile(r"최근\s*(?P<count>\d{1,3})\s*(?P<unit>일|주|개월|달)(?:\s*간|\s*동안)?"), _lately),
    (re.compile(r"지지난\s*주"), _week(2)),
    (re.compile(r"(?:지난|저번|전)\s*주"), _week(1)),
    (re.compile(r"(?:이번|금)\s*주"), _week(0)),
    (re.compile(r"(?:지난|저번|전)\s*(?:달|월)"), _month(1)),
    (re.compile(r"(?:이번\s*달|금월|당월)"), _month(0)),
    (re.compile(r"그저께|그제"), _day(2)),
    (re.compile(r"어제|전일"), _day(1)),
    (re.compile(r"오늘|금일|당일"), _day(0)),
    (re.compile(r"(?<!\d)(?P<month>1[0-2]|[1-9])월(?!\s*\d)"), _named_month),
)


def period_of(question: str, today: date) -> Period | None:
    """The days that a question names, seen from ``today`` in Korea; None where it names none.

    >>> found = period_of("이번 주 해지 사유", date(2026, 11, 29))
    >>> found.since.isoformat(), found.until.isoformat(), found.said
    ('2026-11-22T15:00:00+00:00', '2026-11-29T15:00:00+00:00', '이번 주')
    """
    for pattern, days in _SAID:
        if found := pattern.search(question):
            first, after = days(today, found)
            return Period(_moment(first), _moment(after), found[0])
    return None


def without_period(question: str, period: Period | None) -> str:
    """The question without its days, for they are no words that callers say."""
    return " ".join(question.replace(period.said, " ").split()) if period else question


def _moment(day: date) -> datetime:
    return datetime.combine(day, time(), KOREA).astimezone(UTC)
