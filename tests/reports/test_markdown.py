"""What people said becomes words in an artifact, never markup or a live link; what systems say stays readable."""

import re

import pytest
from markdown_it import MarkdownIt

from models.call.privacy import mask_utterances
from reports.markdown import facts, named, plain, table

# What remark-gfm, in Prefect's V2 UI, makes links of in the text that is left after escapes: its own patterns.
AUTOLINKS = [re.compile(r"(https?://|www(?=\.))([-.\w]+)", re.IGNORECASE), re.compile(r"(?<![\w.+-])([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)")]

ADDRESSES = [
    "http://evil.example/x",
    "HTTPS://EVIL.EXAMPLE",
    "ftp://evil.example",
    "www.evil.example 들어가 보세요",
    "WWW.evil.example",
    "(https://evil.example)",
    "<https://evil.example>",
    "[여기](https://evil.example)",
    "https://evil.example|www.evil.example",
    "mailto:someone@evil.example",
]


def text_of(markdown: str) -> str:
    """What a reader sees, escapes undone."""
    return re.sub(r"<[^>]+>", "", MarkdownIt("commonmark").render(markdown))


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_a_caller_says_is_no_link_in_either_ui(address: str) -> None:
    markdown = plain(address)
    assert "<a " not in MarkdownIt("commonmark").render(markdown)
    for text in (markdown, text_of(markdown)):
        assert [pattern.search(text) for pattern in AUTOLINKS] == [None, None]
        assert re.search(r"(?:https?|ftp)://|\bwww\.", text, re.IGNORECASE) is None


def test_an_address_that_a_caller_says_is_read_as_it_was_said() -> None:
    assert text_of(plain("www.evil.example, 10:30에요")).strip().replace("\u200b", "") == "www.evil.example, 10:30에요"


def test_a_number_told_over_two_utterances_is_masked_in_both() -> None:
    assert [plain(said) for said in mask_utterances(["카드는 4111 2222", "네", "3333 4444예요"])] == [
        r"카드는 \[카드번호\]",
        "네",
        r"\[카드번호\]예요",
    ]


def test_a_vendors_job_id_is_named_as_it_is() -> None:
    reason = "ReturnZero's job 4111222233334444 failed; 20261121001234"
    assert named(reason) == reason


def test_what_systems_say_cannot_become_markup_or_another_cell() -> None:
    html = MarkdownIt("commonmark").enable("table").render(table(("a",), [(named("<b>x</b> | [y](z)"),)]))
    assert "<b>" not in html
    assert "<a " not in html
    assert html.count("<td>") == 1


def test_what_has_nothing_to_be_said_of_it_is_left_out_of_a_list() -> None:
    assert facts([("단계", "요약"), ("업체 응답", "")]) == "- **단계**: 요약"
