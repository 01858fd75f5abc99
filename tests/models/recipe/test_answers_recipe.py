"""What finds and refuses was learnt from the writers that are here, on top of the encoder that is here."""

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from models.answers import SHIPPED_ENCODER
from models.answers.encoder import PIECES
from models.answers.judge import WEIGHTS
from models.answers.pairs import PAIRS
from models.answers.together import READ_WITH
from models.recipe.answers_recipe import made_of
from models.recipe.answers_together_recipe import made_of as together_made_of
from models.recipe.insurers import development, fingerprint, later_questions, learnt_from
from models.summarizer.packed import ADAPTER


def named(path: Path) -> str:
    with safe_open(path, "np") as stored:
        return str(stored.metadata()["made_of"])


def test_the_adapter_was_learnt_from_the_writers_that_are_here() -> None:
    assert named(SHIPPED_ENCODER / ADAPTER) == fingerprint(), "run python -m models.recipe.answers_encoder_recipe, then those after it"


@pytest.mark.parametrize("path", [SHIPPED_ENCODER / PIECES, PAIRS], ids=["projection", "pairs"])
def test_the_pairs_were_learnt_on_the_adapter_that_is_here(path: Path) -> None:
    made_of = fingerprint(SHIPPED_ENCODER / ADAPTER, *later_questions())
    assert named(path) == made_of, "run python -m models.recipe.answers_pairs_recipe, then answers_recipe"


def test_reading_together_was_learnt_on_the_adapter_that_is_here() -> None:
    assert named(READ_WITH) == together_made_of(), "run python -m models.recipe.answers_together_recipe, then answers_recipe"


def test_the_judge_was_learnt_on_the_pairs_and_the_questions_that_are_here() -> None:
    assert json.loads(WEIGHTS.read_text("utf-8"))["made_of"] == made_of(), "run python -m models.recipe.answers_recipe"


def test_every_question_that_is_answered_has_its_passage_and_one_writer_is_kept_aside() -> None:
    learnt = learnt_from()
    assert development().name not in {one.name for one in learnt}
    for insurer in (*learnt, development()):
        chunks = insurer.chunks
        assert [one.text for one in insurer.all_questions if one.gold and not one.passages(chunks)] == []
