"""What answers to a caller's words say is learnt from questions and what answers them."""

from models.answers.words import LEARNT
from models.recipe.answers_words_recipe import learn, lines, made_of

PAIRS = [
    (["깨", "환급"], ["해지", "환급금"]),
    (["깨", "언제"], ["해지", "바꾸"]),
    (["기름", "언제"], ["급유", "바꾸"]),
    (["기름", "환급"], ["급유", "환급금", "3"]),
]


def test_each_word_of_a_question_gets_the_words_that_stand_with_it_in_answers() -> None:
    likely = learn(PAIRS)
    assert {said: likely[said][0].word for said in ("깨", "기름", "환급")} == {"깨": "해지", "기름": "급유", "환급": "환급금"}


def test_the_table_has_no_numbers_and_no_word_that_stands_for_itself() -> None:
    table = dict(line.split("\t") for line in lines(learn([*PAIRS, (["해지", "15"], ["해지", "15", "철회"])])))
    assert "15" not in table
    assert {pair.partition(":")[0] for pair in table["해지"].split()} == {"철회"}
    assert "3:" not in table["기름"]


def test_the_table_that_ships_was_learnt_from_the_writers_that_are_here() -> None:
    first = LEARNT.read_text(encoding="utf-8").partition("\n")[0]
    assert first == f"# made of {made_of()}", "run python -m models.recipe.answers_words_recipe, then answers_recipe"
