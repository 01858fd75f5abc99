"""The fault plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sandbox.faults import FaultPlan, Faults

KINDS = frozenset({"500", "503", "latency"})


def fates(plan: FaultPlan, count: int = 500) -> list[str | None]:
    faults = Faults(plan, KINDS)
    return [faults.next(KINDS) for _ in range(count)]


@given(seed=st.integers(), rate=st.floats(0, 1))
def test_the_same_plan_injects_the_same_faults(seed: int, rate: float) -> None:
    plan = FaultPlan(seed=seed, rate=rate)
    assert fates(plan, 50) == fates(plan, 50)


def test_another_seed_injects_others() -> None:
    assert fates(FaultPlan(seed=1, rate=0.5)) != fates(FaultPlan(seed=2, rate=0.5))


def test_the_rate_is_the_share_of_faulty_requests() -> None:
    injected = [fate for fate in fates(FaultPlan(seed=3, rate=0.2), 5000) if fate]
    assert 900 < len(injected) < 1100
    assert set(injected) == KINDS


def test_no_rate_no_fault() -> None:
    assert set(fates(FaultPlan(kinds=("500",)))) == {None}


def test_only_the_chosen_kinds_that_the_request_can_show_are_injected() -> None:
    faults = Faults(FaultPlan(rate=1.0, kinds=("500", "latency")), KINDS)
    assert {faults.next({"503", "500"}) for _ in range(50)} == {"500"}
    assert faults.next({"503"}) is None
    assert faults.injected == {"500": 50}


def test_a_new_plan_begins_at_request_0() -> None:
    faults = Faults(FaultPlan(), KINDS)
    faults.next(KINDS)
    plan = FaultPlan(seed=5, rate=0.5)
    faults.replace(plan)
    assert [faults.next(KINDS) for _ in range(20)] == fates(plan, 20)


@pytest.mark.parametrize("plan", ['{"rate": 1.5}', '{"kind": "500"}', '{"rate": -1}', "[]", ""])
def test_a_plan_that_makes_no_sense_is_refused(plan: str) -> None:
    with pytest.raises(ValidationError):
        FaultPlan.model_validate_json(plan)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown kinds of fault \\['5000'\\]"):
        Faults(FaultPlan(kinds=("5000",)), KINDS)
    with pytest.raises(ValueError, match="unknown kinds"):
        Faults(FaultPlan(), KINDS).replace(FaultPlan(kinds=("x",)))
