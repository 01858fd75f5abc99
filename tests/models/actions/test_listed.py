"""The papers that an agent lists, whole and of the whole call."""

import pytest

from models.actions.listed import LONGEST, Listed, lists, of_all, told
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

SHORTENER = Shortener()


def listed(talk: str) -> list[tuple[str, ...]]:
    return [one.papers for one in lists(read(talk), SHORTENER)]


@pytest.mark.parametrize(
    ("talk", "papers"),
    [
        (
            "고객: 뭘 떼서 보내면 되나요\n상담원: 위임장하고 어머님 인감증명서 가족관계증명서 그리고 진단서 영수증입니다",
            ("위임장", "어머님 인감증명서", "가족관계증명서", "진단서", "영수증"),
        ),
        ("고객: 네\n상담원: 진료기록부하고 영수증 수술 전후 사진이 필요하세요", ("진료기록부", "영수증", "수술 전후 사진")),
        (
            "고객: 네\n상담원: 사망진단서 원본, 가족관계증명서하고 통장 사본이 필요합니다.",
            ("사망진단서 원본", "가족관계증명서", "통장 사본"),
        ),
        (
            "고객: 네\n상담원: 위임장하고 가족관계증명서가 필요한데요 양식이랑 목록은 제가 문자로 보내 드릴게요",
            ("위임장", "가족관계증명서"),
        ),
    ],
    ids=["an answer", "one behind the other", "originals and copies", "what is sent is none of it"],
)
def test_a_list_is_found_with_every_paper_of_it(talk: str, papers: tuple[str, ...]) -> None:
    assert listed(talk) == [papers]


@pytest.mark.parametrize(
    "said",
    [
        "인감증명서 대신 본인서명사실확인서도 되고요",
        "증명서는 필요 없습니다",
        "가입증명서를 메일로 보내 드릴게요",
        "인증 문자에서 동의를 눌러 주시면 됩니다",
    ],
)
def test_what_is_instead_waived_sent_or_no_paper_is_not_listed(said: str) -> None:
    assert listed(f"고객: 무슨 서류가 필요해요\n상담원: {said}") == []


def test_several_lists_are_one_each_paper_by_its_fullest_name() -> None:
    found = [Listed(4, ("세부내역서", "영수증")), Listed(8, ("진료비 세부내역서",)), Listed(9, ("사진",))]
    assert of_all(found) == ("영수증", "진료비 세부내역서")


def test_a_long_list_says_how_much_it_leaves_out() -> None:
    papers = [f"{number}번째 보험금 청구 확인서" for number in "일이삼사오육칠"]
    whole = told(papers)
    assert len(whole) <= LONGEST
    assert whole.endswith(" 등 7가지")
