"""The artifact that tells of a pause of the calls' queues."""

from models.call.korea import in_korea
from models.call.pause import PauseReason
from models.call.steps import step_label
from reports.markdown import facts
from reports.messages import message_of


def pause_title(reason: PauseReason) -> str:
    """The artifact's description."""
    return f"통화 처리 일시 정지: {message_of(reason.error, reason.case).title}"


def pause_report(reason: PauseReason, *, probe_minutes: float) -> str:
    """Why calls wait, and how they go on."""
    told = message_of(reason.error, reason.case)
    rows = [
        ("단계", step_label(reason.step)),
        ("사유", told.reason),
        ("조치", told.remedy),
        ("시각", f"{in_korea(reason.since)} (한국 시간)"),
        ("오류 코드", f"`{reason.error}`"),
        ("알린 실행", f"[실행 열기](/runs/flow-run/{reason.flow_run_id})" if reason.flow_run_id else ""),
    ]
    return (
        f"# {pause_title(reason)}\n\n{facts(rows)}\n\n"
        f"작업 큐 `live`, `backfill`을 멈췄습니다. 대기 중인 통화는 잃지 않습니다. {probe_minutes:.0f}분 뒤 자동으로 다시 시도하며, "
        "그 전에 재개하려면 `reap` 배포를 `resume_now`로 실행하세요."
    )
