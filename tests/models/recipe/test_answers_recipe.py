"""What finds and refuses was learnt from the writers that are here, on top of the encoder that is here."""

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from models.answers import SHIPPED_ENCODER
from models.answers.chunks import chunks_of
from models.answers.encoder import PIECES
from models.answers.judge import WEIGHTS
from models.answers.pairs import PAIRS
from models.answers.together import READ_WITH
from models.errors import ConfigurationError
from models.recipe.answers_recipe import documents, made_of, phrasings
from models.recipe.answers_together_recipe import made_of as together_made_of
from models.recipe.insurers import PHRASINGS, Insurer, asked_of, development, fingerprint, later_questions, learnt_from
from models.summarizer.packed import ADAPTER

UNSEEN = Path(__file__).parents[3] / "benchmarks" / "questions" / "unseen_insurer"


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


def test_every_bundled_phrasing_has_its_passage_and_four_stand_for_nearly_each() -> None:
    aside, unseen = development(), Insurer.of(UNSEEN)
    for asked, several in ((phrasings(), documents()), (aside.asked, [aside.document]), (unseen.asked, [unseen.document])):
        passages = sum(len(chunks_of(document)) for document in several)
        assert passages - len(asked) <= 1  # a page that ends with the title's line
        assert {len(questions) for questions in asked.values()} == {4}


def test_a_phrasing_that_fits_no_passage_stops_what_is_learnt(tmp_path: Path) -> None:
    (tmp_path / PHRASINGS).write_text("문서,구절,질문\nw5.md,어디에도 없는 말,뭐가 돼요\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 2 of phrasings"):
        asked_of(tmp_path, [development().document])
