"""The guard's words are data of the model's folder: what the training corpus says afterwards changes nothing in service."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.summarizer import SHIPPED_MODEL
from models.summarizer.faithfulness import Guard
from models.summarizer.summarizer import Summarizer, model_version
from models.summarizer.vocabulary import FILE, Vocabulary

# Every phrase of the training corpus is replaced before anything of the summarizer is loaded.
CHANGED_PHRASES = """
import dataclasses
from models.recipe import taxonomy
from models.recipe.phrases import out_of_domain, topics
taxonomy.LINES_OF_BUSINESS = tuple(dataclasses.replace(one, name="딴보험", aliases=("딴보험",)) for one in taxonomy.LINES_OF_BUSINESS)
taxonomy.REQUEST_KINDS = tuple(dataclasses.replace(one, endings=("딴말",), markers=("딴말",)) for one in taxonomy.REQUEST_KINDS)
topics.TOPICS = tuple(dataclasses.replace(one, name="딴일") for one in topics.TOPICS)
out_of_domain.SUBJECTS = tuple(dataclasses.replace(one, ending="딴말") for one in out_of_domain.SUBJECTS)
"""
NO_CORPUS = "import sys; sys.modules['models.recipe'] = None"
SUMMARIZE = """
import json, sys
from pathlib import Path
from models.summarizer import SHIPPED_MODEL
from models.summarizer.summarizer import Summarizer
summarizer = Summarizer.load(SHIPPED_MODEL, "cpu", cache_dir=Path(sys.argv[1]))
print(json.dumps([summarizer.version, *summarizer.summarize(json.loads(sys.argv[2]))]))
"""
TEXTS = [
    "상대 차가 뒤에서 박는 사고가 났어. 내 보험 적용 여부를 알고 싶어.",
    "윗집에서 물이 새서 천장이 다 젖었어요. 접수해 주세요.",
    "실비로 병원비 되나요",
    "어제 시장에 다녀오는데 날씨가 참 좋았어요. " * 20 + "암보험 해지 환급금이 얼마인지 알려 주세요. " + "네 감사합니다. " * 20,
]


def answers(preparation: str, cache: Path) -> list[str]:
    command = [sys.executable, "-c", preparation + SUMMARIZE, str(cache), json.dumps(TEXTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
    return list(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
def test_a_changed_training_phrase_changes_no_summary(tmp_path: Path) -> None:
    summarizer = Summarizer.load(SHIPPED_MODEL, "cpu", cache_dir=tmp_path)
    usual = [summarizer.version, *summarizer.summarize(TEXTS)]
    assert all(usual)
    assert answers(CHANGED_PHRASES, tmp_path) == usual
    assert answers(NO_CORPUS, tmp_path) == usual


def test_a_changed_vocabulary_is_another_version(tmp_path: Path) -> None:
    vocabulary = Vocabulary.load(SHIPPED_MODEL)
    vocabulary.save(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    assert (tmp_path / FILE).read_bytes() == (SHIPPED_MODEL / FILE).read_bytes()
    strict = model_version(tmp_path)
    vocabulary.with_own_words().save(tmp_path)
    assert model_version(tmp_path) != strict


def test_a_folder_without_a_vocabulary_borrows_the_shipped_products_and_may_use_its_own_words(tmp_path: Path) -> None:
    borrowed = Vocabulary.load(tmp_path)
    assert borrowed.products == Vocabulary.load(SHIPPED_MODEL).products
    guard = Guard(borrowed)
    assert guard.additions("뒤차가 박았어요. 되나요?", "추돌 사고 보상 여부 확인 요청") == []
    assert guard.additions("뒤차가 박았어요. 되나요?", "자동차보험 보상 여부 확인 요청") == ["자동차보험"]


def test_what_is_borrowed_is_part_of_the_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text("{}")
    first = model_version(tmp_path)
    other = tmp_path / "other.json"
    other.write_text('{"products": {}, "request_words": []}')
    monkeypatch.setattr("models.summarizer.vocabulary.BORROWED", other)
    assert model_version(tmp_path) != first


def test_without_any_product_nothing_is_taken_for_one() -> None:
    assert Guard(Vocabulary({}, ())).products_named("암보험 해지") == []


def test_a_damaged_vocabulary_is_named_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"products": 3}')
    with pytest.raises(ConfigurationError, match=rf"{FILE} is no vocabulary.*Restore it"):
        Vocabulary.load(tmp_path)
