"""What became of the calls that a redrive took out of quarantine. No contact is named."""

from collections import Counter
from collections.abc import Sequence

from models.call.record import PersonsAct
from models.call.redriving import Redriven
from models.call.steps import step_label
from reports.markdown import link, table
from reports.messages import RESULTS, message_of
from reports.people import requester

_SHOWN = 500


def redrive_report(lines: Sequence[Redriven], act: PersonsAct) -> str:
    """Who asked for it, counts, and a line a call with its new run."""
    counts = Counter(line.result for line in lines)
    summary = table(("결과", "건수"), [(said, str(counts[result])) for result, said in RESULTS.items() if counts[result]])
    rows = [
        (f"`{line.call_id}`", message_of(line.error).title if line.error else "", step_label(line.step), RESULTS[line.result], _where(line))
        for line in lines[:_SHOWN]
    ]
    parts = ["# 격리 통화 재처리", f"요청자: {requester(act)}", summary if lines else "해당하는 통화가 없습니다."]
    parts += [table(("통화", "격리 사유", "단계", "결과", "실행"), rows)] if rows else []
    parts += [f"처음 {_SHOWN}건만 보입니다 (전체 {len(lines):,}건)."] if len(lines) > _SHOWN else []
    return "\n\n".join(parts)


def _where(line: Redriven) -> str:
    """Where the call's work is done now."""
    if line.successor:
        return f"대체한 통화 `{line.successor}`"
    return link("실행", f"/runs/flow-run/{line.run_id}") if line.run_id else ""
