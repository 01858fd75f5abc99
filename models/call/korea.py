"""Times as the people of the contact centre read them: Korea's, to the minute."""

from datetime import UTC, datetime, timedelta, timezone

KOREA = timezone(timedelta(hours=9))


def in_korea(at: datetime) -> str:
    """A time for people.

    >>> in_korea(datetime(2026, 11, 20, 0, 44, tzinfo=UTC))
    '2026-11-20 09:44'
    """
    return f"{at.astimezone(KOREA):%Y-%m-%d %H:%M}"


def began_in_korea(stamp: str) -> str:
    """When a call began, by the stamp in its recording's key (UTC); empty where that is no time.

    >>> began_in_korea("20261120T00:44"), began_in_korea("20269999T99:99")
    ('2026-11-20 09:44', '')
    """
    try:
        return in_korea(datetime.strptime(stamp, "%Y%m%dT%H:%M").replace(tzinfo=UTC))
    except ValueError:
        return ""
