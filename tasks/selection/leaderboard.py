"""What staff read of a selection: the leaderboard, the vote and every move of the champion, as artifacts in Korean."""

import asyncio
from collections.abc import Sequence

from prefect.artifacts import acreate_markdown_artifact

from clients.s3 import ObjectStore
from models.lifecycle.registry import Move
from models.lifecycle.selection import Example, Standing, worst_and_best
from models.lifecycle.voting import TIE_RULE, Scope, Tally, VoteResult
from reports import plots
from tasks.markdown import shown, table
from tasks.selection.score import Board, board_scores, read_test_set
from tasks.selection.vote import VoteState
from wiring import object_store

SCOPES: dict[Scope, str] = {"all": "전체", "short": "짧은 문의", "long": "긴 문의"}
DECISIONS = {
    "only candidate": "후보가 하나",
    "total": "총점",
    "total on long inquiries": "총점이 같아 긴 문의의 총점",
    "place on the test set": "총점이 모두 같아 시험 데이터 순위",
}
COLUMNS = ("순위", "후보", "점수", "95 % 구간", "BERTScore F1", "STS", "사용 중 모델과의 차이", "초/건 (하나씩)", "초/건 (묶음)", "MiB")
EXAMPLES = 3


async def publish_board(board: Board) -> None:
    """The leaderboard: chart, table, what was left out, worst and best examples."""
    markdown = await asyncio.to_thread(board_report, object_store(), board)
    best = board.standings[0]
    await acreate_markdown_artifact(markdown, key="leaderboard", description=f"{best.candidate} {best.score.mean:.4f}")


def board_report(store: ObjectStore, board: Board) -> str:
    """The leaderboard's markdown."""
    encoders = " · ".join(f"{name}: `{encoder}`" for name, encoder in board.encoders.items())
    parts = [
        f"# 후보 모델 순위\n\n시험 데이터 `{board.test_set.source}` {board.test_set.rows:,}행 · {encoders}",
        "점수는 BERTScore F1과 STS의 평균이고, 구간은 같은 행을 다시 뽑은 부트스트랩 95 % 구간입니다. 사용 중인 모델은 ★입니다.",
        f"![순위]({plots.data_uri(board_chart(board.standings))})",
        table(
            COLUMNS,
            [_standing(standing) for standing in board.standings],
        ),
    ]
    learnt = [f"- `{name}`: 시험 데이터 {rows:,}행을 학습했습니다." for name, rows in board.test_set.learnt_by.items()]
    left_out = [f"- `{name}`: {shown(reason)}" for name, reason in board.left_out.items() if name not in board.test_set.learnt_by]
    parts += ["\n".join(["## 순위에서 빠진 후보", *learnt, *left_out])] if learnt or left_out else []
    test = read_test_set(store, board.test_set.key)
    for standing in board.standings:
        worst, best = worst_and_best(board_scores(store, board, standing.candidate), test, EXAMPLES)
        parts += [f"## {standing.rank}. {standing.candidate}", "### 가장 나쁜 예", _examples(worst), "### 가장 좋은 예", _examples(best)]
    return "\n\n".join(parts) + "\n"


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
    axes.set_xlabel("mean of BERTScore F1 and STS, 95 % bootstrap interval")
    axes.grid(axis="x", alpha=0.3)
    return plots.png(figure)


async def publish_turnout(state: VoteState, voters: int) -> None:
    """Who has voted and which ballots were not counted; no points, so that nobody who comes later is swayed."""
    rows = [(f"{s.at:%m-%d %H:%M}", shown(s.voter) or "–", "집계" if s.counted else "보관", shown(s.answer)) for s in state.submissions]
    ballots = table(("시각 (UTC)", "이름", "처리", "답"), rows) if rows else "아직 투표지가 없습니다."
    markdown = f"# 투표 진행 {len(state.voters)} / {voters}명\n\n실행 화면의 Resume 단추를 누르면 투표지가 나옵니다.\n\n{ballots}\n"
    await acreate_markdown_artifact(markdown, key="vote-turnout", description=state.plan.vote)


async def publish_result(state: VoteState, result: VoteResult) -> None:
    """Totals, mean, spread and agreement, for all inquiries and per length; the comments."""
    markdown = await asyncio.to_thread(result_report, state, result)
    await acreate_markdown_artifact(markdown, key="vote-result", description=result.winner)


def result_report(state: VoteState, result: VoteResult) -> str:
    """The result's markdown."""
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


async def publish_history(moves: Sequence[Move]) -> None:
    """Who moved the champion, when, from what to what and why, newest first."""
    kinds = {"promotion": "승격", "rollback": "되돌림"}
    rows = [
        (str(m.revision), f"{m.at:%Y-%m-%d %H:%M:%S}", kinds[m.kind], f"`{m.source}` → `{m.target}`", shown(m.by), shown(m.reason))
        for m in reversed(moves)
    ]
    markdown = f"# 사용 중인 모델: `{moves[-1].target}`\n\n{table(('#', '시각 (UTC)', '종류', '모델', '누가', '까닭'), rows)}\n"
    await acreate_markdown_artifact(markdown, key="champion", description=moves[-1].target)


def _standing(standing: Standing) -> tuple[str, ...]:
    score, against = standing.score, standing.against_champion
    return (
        str(standing.rank),
        f"{'★ ' if standing.is_champion else ''}`{standing.candidate}`",
        f"**{score.mean:.4f}**",
        f"{score.low:.4f} – {score.high:.4f}",
        f"{standing.bertscore_f1:.4f}",
        f"{standing.sts:.4f}",
        "–" if standing.is_champion else f"{against.mean:+.4f} ({against.low:+.4f} – {against.high:+.4f})",
        f"{standing.seconds_alone:.4f}",
        f"{standing.seconds_batched:.4f}",
        f"{standing.memory_mib:.0f}",
    )


def _examples(examples: Sequence[Example]) -> str:
    rows = [(f"{e.score:.3f}", shown(e.inquiry), shown(e.reference), shown(e.summary)) for e in examples]
    return table(("점수", "문의", "정답", "요약"), rows)
