"""The summarizer around the model: loading, versions, narrow and wide search, and the error for a text without words."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted import Scripted, scripted

from models.errors import BadTranscript, ConfigurationError
from models.summarizer.engine import BEAMS, first_beams
from models.summarizer.summarizer import Summarizer, model_version


class Shortsighted(Scripted):
    """Searched narrowly it writes a product that nobody named; searched widely, something faithful as well."""

    beams = 1

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        super().hypotheses(texts, beams)
        return [["암보험 해지 요청", "보험 해지 요청"][:beams] for _ in texts]


def test_a_narrow_search_that_finds_nothing_faithful_is_widened_for_that_text_alone() -> None:
    engine = Shortsighted()
    assert scripted(engine).summarize(["암보험 해지해 주세요", "이거 해지해 주세요"]) == ["암보험 해지 요청", "보험 해지 요청"]
    assert engine.batches == [["암보험 해지해 주세요", "이거 해지해 주세요"], ["이거 해지해 주세요"]]


def test_a_model_says_itself_how_widely_it_is_searched_and_is_another_version_then(model_dir: Path, tmp_path: Path) -> None:
    greedy = tmp_path / "greedy"
    shutil.copytree(model_dir, greedy)
    assert first_beams(greedy) == BEAMS
    (greedy / "generation_config.json").write_text('{"num_beams": 1}')
    assert first_beams(greedy) == 1
    assert model_version(greedy) != model_version(model_dir)


def test_a_folder_without_a_model_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        Summarizer.load(tmp_path)


def test_a_model_of_an_unknown_type_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ConfigurationError, match="gpt2"):
        Summarizer.load(tmp_path)


def test_the_reference_and_the_serving_form_are_the_same_version(model_dir: Path, summarizer: Summarizer, inquiries: list[str]) -> None:
    reference = Summarizer.load_reference(model_dir, "cpu")
    assert reference.version == summarizer.version
    assert reference.engine.count_tokens(inquiries[0]) == summarizer.engine.count_tokens(inquiries[0])
    assert [len(candidates) for candidates in reference.engine.hypotheses(inquiries, 4)] == [4] * 5


def test_summaries_come_in_the_order_of_their_texts(summarizer: Summarizer, inquiries: list[str]) -> None:
    together = summarizer.engine.hypotheses(inquiries * 8, 4)
    assert together[:5] == together[5:10]
    assert [one[0] for one in together[:5]] == [summarizer.engine.hypotheses([text], 4)[0][0] for text in inquiries]


def test_a_text_without_words_is_a_bad_transcript(summarizer: Summarizer) -> None:
    with pytest.raises(BadTranscript, match="no words"):
        summarizer.summarize([" \n"])


def test_an_empty_answer_of_the_model_is_an_error_and_no_empty_summary() -> None:
    with pytest.raises(BadTranscript, match="wrote nothing"):
        scripted(Scripted(candidates=[""])).summarize(["보험 해지"])
