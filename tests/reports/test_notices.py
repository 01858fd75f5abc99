"""Every notice can be filled from the facts that come with its event, in Korean, and says what happened, since when and what to do."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import jinja2
import pytest

from models.call.alarms import BACK, CLEARED, DANGER, DANGER_FOUND, RAISED, Alarm, Standing, Watched
from models.call.pause import PauseReason
from models.call.steps import Step
from models.errors import QuotaExhausted
from models.hearing.prompt_check import PromptsHeard
from reports.notices import (
    NOTICES,
    Notice,
    cleared_facts,
    danger_facts,
    paused_facts,
    prompts_facts,
    quarantine_facts,
    quiet_prompts_facts,
    quiet_quarantine_facts,
)

NINE = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
STOOD = cleared_facts(Standing(since=NINE), NINE + timedelta(minutes=40))
REASON = PauseReason.because_of(QuotaExhausted("0 s left"), Step.TRANSCRIBE, "run").model_copy(update={"since": NINE})
HEARD = PromptsHeard(day=NINE.date(), provider="google", at=NINE, heard=40, differing=2, failed=0, mean_cer=0.03, threshold_percent=20)
FACTS: Mapping[tuple[str, str], Mapping[str, str]] = {
    (Alarm.CALLS_PAUSED.resource, RAISED): paused_facts(REASON, probe_minutes=15),
    (Alarm.CALLS_PAUSED.resource, CLEARED): STOOD,
    (Alarm.QUARANTINE.resource, RAISED): quarantine_facts(Counter(no_speech=4, bad_recording=2), ended=20, minutes=60, since=NINE),
    (Alarm.QUARANTINE.resource, CLEARED): {**quiet_quarantine_facts(1, ended=40, minutes=60), **STOOD},
    (Alarm.PROMPTS.resource, RAISED): prompts_facts(HEARD),
    (Alarm.PROMPTS.resource, CLEARED): {**quiet_prompts_facts(HEARD), **STOOD},
    (DANGER, DANGER_FOUND): danger_facts("0" * 32, "run", NINE),
    **{(process.resource, ""): {"at": "2026-11-20 09:00"} for process in Watched},
    **{(process.resource, BACK): STOOD for process in Watched},
}


def filled(notice: Notice) -> tuple[str, str]:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    event = {"payload": FACTS[notice.resource, notice.event]}
    return environment.from_string(notice.subject).render(event=event), environment.from_string(notice.body).render(event=event)


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice.name)
def test_a_notice_says_what_happened_since_when_and_what_to_do(notice: Notice) -> None:
    subject, body = filled(notice)
    assert subject.startswith("[Readback] ")
    assert [line.partition(":")[0] for line in body.splitlines()] in (["무슨 일", "언제부터", "할 일"], ["무슨 일", "언제", "할 일"])
    assert "2026-11-20 09:00" in body


def test_a_pause_is_told_by_the_errors_own_words() -> None:
    subject, body = filled(next(notice for notice in NOTICES if notice.event == RAISED))
    assert subject == "[Readback] 통화 처리 일시 정지: 한도 소진"
    assert "업체의 유료 한도를 다 썼습니다." in body
    assert "`reap` 배포를 `resume_now`로 실행하세요" in body


def test_quarantine_is_told_by_its_commonest_reasons() -> None:
    subject, body = filled(next(notice for notice in NOTICES if notice.name.endswith("격리 급증")))
    assert subject == "[Readback] 격리 급증: 최근 60분 6건 (30%)"
    assert "사유: 말소리 없음 4건, 녹취를 쓸 수 없음 2건." in body


def test_notices_have_names_of_their_own() -> None:
    assert len({notice.name for notice in NOTICES}) == len(NOTICES) == len(FACTS)
