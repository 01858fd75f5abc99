"""Question and passage are read together, as one text, before an answer is told."""

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_tensors

from models.answers import SHIPPED_ENCODER
from models.answers.answerer import Answerer
from models.answers.encoder import E5, Encoder
from models.answers.index import Index, parts_of
from models.answers.together import BIAS, LONGEST, LONGEST_QUESTION, READ_WITH, WEIGHT, Together, passage_pieces, question_pieces, together
from models.answers.told import NotHeld, Suggested
from models.errors import ConfigurationError
from models.recipe.answers_together_recipe import Learner
from models.recipe.low_rank import begun
from models.summarizer.encoding import load_tokenizer

QUESTION = "차가 멈췄는데 견인은 몇 킬로까지 무료예요?"


class Telling(E5):
    """The encoder that ships, but what reading together tells is given."""

    def __init__(self, odds: float) -> None:
        super().__init__(SHIPPED_ENCODER, "cpu")
        self._odds = odds

    def read_together(self, question: str, passages: Sequence[Sequence[str]]) -> list[list[float]]:
        return [[self._odds - 1.0, self._odds] for _ in passages]


def test_the_pieces_of_each_sentence_are_its_own() -> None:
    tokenizer, parts = load_tokenizer(SHIPPED_ENCODER), ["약관 제1조", "10km까지 견인합니다.", "다만 화물차는 견인하지 않습니다."]
    asked = question_pieces(tokenizer, QUESTION)
    text = together(asked, *passage_pieces(tokenizer, parts))
    assert text.pieces[: text.question] == asked
    assert [tokenizer.decode(text.pieces[a:b]).strip() for a, b in text.sentences] == parts[1:]


def test_what_is_long_is_cut_and_a_sentence_behind_the_end_is_nowhere() -> None:
    tokenizer = load_tokenizer(SHIPPED_ENCODER)
    asked = question_pieces(tokenizer, QUESTION * 20)
    text = together(asked, *passage_pieces(tokenizer, ["약관", *["견인은 10km까지 무료입니다."] * 80]))
    assert len(asked) == LONGEST_QUESTION
    assert len(text.pieces) == LONGEST
    assert 1 < len(text.sentences) < 80
    assert all(a < b <= LONGEST for a, b in text.sentences)


def test_it_is_read_in_service_as_it_was_learnt(index: Index, encoder: Encoder) -> None:
    learner, weights = Learner().eval(), load_tensors(READ_WITH)
    begun(learner.encoder, weights)
    learner.head.load_state_dict({"weight": weights[WEIGHT], "bias": weights[BIAS]})
    tokenizer, passages = load_tokenizer(SHIPPED_ENCODER), [parts_of(chunk) for chunk in index.chunks]
    asked = question_pieces(tokenizer, QUESTION)
    with torch.no_grad():
        learnt = learner([together(asked, *passage_pieces(tokenizer, parts)) for parts in passages])
    served = encoder.read_together(QUESTION, passages)
    assert [len(one) for one in served] == [len(chunk.sentences) for chunk in index.chunks]
    for one, other in zip(served, learnt, strict=True):
        assert one == pytest.approx(other.tolist(), abs=0.6)  # 8 bits, and 16


def test_a_passage_that_answers_is_told_from_one_that_does_not(encoder: Encoder) -> None:
    right, wrong = encoder.read_together(QUESTION, [["견인", "10km까지 무료로 견인합니다."], ["도난", "도난당한 차의 값을 지급합니다."]])
    assert max(right) > max(wrong) + 2


def test_what_it_says_refuses_and_answers(index: Index) -> None:
    assert isinstance(Answerer(index, Telling(-30.0)).answer(QUESTION), NotHeld)
    told = Answerer(index, Telling(30.0)).answer(QUESTION)
    assert isinstance(told, Suggested)
    assert "10km까지" in told.text


@pytest.mark.parametrize("damage", ["a number that is none", "no head", "no file"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    path, weights = tmp_path / "together.safetensors", load_file(READ_WITH)
    if damage == "a number that is none":
        weights[BIAS][0] = float("nan")
    if damage == "no head":
        del weights[WEIGHT]
    if damage != "no file":
        save_file(weights, path)
    with pytest.raises(ConfigurationError, match="answers_together_recipe"):
        Together("cpu", weights=path)
