"""The term list: what an edit may do, what it refuses and why, and how tables are read."""

from datetime import UTC, datetime

import pytest

from clients.returnzero import MAX_KEYWORD_CHARACTERS, MAX_KEYWORDS
from models.call.read_back import Pronunciation
from models.call.terms import (
    LONGEST_PRONOUNCED,
    MOST_PRONOUNCED,
    Term,
    TermList,
    TermsEdit,
    complaints,
    edited,
    read_csv,
    write_csv,
)
from models.errors import TermsRefused

AT = datetime(2026, 11, 29, tzinfo=UTC)
NOW = TermList(
    version=3,
    terms=(
        Term(term="실손보험", pronounced="실손보험", heard=("실선보험",)),
        Term(term="CCTV", pronounced="씨씨티비", spoken="씨씨티비"),
        Term(term="문의", spoken="무니"),
    ),
)


def test_the_list_that_ships_is_a_good_one_that_every_vendor_takes() -> None:
    shipped = TermList.shipped()
    assert complaints(shipped.terms) == []
    assert 150 <= len(shipped.keywords) <= MAX_KEYWORDS == MOST_PRONOUNCED
    assert max(map(len, shipped.keywords)) <= MAX_KEYWORD_CHARACTERS == LONGEST_PRONOUNCED
    assert {"무보험차상해", "자기부담금", "실손보험", "아이알피"} <= set(shipped.keywords)
    assert shipped.pronunciations.by_spelling["문의"] == Pronunciation("문의", "무니")


def test_an_edit_makes_the_next_version_and_says_what_changed_and_who_did_it() -> None:
    edit = TermsEdit(
        add=[Term(term="휴차료", pronounced="휴차료")],
        change=[Term(term="문의", spoken="무늬")],
        remove=["cctv"],
        by="김운영",
        reason="민원",
    )
    after = edited(NOW, edit, AT)
    assert after.version == 4
    assert [term.term for term in after.terms] == ["실손보험", "문의", "휴차료"]
    assert ([term.term for term in after.change.added], [term.term for term in after.change.removed]) == (["휴차료"], ["CCTV"])
    assert [(one.before.spoken, one.after.spoken) for one in after.change.changed] == [("무니", "무늬")]
    assert (after.change.by, after.change.reason, after.change.at) == ("김운영", "민원", AT)


def test_an_edit_that_changes_nothing_makes_no_version() -> None:
    assert edited(NOW, TermsEdit(rows=[NOW.terms[0]], by="a"), AT) is NOW


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (TermsEdit(add=[Term(term="실손 보험")]), "‘실손 보험’: 이미 있는 용어입니다"),
        (TermsEdit(change=[Term(term="휴차료")]), "‘휴차료’: 목록에 없는 용어입니다"),
        (TermsEdit(remove=["휴차료"]), "‘휴차료’: 목록에 없는 용어입니다"),
        (TermsEdit(add=[Term(term="휴차료")], remove=["휴차료"]), "‘휴차료’: 한 번에 두 번 고칠 수 없습니다"),
        (TermsEdit(add=[Term(term="실비보험", heard=("실선 보험",))]), "들린 말 ‘실선 보험’은 ‘실손보험’의 들린 말이기도 합니다"),
        (TermsEdit(add=[Term(term="실비보험", heard=("문의",))]), "들린 말 ‘문의’은 용어 ‘문의’ 자체입니다"),
        (TermsEdit(add=[Term(term="실비보험", heard=("보험",))]), "들린 말 ‘보험’은 용어 ‘실손보험’의 일부라"),
        (TermsEdit(add=[Term(term="실비보험", heard=("실",))]), "들린 말 ‘실’은 너무 짧아"),
        (TermsEdit(add=[Term(term="실비보험", heard=("실비 보험",))]), "들린 말 ‘실비 보험’은 이 용어와 같습니다"),
        (TermsEdit(add=[Term(term="MRI", pronounced="MRI")]), "발음 ‘MRI’은 한글이 아닙니다"),
        (TermsEdit(add=[Term(term="MRI", spoken="em")]), "읽기 ‘em’은 한글이 아닙니다"),
        (TermsEdit(add=[Term(term="가", pronounced="가" * 21)]), "발음이 21자입니다. 20자까지"),
        (TermsEdit(add=[Term(term="씨씨", pronounced="씨씨티비")]), "발음 ‘씨씨티비’이 ‘CCTV’의 발음과 같습니다"),
        (TermsEdit(add=[Term(term=f"용어{n}", pronounced=chr(0xAC00 + n)) for n in range(501)]), "용어가 503개입니다. 음성 인식은 500개"),
    ],
)
def test_what_contradicts_the_list_is_refused_with_the_reason(edit: TermsEdit, reason: str) -> None:
    with pytest.raises(TermsRefused, match=reason):
        edited(NOW, edit, AT)


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(TermsRefused, match="for 2 reasons") as refused:
        edited(NOW, TermsEdit(add=[Term(term="MRI", pronounced="MRI"), Term(term="문의")]), AT)
    assert {"MRI", "문의"} <= set(str(refused.value).replace("’", "‘").split("‘"))


