"""How the shipped model's data are varied and how it is made, on a very small scale."""

import random
from pathlib import Path

import pytest

from models.recipe.augmentation import Labelled, another_product, in_a_long_call, say_otherwise
from models.recipe.judge import judge
from models.recipe.recipe import Recipe, Score, fill, free_form, gather, score, ship, short_inquiries, train
from models.recipe.tokenizer import train_tokenizer
from models.recipe.vocabulary import build_vocabulary
from models.summarizer.faithfulness import Guard
from models.summarizer.vocabulary import Vocabulary


def test_a_short_inquiry_and_its_label_agree_by_the_judge() -> None:
    rng = random.Random(1)
    wrong = [
        pair
        for pair in (fill(one, rng) for one in short_inquiries())
        if not judge(pair.input, pair.summary, pair.product, pair.request).right
    ]
    assert wrong == []


def test_another_product_keeps_input_summary_and_label_together() -> None:
    guard = Guard(build_vocabulary().with_own_words())
    rng = random.Random(2)
    moved = 0
    for one in free_form(held_out=False):
        other = another_product(one, rng)
        moved += other != one
        assert judge(other.input, other.summary, other.product, other.request).product_right
        assert guard.is_faithful(other.input, other.summary)
    assert moved > 80


def test_a_vehicle_or_a_tooth_stays_with_its_own_line() -> None:
    pair = Labelled("자동차보험 긴급출동 불러 주세요", "자동차보험 긴급출동 요청", "자동차보험", "roadside")
    assert another_product(pair, random.Random(3)) == pair


def test_roughened_speech_keeps_most_of_its_words() -> None:
    text = "암보험을 해지하려고 하는데 환급금이 얼마나 되는지 알고 싶어요. 확인 부탁드립니다."
    rng = random.Random(4)
    variants = {say_otherwise(text, rng) for _ in range(50)}
    assert len(variants) > 30
    assert all(len(variant) > len(text) / 2 for variant in variants)
    assert sum("환급금" in variant.replace(" ", "") for variant in variants) > 0.8 * len(variants)


def test_a_long_call_still_holds_the_inquiry() -> None:
    call = in_a_long_call("치아보험 해지해 주세요", random.Random(5))
    assert "치아보험 해지해 주세요" in call
    assert len(call) > 200


def test_the_tokenizer_copies_numbers_digit_by_digit_and_ends_every_text() -> None:
    tokenizer = train_tokenizer(["보험금 3,000만 원 청구", "보험료 12345원"] * 3, 100)
    ids = tokenizer("보험금 12345원")["input_ids"]
    assert ids[-1] == tokenizer.eos_token_id
    assert tokenizer.decode(ids, skip_special_tokens=True) == "보험금 12345원"
    assert {"1", "2", "3", "4", "5"} <= set(tokenizer.convert_ids_to_tokens(ids))


def test_scores_come_with_their_interval() -> None:
    rows = [Labelled("보험 해지", "해지 요청", "", "cancel")] * 10
    result = score(["해지 요청"] * 9 + ["암보험 해지 요청"], rows)
    assert result == Score(rows=10, product=9, request=10, both=9, inventing=1)
    low, high = result.interval()
    assert low == pytest.approx(0.596, abs=0.01)
    assert high == pytest.approx(0.982, abs=0.01)


def test_held_out_rows_take_no_part_in_training() -> None:
    material = gather(Recipe(generated=50, generated_test=20, free_form_copies=2, short_copies=1), free_form(held_out=False))
    seen = {pair.input for pair in [*material.train, *material.validation]}
    assert seen.isdisjoint({row.input for row in free_form(held_out=True)})
    assert len(material.test) == 10


@pytest.mark.slow
def test_the_recipe_makes_a_model_that_serves(tmp_path: Path) -> None:
    from models.summarizer.summarizer import Summarizer

    recipe = Recipe(generated=60, generated_test=20, free_form_copies=0, short_copies=0, vocabulary=300, steps=4, batch_size=8)
    material = gather(recipe, [])
    ship(train(recipe, material, tmp_path / "work", lambda line: None), material.classifier, tmp_path / "model", recipe.longest_input)
    assert Vocabulary.load(tmp_path / "model") == build_vocabulary()
    summarizer = Summarizer.load(tmp_path / "model", "cpu", cache_dir=tmp_path / "cache", faithful=False)
    assert summarizer.engine.max_input_tokens == 112
    assert len(summarizer.engine.hypotheses(["보험 해지해 주세요"], 4)[0]) == 4
