"""A judged question that stands among the phrasings by chance is found, and one that only sounds like one is not."""

from benchmarks.answers import nearly_among
from models.answers.questions import GoldQuestion


def test_a_question_nearly_letter_by_letter_among_the_phrasings_is_told_and_another_wording_is_not() -> None:
    same, other = GoldQuestion("고속도로에서 기름이 다 떨어졌는데 어떡하죠?", ()), GoldQuestion("길에서 연료가 바닥났어요", ())
    assert nearly_among(["고속도로에서 기름이 다 떨어졌는데 어떡하죠"], [same, other]) == [same]
    assert nearly_among([], [same, other]) == []
