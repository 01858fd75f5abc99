"""What became of the archive when it was summarized anew, and what that would cost: ids, versions, counts, no word of a caller (ADR 14)."""

from collections.abc import Sequence

from models.call.anew import CallAnew, Fate, Figures, How
from models.call.forecast import Forecast
from models.call.ledger import Charge, spent, won_of
from models.keys import StorageKeys
from reports.markdown import facts, named, table
from reports.messages import message_of
from reports.money import length, spent_table

FATES = {
    Fate.CHANGED: "**뜻이 달라짐**",
    Fate.REWORDED: "말만 다름",
    Fate.SAME: "같음",
    Fate.ALREADY: "이미 이 모델의 요약",
    Fate.JUDGED: "사람이 판정해 그대로 둠",
    Fate.WORDLESS: "원문의 보관 기간이 지나 그대로 둠",
    Fate.GONE: "지워졌거나 다시 처리 중",
    Fate.FAILED: "요약하지 못함",
}
_STOPS = {
    "deadline": "정해 둔 시간이 지나",
    "champion_moved": "사용 중인 모델이 바뀌어",
}
_SHOWN = 200


def anew_title(figures: Figures) -> str:
    """The artifact's description."""
    looked = sum(count for fate, count in figures.by_fate.items() if fate.looked_at)
    return f"다시 요약 {looked:,}건, 뜻이 달라진 통화 {figures.by_fate[Fate.CHANGED]:,}건"


def anew_report(
    scope: str,
    how: How,
    figures: Figures,
    calls: Sequence[CallAnew],
    charges: Sequence[Charge],
    *,
    days: tuple[int, int],
    stopped: str,
) -> str:
    """The artifact ``archive-anew``: what changed, the calls to be looked at first, and what it cost."""
    folder = f"{StorageKeys.ANEW}{how.champion}/"
    about = facts(
        [
            ("범위", f"`{scope}`, {days[1]:,}일 가운데 {days[0]:,}일을 마쳤습니다"),
            ("모델", f"`{how.champion}`"),
            ("한 일", _did(how, figures)),
            ("요금", f"{won_of(charges):,.1f}원" if charges else ""),
            ("목록", f"`{folder}YYYY/MM/DD.json`에 하루씩, 두 요약은 `{StorageKeys.REVIEWS}<통화>.json`에 있습니다"),
        ]
    )
    parts = [f"# 지난 통화 다시 요약: {anew_title(figures)}", about]
    if stopped:
        why = _STOPS.get(stopped) or f"**{message_of(*_split(stopped)).title}**(으)로"
        parts.append(f"> {why} 멈췄습니다. 같은 값으로 다시 실행하면 이어서 합니다. 이미 한 통화는 다시 하지 않습니다.")
    if calls:
        counted = [(label, f"{figures.by_fate[fate]:,}") for fate, label in FATES.items() if figures.by_fate[fate]]
        parts.append(table(("결과", "통화"), counted))
    if figures.by_difference:
        rows = [(difference, f"{count:,}") for difference, count in figures.by_difference.most_common()]
        parts += ["## 달라진 뜻", table(("무엇이", "통화"), rows)]
    if looked := [call for call in calls if call.fate in (Fate.CHANGED, Fate.FAILED)]:
        shown = [(f"`{call.call_id}`", _why(call), f"{named(call.before)} → {named(call.after)}") for call in looked[:_SHOWN]]
        parts += ["## 확인할 통화", table(("통화", "까닭", "모델 버전"), shown)]
        parts += [f"처음 {_SHOWN}건만 보입니다."] if len(looked) > _SHOWN else []
    if charges:
        parts += ["## 사용 요금", spent_table(spent(charges))]
    return "\n\n".join(parts)


def forecast_anew_report(forecast: Forecast, scope: str, how: How, above: float) -> str:
    """What summarizing a range anew would cost; ``above`` is the limit that it exceeds, 0 where it exceeds none."""
    told = facts(
        [
            ("범위", f"`{scope}`"),
            ("모델", f"`{how.champion}`"),
            ("다시 요약할 통화", f"{forecast.calls:,}건, 녹취 {length(forecast.seconds)} (다시 듣지 않습니다)"),
            ("예상 요금", f"{forecast.won:,.0f}원" + (f" (통화당 {forecast.won / forecast.calls:,.2f}원)" if forecast.calls else "")),
            ("하루 예산으로 걸리는 날", f"{forecast.days:,.1f}일" if forecast.days else ""),
            ("안내 음성", "달라진 말을 다시 읽습니다" if how.speak else "그대로 둡니다"),
            ("Amazon Connect 속성", "다시 씁니다" if how.tell_contacts else "그대로 둡니다"),
            ("근거", f"최근 통화 {forecast.learnt_from:,}건의 평균" if forecast.learnt_from else "평균을 낼 통화가 없어 요금을 모릅니다"),
        ]
    )
    rows = [(named(one.provider), one.unit.label, f"{one.amount:,.0f}", f"{one.won:,.0f}") for one in forecast.spent if forecast.calls]
    after = (
        f"> 정해 둔 {above:,.0f}원(`most_won`)을 넘어 시작하지 않았습니다."
        if above
        else "`forecast`를 켠 실행은 여기서 끝납니다. 끄고 실행하면 시작합니다."
    )
    parts = ["# 지난 통화를 다시 요약할 때의 예상 요금", told, table(("업체", "항목", "사용량", "원"), rows) if rows else "", after]
    return "\n\n".join(part for part in parts if part)


def _did(how: How, figures: Figures) -> str:
    replaced = f"기록의 요약 {figures.replaced:,}건을 바꿨습니다" if how.replace else "견주어 보기만 하고 바꾼 것은 없습니다"
    spoken = f"안내 음성 {figures.spoken:,}건을 다시 읽었습니다" if how.speak else "안내 음성은 그대로입니다"
    return f"{replaced}. {spoken}."


def _why(call: CallAnew) -> str:
    return call.difference or message_of(call.failure).title


def _split(stopped: str) -> tuple[str, str]:
    code, _, case = stopped.partition(".")
    return code, case
