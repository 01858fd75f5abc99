"""How texts become tokens, in training and in service alike."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.summarizer.bart import BartEngine
from models.summarizer.encoding import encode, end_of_sequence, load_tokenizer, tokens_a_character
from models.summarizer.reference import HuggingFaceEngine
from models.summarizer.summarizer import Summarizer
from models.training import FinetuneConfig
from models.training.base import load_tokenizer as load_training_tokenizer
from models.training.data.pair import Pair
from models.training.examples import Limits, Seq2SeqExamples


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_text_has_more_tokens_than_its_characters_could_make(summarizer: Summarizer, text: str) -> None:
    assert summarizer.engine.count_tokens(text) <= summarizer.engine.token_upper_bound(text)


def test_a_tokenizer_that_knows_bytes_makes_up_to_four_tokens_of_a_character(tiny_llama: Path) -> None:
    tokenizer = load_tokenizer(tiny_llama)
    assert tokens_a_character(tokenizer) == 4
    assert len(tokenizer.encode("🙏" * 10).ids) > 10


@pytest.fixture
def kobart_like(model_dir: Path, tmp_path: Path) -> Path:
    """A model whose tokenizer, like KoBART's as it is published, has no post-processor: it puts no end behind a text."""
    folder = tmp_path / "kobart-like"
    shutil.copytree(model_dir, folder)
    parts = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8")) | {"post_processor": None}
    (folder / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
    return folder


@pytest.mark.parametrize("published", ["with its end", "without its end"])
def test_training_serving_and_the_reference_read_the_same_tokens(
    published: str, model_dir: Path, kobart_like: Path, cache: Path, inquiries: list[str]
) -> None:
    folder = model_dir if published == "with its end" else kobart_like
    served = BartEngine(folder, "cpu", 1, cache)
    seen: list[list[str]] = []
    translate = served._translator
    served._translator = Spy(translate, seen)
    served.hypotheses(inquiries, 1)
    tokenizer = load_training_tokenizer(FinetuneConfig(family="bart", base=str(folder)))
    examples = Seq2SeqExamples(tokenizer, [Pair(text, "해지 요청") for text in inquiries], Limits(64, 64))
    learnt = [examples[i]["input_ids"] for i in range(len(inquiries))]
    assert seen == [tokenizer.convert_ids_to_tokens(ids) for ids in learnt]
    assert [HuggingFaceEngine(folder, "cpu")._ids(text) for text in inquiries] == learnt
    assert all(ids.count(tokenizer.eos_token_id) == 1 and ids[-1] == tokenizer.eos_token_id for ids in learnt)
    assert [served.count_tokens(text) for text in inquiries] == [len(ids) for ids in learnt]


class Spy:
    """Notes the tokens that the encoder gets."""

    def __init__(self, translator: Any, seen: list[list[str]]) -> None:
        self._translator, self._seen = translator, seen

    def translate_batch(self, rows: list[list[str]], **options: Any) -> Any:
        self._seen.extend(rows)
        return self._translator.translate_batch(rows, **options)


def test_a_text_longer_than_the_encoder_is_cut_and_still_ends(model_dir: Path, cache: Path) -> None:
    tokenizer = load_tokenizer(model_dir)
    end = end_of_sequence(model_dir, tokenizer)
    (ids,) = encode(tokenizer, ["보험 해지 " * 200], end, 64)
    assert (len(ids), ids[-1]) == (64, end)
    endless = ["보험 해지 " * 200]
    for engine in (BartEngine(model_dir, "cpu", 1, cache), HuggingFaceEngine(model_dir, "cpu")):
        assert len(engine.hypotheses(endless, 2)[0]) == 2


def test_a_tokenizer_that_cuts_and_pads_by_its_file_does_neither_here(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cutting"
    shutil.copytree(model_dir, folder)
    parts = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    parts["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    parts["padding"] = {
        "strategy": {"Fixed": 32},
        "direction": "Right",
        "pad_to_multiple_of": None,
        "pad_id": 1,
        "pad_type_id": 0,
        "pad_token": "<pad>",
    }
    (folder / "tokenizer.json").write_text(json.dumps(parts), encoding="utf-8")
    text = "암보험 해지하면 환급금이 얼마나 되는지 알려 주세요."
    plain = load_tokenizer(model_dir).encode(text).ids
    trained = load_training_tokenizer(FinetuneConfig(family="bart", base=str(folder))).backend_tokenizer
    assert load_tokenizer(folder).encode(text).ids == plain
    assert trained.encode(text).ids == plain


def test_the_end_is_the_tokenizers_or_else_the_models(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_dir, folder)
    tokenizer = load_tokenizer(folder)
    assert end_of_sequence(folder, tokenizer) == tokenizer.token_to_id("</s>")
    (folder / "tokenizer_config.json").write_text('{"eos_token": {"content": "<s>"}}')
    assert end_of_sequence(folder, tokenizer) == tokenizer.token_to_id("<s>")
    (folder / "tokenizer_config.json").unlink()
    assert end_of_sequence(folder, tokenizer) == json.loads((folder / "config.json").read_text())["eos_token_id"]
