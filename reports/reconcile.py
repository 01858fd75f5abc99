"""What a reconciliation found: counts with reasons, the runs that were started, the records that cannot be read. No contact is named."""

from models.call.reconciling import Totals
from reports.markdown import link, table
from reports.messages import ACTIONS, REASONS, message_of


def reconcile_report(scope: str, totals: Totals) -> str:
    """The artifact of one run; ``scope`` says what it went through."""
    rows = sorted((ACTIONS[d.action], REASONS[d.reason], f"{count:,}") for d, count in totals.decisions.items())
    state = "끝까지 확인함" if totals.finished else "시간이 다 되어 중간에 멈춤 (다음 실행이 이어서 확인)"
    parts = [
        f"# 누락 점검: 시작 {totals.starts:,}건 / 확인 {totals.looked_at:,}건",
        f"범위 `{scope}`, {state}.",
        table(("조치", "이유", "건수"), rows),
    ]
    if totals.started:
        started = [(f"`{call}`", link("실행", f"/runs/flow-run/{run}"), REASONS[why]) for call, run, why in totals.started]
        parts += [f"## 시작한 통화 (처음 {len(started)}건)", table(("통화", "실행", "이유"), started)]
    if totals.unreadable:
        told = message_of("permanent_error", "unreadable_record")
        parts += [f"## {told.title}", told.remedy, "\n".join(f"- `{key}`" for key in totals.unreadable)]
    return "\n\n".join(parts)
