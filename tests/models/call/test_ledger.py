"""What a call cost is known at that day's price, whatever dies on the way; nothing is counted twice."""

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from models.call.ended import EndedCall, figures
from models.call.forecast import BYTES_A_SECOND, forecast
from models.call.ledger import Charge, Payment, Spent, Unit, answered, charges_of, filed, sent, spent
from models.call.prices import PRICES, load_prices
from models.call.record import Outcome
from models.errors import ConfigurationError
from reports.money import overview

DAY = date(2026, 11, 29)


def job(request: str, won: float = 10.0, day: date = DAY) -> Charge:
    return Charge(provider="returnzero", unit=Unit.STT_SECONDS, amount=36, won=won, day=day, request=request)


def test_a_request_counts_as_lost_until_its_answer_is_there() -> None:
    waiting = sent([], job("a"))
    assert [one.payment for one in waiting] == [Payment.LOST]
    assert [one.payment for one in answered(waiting, "a", paid=True)] == [Payment.ORDINARY]
    assert answered(waiting, "a", paid=False) == []


def test_a_second_job_for_a_call_is_a_repeated_payment_and_the_first_stays_lost() -> None:
    ledger = answered(sent(sent([], job("a")), job("b")), "b", paid=True)
    assert [(one.request, one.payment) for one in ledger] == [("a", Payment.LOST), ("b", Payment.REPEATED)]


def test_a_request_that_is_sent_again_under_its_name_is_one_charge() -> None:
    assert len(sent(sent([], job("a")), job("a"))) == 1


def test_a_call_that_ends_on_two_days_is_paid_for_on_one() -> None:
    first = filed([job("a")], DAY)
    later = [*first, job("b")]
    assert [one.request for one in charges_of(later, date(2026, 11, 30))] == ["b"]
    assert [one.request for one in charges_of(later, DAY)] == ["a", "b"], "the same day's entry is written anew with all of it"


def test_sums_tell_repeated_and_lost_payments_apart() -> None:
    lost, again = (job(name).model_copy(update={"payment": payment}) for name, payment in (("a", Payment.LOST), ("b", Payment.REPEATED)))
    found = spent([lost, again, job("c"), job("d").model_copy(update={"won": None})])
    assert [(one.won, one.lost_won, one.repeated_won, one.unpriced) for one in found] == [(30.0, 10.0, 10.0, 1)]


def test_a_price_holds_from_its_day_until_the_next(tmp_path: Path) -> None:
    head = next(line for line in PRICES.read_text("utf-8").splitlines() if not line.startswith("#"))
    file = tmp_path / "prices.csv"
    file.write_text(
        f"{head}\nUSD,won,2026-01-01,1400,KRW,1,0,no,x\nUSD,won,2026-12-01,1500,KRW,1,0,no,x\n"
        "google,stt_seconds,2026-01-01,0.6,USD,60,0,yes,x\ngoogle,stt_seconds,2026-11-29,1.2,USD,60,120,yes,x\n",
        encoding="utf-8",
    )
    prices = load_prices(file)

    def won(day: date, seconds: float) -> float | None:
        return prices.charge("google", Unit.STT_SECONDS, seconds, day, channels=2).won

    assert won(date(2026, 11, 28), 60) == pytest.approx(0.6 * 2 * 1400)
    assert won(DAY, 30) == pytest.approx(1.2 * 4 * 1400), "120 seconds of each channel are billed at least"
    assert won(date(2026, 12, 1), 120) == pytest.approx(1.2 * 4 * 1500)
    assert won(date(2025, 1, 1), 60) is None, "before the first price nobody knows one"


def test_a_price_that_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(PRICES.read_text("utf-8") + "google,stt_minutes,2026-01-01,1,USD,60,0,no,x\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"prices.csv:\d+: this price cannot be read"):
        load_prices(file)


def test_the_prices_behind_what_was_used_are_those_of_the_day_with_their_exchange_rates() -> None:
    prices, day = load_prices(PRICES), date(2026, 11, 30)
    used = [Spent(provider, unit, "", 1, 1, 0, 0, 0) for provider, unit in (("google", Unit.STT_SECONDS), ("nobody", Unit.STT_SECONDS))]
    assert [(price.provider, price.unit) for price in prices.behind(used, day)] == [("google", "stt_seconds"), ("USD", "won")]
    assert prices.behind(used, date(2025, 12, 31)) == []


def test_the_digest_names_the_prices_that_nobody_has_confirmed() -> None:
    used = [Spent(provider, Unit.STT_SECONDS, "", 1, 1, 0, 0, 0) for provider in ("returnzero", "whisper")]
    told = overview(used, dollars=None, prices=load_prices(PRICES).behind(used, date(2026, 11, 30)))
    assert "**확인하지 않은 값**: 1개 (청구서와 다를 수 있음): returnzero 음성 인식 (초)" in told
    assert "whisper 음성" not in told


def test_every_price_that_ships_has_a_source_and_the_day_of_it() -> None:
    prices = load_prices(PRICES)
    assert [row for row in prices.rows if not re.search(r"\(.*\d{4}-\d{2}-\d{2}.*\)", row.source)] == []
    assert all(prices.charge(row.provider, Unit(row.unit), 1, DAY).won is not None for row in prices.rows if row.unit != "won")


def ended(*charges: Charge, model: str = "v1") -> EndedCall:
    at = datetime(2026, 11, 29, 3, tzinfo=UTC)
    return EndedCall(call_id="c", outcome=Outcome.READ_BACK, at=at, waited_seconds=1, version=model, charges=list(charges))


def test_a_day_tells_what_a_call_costs_by_model() -> None:
    day = figures([ended(job("a")), ended(job("b", 20.0)), ended(job("c"), model="v2")])
    assert {model: (cost.calls, cost.won) for model, cost in day.by_model.items()} == {"v1": (2, 30.0), "v2": (1, 10.0)}


def test_a_backfill_is_foretold_by_its_bytes_and_by_what_calls_took_lately() -> None:
    speech = Charge(provider="google-tts/wavenet", unit=Unit.TTS_CHARACTERS, amount=50, won=1.0, day=DAY)
    told = forecast(
        100,
        100 * 36 * BYTES_A_SECOND,
        [ended(job("a"), speech), ended(job("b"), speech)],
        stt_provider="returnzero",
        prices=load_prices(PRICES),
        day=DAY,
        budgets={"returnzero": 500.0, "google-tts": 1000.0},
    )
    assert {one.unit: (round(one.amount), round(one.won)) for one in told.spent} == {
        Unit.STT_SECONDS: (3600, 1000),
        Unit.TTS_CHARACTERS: (5000, 100),
    }
    assert (round(told.won), told.days, told.learnt_from) == (1100, 2.0, 2)
