"""What staff read of a selection: the leaderboard and the vote. Texts of people go through ``shown``."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.call.acceptance import Acceptance
from models.lifecycle.bars import reading
from models.lifecycle.board import Board
from models.lifecycle.line import Line
from models.lifecycle.selection import Doubt, Example, Examples, Standing
from models.lifecycle.truth import TruthCount
from models.lifecycle.voting import TIE_RULE, Scope, Tally, VoteResult, VoteState
from reports import plots
from reports.acceptance import acceptance_table
from reports.markdown import named, table
from reports.messages import told_failure

SCOPES: dict[Scope, str] = {"all": "전체", "short": "짧은 문의", "long": "긴 문의"}
DECISIONS = {
    "only candidate": "후보가 하나",
    "total": "총점",
    "total on long inquiries": "총점이 같아 긴 문의의 총점",
    "place on the test set": "총점이 모두 같아 시험 데이터 순위",
}
Shown = Callable[[str], str]


def board_report(
    line: Line[Any], board: Board, examples: Mapping[str, Examples], shown: Shown, answers: Mapping[str, Acceptance] | None = None
) -> str:
    """The leaderboard: how true each candidate is, chart, scores, what was left out, and of each candidate's answers what people read.

    ``answers`` is what callers said of the versions that spoke to them.
    """
    judges = "".join(f" · {name}: `{judge}`" for name, judge in board.encoders.items())
    columns = ("순위", "후보", line.primary.heading, "95 % 구간", *(metric.heading for metric in line.metrics[1:]))
    costs = ("사용 중 모델과의 차이", "초/건 (하나씩)", "초/건 (묶음)", "MiB", "토큰/건", "원/건")
    parts = [
        f"# 후보 모델 순위\n\n시험 데이터 `{board.test_set.source}` {board.test_set.rows:,}행{judges}",
        truth_table(line, board),
        f"{line.scoring_note}이고, 구간은 같은 행을 다시 뽑은 부트스트랩 95 % 구간입니다. 사용 중인 모델은 ★입니다.",
        f"![순위]({plots.data_uri(board_chart(board.standings))})",
        table((*columns, *costs), [_standing(line, standing) for standing in board.standings]),
    ]
    parts += ["## 고객의 응답", acceptance_table(answers)] if answers else []
    learnt = [f"- `{name}`: 시험 데이터 {rows:,}행을 학습했습니다." for name, rows in board.test_set.learnt_by.items()]
    left_out = [
        f"- `{name}`: {named(told_failure(reason))}" for name, reason in board.left_out.items() if name not in board.test_set.learnt_by
    ]
    parts += ["\n".join(["## 순위에서 빠진 후보", *learnt, *left_out])] if learnt or left_out else []
    for standing in board.standings:
        own = examples[standing.candidate]
        parts += [f"## {standing.rank}. {standing.candidate}"]
        parts += ["### 오도한 답", _doubts(line, "문의 번호", own.misleading, shown)] if own.misleading else []
        parts += ["### 의심스러운 답", _doubts(line, "까닭", own.suspected, shown)] if own.suspected else []
        parts += ["### 가장 나쁜 예", _examples(line, own.worst, shown), "### 가장 좋은 예", _examples(line, own.best, shown)]
    return "\n\n".join(parts) + "\n"


def truth_table(line: Line[Any], board: Board) -> str:
    """What ranks first: how many answers mislead and how many are right, and the line's bars that each candidate breaks."""
    broken = {s.candidate: [bar.heading for bar in line.bars if not reading(bar, s.measures.get(bar.name)).passed] for s in board.standings}
    kept = [", ".join(broken[s.candidate]) or "모두 지킴" for s in board.standings]
    names = [(str(s.rank), _name(s)) for s in board.standings]
    if not board.test_set.truth_rows:
        return table(("순위", "후보", "어긴 기준"), [(*name, bars) for name, bars in zip(names, kept, strict=True)])
    note = (
        f"참·거짓을 가리는 문의 {board.test_set.truth_rows:,}건으로 먼저 순위를 정합니다: 기준을 어긴 후보는 맨 뒤, "
        "오도하는 답이 적은 후보가 앞, 다음은 맞은 답이 많은 후보. 의심은 시험 데이터에서 고객이 아니라고 했거나 말하지 않은 것을 "
        "말한 듯한 답이며 순위에 넣지 않습니다."
    )
    rows = [
        (*name, *_truth(standing.truth), f"{standing.suspects:,}", bars)
        for name, standing, bars in zip(names, board.standings, kept, strict=True)
    ]
    return f"{note}\n\n{table(('순위', '후보', '오도 (misleading)', '맞음', '고객의 말', '의심', '어긴 기준'), rows)}"


