"""Limits that a model keeps or does not, whatever its scores and votes say; no parameter of a flow lifts them.

Each line names its own bars (``Line.bars``); those below are every line's. What a bar is held against is a *measure* of a candidate's
standing on the leaderboard.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

FEWEST_VOTERS = 3
FEWEST_INQUIRIES = 6
TRAIN_BETTER = "학습 데이터와 설정을 고쳐 다시 학습하세요."


@dataclass(frozen=True)
class Bar:
    """A limit on one measure: its name, what people call it, the remedy where a model breaks it. ``share``: shown in percent."""

    name: str
    heading: str
    limit: float
    remedy: str
    at_least: bool = False
    share: bool = True


class Reading(BaseModel):
    """One bar held against one model; without a value nothing was measured, which is not enough."""

    name: str
    heading: str
    value: float | None
    limit: float
    at_least: bool
    share: bool
    passed: bool
    remedy: str


TEST_ROWS = Bar(
    "test_rows", "시험 데이터 행", 30, "행이 더 많은 데이터로 채점하세요 (`test_set`, `test_rows`).", at_least=True, share=False
)
WORST_DECILE = Bar(
    "worst_decile",
    "가장 나쁜 10 %의 점수 (사용 중 모델과의 차이)",
    -0.05,
    f"순위표의 가장 나쁜 예를 보고 {TRAIN_BETTER}",
    at_least=True,
    share=False,
)
VOTERS = Bar("voters", "투표자", FEWEST_VOTERS, "투표를 같은 이름으로 다시 열어 더 받으세요 (`vote`).", at_least=True, share=False)
INQUIRIES = Bar("inquiries", "투표한 문의", FEWEST_INQUIRIES, "문의를 더 넣어 새로 투표하세요.", at_least=True, share=False)


def reading(bar: Bar, value: float | None) -> Reading:
    """A bar held against a value.

    >>> reading(VOTERS, 2).passed, reading(VOTERS, 3).passed, reading(VOTERS, None).passed
    (False, True, False)
    """
    passed = value is not None and (value >= bar.limit if bar.at_least else value <= bar.limit)
    return Reading(
        name=bar.name,
        heading=bar.heading,
        value=value,
        limit=bar.limit,
        at_least=bar.at_least,
        share=bar.share,
        passed=passed,
        remedy=bar.remedy,
    )


def vote_readings(voters: int, inquiries: int) -> list[Reading]:
    """Whether a vote was large enough to decide."""
    return [reading(VOTERS, voters), reading(INQUIRIES, inquiries)]


def keeps(bars: Sequence[Bar], measures: Mapping[str, float]) -> bool:
    """Whether a model keeps every bar."""
    return all(reading(bar, measures.get(bar.name)).passed for bar in bars)
