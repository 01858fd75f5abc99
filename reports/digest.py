"""The daily digest: a day's ended calls and what is open now. It names no contact, so it may outlive the calls it counts."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from models.call.acceptance import Acceptance
from models.call.ended import Day, EndedCall, OpenCalls, StepTimes
from models.call.korea import in_korea
from models.call.prices import Price
from models.call.steps import step_label
from models.hearing.prompt_check import PromptsHeard
from reports import money
from reports.acceptance import acceptance_table
from reports.embedding import data_uri
from reports.markdown import facts, link, table
from reports.messages import message_of
from reports.prompts_heard import overview

_WIDTH, _HEIGHT, _BAR = 720, 160, 30


def digest_title(day: date, ended: Day) -> str:
    """The artifact's description."""
    return f"{day:%Y-%m-%d}: 완료 {ended.read_back:,}, 격리 {ended.quarantined:,}"


def digest_report(
    day: date,
    ended: Day,
    open_now: OpenCalls,
    now: datetime,
    *,
    strays: int = 0,
    dollars: float | None = None,
    prices: Sequence[Price] = (),
    answers: Mapping[str, Acceptance] | None = None,
    prompts: PromptsHeard | None = None,
) -> str:
    """The artifact of one day; ``strays`` is how many .wav were passed over since they are no recordings by their keys.

    ``dollars`` is what the day's won are at its exchange rate, ``prices`` what they were reckoned by, ``answers`` what callers said
    by the model version that spoke, ``prompts`` what listening to prompts came to.
    """
    parts = [f"# {day:%Y-%m-%d} 통화 처리 현황", f"{in_korea(now)} (한국 시간) 기준입니다.", _overview(ended, open_now, now, strays)]
    if open_now.pause:
        told = message_of(open_now.pause.error, open_now.pause.case)
        parts.append(f"> **통화 처리 일시 정지 중**: {told.reason} {told.remedy}")
    if ended.read_back:
        picture = data_uri(hours_svg(ended.per_hour).encode("utf-8"), "image/svg+xml")
        parts += ["## 시간대별 완료 (한국 시간)", f"![시간대별 완료]({picture})"]
        parts += ["## 단계별 시간 (초)", _times(ended)]
    if ended.spent:
        parts += ["## 사용 요금", money.overview(ended.spent, dollars=dollars, prices=prices), money.spent_table(ended.spent)]
        parts += ["### 모델별", money.by_model_table(ended.by_model)] if ended.by_model else []
    if answers:
        parts += ["## 고객의 응답 (1번 맞음, 2번 틀림)", acceptance_table(answers)]
    if prompts:
        parts += ["## 안내 음성 확인", overview(prompts)]
    if ended.by_error:
        parts += ["## 격리된 통화", *_quarantined(ended), "다시 처리하려면 `redrive` 배포를 `error`에 오류 코드를 넣어 실행하세요."]
    return "\n\n".join(parts)


def _overview(ended: Day, open_now: OpenCalls, now: datetime, strays: int) -> str:
    rows = [
        ("완료", f"{ended.read_back:,}"),
        ("격리", f"{ended.quarantined:,}"),
        ("녹취 이름이 아니어서 처리하지 않은 .wav", f"{strays:,}"),
        ("현재 처리 중", f"{open_now.running:,}"),
        ("현재 대기 중", f"{open_now.waiting:,}"),
        ("현재 격리 전체", f"{open_now.in_quarantine:,}"),
    ]
    if open_now.oldest_since:
        minutes = (now - open_now.oldest_since).total_seconds() / 60
        rows.append(("가장 오래 기다린 통화", link(f"{minutes:,.0f}분", f"/runs/flow-run/{open_now.oldest_run}")))
    return table(("항목", "건수"), rows)


def _times(ended: Day) -> str:
    rows = [_line(step_label(times.step), times) for times in ended.steps]
    rows += [_line("**전체 (첫 실행부터)**", ended.waited)] if ended.waited else []
    return table(("단계", "중앙값", "95%", "통화"), rows)


def _line(name: str, times: StepTimes) -> tuple[str, str, str, str]:
    return name, f"{times.median:,.2f}", f"{times.p95:,.2f}", f"{times.calls:,}"


def _quarantined(ended: Day) -> list[str]:
    return [_class(error, count, ended.examples[error]) for error, count in ended.by_error.most_common()]


def _class(error: str, count: int, latest: EndedCall) -> str:
    """One class of failures, told by its latest call."""
    told = message_of(error, latest.case)
    rows = [
        ("최근 사유", told.reason),
        ("조치", told.remedy),
        ("단계", step_label(latest.step)),
        ("최근 실행", link("실행 열기", f"/runs/flow-run/{latest.flow_run_id}") if latest.flow_run_id else ""),
    ]
    return f"### {message_of(error).title} {count:,}건 (`{error}`)\n\n{facts(rows)}"


def hours_svg(per_hour: Sequence[int]) -> str:
    """A bar for each hour of the day."""
    most = max(per_hour) or 1
    bars = []
    for hour, count in enumerate(per_hour):
        tall = round((_HEIGHT - 40) * count / most)
        x = hour * _BAR
        bars.append(f'<rect x="{x + 3}" y="{_HEIGHT - 20 - tall}" width="{_BAR - 6}" height="{tall}" fill="#2a6fdb"/>')
        bars.append(f'<text x="{x + _BAR / 2}" y="{_HEIGHT - 5}" font-size="11" text-anchor="middle" fill="#666">{hour}</text>')
        if count:
            bars.append(
                f'<text x="{x + _BAR / 2}" y="{_HEIGHT - 24 - tall}" font-size="11" text-anchor="middle" fill="#666">{count}</text>'
            )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}">{"".join(bars)}</svg>'
