"""What people are told when nobody looks: the Korean of each notice, as templates of Prefect's automations, and the facts that fill them.

A notice leaves the house by Slack, a webhook or mail: it names what happened, since when and what to do, and nothing of any
call but, where a call shows a danger, its id and its run.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models.call.alarms import BACK, CLEARED, DANGER, DANGER_FOUND, RAISED, Alarm, Standing, Watched
from models.call.korea import in_korea
from models.call.pause import PauseReason
from models.call.steps import step_label
from models.hearing.prompt_check import PromptsHeard
from reports.messages import message_of

_NOTHING = "조치하지 않아도 됩니다."
_SAFE = "녹취는 잃지 않습니다."


@dataclass(frozen=True)
class Notice:
    """One notice: the automation's name, the event that sends it (empty: a missing sign of life does), and its words."""

    name: str
    resource: str
    subject: str
    body: str
    event: str = ""


def _fact(name: str) -> str:
    return f"{{{{ event.payload.{name} }}}}"


_STOOD = f"{_fact('since')}부터 {_fact('at')}까지 (한국 시간)"


def _body(**said: str) -> str:
    names = {"what": "무슨 일", "since": "언제부터", "until": "언제", "todo": "할 일"}
    return "\n".join(f"{names[name]}: {words}" for name, words in said.items())


def _silent(process: Watched, label: str, command: str, what: str) -> tuple[Notice, Notice]:
    """The notices of a process that has fallen silent, and that is back."""
    return (
        Notice(
            name=f"Readback 알림: {label} 멈춤",
            resource=process.resource,
            subject=f"[Readback] {label} 멈춤",
            body=_body(
                what=f"{label}({command})에서 신호가 오지 않습니다. {what}",
                since=f"마지막 신호 {_fact('at')} (한국 시간)",
                todo=f"{label} 프로세스와 로그를 확인해 다시 시작하세요. Prefect 서버가 멈췄다 돌아온 직후라면 복구 알림을 기다리세요.",
            ),
        ),
        Notice(
            name=f"Readback 알림: {label} 복구",
            resource=process.resource,
            event=BACK,
            subject=f"[Readback] {label} 복구",
            body=_body(
                what=f"{label}({command})의 신호가 다시 옵니다.",
                until=f"{_fact('since')}부터 {_fact('at')}까지 멈춤 (한국 시간)",
                todo=_NOTHING,
            ),
        ),
    )


NOTICES: Final = (
    Notice(
        name="Readback 알림: 통화 처리 일시 정지",
        resource=Alarm.CALLS_PAUSED.resource,
        event=RAISED,
        subject=f"[Readback] 통화 처리 일시 정지: {_fact('title')}",
        body=_body(
            what=f"{_fact('reason')} 작업 큐 live, backfill을 멈췄습니다. {_SAFE}",
            since=f"{_fact('since')} (한국 시간), 단계 {_fact('step')}",
            todo=f"{_fact('remedy')} 자동으로도 {_fact('probe_minutes')}분마다 다시 시도합니다.",
        ),
    ),
    Notice(
        name="Readback 알림: 통화 처리 재개",
        resource=Alarm.CALLS_PAUSED.resource,
        event=CLEARED,
        subject="[Readback] 통화 처리 재개",
        body=_body(what="멈췄던 통화가 다시 완료되고 있습니다.", until=_STOOD, todo=_NOTHING),
    ),
    Notice(
        name="Readback 알림: 격리 급증",
        resource=Alarm.QUARANTINE.resource,
        event=RAISED,
        subject=f"[Readback] 격리 급증: 최근 {_fact('minutes')}분 {_fact('quarantined')}건 ({_fact('percent')}%)",
        body=_body(
            what=f"최근 {_fact('minutes')}분에 끝난 통화 {_fact('ended')}건 중 {_fact('quarantined')}건이 격리되었습니다. "
            f"사유: {_fact('causes')}.",
            since=f"{_fact('since')} (한국 시간)",
            todo=f"가장 많은 사유의 조치: {_fact('remedy')} 오류 코드는 {_fact('error')}이고, 전체는 `digest` 배포로 봅니다.",
        ),
    ),
    Notice(
        name="Readback 알림: 격리 정상화",
        resource=Alarm.QUARANTINE.resource,
        event=CLEARED,
        subject="[Readback] 격리 정상화",
        body=_body(
            what=f"최근 {_fact('minutes')}분에 끝난 통화 {_fact('ended')}건 중 격리는 {_fact('quarantined')}건입니다.",
            until=_STOOD,
            todo="격리된 통화는 그대로 있습니다. `redrive` 배포로 다시 처리하세요.",
        ),
    ),
    Notice(
        name="Readback 알림: 안내 음성 다름",
        resource=Alarm.PROMPTS.resource,
        event=RAISED,
        subject=f"[Readback] 안내 음성이 문구와 다름: {_fact('differing')}건",
        body=_body(
            what=f"{_fact('day')}의 안내 음성 {_fact('heard')}건을 {_fact('provider')}로 들어 보니 {_fact('differing')}건이 "
            f"문구와 {_fact('percent')}% 넘게 다릅니다.",
            since=f"{_fact('at')} (한국 시간)",
            todo="`listen-to-prompts` 실행의 아티팩트에서 통화를 찾아 `hear` 배포로 들어 보고, 용어의 읽기를 고치세요.",
        ),
    ),
    Notice(
        name="Readback 알림: 안내 음성 정상화",
        resource=Alarm.PROMPTS.resource,
        event=CLEARED,
        subject="[Readback] 안내 음성 정상화",
        body=_body(what=f"{_fact('day')}에 들은 안내 음성 {_fact('heard')}건이 모두 문구와 같습니다.", until=_STOOD, todo=_NOTHING),
    ),
    Notice(
        name="Readback 알림: 위험 신호 통화",
        resource=DANGER,
        event=DANGER_FOUND,
        subject="[Readback] 위험 신호가 있는 통화",
        body=_body(
            what=f"통화 `{_fact('call')}`에서 위험 신호가 발견되었습니다. 종류와 근거 발화는 실행의 아티팩트에 있습니다.",
            since=f"{_fact('at')} (한국 시간)",
            todo=f"지금 실행 `{_fact('run')}`을 열어 통화를 확인하고, 필요하면 고객에게 바로 연락하세요. "
            "고객에게는 이 판정을 안내하지 않았습니다.",
        ),
    ),
    *_silent(
        Watched.LISTENER,
        "녹취 수신기",
        "flows.watch_s3",
        f"새 통화가 바로 시작되지 않고 `reconcile`이 몇 분 늦게 찾아 시작합니다. {_SAFE}",
    ),
    *_silent(
        Watched.REAPER,
        "통화 작업자",
        "풀 calls의 `reap`",
        f"통화가 처리되지 않거나, 중단된 통화와 멈춘 큐를 되살리지 못합니다. {_SAFE}",
    ),
)


