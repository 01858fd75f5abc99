"""Documents of every format become passages with their places; what cannot be read says why."""

from pathlib import Path

import pytest

from models.answers.chunks import chunks_of
from models.answers.faq import read_faq
from models.answers.formats import read_document
from models.answers.questions import calibration, read_questions
from models.errors import DocumentRefused
from models.recipe.answers_recipe import DOCUMENTS, documents
from tests.models.answers.conftest import FAQ, TERMS

QUESTIONS = Path(__file__).parents[3] / "benchmarks" / "questions"
HELD_OUT = [question for name in ("held_out.tsv", "independent.tsv") for question in read_questions(QUESTIONS / name)]
METHODS = (DOCUMENTS / "methods.pdf").read_bytes()
PAGE = """<html><head><title>안내</title><script>var a = "스크립트";</script></head><body><nav><p>메뉴 로그인 회사 소개</p></nav><main>
<h1>청구 안내</h1><h2>서류</h2><ul><li>진단서 <b>원본</b>을 냅니다.</li></ul>
<table><tr><th>구분</th><th>서류</th></tr><tr><td>입원</td><td>입퇴원확인서</td></tr></table>
</main><footer><p>대표이사 홍길동</p></footer></body></html>"""


def test_a_passage_of_markdown_stands_under_its_headings_with_its_line_and_the_documents_date() -> None:
    towing = next(chunk for chunk in chunks_of(read_document("terms.md", TERMS.encode())) if "견인합니다" in chunk.text)
    assert towing.place.shown == "새봄 자동차보험 약관(2026-01-02), 제1장 보상 › 제1조 (견인), 9행"
    assert towing.sentences == ("차가 움직이지 못하면 10km까지 무료로 견인합니다.", "다만 화물차는 견인하지 않습니다.")


def test_a_tables_row_says_by_itself_what_it_is_about() -> None:
    rates = next(chunk for chunk in chunks_of(read_document("terms.md", TERMS.encode())) if "40%" in chunk.text)
    assert "지난 기간: 3개월까지, 단기요율: 40%" in rates.sentences


def test_a_pages_menu_scripts_and_footer_are_no_content() -> None:
    page = read_document("a.html", PAGE.encode())
    assert page.title == "청구 안내"
    assert [block.text for block in page.blocks] == ["진단서 원본 을 냅니다.", "구분: 입원, 서류: 입퇴원확인서"]
    assert page.blocks[0].heading == ("서류",)


def test_a_pdfs_articles_are_headings_and_its_running_head_is_left_out() -> None:
    chunks = chunks_of(read_document("methods.pdf", METHODS))
    cancer = next(chunk for chunk in chunks if "유사암으로 보아" in chunk.text)
    assert (cancer.place.heading, cancer.place.page) == ("제2장 두루 건강플러스보험 › 제4조 (암 진단비)", 1)
    assert max(chunk.place.page or 0 for chunk in chunks) == 3
    assert not any("- 2 -" in chunk.text for chunk in chunks)


def test_a_row_of_questions_and_answers_is_quoted_by_its_first_answer_and_found_by_all() -> None:
    first = chunks_of(read_document("faq.csv", FAQ.encode("cp949")))[0]
    assert first.text == "평일 오전 9시부터 오후 6시까지 상담합니다."
    assert "상담 시간이 궁금해요" in first.sought
    assert "18시입니다" in first.sought


def test_each_phrasing_of_a_question_goes_with_each_of_its_answers() -> None:
    rows = read_faq(FAQ, "faq.csv")
    assert [len(list(row.pairs())) for row in rows] == [4, 2]


@pytest.mark.parametrize(
    ("name", "body", "case"),
    [
        ("a.docx", b"PK", "format"),
        ("a.md", b"  \n", "empty"),
        ("a.pdf", METHODS[: len(METHODS) // 3], "damaged"),
        ("a.pdf", b"%PDF-1.7 nothing", "damaged"),
        ("a.md", b"\xff\xfe\x00\x00", "damaged"),
        ("a.md", b"# Terms\n\nThis policy covers the insured vehicle against theft and fire.", "foreign"),
        ("a.csv", "이름,나이\n가,1\n".encode(), "table"),
    ],
)
def test_a_document_that_cannot_be_read_says_why(name: str, body: bytes, case: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_document(name, body)
    assert (refused.value.case, bool(refused.value.remedy)) == (case, True)


def test_every_questions_gold_stands_in_a_passage_of_the_bundled_documents() -> None:
    chunks = [chunk for document in documents() for chunk in chunks_of(document)]
    asked = [*calibration(), *HELD_OUT]
    assert [one.text for one in asked if one.gold and not one.passages(chunks)] == []
    assert (sum(bool(one.gold) for one in asked) >= 100, sum(not one.gold for one in asked) >= 45) == (True, True)


def test_no_held_out_question_is_a_calibration_question() -> None:
    assert not {one.text for one in calibration()} & {one.text for one in HELD_OUT}