@pytest.mark.parametrize(("edit", "case"), [(TermsEdit(remove=["문의"], by="  "), "unsigned"), (TermsEdit(by="김운영"), "empty")])
def test_an_edit_needs_a_name_and_something_to_do(edit: TermsEdit, case: str) -> None:
    with pytest.raises(TermsRefused) as refused:
        edit.check()
    assert refused.value.case == case


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "euc-kr", "cp949"])
def test_a_table_saved_by_excel_or_an_editor_is_read(encoding: str) -> None:
    table = "용어,들린 말,발음,읽기\r\n실손보험,실선보험|실손 포험,실손보험,\r\n\r\n# 약어,\r\n A/S , , ,에이에스 \r\n".encode(encoding)
    assert read_csv(table, "t.csv") == [
        Term(term="실손보험", heard=("실선보험", "실손 포험"), pronounced="실손보험"),
        Term(term="A/S", spoken="에이에스"),
    ]


def test_a_table_that_was_written_is_read_back() -> None:
    assert read_csv(write_csv(NOW.terms).encode(), "t.csv") == list(NOW.terms)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", r"t\.csv:1: the columns are missing"),
        ("용어,발음\n".encode(), r"t\.csv:1: the columns are 용어,발음"),
        ("용어,들린 말,발음,읽기\n가,나,다,라,마\n".encode(), r"t\.csv:2: 5 columns"),
        ("용어,들린 말,발음,읽기\n가,,,\n,나,,\n".encode(), r"t\.csv:3: the term has 0 characters"),
        (b"\xff\xff\xff", "neither UTF-8 nor CP949"),
    ],
)
def test_a_broken_table_names_the_line_and_what_to_write(content: bytes, complaint: str) -> None:
    with pytest.raises(TermsRefused, match=complaint) as refused:
        read_csv(content, "t.csv")
    assert refused.value.remedy


@pytest.mark.parametrize("cell", ["=HYPERLINK(A1)", "+1", "-2", "@SUM"])
def test_a_cell_that_a_spreadsheet_would_run_is_refused(cell: str) -> None:
    with pytest.raises(TermsRefused, match="수식으로 읽히는"):
        edited(NOW, TermsEdit(rows=[Term(term=cell)], by="김운영"), AT)
    with pytest.raises(TermsRefused, match="수식으로 읽히는"):
        edited(NOW, TermsEdit(rows=[Term(term="휴차료", heard=(cell,))], by="김운영"), AT)


def test_a_table_with_more_terms_than_there_may_be_is_refused_where_it_goes_beyond() -> None:
    table = "용어,들린 말,발음,읽기\n" + "".join(f"용어{n},들린{n},,\n" for n in range(10_000))
    with pytest.raises(TermsRefused, match=r"t\.csv:2002: more than 2000 terms"):
        read_csv(table.encode("euc-kr"), "t.csv")
