"""What the model that ships must do on inquiries that no template produced. The held-out rows were never trained on."""

import json
from pathlib import Path

import pytest

from models.recipe.recipe import free_form, score
from models.summarizer import SHIPPED_MODEL
from models.summarizer.summarizer import Summarizer

FLOOR = 0.9


@pytest.fixture(scope="module")
def summarizer(tmp_path_factory: pytest.TempPathFactory) -> Summarizer:
    return Summarizer.load(SHIPPED_MODEL, "cpu", cache_dir=tmp_path_factory.mktemp("cache"))


def test_the_shipped_folder_is_at_most_fifteen_megabytes() -> None:
    assert sum(path.stat().st_size for path in SHIPPED_MODEL.rglob("*") if path.is_file()) <= 15_000_000


def test_the_card_tells_the_scores_that_training_wrote_down() -> None:
    card = (SHIPPED_MODEL / "README.md").read_text(encoding="utf-8")
    facts = json.loads((SHIPPED_MODEL / "training.json").read_text(encoding="utf-8"))
    held_out = facts["scores"]["held-out hand-written, guarded"]
    assert f"{held_out['both']} of {held_out['rows']}" in card


def test_everyday_inquiries_that_no_template_produced_are_summarized_rightly(summarizer: Summarizer) -> None:
    rows = free_form(held_out=True)
    result = score(summarizer.summarize([row.input for row in rows]), rows)
    assert result.rows == 200
    assert result.both / result.rows >= FLOOR
    assert result.inventing == 0


def test_the_example_of_the_requirements_is_summarized_word_for_word(summarizer: Summarizer) -> None:
    assert summarizer.summarize(["상대 차가 뒤에서 박는 사고가 났어. 내 보험 적용 여부를 알고 싶어."]) == [
        "자동차 사고 보험 여부 확인 요청"
    ]


def test_who_names_no_product_hears_of_none(summarizer: Summarizer) -> None:
    (summary,) = summarizer.summarize(["보험증권을 이메일로 다시 받고 싶어요"])
    assert "증권" in summary
    assert "암" not in summary


@pytest.mark.slow
def test_the_serving_form_agrees_with_generate(summarizer: Summarizer) -> None:
    texts = [row.input for row in free_form(held_out=True)[:50]]
    reference = Summarizer.load_reference(SHIPPED_MODEL, "cpu")
    theirs = [reference.summarize([text])[0] for text in texts]
    agreeing = sum(a == b for a, b in zip(summarizer.summarize(texts), theirs, strict=True))
    assert agreeing >= 0.95 * len(texts), f"{agreeing} of {len(texts)}"


def test_no_held_out_inquiry_is_among_the_short_ones_or_the_training_rows() -> None:
    from models.recipe.recipe import short_inquiries

    held_out = {row.input for row in free_form(held_out=True)}
    learnt = {row.input for row in [*free_form(held_out=False), *short_inquiries()]}
    assert held_out.isdisjoint(learnt)


def test_the_folder_needs_nothing_from_a_hub() -> None:
    names = {path.name for path in Path(SHIPPED_MODEL).iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "README.md", "training.json"} <= names
