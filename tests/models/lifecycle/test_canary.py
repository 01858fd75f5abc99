"""A canary ends as callers and reviewers who judge by the truth would have it."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from models.call.acceptance import Acceptance
from models.lifecycle.canary import Canary, Heard, Verdict, judge

SHARE, MOST = 0.25, 400
# How callers err: of a hundred true summaries they press 1 for 97, of a hundred wrong ones for ten.
HEARS_IT_RIGHT, MISSES_IT = 0.97, 0.1


@dataclass
class Side:
    """What was said of one side so far: right, wrong."""

    answers: list[int]
    reviews: list[int]

    @property
    def heard(self) -> Heard:
        return Heard(Acceptance(*self.answers), Acceptance(*self.reviews))


def simulated(
    champion: float, challenger: float, rng: random.Random, *, answering: float = 1.0, reviewed: float = 0.0
) -> tuple[Verdict, int]:
    """Calls come one by one; somebody looks after every tenth.

    A summary is true in ``champion`` or ``challenger`` of all calls. ``answering`` callers press a key, and err at times; of the random
    sample ``reviewed`` people find out the truth fifty calls later, which takes the place of the caller's answer.
    """
    sides = {"champion": Side([0, 0], [0, 0]), "challenger": Side([0, 0], [0, 0])}
    waiting: list[tuple[int, Side, bool, int | None]] = []
    calls = 0
    while True:
        calls += 1
        name, truth = ("challenger", challenger) if rng.random() < SHARE else ("champion", champion)
        side, true = sides[name], rng.random() < truth
        pressed = None
        if rng.random() < answering:
            pressed = 0 if rng.random() < (HEARS_IT_RIGHT if true else MISSES_IT) else 1
            side.answers[pressed] += 1
        if rng.random() < reviewed:
            waiting.append((calls + 50, side, true, pressed))
        while waiting and waiting[0][0] <= calls:
            _, of, found, answered = waiting.pop(0)
            of.reviews[0 if found else 1] += 1
            if answered is not None:
                of.answers[answered] -= 1
        if calls % 10 == 0:
            verdict = judge(sides["champion"].heard, sides["challenger"].heard, most_answers=MOST)
            if verdict is not Verdict.GOES_ON:
                return verdict, sides["challenger"].heard.count


def test_a_better_challenger_is_promoted_by_its_callers() -> None:
    rng = random.Random(5)
    worlds = [simulated(0.75, 0.95, rng) for _ in range(30)]
    assert all(verdict is Verdict.PROMOTED for verdict, _ in worlds)
    assert sorted(said for _, said in worlds)[15] < 250, "the median world asks about a hundred and fifty"


def test_a_better_challenger_is_promoted_by_reviewers_where_no_caller_answers() -> None:
    rng = random.Random(5)
    worlds = [simulated(0.75, 0.97, rng, answering=0.0, reviewed=0.5) for _ in range(20)]
    assert all(verdict is Verdict.PROMOTED for verdict, _ in worlds)


def test_a_worse_challenger_is_withdrawn_early_and_earlier_with_reviewers() -> None:
    rng = random.Random(5)
    alone = [simulated(0.9, 0.6, rng, answering=0.3) for _ in range(30)]
    helped = [simulated(0.9, 0.6, rng, answering=0.3, reviewed=0.5) for _ in range(30)]
    assert all(verdict is Verdict.WITHDRAWN for verdict, _ in [*alone, *helped])
    assert sorted(said for _, said in alone)[15] < 200


@pytest.mark.slow
@pytest.mark.parametrize("reviewed", [0.0, 0.3])
def test_a_challenger_that_is_no_better_is_promoted_in_one_of_twenty_worlds_at_most(reviewed: float) -> None:
    rng = random.Random(5)
    promoted = [simulated(0.85, 0.85, rng, reviewed=reviewed)[0] is Verdict.PROMOTED for _ in range(40)]
    assert sum(promoted) <= 2


def test_callers_who_are_easily_pleased_do_not_promote_what_reviewers_find_worse() -> None:
    pleased, found_out = Acceptance(300, 2), Acceptance(20, 60)
    assert judge(Heard(Acceptance(700, 300)), Heard(pleased), most_answers=10_000) is Verdict.PROMOTED
    both = judge(Heard(Acceptance(700, 300), Acceptance(180, 20)), Heard(pleased, found_out), most_answers=10_000)
    assert both is Verdict.WITHDRAWN


def test_the_calls_that_people_review_are_shared_by_both_sides() -> None:
    """Both are chosen by the call's id, a hash: by different digits, or one side would have all the reviews."""
    canary = Canary(challenger="b", champion="a", share=0.1, most_answers=9, by="", reason="", began_at=datetime(2026, 1, 1, tzinfo=UTC))
    rng = random.Random(5)
    sampled = [f"0{rng.getrandbits(124):031x}" for _ in range(1000)]
    assert 60 < sum(canary.speaks_for(call_id) for call_id in sampled) < 140
