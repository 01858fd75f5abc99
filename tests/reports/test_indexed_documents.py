"""What staff read of an index: why something was set aside, and how many passages have phrasings enough."""

from datetime import UTC, datetime

import pytest

from models.answers.version import IndexedDocument, IndexVersion, SetAside
from reports.documents import MOST_SET_ASIDE, documents_report


def version(*set_aside: SetAside) -> IndexVersion:
    document = IndexedDocument(name="terms.md", title="약관", version="1", chunks=5, asked=2)
    at = datetime(2026, 11, 30, tzinfo=UTC)
    return IndexVersion(
        version=1, digest="d", encoder="e", documents=(document,), set_aside=set_aside, prefix="documents/", by="김운영", at=at
    )


def test_a_damaged_document_is_named_however_many_rows_are_set_aside_before_it() -> None:
    rows = [SetAside(name=f"how.csv:{line}", case="phrasing_document", said="") for line in range(2, 2 + MOST_SET_ASIDE)]
    report = documents_report(version(*rows, SetAside(name="scan.pdf", case="damaged", said="")))
    assert report.index("scan.pdf") < report.index("how.csv:2**")
    assert f"how.csv:{MOST_SET_ASIDE}**" in report
    assert f"how.csv:{MOST_SET_ASIDE + 1}**" not in report
    assert "그 밖에 1건" in report


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("phrasing_cells", "쉼표가 든 칸은 따옴표로 묶으세요."),
        ("phrasing_lines", "칸 안에 줄바꿈이 있습니다."),
        ("phrasing_wordless", "질문에 글자가 없습니다."),
        ("phrasing_incomplete", "빈 칸이 있습니다."),
    ],
)
def test_a_row_is_told_with_its_line_its_document_the_first_words_of_its_passage_and_why(case: str, reason: str) -> None:
    report = documents_report(version(SetAside(name="how.csv:7", case=case, said="", about="terms.md, 차가 움직이지…")))
    (line,) = (line for line in report.splitlines() if "how.csv:7" in line)
    assert line.startswith("- **how.csv:7** (terms.md, 차가 움직이지…): ")
    assert reason in line


def test_a_table_that_cannot_be_read_is_told_what_it_needs() -> None:
    report = documents_report(version(SetAside(name="how.csv", case="phrasings", said="")))
    assert "문서, 구절, 질문" in report
    assert "쉼표로 나누고" in report


def test_passages_are_counted_from_the_number_of_phrasings_at_which_they_count() -> None:
    assert "**질문 표현이 2개 이상인 문단**: 2개" in documents_report(version())
