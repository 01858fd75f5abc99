"""Approved openings: chosen by emotion and request, edited by staff, in words that a voice can speak."""

from datetime import UTC, datetime

import pytest

from models.errors import ConfigurationError
from models.replies.openings import Opening, choose, edited, read_table, shipped
from models.signals.labels import NO_EMOTION, SIX

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_every_group_of_emotions_has_an_opening_for_any_request() -> None:
    for group in (*SIX, NO_EMOTION):
        assert choose(shipped(), group, "무엇이든").emotion == group


def test_an_opening_that_names_the_request_comes_before_one_for_any() -> None:
    assert "놀라" in choose(shipped(), "불안", "자동차 사고 접수 요청").text
    assert choose(shipped(), "불안", "주소 변경 요청").request == ""


def test_asked_again_another_one_comes_and_after_the_last_the_first() -> None:
    fitting = [opening for opening in shipped().openings if opening.fits("불안", "주소 변경 요청")]
    told = [choose(shipped(), "불안", "주소 변경 요청", again=again) for again in range(len(fitting) + 1)]
    assert len(set(told[:-1])) == len(fitting)
    assert told[-1] == told[0]


def test_a_group_that_the_table_does_not_know_is_met_as_no_emotion() -> None:
    assert choose(shipped(), "센터가 새로 만든 묶음", "").emotion == NO_EMOTION


def test_an_edit_makes_the_next_version_with_who_made_it() -> None:
    new = Opening(emotion="분노", text="오래 기다리시게 해서 죄송합니다.")
    table = edited(shipped(), [new], [shipped().openings[0].text], by=" 김 팀장 ", at=NOW)
    assert (table.version, table.edited_by, table.edited_at) == (1, "김 팀장", NOW)
    assert new in table.openings
    assert shipped().openings[0] not in table.openings


@pytest.mark.parametrize("text", ["지금 100만 원 드릴게요", "<b>죄송합니다</b>", "sorry", "", "가" * 81, "죄송\n합니다"])
def test_what_a_voice_should_not_say_is_not_approved(text: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be spoken"):
        edited(shipped(), [Opening(emotion="분노", text=text)], [], by="", at=NOW)


def test_calls_without_an_emotion_keep_an_opening() -> None:
    all_of_none = [opening.text for opening in shipped().openings if opening.emotion == NO_EMOTION]
    with pytest.raises(ConfigurationError, match="no opening is left for 없음"):
        edited(shipped(), [], all_of_none, by="", at=NOW)


def test_an_opening_to_remove_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigurationError, match="1 of the openings to remove"):
        edited(shipped(), [], ["그런 말은 없습니다"], by="", at=NOW)


def test_a_damaged_table_names_its_line() -> None:
    with pytest.raises(ConfigurationError, match="line 3 of the openings has 2 cells"):
        read_table("감정,요청,말\n없음,,네 고객님.\n분노,죄송합니다\n")
    with pytest.raises(ConfigurationError, match="other columns"):
        read_table("a,b\n")
