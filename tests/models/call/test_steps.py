"""Every step of a call has a name that operations can read."""

import re

from models.call.steps import Step, step_label


def test_every_step_has_a_korean_label_and_no_two_share_one() -> None:
    labels = [step.label for step in Step]
    assert all(re.fullmatch(r"[가-힣 ]+", label) for label in labels)
    assert len(set(labels)) == len(labels)


def test_a_step_in_a_record_is_labelled_the_hand_over_too() -> None:
    assert step_label("hand over") == "연동"


def test_a_step_that_this_release_does_not_know_is_shown_as_it_is() -> None:
    assert step_label("dance") == "dance"
    assert step_label("") == ""
