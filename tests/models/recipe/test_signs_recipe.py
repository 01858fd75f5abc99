"""What a writer of signs learns from, and that it learns it."""

from models.recipe.signs_recipe import labelled, learnt
from models.summarizer.linear import Linear
from models.summarizer.signs import ASKS, ENDS, GOES_ON, SignWriter


def test_a_words_label_is_the_sign_that_its_writer_gave_it() -> None:
    assert labelled("네, 바꿔 주세요. 얼마예요 ?") == [("네", GOES_ON), ("바꿔", GOES_ON), ("주세요", ENDS), ("얼마예요", ASKS)]


def test_signs_are_learnt_from_the_words_around_them() -> None:
    texts = ["해지할게요. 얼마예요?", "바꿀게요. 얼마 나와요?", "청구할게요. 뭐가 필요해요?", "뺄게요. 어디로 가요?"] * 10
    found = learnt(texts)
    writer = SignWriter(Linear(found["weights"], found["scales"], found["offsets"]))
    assert writer.with_signs("옮길게요 얼마 들어요") == "옮길게요… 얼마 들어요?"
