"""`make bench` does less of what takes long on a slow machine, so that it ends in the same time."""

import importlib
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS, LONG, amounts


def test_a_slow_machine_does_less_and_a_quick_one_the_usual_amounts() -> None:
    assert amounts("calls", 16.0) == ["--crowd", "150", "--polled", "10"]
    assert amounts("calls", 4.0) == ["--crowd", "300", "--polled", "20"]
    assert amounts("start", 16.0) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", LONG)
def test_a_benchmark_knows_the_options_that_it_is_given(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert name in BENCHMARKS
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit, match="0"):
        importlib.import_module(f"benchmarks.{name}").main()
    known = capsys.readouterr().out
    assert all(option in known for option in LONG[name])
