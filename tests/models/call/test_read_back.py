"""The spoken text: its exact words, its markup, its pronunciation and its pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.call.read_back import (
    Pronunciation,
    Pronunciations,
    read_back_sentence,
    respell,
    speakable,
    split_for_synthesis,
)
from models.errors import BadTranscript, ConfigurationError

DICTIONARY = Pronunciations((Pronunciation("문의", "무니"), Pronunciation("신문의", "신무늬"), Pronunciation("CT", "씨티")))


def rendered(text: str) -> str:
    """A request that is longer than its text, as SSML is."""
    return f"<{respell(text, DICTIONARY)}>"


def test_the_read_back_is_the_fixed_opening_and_the_summary() -> None:
    assert read_back_sentence(" 자동차 사고\n보험 여부 확인 요청 😀") == "문의하신 내용이 자동차 사고 보험 여부 확인 요청"


@pytest.mark.parametrize("summary", ["", "  \n", "😀👍🏽", "...", "\ud83d", "\x00\x07", "❤️"])
def test_a_summary_without_words_is_not_read_back(summary: str) -> None:
    with pytest.raises(BadTranscript, match="no words to read back"):
        read_back_sentence(summary)


def test_the_longer_spelling_wins_and_latin_letters_match_as_whole_words() -> None:
    assert respell("신문의 문의 CT CTX", DICTIONARY) == "신무늬 무니 씨티 씨티엑스"


def test_voices_without_markup_get_the_words_as_they_sound() -> None:
    assert respell("문의하신 내용이 CT 검사 <b>", DICTIONARY) == "무니하신 내용이 씨티 검사 <b>"


def test_a_short_text_stays_whole() -> None:
    assert split_for_synthesis("문의하신 내용이 보험금 청구. 그리고 접수.", 5000, rendered) == ["문의하신 내용이 보험금 청구. 그리고 접수."]
    assert split_for_synthesis(" \n ", 5000) == []


def test_long_texts_break_after_sentences_first_then_clauses_then_words_then_letters() -> None:
    assert split_for_synthesis("가나, 다라. 마바, 사아. 자", 30) == ["가나, 다라.", "마바, 사아. 자"]
    assert split_for_synthesis("가나다 라마, 바사 아자차", 24) == ["가나다 라마,", "바사 아자차"]
    assert split_for_synthesis("가나다 라마바 사아", 20) == ["가나다 라마바", "사아"]
    assert split_for_synthesis("가나다라마바사", 9) == ["가나다", "라마바", "사"]


@given(st.text(alphabet=st.sampled_from('가문의CT. ,<&"A😀\n'), max_size=400), st.integers(110, 300))
def test_every_request_keeps_the_limit_and_every_letter_is_said(text: str, limit: int) -> None:
    pieces = split_for_synthesis(text, limit, rendered)
    assert all(len(rendered(piece).encode()) <= limit for piece in pieces)
    assert "".join(pieces).replace(" ", "") == speakable(text).replace(" ", "")
    assert all(pieces)


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_hundred_kilobytes_are_cut_quickly_to_googles_limit() -> None:
    text = "보험료 문의 CT & <검사>를 받았어요. " * 2200
    pieces = split_for_synthesis(text, 5000, rendered)
    assert max(len(rendered(piece).encode()) for piece in pieces) <= 5000
    assert all(piece.endswith(".") for piece in pieces)


def test_a_limit_too_small_for_one_letter_is_an_error_of_ours() -> None:
    with pytest.raises(ConfigurationError, match="Not even '가' fits into a request of 4 bytes"):
        split_for_synthesis("가나", 4, rendered)
