"""What staff read of a comparison of speech-to-text vendors: what it will cost, then who hears best. Words go through ``shown``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from models.call.prices import Price
from models.hearing.accuracy import Errors, Stretch
from models.hearing.comparison import Comparison, Condition, Estimate, Standing
from reports import plots
from reports.markdown import facts, named, table

CONDITIONS = {Condition.NARROW: "8 kHz", Condition.NOISE: "소음", Condition.OVERLAP: "겹침", Condition.CLEAN: "깨끗함"}
MOST_RECORDINGS = 40
Shown = Callable[[str], str]


@dataclass(frozen=True)
class Example:
    """A recording that a vendor heard badly, with the worst places of it."""

    recording: str
    cer: float
    stretches: list[Stretch]


def _source(price: Price | None) -> str:
    return price.told_source if price else "요금표에 없음"


def estimate_report(folder: str, estimates: Sequence[Estimate], limit_won: float, prices: Mapping[str, Price | None]) -> str:
    """What a comparison will cost, before anybody is asked."""
    total = sum(one.won for one in estimates)
    rows = [
        (f"`{one.provider}`", f"{one.known:,}", f"{one.new:,}", f"{one.minutes:,.1f}", f"{one.won:,.0f}", _source(prices[one.provider]))
        for one in estimates
    ]
    verdict = "한도를 넘어 시작하지 않았습니다." if total > limit_won else "한도 안이므로 시작했습니다."
    return "\n\n".join(
        [
            "# 음성 인식 비교: 예상 비용",
            f"녹취 `{named(folder)}` · 예상 **{total:,.0f}원** · 한도 {limit_won:,.0f}원 · {verdict}",
            table(("업체", "이미 들음", "새로 들음", "새 녹취(분)", "예상 비용(원)", "요금 근거"), rows),
            "이미 들은 녹취는 결과가 남아 있어 다시 결제하지 않습니다. 요금은 계약에 따라 다르므로 `prices`로 바로잡을 수 있습니다.",
        ]
    )


def comparison_report(comparison: Comparison, examples: Mapping[str, Sequence[Example]], shown: Shown) -> str:
    """The leaderboard: figures, chart, conditions, recordings, what failed, and the worst places side by side."""
    parts = [
        f"# 음성 인식 비교: {_winner(comparison)}",
        facts(
            [
                ("녹취", f"`{named(comparison.folder)}` {comparison.recordings:,}건, {comparison.minutes:,.1f}분"),
                ("비교한 녹취", f"{comparison.compared:,}건 (모든 업체가 들은 녹취만 비교합니다)"),
            ]
        ),
        f"![글자 오류율]({plots.data_uri(comparison_chart(comparison.standings))})",
        table(
            ("순위", "업체", "글자 오류율(CER)", "용어 정확도", "화자 오류", "초/건", "원/분", "들은 녹취"),
            [_standing(row, comparison.recordings) for row in comparison.standings],
        ),
        "글자 오류율은 띄어쓰기와 문장 부호를 빼고 숫자를 읽는 대로 바꾸어 셉니다. 화자 오류는 다른 화자의 말로 적힌 글자의 비율이고, "
        "화자를 나누지 않는 업체는 –입니다.",
        _by_condition(comparison.standings),
        _by_recording(comparison),
        _failures(comparison.standings),
    ]
    for row in comparison.standings:
        parts += _worst(row.provider, examples.get(row.provider, ()), shown)
    return "\n\n".join(part for part in parts if part) + "\n"


def comparison_chart(standings: Sequence[Standing]) -> bytes:
    """Character error rates by vendor and condition, PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.2), dpi=90, layout="tight")
    axes = figure.subplots()
    kinds = [condition for condition in Condition if any(condition in row.by_condition for row in standings)]
    width = 0.8 / max(1, len(kinds) + 1)
    for offset, kind in enumerate(["all", *kinds]):
        rates = [row.errors.cer if kind == "all" else row.by_condition.get(Condition(kind), Errors()).cer for row in standings]
        places = [place + offset * width for place in range(len(standings))]
        bars = axes.bar(places, [100 * (rate or 0.0) for rate in rates], width=width * 0.95, label=str(kind))
        axes.bar_label(bars, labels=["" if rate is None else f"{100 * rate:.1f}" for rate in rates], fontsize=6)
    axes.set_xticks([place + 0.4 - width / 2 for place in range(len(standings))], [row.provider for row in standings], fontsize=8)
    axes.set_ylabel("character error rate, %")
    axes.margins(y=0.15)
    if standings:
        axes.legend(fontsize=7)
    return plots.png(figure)


def _winner(comparison: Comparison) -> str:
    best = comparison.standings[0] if comparison.standings else None
    if best is None or best.errors.cer is None:
        return "비교할 수 있는 녹취가 없음"
    return f"{best.provider} {percent(best.errors.cer)}"


def _standing(row: Standing, recordings: int) -> tuple[str, ...]:
    return (
        str(row.rank),
        f"`{row.provider}`",
        f"**{percent(row.errors.cer)}**",
        percent(row.errors.term_accuracy),
        percent(row.errors.speaker_errors),
        f"{row.seconds:.1f}",
        f"{row.won_per_minute:,.1f}",
        f"{row.recordings:,} / {recordings:,}",
    )


def _by_condition(standings: Sequence[Standing]) -> str:
    kinds = [condition for condition in Condition if any(condition in row.by_condition for row in standings)]
    rows = [(f"`{row.provider}`", *(percent(row.by_condition.get(kind, Errors()).cer) for kind in kinds)) for row in standings]
    return f"## 조건별 글자 오류율\n\n{table(('업체', *(CONDITIONS[kind] for kind in kinds)), rows)}" if kinds else ""


def _by_recording(comparison: Comparison) -> str:
    providers = [row.provider for row in comparison.standings]
    by_name = {provider: {score.recording: score for score in comparison.scores[provider]} for provider in providers}
    names = [score.recording for score in comparison.scores[providers[0]]] if providers else []
    rows = [
        (
            named(name),
            ", ".join(CONDITIONS[condition] for condition in by_name[providers[0]][name].conditions),
            *("–" if by_name[provider][name].failure else percent(by_name[provider][name].errors.cer) for provider in providers),
        )
        for name in names[:MOST_RECORDINGS]
    ]
    rest = f"\n\n{len(names) - MOST_RECORDINGS:,}건이 더 있습니다." if len(names) > MOST_RECORDINGS else ""
    return f"## 녹취별 글자 오류율\n\n{table(('녹취', '조건', *(f'`{p}`' for p in providers)), rows)}{rest}" if rows else ""


def _failures(standings: Sequence[Standing]) -> str:
    lines = [f"- `{row.provider}` {named(name)}: {named(reason)}" for row in standings for name, reason in row.failures.items()]
    return "\n".join(["## 듣지 못한 녹취", "", *lines[:MOST_RECORDINGS]]) if lines else ""


def _worst(provider: str, examples: Sequence[Example], shown: Shown) -> list[str]:
    if not examples:
        return []
    rows = [
        (named(one.recording), f"…{shown(s.before)}**{_side(s.said, shown)}**{shown(s.after)}…", f"**{_side(s.heard, shown)}**")
        for one in examples
        for s in one.stretches
    ]
    return [f"## `{provider}`: 가장 크게 틀린 곳", table(("녹취", "한 말", "들은 말"), rows)]


def _side(words: str, shown: Shown) -> str:
    return shown(words) if words else "(없음)"


def percent(share: float | None) -> str:
    """A share with two decimals, a dash where there is none."""
    return "–" if share is None else f"{100 * share:.2f} %"
