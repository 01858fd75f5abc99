"""The term list's edits, as who edits it sees them: what changed, who changed what before."""

from collections.abc import Sequence

from models.call.korea import in_korea
from models.call.persons_correction import Proposal
from models.call.terms import Term, TermList, TermsChange
from reports.markdown import facts, plain

_SHOWN = 100


def terms_report(now: TermList, history: Sequence[TermList], proposals: Sequence[Proposal], *, dry_run: bool) -> str:
    """What an edit did or would do, and the edits before it."""
    title = f"# 용어 목록 {now.version}판" if not dry_run else f"# 시험 실행: {now.version}판이 될 변경"
    counts = facts(
        [
            ("용어", f"{len(now.terms):,}개"),
            ("음성 인식에 알려 주는 말", f"{len(now.keywords):,}개"),
            ("읽기가 정해진 말", f"{len(now.pronunciations.entries):,}개"),
        ]
    )
    parts = [title, counts, "## 이번 변경", _change(now.change)]
    if proposals:
        rows = [f"- `{one.id}` {plain(one.heard)} → **{plain(one.term)}** ({one.times}번, {plain(one.proposed_by)})" for one in proposals]
        parts += ["## 승인을 기다리는 제안", "\n".join(rows[:_SHOWN]), "`approve`나 `reject`에 ID를 넣어 실행하면 결정됩니다."]
    if history:
        parts += ["## 변경 기록", "\n".join(f"- {one.version}판: {_signed(one.change)}. {_in_short(one.change)}" for one in history)]
    parts.append("고친 목록은 재시작 없이 다음 통화부터 쓰입니다. 이전 판으로 돌아가려면 `edit-terms`를 `restore_version`으로 실행하세요.")
    return "\n\n".join(parts)


def _signed(change: TermsChange) -> str:
    when = f"{in_korea(change.at)} (한국 시간)" if change.at else ""
    reason = f", 까닭: {plain(change.reason)}" if change.reason else ""
    return f"{when} {plain(change.by)}{reason}".strip()


def _in_short(change: TermsChange) -> str:
    counts = (("추가", len(change.added)), ("변경", len(change.changed)), ("삭제", len(change.removed)))
    return ", ".join(f"{name} {count}" for name, count in counts if count) or "바뀐 것 없음"


def _change(change: TermsChange) -> str:
    lines = [f"- 추가: {_told(term)}" for term in change.added]
    lines += [f"- 변경: {_told(one.before)} → {_told(one.after)}" for one in change.changed]
    lines += [f"- 삭제: {_told(term)}" for term in change.removed]
    if not lines:
        return "바뀐 것이 없습니다."
    more = [f"- … 모두 {len(lines):,}건"] if len(lines) > _SHOWN else []
    return "\n".join([_signed(change), "", *lines[:_SHOWN], *more])


def _told(term: Term) -> str:
    parts = [f"들린 말 {' · '.join(term.heard)}" if term.heard else "", f"발음 {term.pronounced}" if term.pronounced else ""]
    parts.append(f"읽기 {term.spoken}" if term.spoken else "")
    about = ", ".join(filter(None, parts))
    return f"**{plain(term.term)}**" + (f" ({plain(about)})" if about else "")
