"""A day's budget is one for all processes, and holds new calls once it is spent."""

from datetime import date

import pytest

from models.call.ledger import Charge, Unit
from models.call.prices import PRICES, load_prices
from models.errors import ConfigurationError, QuotaExhausted
from stores.spending import OTHERS_SECONDS, Budget, parse_budgets
from tests.in_memory import InMemoryStore

DAY = date(2026, 11, 29)


def charge(won: float | None, provider: str = "returnzero/whisper") -> Charge:
    return Charge(provider=provider, unit=Unit.STT_SECONDS, amount=1, won=won, day=DAY)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_two_processes_spend_one_budget_by_account() -> None:
    store, clock = InMemoryStore(), Clock()
    one, other = (Budget(store, {"returnzero": 100.0}, name=name, clock=clock) for name in ("a", "b"))  # type: ignore[arg-type]
    one.spend(charge(60.0))
    other.check(DAY, ["returnzero"])
    other.spend(charge(39.0, "returnzero"))
    other.check(DAY, ["returnzero"])
    one.spend(charge(1.0))
    clock.now += OTHERS_SECONDS + 1
    with pytest.raises(QuotaExhausted, match="the daily budget of returnzero is spent: 100 of 100 won on 2026-11-29") as told:
        other.check(DAY, ["google-tts/wavenet", "returnzero"])
    assert told.value.case == "budget"
    other.check(DAY, ["google"])
    other.check(date(2026, 11, 30), ["returnzero"])


def test_a_process_that_starts_again_adds_to_what_it_had_spent() -> None:
    store = InMemoryStore()
    for name in ("before", "after"):
        Budget(store, {"returnzero": 100.0}, name=name).spend(charge(50.0))  # type: ignore[arg-type]
    assert Budget(store, {"returnzero": 100.0}).spent(DAY) == {"returnzero": 100.0}  # type: ignore[arg-type]


def test_what_costs_nothing_or_has_no_budget_writes_nothing() -> None:
    store = InMemoryStore()
    budget = Budget(store, {"returnzero": 100.0})  # type: ignore[arg-type]
    for one in (charge(0.0), charge(None), charge(5.0, "google")):
        budget.spend(one)
    assert store.keys() == []


@pytest.mark.parametrize("text", ["returnzero", "returnzero=", "returnzero=-1", "returnzero=nan", "returnzero=1e9", "=5"])
def test_a_budget_that_cannot_be_read_names_the_setting(text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"READBACK_DAILY_BUDGETS: '{text}' is no budget|'' is on nobody's bill"):
        parse_budgets(text, ["returnzero"])


def test_a_budget_that_would_hold_no_call_is_refused_with_the_vendors_that_there_are() -> None:
    accounts = load_prices(PRICES).accounts
    assert parse_budgets("returnzero=5, google-tts=5, g4dn.xlarge=5, language-model=5", accounts).keys() <= accounts
    for unknown in ("returnzeo", "google-tts/wavenet", "s3", "USD"):
        with pytest.raises(ConfigurationError, match=f"'{unknown}' is on nobody's bill") as told:
            parse_budgets(f"{unknown}=5", accounts)
        assert "returnzero" in told.value.remedy
