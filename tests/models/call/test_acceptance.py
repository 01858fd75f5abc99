"""Looking after every answer rolls back who is bad, and hardly ever who is good."""

import random
from functools import cache

import pytest

from models.call.acceptance import Acceptance, anytime_interval

FLOOR, ANSWERS = 0.8, 600
told = cache(anytime_interval)  # worlds come by the same counts again and again


def rolled_back_after(truth: float, rng: random.Random) -> int | None:
    """Callers who answer by whether what they heard was true; the guard looks after each answer."""
    right = 0
    for n in range(1, ANSWERS + 1):
        right += rng.random() < truth
        if told(Acceptance(right, n - right))[1] < FLOOR:
            return n
    return None


@pytest.mark.slow
def test_a_champion_that_is_as_good_as_the_floor_is_rolled_back_in_one_of_twenty_worlds_at_most() -> None:
    rng = random.Random(19)
    worlds = [rolled_back_after(FLOOR, rng) for _ in range(150)]
    assert sum(ended is not None for ended in worlds) <= 0.05 * len(worlds)


def test_a_champion_that_misleads_every_third_caller_is_rolled_back_soon() -> None:
    rng = random.Random(19)
    worlds = [rolled_back_after(0.6, rng) for _ in range(60)]
    ended = sorted(world for world in worlds if world is not None)
    assert len(ended) == len(worlds)
    assert ended[len(ended) // 2] < 120, "the median world asks some fifty callers"


def test_without_answers_everything_is_possible() -> None:
    assert anytime_interval(Acceptance(0, 0)) == (0, 1)
    low, high = anytime_interval(Acceptance(50, 0))
    assert (0.85 < low < 1, high) == (True, 1)
    assert anytime_interval(Acceptance(0, 50))[0] == 0
