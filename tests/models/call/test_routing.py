"""Routes say in one line which vendor hears which calls, and a route that says nothing is refused by name."""

from datetime import UTC, datetime, timedelta

import pytest

from models.call.routing import Away, parse_routes, provider_for
from models.errors import ConfigurationError
from wiring.configuration import load_settings

KNOWN = {"returnzero", "returnzero/whisper", "google", "whisper"}


def test_the_first_route_that_fits_counts_and_the_default_is_for_the_rest() -> None:
    rules = parse_routes("instance:acme=google, queue:backfill=whisper,instance:beta=returnzero/whisper", KNOWN)
    assert provider_for(rules, "acme", "backfill", "returnzero") == "google"
    assert provider_for(rules, "", "backfill", "returnzero") == "whisper"
    assert provider_for(rules, "beta", "live", "returnzero") == "returnzero/whisper"
    assert provider_for(rules, "gamma", "live", "returnzero") == "returnzero"
    assert parse_routes("", KNOWN) == parse_routes(" , ", KNOWN) == ()


@pytest.mark.parametrize(
    ("text", "said"), [("acme=google", "no route"), ("instance:acme", "no route"), ("queue:live=clova", "no vendor 'clova'")]
)
def test_a_route_that_says_nothing_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        parse_routes(text, KNOWN)


def test_a_route_that_says_nothing_is_told_when_a_process_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_STT_ROUTES", "queue:live=clova")
    with pytest.raises(ConfigurationError, match="READBACK_STT_ROUTES: there is no vendor 'clova'"):
        load_settings()


def test_a_vendor_is_given_up_after_the_time_of_the_setting_and_tried_again_in_between() -> None:
    since = datetime(2026, 11, 29, tzinfo=UTC)
    away = Away(since=since, tried=since, error="vendor_unreachable")
    assert [away.long_enough(since + timedelta(seconds=s), 600) for s in (599, 600)] == [False, True]
    assert [away.due(since + timedelta(seconds=s), 900) for s in (899, 900)] == [False, True]