def board_chart(standings: Sequence[Standing]) -> bytes:
    """Scores with their intervals, best on top, PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 1.2 + 0.42 * len(standings)), dpi=90, layout="tight")
    axes = figure.subplots()
    places = list(range(len(standings), 0, -1))
    for place, standing in zip(places, standings, strict=True):
        score = standing.score
        color = "#c8553d" if standing.is_champion else "#3b6ea5"
        spread = [[score.mean - score.low], [score.high - score.mean]]
        axes.errorbar(score.mean, place, xerr=spread, fmt="o", color=color, capsize=4)
        axes.annotate(f"{score.mean:.4f}", (score.mean, place), xytext=(0, 6), textcoords="offset points", ha="center", fontsize=8)
    axes.set_yticks(places, [f"{standing.candidate}{' (champion)' if standing.is_champion else ''}" for standing in standings], fontsize=8)
    axes.set_ylim(0.3, len(standings) + 0.8)
    axes.set_xlabel("score, 95 % bootstrap interval")
    axes.grid(axis="x", alpha=0.3)
    return plots.png(figure)


def turnout_report(state: VoteState, voters: int, shown: Shown) -> str:
    """Who has voted and which ballots were not counted; no points, so that voters who come later are not swayed."""
    rows = [(f"{s.at:%m-%d %H:%M}", shown(s.voter) or "–", "집계" if s.counted else "보관", shown(s.answer)) for s in state.submissions]
    ballots = table(("시각 (UTC)", "이름", "처리", "답"), rows) if rows else "아직 투표지가 없습니다."
    return f"# 투표 진행 {len(state.voters)} / {voters}명\n\n실행 화면의 Resume 단추를 누르면 투표지가 나옵니다.\n\n{ballots}\n"


def result_report(state: VoteState, result: VoteResult, shown: Shown) -> str:
    """Totals, mean, spread and agreement, for all inquiries and per length; the comments."""
    parts = [
        f"# 투표 결과: {result.winner}",
        f"{len(result.voters)}명 · 문의 {len(state.plan.inquiries)}개 · 결정: {DECISIONS[result.decided_by]}\n\n> 동점 규칙: {TIE_RULE}",
        f"![점수]({plots.data_uri(result_chart(result))})",
    ]
    for scope, tallies in result.tallies.items():
        alpha = result.agreement[scope]
        told = "계산할 수 없음 (투표자 한 명이거나 모두 같은 점수)" if alpha is None else f"{alpha:.3f}"
        rows = [(t.candidate, str(t.total), f"{t.mean:.2f}", f"{t.spread:.2f}", str(t.votes)) for t in tallies]
        parts.append(
            f"## {SCOPES[scope]}\n\n{table(('후보', '총점', '평균', '표준편차', '표'), rows)}\n\nKrippendorff α (순위 척도): **{told}**"
        )
    comments = [(shown(vote.voter), vote.inquiry, shown(vote.comment)) for vote in state.votes if vote.comment]
    parts += [f"## 의견\n\n{table(('이름', '문의', '의견'), comments)}"] if comments else []
    parts.append("α가 1이면 완전한 일치, 0이면 우연한 일치입니다.")
    return "\n\n".join(parts) + "\n"


def result_chart(result: VoteResult) -> bytes:
    """Mean points per candidate on short and on long inquiries, PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.2, 3.0), dpi=90, layout="tight")
    axes = figure.subplots()
    names = [tally.candidate for tally in result.tallies["all"]]
    scopes: list[Scope] = [scope for scope in ("short", "long") if scope in result.tallies]
    for offset, scope in enumerate(scopes):
        own: dict[str, Tally] = {tally.candidate: tally for tally in result.tallies[scope]}
        places = [place + 0.38 * offset for place in range(len(names))]
        bars = axes.bar(places, [own[name].mean for name in names], width=0.36, label=f"{scope} inquiries")
        axes.bar_label(bars, fmt="%.2f", fontsize=7)
    axes.set_xticks([place + 0.19 * (len(scopes) - 1) for place in range(len(names))], names, fontsize=7)
    axes.set_ylim(0, 5.4)
    axes.set_ylabel("mean points (1-5)")
    axes.legend(fontsize=8)
    return plots.png(figure)


def _standing(line: Line[Any], standing: Standing) -> tuple[str, ...]:
    score, against = standing.score, standing.against_champion
    return (
        str(standing.rank),
        _name(standing),
        f"**{score.mean:.4f}**",
        f"{score.low:.4f} – {score.high:.4f}",
        *(f"{standing.metrics[metric.name]:.4f}" for metric in line.metrics[1:]),
        "–" if standing.is_champion else f"{against.mean:+.4f} ({against.low:+.4f} – {against.high:+.4f})",
        f"{standing.seconds_alone:.4f}",
        f"{standing.seconds_batched:.4f}",
        f"{standing.memory_mib:.0f}",
        *((f"{standing.tokens:,.0f}", f"{standing.won:,.2f}") if standing.tokens else ("–", "–")),
    )


def _name(standing: Standing) -> str:
    return f"{'★ ' if standing.is_champion else ''}`{standing.candidate}`"


def _truth(count: TruthCount | None) -> tuple[str, str, str]:
    if count is None:
        return "–", "–", "–"
    misleading, right, own = (
        f"{number:,} ({100 * number / count.of:.1f} %)" for number in (count.misleading, count.right, count.own_words)
    )
    return f"**{misleading}**", right, own


def _doubts(line: Line[Any], about: str, doubts: Sequence[Doubt], shown: Shown) -> str:
    return table(("문의", about, line.answer_noun), [(shown(d.inquiry), shown(d.about), shown(d.answer)) for d in doubts])


def _examples(line: Line[Any], examples: Sequence[Example], shown: Shown) -> str:
    rows = [(f"{e.score:.3f}", shown(e.inquiry), shown(e.reference), shown(e.answer)) for e in examples]
    return table(("점수", "문의", "정답", line.answer_noun), rows)
