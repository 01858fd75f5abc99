"""A BART with random weights, small enough to convert in a second."""

from pathlib import Path

import pytest

from models.recipe.small_bart import SmallBart, new_bart
from models.recipe.tokenizer import train_tokenizer
from models.summarizer.summarizer import Summarizer

INQUIRIES = [
    "상대 차가 뒤에서 박는 사고가 났어. 내 보험 적용 여부를 알고 싶어.",
    "보험증권을 이메일로 다시 받고 싶어요",
    "암보험 해지하면 환급금이 얼마나 되는지 알려 주세요.",
    "실비 청구하려는데 서류 뭐 필요해?",
    "자동이체 출금일을 이십오일로 바꿔 주세요",
]


@pytest.fixture(scope="session")
def inquiries() -> list[str]:
    return list(INQUIRIES)


def small_bart(folder: Path, seed: int) -> Path:
    tokenizer = train_tokenizer(INQUIRIES * 3, 300)
    new_bart(tokenizer, SmallBart(layers=1, width=32, heads=2, feed_forward=64, positions=64), seed=seed).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bart(tmp_path_factory.mktemp("tiny") / "tiny-bart", seed=7)


@pytest.fixture(scope="session")
def other_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_bart(tmp_path_factory.mktemp("tiny") / "other-bart", seed=8)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def summarizer(model_dir: Path, cache: Path) -> Summarizer:
    return Summarizer.load(model_dir, "cpu", cache_dir=cache)
