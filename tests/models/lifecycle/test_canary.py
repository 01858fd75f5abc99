"""A canary ends as callers who answer by the truth would have it."""

import random

from models.call.acceptance import Acceptance
from models.lifecycle.canary import Verdict, judge

SHARE, MOST = 0.25, 400


def simulated(champion: float, challenger: float, rng: random.Random) -> tuple[Verdict, int]:
    """Calls come one by one, each side's callers press 1 when what they heard is true; somebody looks after every tenth call."""
    right, asked = {"champion": 0, "challenger": 0}, {"champion": 0, "challenger": 0}
    calls = 0
    while True:
        calls += 1
        side, truth = ("challenger", challenger) if rng.random() < SHARE else ("champion", champion)
        asked[side] += 1
        right[side] += rng.random() < truth
        if calls % 10 == 0:
            counts = {name: Acceptance(right[name], asked[name] - right[name]) for name in asked}
            verdict = judge(counts["champion"], counts["challenger"], most_answers=MOST)
            if verdict is not Verdict.GOES_ON:
                return verdict, asked["challenger"]


def test_a_better_challenger_is_promoted_by_its_callers() -> None:
    rng = random.Random(5)
    worlds = [simulated(0.75, 0.95, rng) for _ in range(30)]
    assert all(verdict is Verdict.PROMOTED for verdict, _ in worlds)
    assert sorted(asked for _, asked in worlds)[15] < 200, "the median world asks about a hundred"


def test_a_worse_challenger_is_withdrawn_early() -> None:
    rng = random.Random(5)
    worlds = [simulated(0.9, 0.6, rng) for _ in range(30)]
    assert all(verdict is Verdict.WITHDRAWN for verdict, _ in worlds)
    assert sorted(asked for _, asked in worlds)[15] < 150


def test_a_challenger_that_is_no_better_is_promoted_in_one_of_twenty_worlds_at_most() -> None:
    rng = random.Random(5)
    promoted = [simulated(0.85, 0.85, rng)[0] is Verdict.PROMOTED for _ in range(40)]
    assert sum(promoted) <= 2
