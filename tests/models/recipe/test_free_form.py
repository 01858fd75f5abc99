"""The hand-written inquiries keep the promises that the evaluation of the shipped summarizer rests on."""

import csv
from collections import Counter
from pathlib import Path

import pytest

import models.recipe
from models.recipe.judge import judge, lines_named_in
from models.recipe.taxonomy import LINES_OF_BUSINESS, REQUEST_KINDS, LineOfBusiness

DATASET = Path(models.recipe.__file__).parent
COLUMNS = ["input", "summary", "product", "request", "style", "held_out"]
HELD_OUT_COUNT = 200
MARKERS = {kind.key: kind.markers for kind in REQUEST_KINDS}


def read_rows(name: str) -> list[dict[str, str]]:
    with (DATASET / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def free_form() -> list[dict[str, str]]:
    return read_rows("free_form.csv")


@pytest.fixture(scope="module")
def out_of_domain() -> list[dict[str, str]]:
    return read_rows("out_of_domain.csv")


def squeezed(text: str) -> str:
    """The text without spaces: speech recognition sets them anywhere, so they decide nothing about what was said."""
    return "".join(text.split())


def says(caller: str, line: LineOfBusiness) -> bool:
    return any(squeezed(alias) in squeezed(caller) for alias in line.aliases)


def word_triples(text: str) -> set[str]:
    letters = "".join(character for character in text if character.isalnum())
    return {letters[start : start + 3] for start in range(len(letters) - 2)}


def test_every_row_has_the_columns_and_leaves_none_but_the_product_empty(free_form: list[dict[str, str]]) -> None:
    assert len(free_form) >= 600
    for row in free_form:
        assert list(row) == COLUMNS
        assert [column for column in COLUMNS if not row[column].strip()] in ([], ["product"]), row


def test_no_inquiry_stands_twice(free_form: list[dict[str, str]]) -> None:
    counts = Counter(squeezed(row["input"]) for row in free_form)
    assert [text for text, count in counts.items() if count > 1] == []


def test_every_label_is_in_the_taxonomy(free_form: list[dict[str, str]]) -> None:
    assert {row["request"] for row in free_form} == set(MARKERS)
    assert {row["product"] for row in free_form} == {line.name for line in LINES_OF_BUSINESS} | {""}


def test_every_kind_has_twelve_pairs_and_every_product_eight(free_form: list[dict[str, str]]) -> None:
    kinds = Counter(row["request"] for row in free_form)
    products = Counter(row["product"] for row in free_form)
    assert {kind: count for kind, count in kinds.items() if count < 12} == {}
    assert {product: count for product, count in products.items() if count < 8} == {}


def test_every_kind_stands_in_the_training_part_and_in_the_held_out_part(free_form: list[dict[str, str]]) -> None:
    for part in ("0", "1"):
        assert {row["request"] for row in free_form if row["held_out"] == part} == set(MARKERS)


def test_two_hundred_pairs_are_held_out_and_cover_nearly_every_product(free_form: list[dict[str, str]]) -> None:
    held_out = [row for row in free_form if row["held_out"] == "1"]
    assert {row["held_out"] for row in free_form} == {"0", "1"}
    assert len(held_out) == HELD_OUT_COUNT
    assert len({row["product"] for row in held_out} - {""}) >= len(LINES_OF_BUSINESS) - 2


def test_no_held_out_inquiry_shares_half_its_wording_with_a_training_one(free_form: list[dict[str, str]]) -> None:
    """Wording alone: three-letter pieces of the shorter text. Texts under twenty letters share set phrases by chance."""
    parts = {part: [(row["input"], word_triples(row["input"])) for row in free_form if row["held_out"] == part] for part in ("0", "1")}
    close = [
        (text, other)
        for text, pieces in parts["1"]
        for other, other_pieces in parts["0"]
        if min(len(pieces), len(other_pieces)) >= 18 and len(pieces & other_pieces) >= 0.5 * min(len(pieces), len(other_pieces))
    ]
    assert close == []


def test_a_summary_names_the_labelled_product_and_no_other(free_form: list[dict[str, str]]) -> None:
    wrong = [row["summary"] for row in free_form if lines_named_in(row["summary"]) != ({row["product"]} - {""})]
    assert wrong == []


def test_a_labelled_product_was_said_by_the_caller(free_form: list[dict[str, str]]) -> None:
    lines = {line.name: line for line in LINES_OF_BUSINESS}
    unsaid = [row["input"] for row in free_form if row["product"] and not says(row["input"], lines[row["product"]])]
    assert unsaid == []


def test_an_inquiry_without_a_product_label_names_no_product(free_form: list[dict[str, str]]) -> None:
    overlooked = [row["input"] for row in free_form if not row["product"] and lines_named_in(row["input"])]
    assert overlooked == []


def test_a_summary_carries_a_marker_of_its_request_kind(free_form: list[dict[str, str]]) -> None:
    unmarked = [row["summary"] for row in free_form if not any(m in row["summary"] for m in MARKERS[row["request"]])]
    assert unmarked == []


def test_the_judge_finds_every_written_summary_right(free_form: list[dict[str, str]]) -> None:
    """A reference that the judge refuses would count against every model that learned to write like it."""
    refused = [row["summary"] for row in free_form if not judge(row["input"], row["summary"], row["product"], row["request"]).right]
    assert refused == []


def test_the_judge_refuses_most_summaries_written_for_another_inquiry(free_form: list[dict[str, str]]) -> None:
    pairs = zip(free_form, free_form[1:] + free_form[:1], strict=True)
    passed = sum(judge(row["input"], other["summary"], row["product"], row["request"]).right for row, other in pairs)
    assert passed <= 0.1 * len(free_form)


def test_a_summary_holds_no_figure_but_names_that_were_said(free_form: list[dict[str, str]]) -> None:
    """A room (1인실) or a product's series (유병자보험 355) is a name, an amount or a date is not."""
    holding = [row for row in free_form if any(character.isdigit() for character in row["summary"])]
    names = [word for row in holding for word in row["summary"].split() if any(map(str.isdigit, word)) and word in row["input"]]
    assert sorted(names) == ["1인실", "1인실", "2인실", "355", "3·5·5"]
    assert len(names) == len(holding)


def test_a_third_to_a_half_of_the_inquiries_name_no_product(free_form: list[dict[str, str]]) -> None:
    share = sum(not row["product"] for row in free_form) / len(free_form)
    assert 0.28 <= share <= 0.52


def test_inquiries_from_elsewhere_are_distinct_and_name_no_insurance_product(
    out_of_domain: list[dict[str, str]],
) -> None:
    assert len(out_of_domain) >= 130
    assert {tuple(row) for row in out_of_domain} == {("input", "summary")}
    assert len({squeezed(row["input"]) for row in out_of_domain}) == len(out_of_domain)
    assert [row for row in out_of_domain if not row["summary"].strip()] == []
    assert [row for row in out_of_domain if lines_named_in(row["input"] + " " + row["summary"])] == []


def test_no_inquiry_from_elsewhere_stands_among_the_insurance_ones(
    free_form: list[dict[str, str]], out_of_domain: list[dict[str, str]]
) -> None:
    assert {squeezed(row["input"]) for row in free_form}.isdisjoint(squeezed(row["input"]) for row in out_of_domain)
