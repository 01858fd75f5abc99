"""How what is written is read: a table of cases, and what must stay as it is."""

from pathlib import Path

import pytest

from models.call.reading import native, read_aloud, readings, sino

CASES = [line.split("\t") for line in Path(__file__).with_name("reading_cases.tsv").read_text("utf-8").splitlines()]


def test_the_table_has_at_least_two_hundred_cases() -> None:
    assert len({written for written, _ in CASES}) == len(CASES) >= 200


@pytest.mark.parametrize(("written", "spoken"), CASES, ids=[written for written, _ in CASES])
def test_what_is_written_is_read_as_korean_reads_it(written: str, spoken: str) -> None:
    assert read_aloud(written) == spoken


@pytest.mark.parametrize("text", ["자동차보험 해지 요청", "", "백이십만 원", "Kiwi", "[전화번호] 변경"])
def test_what_has_no_number_and_no_abbreviation_stays(text: str) -> None:
    assert readings(text) == []


def test_every_count_of_things_has_a_name_of_its_own() -> None:
    assert len({native(number) for number in range(1, 100)} - {""}) == 99


def test_no_digit_is_left_in_any_case() -> None:
    assert not [written for written, _ in CASES if any(map(str.isdigit, read_aloud(written)))]


def test_numbers_beyond_all_names_are_read_digit_by_digit() -> None:
    assert sino(10**24).startswith("일 공")
