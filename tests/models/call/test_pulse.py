"""The listener says what it does, whom it cannot reach, and that it stands still."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from models.call.pulse import STANDS_STILL, Peer, Pulse

BEGAN = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


def a_pulse() -> Pulse:
    pulse = Pulse(began=BEGAN)
    pulse.reached(Peer.QUEUE)
    return pulse


def test_a_listener_that_has_not_read_its_queue_yet_is_not_well() -> None:
    assert Pulse(began=BEGAN).trouble(BEGAN) == "cannot reach SQS since 2026-11-20 09:00 KST: its queue was not read yet"


def test_a_trouble_is_told_since_it_began_with_its_latest_reason_until_the_peer_answers() -> None:
    pulse = a_pulse()
    pulse.missed(Peer.SERVER, "connection refused", at(0))
    pulse.missed(Peer.SERVER, "HTTP 503", at(1))
    assert pulse.trouble(at(1)) == "cannot reach Prefect since 2026-11-20 09:00 KST: HTTP 503"
    assert pulse.trouble(at(1), without=[Peer.SERVER]) == ""
    pulse.reached(Peer.SERVER)
    assert pulse.trouble(at(1)) == ""


def test_a_loop_that_comes_by_no_more_stands_still() -> None:
    pulse = a_pulse()
    pulse.turn(at(3))
    assert pulse.trouble(at(3) + STANDS_STILL) == ""
    assert pulse.trouble(at(3) + STANDS_STILL + timedelta(seconds=1)) == "has stood still since 2026-11-20 09:03 KST"


def test_the_minutes_line_tells_what_was_taken_and_how_long_nothing_came() -> None:
    pulse = a_pulse()
    assert pulse.line(at(5)).endswith("nothing new for 5 min (since 2026-11-20 09:00 KST)")
    pulse.took(Counter(messages=4, recordings=2, strays=1, unreadable=1, erased=1), at(6))
    pulse.took(Counter(messages=1, recordings=1), at(7))
    assert pulse.line(at(9)) == (
        "took 5 messages, started 3 calls, set aside 2, left out 1 erased since 2026-11-20 09:00 KST; "
        "nothing new for 2 min (since 2026-11-20 09:07 KST)"
    )
