"""A call of which only later turns are told is told from what its caller began with."""

import pytest

from models.summarizer.conversation import Turn
from models.summarizer.marks import Mark, Passage, Reading
from models.summarizer.own_words import Shortener
from models.summarizer.passages import opening

LATER = Passage(4, 0, 20, 0.9, marked=True)


def begins(first: str, *, marked: float = 0.2) -> list[str]:
    turns = [
        Turn(0, False, "무엇을 도와드릴까요"),
        Turn(1, True, first),
        Turn(2, False, "성함이 어떻게 되세요"),
        Turn(3, True, "신유리입니다"),
        Turn(4, True, "오 일에 빠지는데 십오 일로 해 주세요"),
    ]
    reading = Reading([Mark(1, 0, len(first), marked, 0.0), Mark(3, 0, 6, 0.0, 0.0)], 0.0)
    texts = {turn.number: turn.text for turn in turns}
    return [texts[p.turn][p.start : p.end] for p in opening(turns, reading, [LATER], Shortener())]


def test_it_is_the_first_sentence_that_may_tell_what_the_call_is_about() -> None:
    assert begins("네 자동이체 좀 바꾸려고요") == ["네 자동이체 좀 바꾸려고요"]


@pytest.mark.parametrize(("first", "marked"), [("지금 운전 중인데요", 0.02), ("뭐 하나 여쭤볼게요", 0.4), ("자동이체 때문에 " * 12, 0.9)])
def test_neither_small_talk_nor_a_question_whether_one_may_ask_nor_a_long_story(first: str, marked: float) -> None:
    assert begins(first, marked=marked) == []


def test_what_is_taken_back_later_is_no_beginning() -> None:
    turns = [
        Turn(0, False, "말씀하세요"),
        Turn(1, True, "해지 좀 하려고요"),
        Turn(2, True, "그냥 둘게요"),
        Turn(3, True, "통장만 바꿔 주세요"),
    ]
    reading = Reading([Mark(1, 0, 9, 0.9, 0.0)], 0.0)
    assert opening(turns, reading, [Passage(3, 0, 10, 0.9, marked=True)], Shortener()) == []


def test_an_inquiry_is_told_from_its_first_sentence_as_well() -> None:
    turn = Turn(0, True, "지난번에 보낸 동의서는 무시해 주세요. 날짜를 잘못 썼어요. 새로 쓴 걸로 처리해 주세요.")
    start = turn.text.index("새로")
    reading = Reading([Mark(0, 0, 10, 0.2, 0.0), Mark(0, start, start + 4, 0.9, 0.0)], 0.0)
    [first] = opening([turn], reading, [Passage(0, start, len(turn.text), 0.9, marked=True)], Shortener())
    assert turn.text[first.start : first.end] == "지난번에 보낸 동의서는 무시해 주세요."
