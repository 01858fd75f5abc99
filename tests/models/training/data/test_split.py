"""The split of the requirements: seeded, disjoint by what a person would call the same input, written down."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import ConfigurationError
from models.training.data.pair import Pair, normalized
from models.training.data.split import split_pairs


def numbered(texts: Sequence[str], file: str = "data.csv") -> list[Pair]:
    return [Pair(text, "요약", f"{file}:{n}") for n, text in enumerate(texts, start=1)]


def test_twelve_thousand_rows_divide_as_the_requirements_say() -> None:
    split = split_pairs(numbered([f"문의 {n}" for n in range(12_000)]), numbered([f"날씨 {n}" for n in range(150)], "out.csv"), seed=1)
    record = split.record
    assert (len(record.test), len(record.validation), len(record.validation_out_of_domain)) == (1200, 1080, 120)
    assert len(split.validation) == 1200
    assert len(record.train) == 9720
    assert all(row.startswith("out.csv") for row in record.validation_out_of_domain)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text("가나다 ABab\n", max_size=4), min_size=10, max_size=60), seed=st.integers(0, 1000))
def test_no_input_stands_in_two_parts_whatever_is_passed(texts: list[str], seed: int) -> None:
    data, outside = numbered([*texts, *(f"고유{n}" for n in range(10))]), numbered([*texts[:5], "바깥 일"], "out.csv")
    split = split_pairs(data, outside, seed)
    parts = [{normalized(pair.input) for pair in part} for part in (split.train, split.validation, split.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert len(split.train) + len(split.test) + len(split.record.validation) == len(data)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    data = numbered([f"문의 {n}" for n in range(100)])
    assert split_pairs(data, [], 7).record == split_pairs(data, [], 7).record
    assert split_pairs(data, [], 7).record.test != split_pairs(data, [], 8).record.test


def test_outsiders_that_are_missing_are_written_down() -> None:
    split = split_pairs(numbered([f"문의 {n}" for n in range(1000)]), numbered(["날씨", "문의 3"], "out.csv"), seed=1)
    assert len(split.record.validation) == 90
    assert len(split.record.validation_out_of_domain) == 1
    assert split.record.missing_outsiders == 9


def test_too_few_rows_and_rows_without_names_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="3 distinct inputs are too few"):
        split_pairs(numbered(["가", "나", "다", "가 "]), [], 1)
    with pytest.raises(ConfigurationError, match="distinct ids"):
        split_pairs([Pair(str(n), "요약") for n in range(20)], [], 1)
