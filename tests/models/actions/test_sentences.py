"""Sentences of a turn, with and without the signs that a recognizer may leave out."""

import pytest

from models.actions.acts import body
from models.actions.sentences import asks, sentences
from models.summarizer.own_words import Shortener

SHORTENER = Shortener()


@pytest.mark.parametrize(
    ("turn", "found"),
    [
        ("사흘 안에 도착하게 보내드릴게요 더 필요하신 건요", ["사흘 안에 도착하게 보내드릴게요", "더 필요하신 건요"]),
        ("내일 열두 시 전에 넣을게요 걔가 지금 나가 있어서", ["내일 열두 시 전에 넣을게요", "걔가 지금 나가 있어서"]),
        ("그럼 월요일에 갈게 의정부 지점", ["그럼 월요일에 갈게", "의정부 지점"]),
        (
            "네 차액 보험료는 오늘 문자로 안내드리고요, 등록증은 나오면 보내 주세요.",
            ["네 차액 보험료는 오늘 문자로 안내드리고요,", "등록증은 나오면 보내 주세요."],
        ),
        ("보내 드릴게요. 감사합니다.", ["보내 드릴게요.", "감사합니다."]),
    ],
)
def test_a_final_ending_ends_a_sentence_with_or_without_its_sign(turn: str, found: list[str]) -> None:
    assert list(sentences(turn, SHORTENER)) == found


@pytest.mark.parametrize(
    "turn",
    ["서류를 문자로 보내 드리겠습니다", "내일 전화드리겠습니다 하더라고요", "진단서하고 영수증까지 같이 보내야 하는데 팩스로 넣을게요"],
)
def test_what_only_tells_who_said_so_or_goes_on_is_no_sentence_of_its_own(turn: str) -> None:
    assert list(sentences(turn, SHORTENER)) == [turn]


@pytest.mark.parametrize(
    ("sentence", "question"), [("전화드려도 될까요", True), ("언제 오시나요", True), ("내일 오시죠?", True), ("내일 가요", False)]
)
def test_a_question_is_one_without_its_sign(sentence: str, question: bool) -> None:
    assert asks(sentence) is question


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("모시고 가께예", "모시고 갈게요"),
        ("오늘 자정 전에 넣겠심더", "오늘 자정 전에 넣겠습니다"),
        ("아들 시켜서 보낼랑게", "아들 시켜서 보낼게요"),
    ],
)
def test_promises_of_dialects_are_read_as_promises(said: str, read: str) -> None:
    assert body(said) == read
