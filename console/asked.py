"""What a page was asked for: filters from the address, fields from a form. Nothing that is given is trusted."""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

from models.call.korea import KOREA
from models.call.listed import Grade
from models.call.record import Outcome
from models.call.wanted import Wanted
from models.summarizer.outcome import Kind

LONGEST = 200
MOST_BYTES = 20_000
ANY_DANGER = "any"
FILTERS = ("since", "until", "digits", "words", "agent", "queue", "product", "outcome", "kind", "grade", "model", "emotion", "danger")


def filters(query: Mapping[str, str]) -> dict[str, str]:
    """The filters that are set, cut to a sensible length."""
    return {name: " ".join(query[name].split())[:LONGEST] for name in FILTERS if query.get(name, "").strip()}


def wanted(chosen: Mapping[str, str], after: str, most: int) -> Wanted:
    """What to look for; a value that cannot be read is left out."""
    digits = "".join(filter(str.isdecimal, chosen.get("digits", "")))
    return Wanted(
        since=moment(chosen.get("since", "")),
        until=moment(chosen.get("until", ""), end=True),
        digits=digits[-4:],
        words=chosen.get("words", ""),
        agent=chosen.get("agent", ""),
        queue=chosen.get("queue", ""),
        product=chosen.get("product", ""),
        outcome=chosen.get("outcome", "") if chosen.get("outcome") in set(Outcome) else "",
        kind=chosen.get("kind", "") if chosen.get("kind") in set(Kind) else "",
        grade=chosen.get("grade", "") if chosen.get("grade") in set(Grade) else "",
        model=chosen.get("model", ""),
        emotion=chosen.get("emotion", ""),
        danger=chosen.get("danger", "").replace(ANY_DANGER, ""),
        flagged=chosen.get("danger") == ANY_DANGER,
        after=cursor_of(after),
        most=most,
    )


def moment(text: str, *, end: bool = False) -> datetime | None:
    """A time in Korea, or the beginning of a day, or the end of what is named where it is the end of a stretch.

    >>> moment("2026-11-20T09:30").isoformat(), moment("2026-11-20", end=True).isoformat(), moment("gestern")
    ('2026-11-20T00:30:00+00:00', '2026-11-20T15:00:00+00:00', None)
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = (at.replace(tzinfo=KOREA) if at.tzinfo is None else at).astimezone(UTC)
    if not end:
        return at
    return at + (timedelta(days=1) if len(text) == len("2026-11-20") else timedelta(minutes=1))


def a_day(text: str) -> date | None:
    """A day; None where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def cursor(started_at: datetime, call_id: str) -> str:
    """Where the next page goes on, as a word of the address."""
    return base64.urlsafe_b64encode(f"{started_at.isoformat()} {call_id}".encode()).decode().rstrip("=")


def cursor_of(text: str) -> tuple[datetime, str] | None:
    """The same read; None where it is none of ours.

    >>> cursor_of(cursor(datetime(2026, 11, 20, tzinfo=UTC), "ab")), cursor_of("%%%")
    ((datetime.datetime(2026, 11, 20, 0, 0, tzinfo=datetime.timezone.utc), 'ab'), None)
    """
    try:
        at, _, call_id = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
        started_at = datetime.fromisoformat(at)
    except (ValueError, binascii.Error):
        return None
    return (started_at, call_id) if started_at.tzinfo else None


def address(path: str, **query: str) -> str:
    """A path with a query."""
    given = {name: value for name, value in query.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def form_of(body: bytes) -> dict[str, str]:
    """The fields of a form; of a field that is given twice the last counts."""
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=30))
    except ValueError:
        return {}