def danger_facts(call_id: str, flow_run_id: str, now: datetime) -> Mapping[str, str]:
    """Which call shows a danger, and nothing of what was said in it, not even the kind."""
    return {"call": call_id, "run": flow_run_id, "at": in_korea(now)}


def paused_facts(reason: PauseReason, *, probe_minutes: float) -> Mapping[str, str]:
    """Why the calls' queues are paused."""
    told = message_of(reason.error, reason.case)
    return {
        "title": told.title,
        "reason": told.reason,
        "remedy": told.remedy,
        "step": step_label(reason.step) or "여러 단계",
        "since": in_korea(reason.since),
        "error": reason.error,
        "probe_minutes": f"{probe_minutes:.0f}",
    }


def quarantine_facts(errors: Counter[str], *, ended: int, minutes: int, since: datetime) -> Mapping[str, str]:
    """Why calls go to quarantine, by the codes of their errors, and how many do."""
    error, _ = errors.most_common(1)[0]
    return _counted(errors.total(), ended, minutes) | {
        "percent": f"{100 * errors.total() / ended:.0f}",
        "causes": ", ".join(f"{message_of(code).title} {count}건" for code, count in errors.most_common(3)),
        "remedy": message_of(error).remedy,
        "error": error,
        "since": in_korea(since),
    }


def prompts_facts(found: PromptsHeard) -> Mapping[str, str]:
    """How many of a day's prompts do not say what they should, as a vendor heard them."""
    return quiet_prompts_facts(found) | {
        "differing": f"{found.differing:,}",
        "provider": found.provider,
        "percent": f"{found.threshold_percent:g}",
        "at": in_korea(found.at),
    }


def quiet_prompts_facts(found: PromptsHeard) -> dict[str, str]:
    """That a day's prompts say what they should."""
    return {"day": f"{found.day:%Y-%m-%d}", "heard": f"{found.heard:,}"}


def cleared_facts(standing: Standing, now: datetime) -> Mapping[str, str]:
    """From when to when an alarm stood."""
    return {"since": in_korea(standing.since), "at": in_korea(now)}


def quiet_quarantine_facts(quarantined: int, *, ended: int, minutes: int) -> Mapping[str, str]:
    """That few calls go to quarantine again."""
    return _counted(quarantined, ended, minutes)


def _counted(quarantined: int, ended: int, minutes: int) -> dict[str, str]:
    return {"quarantined": f"{quarantined:,}", "ended": f"{ended:,}", "minutes": f"{minutes:,}"}
