"""Prompts that a vendor listened to: how far what was heard is from what should be said. Staff read it, so it is in Korean."""

from collections.abc import Callable, Mapping, Sequence

from models.call.record import PromptCheck
from models.hearing.prompt_check import PromptsHeard
from reports.markdown import facts, plain, table
from reports.messages import message_of

Masking = Callable[[Sequence[str]], Sequence[str]]
_MOST = 50


def prompts_report(found: PromptsHeard, checks: Mapping[str, PromptCheck], mask: Masking, *, show_words: bool) -> str:
    """The artifact of a day: the figures, and the calls whose prompt differs most, by their ids."""
    rows = [(call, check) for call, check in checks.items() if check.failure or 100 * (check.cer or 0.0) > found.threshold_percent]
    rows.sort(key=lambda row: -(row[1].cer or 0.0))
    parts = [f"# {found.day:%Y-%m-%d} 안내 음성 확인", overview(found)]
    if rows:
        columns = ("통화", "글자 차이", "읽어야 할 말", "들린 말") if show_words else ("통화", "글자 차이")
        parts += ["## 다르게 들린 안내", table(columns, [_row(call, check, mask, show_words) for call, check in rows[:_MOST]])]
        parts.append("안내를 직접 들으려면 `hear` 배포를, 고쳐 읽으려면 `edit-terms`의 읽기를 고친 뒤 `speak-again` 배포를 실행하세요.")
    return "\n\n".join(parts)


def overview(found: PromptsHeard) -> str:
    """The figures of a day, for its own artifact and the digest."""
    rows = [
        ("들은 업체", f"`{found.provider}`"),
        ("들은 안내", f"{found.heard:,}건"),
        ("평균 글자 차이", f"{found.mean_cer:.1%}"),
        (f"{found.threshold_percent:g}% 넘게 다름", f"{found.differing:,}건"),
        ("듣지 못함", f"{found.failed:,}건"),
    ]
    return facts(rows)


def _row(call: str, check: PromptCheck, mask: Masking, show_words: bool) -> tuple[str, ...]:
    told = message_of(check.failure).title if check.failure else f"{check.cer or 0.0:.1%}"
    words = (plain(mask([check.spoken_text])[0]), plain(mask([check.heard])[0])) if show_words else ()
    return (f"`{call}`", told, *words)
