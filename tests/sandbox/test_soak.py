"""The soak kills by what has happened, not by the clock."""

import random
from typing import Any

import pytest

from sandbox.soak import Killer, kill_plan

VICTIMS = ["call-worker", "prefect-server", "summarizer", "watch-s3"]


class Crashes:
    """A stack that only remembers whom it was told to kill."""

    def __init__(self) -> None:
        self.killed: list[str] = []
        self.in_trouble = False

    def crash(self, name: str) -> None:
        self.killed.append(name)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(("calls", "kills"), [(12, 4), (1000, 15), (60, 8), (2, 4)])
def test_every_process_is_killed_once_before_any_is_killed_again_and_before_the_last_call_ends(calls: int, kills: int, seed: int) -> None:
    plan = kill_plan(calls, kills, random.Random(seed), VICTIMS)
    assert len(plan) == kills
    assert plan == sorted(plan, key=lambda kill: kill[0])
    assert plan[0][0] >= 1
    assert plan[-1][0] <= 1.5 * calls + 1 < 2 * calls + 1
    for begin in range(0, kills, len(VICTIMS)):
        turn = [victim for _, victim in plan[begin : begin + len(VICTIMS)]]
        assert len(set(turn)) == len(turn)


def test_a_kill_waits_for_its_event_however_long_that_takes_and_comes_once() -> None:
    stack: Any = Crashes()
    killer = Killer(stack, [(3, "summarizer"), (5, "call-worker")])
    for events in (0, 2, 2, 2, 3, 3, 4):
        killer.kill_when_due(events)
    assert stack.killed == ["summarizer"]
    for _ in range(3):
        killer.kill_when_due(24)
    assert stack.killed == ["summarizer", "call-worker"]


def test_nobody_is_killed_while_another_is_cut_off() -> None:
    stack: Any = Crashes()
    stack.in_trouble = True
    killer = Killer(stack, [(1, "server-1")])
    killer.kill_when_due(5)
    assert stack.killed == []
    stack.in_trouble = False
    killer.kill_when_due(5)
    assert stack.killed == ["server-1"]


def test_without_kills_nothing_is_killed() -> None:
    assert kill_plan(12, 0, random.Random(1), VICTIMS) == []
