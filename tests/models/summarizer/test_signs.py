"""Signs that a recognizer left out are put back where sentences end."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.summarizer import SHIPPED_SIGNS
from models.summarizer.signs import SignWriter


@pytest.fixture(scope="module")
def writer() -> SignWriter:
    return SignWriter.load(SHIPPED_SIGNS)


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("차 안 빌릴게요 교통비로 주세요", "차 안 빌릴게요… 교통비로 주세요…"),
        ("싫어요 빼 주세요", "싫어요… 빼 주세요…"),
        (
            "암보험 만기가 언제인지 좀 봐 주세요 증권을 잃어버려서 알 수가 없네요",
            "암보험 만기가 언제인지 좀 봐 주세요… 증권을 잃어버려서 알 수가 없네요…",
        ),
        ("보험료가 왜 올랐어요 저는 병원에 간 적이 없습니다", "보험료가 왜 올랐어요? 저는 병원에 간 적이 없습니다…"),
        ("이 구만 팔천 원 빠져나갔어요", "이 구만 팔천 원 빠져나갔어요…"),
        ("할머니는 말씀을 못 하세요 제가 대신 청구할게요", "할머니는 말씀을 못 하세요… 제가 대신 청구할게요…"),
    ],
)
def test_each_sentence_gets_its_sign(writer: SignWriter, said: str, written: str) -> None:
    assert writer.with_signs(said) == written


@pytest.mark.parametrize("said", ["지금 입원해 있어요.", "얼마예요? 알려 주세요.", "", "?", "이거 왜 이래!", "바꿔주세요그거는…"])
def test_what_has_its_signs_stays_as_it_is(writer: SignWriter, said: str) -> None:
    assert writer.with_signs(said) == said


def test_a_sentence_of_which_only_the_voice_tells_whether_it_asks_ends_open(writer: SignWriter) -> None:
    assert writer.with_signs("그거 맞아요").endswith("…")


def test_spaces_and_words_stay(writer: SignWriter) -> None:
    said = "해지  안 할게요\n유지해 주세요"
    written = writer.with_signs(said)
    assert written.replace("…", "") == said
    assert written.count("…") == 2


def test_missing_weights_say_how_they_are_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="signs_recipe"):
        SignWriter.load(tmp_path)
