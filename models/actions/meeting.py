"""When and where, as it was settled beside the deed: a visit for which the agent books an hour, a day that is only pointed at.

고객: 다음 주 월요일에 신분증 들고 가겠습니다.  상담원: 월요일 오전 열한 시로 상무지점 예약해 드렸습니다.  → 다음 주 월요일 오전 열한 시
상담원: 다음 주 월요일까지 가능하실까요         고객: 그날 병원 가니까 받아서 보낼게요               → 다음 주 월요일까지
"""

import re
from dataclasses import replace

from models.actions.candidates import Candidate
from models.actions.due import Found, find
from models.summarizer.conversation import Conversation

BOOKED_WITHIN = 5  # turns behind what the caller says
POINTED_WITHIN = 2  # turns before it
_BOOKED = re.compile(r"예약|(?:으?로|일정|시간|방문)(?:을|를)? 잡")
_OFFICE = re.compile(r"(?<![가-힣])([가-힣]{2,} ?(?:지점|센터|창구|영업점))(?= ?(?:예약|에|으?로|방문|잡))")
_AN_OFFICE = re.compile(r"(?<!\S)(?:지점|센터|창구|영업점)(?=(?:에|으?로) )")
_POINTS = re.compile(r"(?<!\S)(?:그날|그때)(?:에|까지)?(?!\S)")
_WEEK = re.compile(r"^(?:이번|다음|다다음|그 다음) ?주")


def as_booked(one: Candidate, conversation: Conversation) -> Candidate:
    """A visit of the caller's at the hour, and at the office, that the agent books for it."""
    if one.kind != "go" or one.desk or one.forbids or not _is_the_callers(one):
        return one
    booking = next(
        (
            turn.text
            for turn in conversation
            if one.turn - POINTED_WITHIN <= turn.number <= one.turn + BOOKED_WITHIN and not turn.by_caller and _BOOKED.search(turn.text)
        ),
        "",
    )
    booked = find(booking) if booking else None
    office = _OFFICE.search(booking)
    what = _AN_OFFICE.sub(office[1], one.what) if office and office[1].split()[-1] not in ("지점", "센터") else one.what
    if booked is None or not booked.exact or "시" not in booked.said:
        return replace(one, what=what)
    return replace(one, what=what, due=_in_its_week(booked, one.due))


def _is_the_callers(one: Candidate) -> bool:
    return one.by_caller is (one.act.value != "asked")


def _in_its_week(booked: Found, said: Found | None) -> Found:
    """월요일 오전 열한 시 of 다음 주 월요일에."""
    week = _WEEK.match(said.said) if said is not None else None
    if week is None or _WEEK.match(booked.said):
        return booked
    return find(f"{week[0]} {booked.said}") or booked


def on_that_day(one: Candidate, conversation: Conversation) -> Candidate:
    """A deed of a day that is only pointed at, with the day that was named just before."""
    turn = next((turn for turn in conversation if turn.number == one.turn), None)
    if turn is None or (one.due is not None and one.due.exact) or not _POINTS.search(turn.text):
        return one
    own = find(turn.text, by_caller=True)
    if own is not None and own.exact:
        return replace(one, due=own)  # 모레 연차니까 그날 …
    before = [other for other in conversation if one.turn - POINTED_WITHIN <= other.number < one.turn and other.text]
    days = [day for other in before if (day := find(other.text, by_caller=True)) is not None and day.exact]
    return replace(one, due=days[-1]) if days else one
