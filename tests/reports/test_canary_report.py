"""Whoever reads the artifact of a canary learns what decided, and on a telephone too."""

from datetime import UTC, datetime

import pytest

from models.call.acceptance import Acceptance
from models.lifecycle.canary import Canary, Heard, Verdict, judge
from reports.canary import canary_report

CANARY = Canary(
    challenger="b", champion="a", share=0.25, most_answers=400, by="minji", reason="new", began_at=datetime(2026, 11, 28, tzinfo=UTC)
)
NOBODY = Acceptance(0, 0)


@pytest.mark.parametrize(
    ("champion", "challenger", "verdict", "why"),
    [
        (Heard(Acceptance(900, 250)), Heard(Acceptance(330, 20)), Verdict.PROMOTED, "고객의 응답에서 도전 모델이 확실히 더 자주 맞습니다."),
        (Heard(NOBODY, Acceptance(190, 10)), Heard(NOBODY, Acceptance(50, 50)), Verdict.WITHDRAWN, "사람의 검토에서 도전 모델이 확실히"),
        (Heard(Acceptance(900, 100)), Heard(Acceptance(360, 40)), Verdict.WITHDRAWN, "400건을 다 쓰도록 더 자주 맞는지 확실하지"),
    ],
)
def test_what_ended_a_canary_is_told(champion: Heard, challenger: Heard, verdict: Verdict, why: str) -> None:
    assert judge(champion, challenger, most_answers=CANARY.most_answers) is verdict
    assert why in canary_report(CANARY, champion, challenger, verdict)


def test_a_canary_that_people_ended_says_so_and_one_that_goes_on_gives_no_reason() -> None:
    nothing = Heard(NOBODY)
    assert "**철회**: 사람이 정했습니다. 사용 중인 모델이 모든 통화를 맡습니다." in canary_report(
        CANARY, nothing, nothing, Verdict.WITHDRAWN
    )
    going_on = canary_report(CANARY, nothing, nothing, Verdict.GOES_ON)
    assert "**진행 중**\n" in going_on
    assert going_on.count("아직 어느 쪽이 나은지 모릅니다.") == 2


def test_nobody_is_judged_by_no_answers() -> None:
    told = canary_report(CANARY, Heard(NOBODY), Heard(NOBODY), Verdict.GOES_ON)
    assert "| 도전 | 0/0 | – | – |" in told
