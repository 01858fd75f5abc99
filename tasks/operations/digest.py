"""The daily digest: a day's ended calls from their folder in S3, what is open from Prefect, and the markdown in Korean."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from prefect import get_client, task
from prefect.client.schemas.objects import StateType

import wiring
from clients.s3 import ObjectStore
from models.call.ended import KOREA, Day, EndedCall, StepTimes, figures
from models.call.notifications import STRAY_EVENT_NAME
from models.call.steps import step_label
from models.keys import StorageKeys
from reports.embedding import data_uri
from tasks.markdown import shown, table
from tasks.operations.pause import PauseReason, pause_in_force
from tasks.operations.runs import UNFINISHED, count_calls, count_events, oldest_unfinished
from tasks.retrying import RETRY_TRANSIENT

_REQUESTS_AT_ONCE = 32
_WIDTH, _HEIGHT, _BAR = 720, 160, 30


@task(name="count-strays", **RETRY_TRANSIENT)
async def count_strays(day: date) -> int:
    """How many objects the listener passed over on a day since they were no recordings by their keys."""
    begun = datetime(day.year, day.month, day.day, tzinfo=KOREA)
    async with get_client() as client:
        return await count_events(client, STRAY_EVENT_NAME, begun, begun + timedelta(days=1))


@dataclass(frozen=True)
class Open:
    """What is not finished now: calls in Prefect, the oldest one's run, calls in quarantine, and a pause in force."""

    running: int
    waiting: int
    oldest_run: str
    oldest_since: datetime | None
    in_quarantine: int
    stop: PauseReason | None


@task(name="read-day", **RETRY_TRANSIENT)
async def read_day(day: date) -> Day:
    """The figures of the calls that ended on a day: a request for each 1,000 calls and one for each."""
    calls: list[EndedCall] = []
    keys = _keys(wiring.object_store(), day)
    while some := await asyncio.to_thread(lambda: list(islice(keys, _REQUESTS_AT_ONCE))):
        bodies = await asyncio.gather(*(asyncio.to_thread(wiring.object_store().find, key) for key in some))
        calls += [EndedCall.model_validate_json(found.body) for found in bodies if found]
    return figures(calls)


def _count(store: ObjectStore, prefix: str) -> int:
    return sum(1 for _ in store.walk(prefix))


def _keys(store: ObjectStore, day: date) -> Iterator[str]:
    for facts in store.walk(StorageKeys.day_of_calls(day)):
        yield facts.key


@task(name="look-at-open-calls", **RETRY_TRANSIENT)
async def look_at_open_calls() -> Open:
    """What is open now."""
    async with get_client() as client:
        running = await count_calls(client, types=[StateType.PENDING, StateType.RUNNING])
        unfinished = await count_calls(client, types=UNFINISHED)
        oldest, stop = await oldest_unfinished(client), await pause_in_force(client)
    notes = await asyncio.to_thread(_count, wiring.object_store(), StorageKeys.QUARANTINE)
    return Open(
        running=running,
        waiting=unfinished - running,
        oldest_run=str(oldest.id) if oldest else "",
        oldest_since=oldest.created if oldest else None,
        in_quarantine=notes,
        stop=stop,
    )


def digest_report(day: date, ended: Day, open_now: Open, now: datetime, strays: int = 0) -> str:
    """The artifact's markdown; it names no contact, so it may outlive the calls it counts."""
    parts = [f"# {day:%Y-%m-%d} 통화 처리 요약", _overview(ended, open_now, now, strays)]
    if open_now.stop:
        parts.append(f"> **통화 처리 일시 정지 중**: {shown(open_now.stop.reason)} ({shown(open_now.stop.remedy)})")
    if ended.read_back:
        picture = data_uri(hours_svg(ended.per_hour).encode("utf-8"), "image/svg+xml")
        parts += ["## 시간대별 완료 (한국 시간)", f"![시간대별 완료]({picture})"]
        parts += ["## 단계별 시간 (초)", _times(ended)]
    if ended.by_error:
        parts += ["## 격리된 통화", _quarantined(ended), "다시 처리: `redrive` 배포를 `error`에 분류를 넣어 실행하세요."]
    return "\n\n".join(parts)


def _overview(ended: Day, open_now: Open, now: datetime, strays: int) -> str:
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
        rows.append(("가장 오래 기다린 통화", f"[{minutes:,.0f}분](/runs/flow-run/{open_now.oldest_run})"))
    return table(("항목", "건수"), rows)


def _times(ended: Day) -> str:
    rows = [_line(step_label(times.step), times) for times in ended.steps]
    rows += [_line("**전체 (첫 실행부터)**", ended.waited)] if ended.waited else []
    return table(("단계", "중앙값", "95%", "통화"), rows)


def _line(name: str, times: StepTimes) -> tuple[str, str, str, str]:
    return name, f"{times.median:,.2f}", f"{times.p95:,.2f}", f"{times.calls:,}"


def _quarantined(ended: Day) -> str:
    rows = []
    for error, count in ended.by_error.most_common():
        example = ended.examples[error]
        link = f"[실행](/runs/flow-run/{example.flow_run_id})" if example.flow_run_id else ""
        step = step_label(example.step)
        rows.append((shown(error), f"{count:,}", shown(step), shown(example.reason), shown(example.remedy), link))
    return table(("분류", "건수", "단계", "최근 사유", "조치", "최근 실행"), rows)


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


def yesterday(now: datetime) -> date:
    """The day in Korea that has just ended."""
    return date.fromordinal(now.astimezone(KOREA).date().toordinal() - 1)
