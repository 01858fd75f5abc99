"""Who had something done to a call, as artifacts tell it; nobody is ever guessed."""

from collections.abc import Sequence
from typing import Final

from models.call.korea import in_korea
from models.call.record import Deed, PersonsAct
from reports.markdown import link, plain

DEEDS: Final = {
    Deed.RETRIED: "실행 Retry",
    Deed.REDRIVEN: "재처리(`redrive`)",
    Deed.CORRECTED: "교정",
    Deed.SUMMARIZED_AGAIN: "요약 다시",
    Deed.SUMMARY_CORRECTED: "요약 수정",
    Deed.CONFIRMED: "요약 확인",
    Deed.MARKED_WRONG: "틀림 표시",
    Deed.SPOKEN_AGAIN: "다시 읽기",
}
_SHOWN = 5


def requester(act: PersonsAct) -> str:
    """The name that was given, or that nobody is known.

    >>> from datetime import UTC, datetime
    >>> requester(PersonsAct(deed=Deed.RETRIED, at=datetime(2026, 11, 20, tzinfo=UTC)))
    '알 수 없음'
    """
    return f"{plain(act.by)} (직접 입력한 이름)" if act.by else "알 수 없음"


def history(acts: Sequence[PersonsAct]) -> str:
    """What people did to a call that had ended, the latest first."""
    told = [f"{in_korea(act.at)} {DEEDS[act.deed]}, 요청자 {requester(act)}{_run(act)}" for act in reversed(acts[-_SHOWN:])]
    return "; ".join(told) + (f"; 이전 {len(acts) - _SHOWN}건은 통화 기록에 있습니다" if len(acts) > _SHOWN else "")


def _run(act: PersonsAct) -> str:
    return f" ({link('실행', f'/runs/flow-run/{act.flow_run_id}')})" if act.flow_run_id else ""
