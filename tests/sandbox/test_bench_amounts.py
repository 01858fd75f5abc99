"""`make bench` does less of what takes long on a slow machine, so that it ends in the same time."""

import importlib
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS, LONG, LONGEST_SECONDS, NAMED, QUICK_MS, SECONDS, amounts, share_of


def seconds(name: str, speed: float, share: float) -> float:
    takes = SECONDS[name]
    return takes.waits + speed / QUICK_MS * (takes.works + share * takes.more)


@pytest.mark.parametrize("speed", [4.0, QUICK_MS, 12.0, 17.0])
def test_all_benchmarks_end_in_time_whatever_the_host_if_each_takes_what_it_is_known_to_take(speed: float) -> None:
    passed = 0.0
    for number, name in enumerate(BENCHMARKS):
        passed += seconds(name, speed, share_of(BENCHMARKS[number:], speed, LONGEST_SECONDS - passed))
    assert passed <= LONGEST_SECONDS + 1


def test_those_that_are_left_do_less_where_the_first_ones_took_longer_than_known() -> None:
    in_time, late = (share_of(["calls", "growth"], QUICK_MS, left) for left in (400.0, 300.0))
    assert (in_time, late) == (1.0, 0.5)
    assert share_of(["calls", "growth"], QUICK_MS, 0.0) == 0.1, "no benchmark is left out"


def test_a_share_of_what_takes_long_is_less_of_it_and_what_knows_no_amount_is_as_it_is() -> None:
    assert amounts("calls", 0.5) == ["--crowd", "150", "--polled", "10"]
    assert amounts("start", 0.5) == []


def test_every_benchmark_is_known_by_its_seconds_and_those_that_take_more_can_do_less() -> None:
    assert set(SECONDS) == set(BENCHMARKS)
    assert {name for name, takes in SECONDS.items() if takes.more} == set(LONG)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*LONG, *NAMED])
def test_a_benchmark_knows_the_options_that_it_is_given(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert name in (*BENCHMARKS, *NAMED)
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit, match="0"):
        importlib.import_module(f"benchmarks.{name}").main()
    known = capsys.readouterr().out
    assert all(option in known for option in LONG.get(name, {}))
