"""A syllable's final consonant."""

import re

from models.summarizer.syllables import NONE, SS, L, N, any_with, final, is_closed


def test_the_final_consonant_is_read_from_its_place() -> None:
    assert [final(one) for one in "가난할갔"] == [NONE, N, L, SS]


def test_only_a_hangul_syllable_with_a_final_consonant_closes_a_word() -> None:
    assert [is_closed(word) for word in ("영수증", "서류", "힣", "가", "PDF", "12", "")] == [True, False, True, False, False, False, False]


def test_a_pattern_finds_every_syllable_with_a_consonant_and_no_other() -> None:
    assert re.findall(any_with(L), "할 건데 갈게 가") == ["할", "갈"]
