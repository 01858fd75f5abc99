"""What is left to do about the calls that a withdrawn model spoke. Ids alone: an artifact with a key tells no word of a caller (ADR 14)."""

from collections.abc import Sequence
from datetime import datetime

from models.call.korea import in_korea
from models.call.review import SpokenCall
from reports.markdown import link, table
from reports.messages import message_of

_SHOWN = 500


def review_report(version: str, since: datetime, until: datetime, calls: Sequence[SpokenCall], *, again: bool) -> str:
    """The calls, those to be looked at first; how to go on where nothing was summarized again."""
    parts = [f"# 철회한 모델 `{version}`이 말한 통화 {len(calls):,}건", f"{in_korea(since)} – {in_korea(until)}"]
    if not calls:
        return "\n\n".join([*parts, "해당하는 통화가 없습니다."])
    if not again:
        parts.append("같은 값에 `again`을 켜고 `review-calls`를 실행하면 지금 모델로 다시 요약해, 뜻이 달라진 통화를 표시합니다.")
    order = sorted(calls, key=lambda call: (not call.changed, not call.failure, call.at))
    rows = [(f"`{call.call_id}`", in_korea(call.at), _told(call, again=again), _run(call)) for call in order[:_SHOWN]]
    if again:
        counts = (
            sum(bool(c.changed) for c in calls),
            sum(c.reviewed and not c.changed for c in calls),
            sum(bool(c.failure) for c in calls),
        )
        parts.append(table(("확인 필요", "뜻이 같음", "다시 요약하지 못함"), [tuple(f"{count:,}" for count in counts)]))
        parts.append("두 요약은 `calls/reviews/<통화>.json`에 있습니다. 녹취는 `hear`로 듣습니다.")
    parts.append(table(("통화", "끝난 시각", "결과", "실행"), rows))
    parts += [f"처음 {_SHOWN}건만 보입니다."] if len(calls) > _SHOWN else []
    return "\n\n".join(parts)


def _told(call: SpokenCall, *, again: bool) -> str:
    if call.failure:
        return f"다시 요약하지 못함: {message_of(call.failure).title}"
    if call.changed:
        return f"**확인 필요**: {call.changed}"
    return "뜻이 같음" if again else "–"


def _run(call: SpokenCall) -> str:
    return link("실행", f"/runs/flow-run/{call.flow_run_id}") if call.flow_run_id else ""
