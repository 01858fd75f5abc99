"""Every word that is put into a thing to do can be looked up where it was said."""

from models.actions.elsewhere import said_elsewhere
from models.actions.extraction import ToDoModel, things_to_do
from models.summarizer.conversation import read
from models.summarizer.own_words import Shortener

SHORTENER = Shortener()
CALL = read(
    "상담원: 무엇을 도와드릴까요\n고객: 여행자보험 날짜를 하루 미뤄 주세요\n상담원: 네 바꿔 드렸습니다\n고객: 증권도 새로 와요?\n"
    "상담원: 네 오늘 중으로 이메일로 보내 드리겠습니다.\n고객: 감사합니다 여행자보험 처음이라서요"
)


def test_words_of_other_utterances_name_the_latest_before_it() -> None:
    assert said_elsewhere("증권을 이메일로 발송 (여행자보험 날짜 변경)", 4, CALL, SHORTENER) == (1, 3)


def test_words_of_its_own_utterance_and_names_that_nobody_said_point_nowhere() -> None:
    assert said_elsewhere("오늘 이메일로 발송", 4, CALL, SHORTENER) == ()


def test_a_word_that_is_said_behind_it_alone_points_there() -> None:
    assert said_elsewhere("처음", 4, CALL, SHORTENER) == (5,)


def test_a_thing_to_do_carries_them() -> None:
    (action,) = things_to_do(CALL, ToDoModel.shipped(), SHORTENER, None, "여행자보험 날짜를 하루 뒤로 변경 요청")
    assert action.what.startswith("증권을 이메일로 발송")
    assert {1, 3} <= set(action.also)
