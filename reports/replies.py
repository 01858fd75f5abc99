"""Replies for agents, and the tables of approved openings and of the chat's services, as staff read them. Korean."""

from collections.abc import Callable, Sequence

from models.call.korea import in_korea
from models.call.record import CallRecord
from models.chat.services import ServiceTable
from models.replies.drafts import Draft, Drafts
from models.replies.openings import OpeningTable
from models.versioned import Versioned
from reports.markdown import named, plain
from reports.messages import why_instead

Masking = Callable[[Sequence[str]], Sequence[str]]
_AGAIN = "다른 답이 필요하면 같은 `call_id`로 `draft-reply` 배포를 다시 실행하세요. 고객이 더 한 말은 `caller_says`에 적습니다."


def drafts_report(record: CallRecord, emotion: str, drafts: Drafts, mask: Masking) -> str:
    """The latest reply first, then those before."""
    latest, *earlier = reversed(drafts.drafts)
    request = mask([record.summary.text])[0] if record.summary else ""
    parts = [f"# 답변 초안: {record.recording.run_name}", _shown(latest, mask)]
    parts.append(f"고객의 감정: **{plain(emotion)}**" + (f" · 요청: {plain(request)}" if request else ""))
    if drafts.said_since:
        parts.append("이후 고객의 말\n\n" + "\n".join(f"- {plain(said)}" for said in mask(drafts.said_since)))
    if earlier:
        parts.append("앞서 제안한 답\n\n" + "\n".join(f"- {plain(text)}" for text in mask([draft.text for draft in earlier])))
    parts.append(f"상담원만 보는 초안입니다. 고객에게는 승인된 첫마디 말고는 들려주지 않습니다. {_AGAIN}")
    return "\n\n".join(parts)


def _shown(draft: Draft, mask: Masking) -> str:
    said = f"> {plain(mask([draft.text])[0])}"
    return f"{said}\n\n언어 모델의 문장은 쓰지 않았습니다: {why_instead(draft.refused)}." if draft.refused else said


def openings_report(table: OpeningTable) -> str:
    """All approved openings by emotion; a list, since a table's cell would not break a long line."""
    parts = [f"# 승인된 첫마디, {table.version}판", _edited(table)]
    for emotion in dict.fromkeys(opening.emotion for opening in table.openings):
        rows = [opening for opening in table.openings if opening.emotion == emotion]
        lines = [f"- {plain(row.text)}" + (f" (요청에 {named(row.request.replace('|', ', '))})" if row.request else "") for row in rows]
        parts.append(f"## {plain(emotion)}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def services_report(table: ServiceTable) -> str:
    """All services that a chat begins with, in their order."""
    lines = [
        f"- **{plain(one.name)}** {plain(one.description)} ({named(one.documents.replace('|', ', ')) if one.documents else '모든 문서'})"
        for one in table.services
    ]
    return "\n\n".join([f"# 채팅 서비스, {table.version}판", _edited(table), "\n".join(lines)])


def _edited(table: Versioned) -> str:
    by = f", {plain(table.edited_by)}" if table.edited_by else ""
    return f"{in_korea(table.edited_at)} (한국 시간){by}" if table.edited_at else "제품에 들어 있는 표"
