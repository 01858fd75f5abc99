"""Every step of a call has a name that operations can read."""

import re

import pytest

from models.call.steps import Step, Steps, step_label


def test_every_step_has_a_korean_label_and_no_two_share_one() -> None:
    labels = [step.label for step in Step]
    assert all(re.fullmatch(r"[가-힣 ]+", label) for label in labels)
    assert len(set(labels)) == len(labels)


def test_a_step_in_a_record_is_labelled_the_hand_over_too() -> None:
    assert step_label("hand over") == "연동"


def test_a_step_that_this_release_does_not_know_is_shown_as_it_is() -> None:
    assert step_label("dance") == "dance"
    assert step_label("") == ""


def test_a_step_that_is_repeated_counts_from_its_first_try_and_one_that_was_done_keeps_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 2.0, 5.0, 6.0, 8.0, 9.0])
    monkeypatch.setattr("models.call.steps.perf_counter", lambda: next(clock))
    steps = Steps()
    with steps.step(Step.CLAIM):  # from 0 to 1
        pass
    with pytest.raises(KeyError), steps.step(Step.FETCH):  # from 2
        raise KeyError
    assert (steps.current, steps.seconds) == (Step.FETCH, {"claim": 1.0})
    for step in (Step.CLAIM, Step.FETCH):
        with steps.step(step):
            pass
    assert steps.seconds == {"claim": 1.0, "fetch": 7.0}
