"""What came of a person's correction of a call."""

from collections.abc import Callable, Sequence

from models.call.persons_correction import Proposal
from models.call.record import CallRecord, Change
from reports.markdown import facts, link, plain

Masking = Callable[[Sequence[str]], Sequence[str]]


def correction_report(
    record: CallRecord, change: Change | None, proposal: Proposal | None, mask: Masking, *, kept: bool, run_id: str
) -> str:
    """The change, the proposed term, and what becomes of the summary."""
    told = ""
    if change is not None:
        before, after = (plain(mask([words])[0]) if words else "(없음)" for words in (change.before, change.after))
        told = f"~~{before}~~ → **{after}** ({int(change.seconds) // 60}:{int(change.seconds) % 60:02d}, {change.utterance + 1}번째 말)"
    stale = record.summary is not None and record.summary.stale
    rows = [
        ("고친 사람", plain(change.by) if change else ""),
        ("용어 제안", f"`{proposal.id}` {plain(proposal.heard)} → {plain(proposal.term)} ({proposal.times}번째)" if proposal else ""),
        ("요약", _summary(stale=stale, run_id=run_id)),
        ("학습 자료", "가린 문장 쌍을 다음 학습 자료에 넣었습니다." if kept else ""),
        ("통화", f"`{record.call_id}`"),
    ]
    approve = "제안은 `edit-terms`를 `approve` 또는 `reject`에 제안 ID를 넣어 실행하면 결정됩니다." if proposal else ""
    return "\n\n".join(filter(None, ["# 통화 교정", told, facts(rows), approve]))


def _summary(*, stale: bool, run_id: str) -> str:
    if run_id:
        return f"고친 전사로 다시 만듭니다 ({link('실행', f'/runs/flow-run/{run_id}')})"
    return "이 말에 기댄 요약입니다. 다시 만들려면 `again`을 켜서 실행하세요." if stale else "고친 말과 무관해 그대로입니다."
