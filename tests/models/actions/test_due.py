"""By when: words for it, and the day and hour that they mean in Korea."""

from datetime import date, datetime, time

import pytest

from models.actions.due import Due, find, last_working_day, working_day

FRIDAY = datetime(2026, 11, 27, 10, 20)


def due(sentence: str, called: datetime | None = FRIDAY) -> Due:
    found = find(sentence)
    assert found is not None
    return found.due(called)


@pytest.mark.parametrize(
    ("sentence", "said", "day", "hour"),
    [
        ("오늘 중으로 보내 드릴게요", "오늘 중으로", date(2026, 11, 27), None),
        ("내일까지 문자로 찍어 보내 주시겠어요?", "내일까지", date(2026, 11, 28), None),
        ("모레 오전까지 계산해서 전화드리겠습니다", "모레 오전까지", date(2026, 11, 29), time(12)),
        ("다음 주 화요일까지 낼게요", "다음 주 화요일까지", date(2026, 12, 1), None),
        ("다음 주는 출장이라 그 다음 주 화요일까지 낼게요", "그 다음 주 화요일까지", date(2026, 12, 8), None),
        ("다음주 화요일까지 낼게요", "다음주 화요일까지", date(2026, 12, 1), None),
        ("이번 주 안에 올릴게요", "이번 주 안에", date(2026, 11, 27), None),
        ("금요일까지 보낼게요", "금요일까지", date(2026, 12, 4), None),
        ("월말까지 넣을게요", "월말까지", date(2026, 11, 30), None),
        ("다음 달 십오일까지 부칠게요", "다음 달 십오일까지", date(2026, 12, 15), None),
        ("10일까지 넣을게요", "10일까지", date(2026, 12, 10), None),
        ("십이월 이십사일까지 내세요", "십이월 이십사일까지", date(2026, 12, 24), None),
        ("오늘 다섯 시까지 전화드리겠습니다", "오늘 다섯 시까지", date(2026, 11, 27), time(17)),
        ("내일 오전 열한 시에 연락드리겠습니다", "내일 오전 열한 시에", date(2026, 11, 28), time(11)),
        ("오늘 밤 열두 시 전에 결제할게요", "오늘 밤 열두 시 전에", date(2026, 11, 27), time(23, 59)),
        ("삼십 분 안에 도착할 거예요", "삼십 분 안에", date(2026, 11, 27), time(10, 50)),
        ("열흘 영업일 안에 알려 드리겠습니다", "열흘 영업일 안에", date(2026, 12, 11), None),
        ("끊고 나서 바로 보내 드릴게요", "끊고 나서 바로", date(2026, 11, 27), None),
        ("사흘 안에 보내 드릴게요", "사흘 안에", date(2026, 11, 30), None),
        ("통화 끝나면 바로 보내 드릴게요", "통화 끝나면 바로", date(2026, 11, 27), None),
        ("십이월에 신청할게요", "십이월에", date(2026, 12, 31), None),
        ("금요일 되기 전에 보낼게요", "금요일 되기 전에", date(2026, 12, 4), None),
        ("이번 달 넘기 전에 낼게요", "이번 달 넘기 전에", date(2026, 11, 30), None),
        ("병원이 오늘 쉬어서 내일 받아서 올릴게요", "내일", date(2026, 11, 28), None),
        ("일월까지 낼게요", "일월까지", date(2027, 1, 31), None),
    ],
)
def test_words_for_by_when_are_resolved_against_the_day_of_the_call(sentence: str, said: str, day: date, hour: time | None) -> None:
    assert due(sentence) == Due(said=said, day=day, hour=hour)


def test_before_the_weekend_is_until_its_last_working_day() -> None:
    assert due("주말 되기 전에 전화하라고 할게요", datetime(2026, 11, 24, 10)) == Due(said="주말 되기 전에", day=date(2026, 11, 27))


def test_a_month_in_which_something_begins_is_meant_from_its_first_day() -> None:
    assert due("일월부터 낼게요") == Due(said="일월부터", day=date(2027, 1, 1), after=True)


