"""Times as the people of the contact centre read them: Korea's, to the minute."""

from datetime import UTC, date, datetime, timedelta, timezone

KOREA = timezone(timedelta(hours=9))


def in_korea(at: datetime) -> str:
    """A time for people.

    >>> in_korea(datetime(2026, 11, 20, 0, 44, tzinfo=UTC))
    '2026-11-20 09:44'
    """
    return f"{at.astimezone(KOREA):%Y-%m-%d %H:%M}"


def called_at(stamp: str) -> datetime | None:
    """When a call began in Korea, by the stamp in its recording's key (UTC); None where that is no time.

    >>> called_at("20261120T00:44")
    datetime.datetime(2026, 11, 20, 9, 44, tzinfo=datetime.timezone(datetime.timedelta(seconds=32400)))
    """
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H:%M").replace(tzinfo=UTC).astimezone(KOREA)
    except ValueError:
        return None


def began_in_korea(stamp: str) -> str:
    """When a call began, by the stamp in its recording's key (UTC); empty where that is no time.

    >>> began_in_korea("20261120T00:44"), began_in_korea("20269999T99:99")
    ('2026-11-20 09:44', '')
    """
    at = called_at(stamp)
    return in_korea(at) if at else ""


def day_in_korea(at: datetime) -> date:
    """The calendar day of the people who read the digest.

    >>> from datetime import UTC
    >>> day_in_korea(datetime(2026, 11, 20, 16, 0, tzinfo=UTC))
    datetime.date(2026, 11, 21)
    """
    return at.astimezone(KOREA).date()