def test_after_four_is_not_before_four() -> None:
    assert due("오후 네 시 이후에 전화드릴게요") == Due(said="오후 네 시 이후", day=date(2026, 11, 27), hour=time(16), after=True)


def test_working_days_leave_out_weekends_and_holidays() -> None:
    before_christmas = datetime(2026, 12, 23, 9)
    assert due("영업일 기준 3일 안에 처리됩니다", before_christmas).day == date(2026, 12, 29)
    assert due("3영업일 이내에 보내 드립니다", before_christmas).day == date(2026, 12, 29)
    assert due("영업일로 사흘 안에 돌려드리겠습니다", before_christmas).day == date(2026, 12, 29)


def test_substitute_holidays_and_new_year_by_the_moon_are_holidays() -> None:
    assert working_day(date(2026, 2, 13), 1) == date(2026, 2, 19)  # 설날 연휴
    assert working_day(date(2026, 8, 14), 1) == date(2026, 8, 18)  # 광복절 대체공휴일


def test_a_week_ends_on_its_last_working_day() -> None:
    assert last_working_day(date(2026, 12, 21)) == date(2026, 12, 24)


def test_without_the_day_of_the_call_the_words_alone_are_told() -> None:
    assert due("다음 주 화요일까지 낼게요", None) == Due(said="다음 주 화요일까지")


@pytest.mark.parametrize(
    "sentence",
    [
        "예금주 동의 링크를 보낼게요",
        "밤낮으로 받는 곳에 이을게요",
        "일일이에 신고하셔야 해요",
        "메일로 보낼게요",
        "그 두 분이 오셨어요",
        "조사 끝나고 팩스로 넣을게요",
        "일 분만요",
        "확인했습니다",
    ],
)
def test_numbers_and_syllables_that_tell_no_time_are_none(sentence: str) -> None:
    assert find(sentence) is None


@pytest.mark.parametrize(
    "sentence", ["삼십이일까지 낼게요", "십삼월 일일까지 낼게요", "스물다섯 시까지", "99시까지 낼게요", "이월 삼십일까지 낼게요"]
)
def test_days_and_hours_that_do_not_exist_are_not_told_as_dates(sentence: str) -> None:
    found = find(sentence)
    assert found is None or found.due(FRIDAY).hour is None
    assert found is None or found.due(FRIDAY).day in (None, date(2026, 11, 27))


@pytest.mark.parametrize(
    "sentence",
    ["네 시동 켜고 찍으시면 됩니다", "밀린 보험료 십일만 사천 원 넣어 주시면 됩니다", "이십일만 원을 넣을게요", "네 시계를 찾을게요"],
)
def test_no_time_is_cut_out_of_another_word_or_number(sentence: str) -> None:
    assert find(sentence) is None


def test_an_hour_keeps_its_particle_and_a_day_its_limit() -> None:
    assert due("네 시까지 보낼게요").hour == time(16)
    assert due("세시 이십분에 갈게요").hour == time(15, 20)
    assert due("네 시쯤 전화드릴게요").hour == time(16)
    assert due("십일일까지만 낼게요").day == date(2026, 12, 11)
    assert due("내일 오전에 안부 전화드릴게요").said == "내일 오전에"


def test_the_beginning_of_a_week_is_not_its_end() -> None:
    assert due("다음 주 초에 보내 드릴게요") == Due(said="다음 주 초에", day=date(2026, 12, 1))


@pytest.mark.parametrize(
    "sentence",
    [
        "같이 사시는 자녀분이면 심사를 받으세요",
        "앞으로 십일 년 더 내셔야 합니다",
        "동의서는 일월 구일에 받은 걸로 되어 있는데 다시 보겠습니다",
    ],
)
def test_who_lives_there_how_many_years_and_what_was_before_are_no_deadline(sentence: str) -> None:
    assert find(sentence) is None


def test_a_month_to_which_it_is_not_put_off_is_no_deadline() -> None:
    assert find("다음 달로 넘기지 않고 돌려 드리겠습니다") is None
