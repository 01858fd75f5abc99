"""What staff read of emotions and dangers: the data, a training, a sweep, and what a call shows. Korean, as they are."""

from collections import Counter
from collections.abc import Mapping, Sequence

from models.signals.labels import DANGER_LABELS, EMOTIONS
from models.training.data.loader import LoadReport
from models.training.data.pair import Pair
from models.training.data.split import Split
from models.training.signal_outputs import SignalSummary, SignalSweepRow
from models.training.signal_scores import DangerScores, EmotionScores
from models.training.signal_task import SignalConfig
from reports import plots
from reports.markdown import figure, table
from reports.messages import state_name, told_failure

# Files of a run that its report links to, and of which trainings they are.
SIGNAL_FILES: Mapping[str, tuple[str, ...]] = {
    "split.json": ("emotion", "danger"),
    "test.csv": ("emotion", "danger"),
    "profile.md": ("emotion", "danger"),
    "confusion.png": ("emotion",),
    "augmented.csv": ("danger",),
}
_SHOWN_CONFUSIONS = 12


def signal_data_report(pairs: Sequence[Pair], split: Split, report: LoadReport) -> str:
    """The data of a run: its parts, its labels, what was left out."""
    parts = f"학습 {len(split.train):,} · 검증 {len(split.validation):,} · 시험 {len(split.test):,} · seed {split.record.seed}"
    counted = [Counter(pair.summary for pair in part) for part in (pairs, split.train, split.validation, split.test)]
    rows = [(label, *(f"{count[label]:,}" for count in counted)) for label, _ in counted[0].most_common()]
    about = Counter(pair.style for pair in pairs if pair.style)
    who = f"\n\n말한 사람: {', '.join(f'{style} {count:,}' for style, count in about.most_common(12))}" if about else ""
    dialogues = len({pair.dialogue for pair in pairs if pair.dialogue})
    return (
        f"# 학습 데이터\n\n{parts}\n\n{len(pairs):,}문장, 대화 {dialogues:,}건. {report.sentence()}{who}\n\n"
        f"![길이]({plots.data_uri(plots.lengths(pairs))})\n\n{table(('라벨', '전체', '학습', '검증', '시험'), rows)}\n"
    )


def signal_report(summary: SignalSummary, bucket: str, links: Mapping[str, str]) -> str:
    """A run: how well it tells on rows it has not learnt from, every label, its curve, links."""
    told = _emotions(summary.emotion) if summary.emotion else _dangers(summary.danger) if summary.danger else ""
    config = summary.config
    how = f"`{config.base}`" + ("" if config.family == "linear" else f", 학습률 {config.learning_rate:g}, 드롭아웃 {config.dropout:g}")
    curve = f"![손실]({plots.data_uri(plots.losses(summary.history))})\n\n" if summary.history else ""
    files = ", ".join(f"[{name}]({link})" for name, link in links.items())
    return (
        f"# {summary.run}\n\n{how} · 학습 {summary.train_rows:,}행 (증강 {summary.made_rows:,}행) · "
        f"{summary.seconds:.0f}초, {summary.device}\n\n{told}\n\n{curve}`s3://{bucket}/{summary.prefix}` · {files}\n"
    )


def _emotions(scores: EmotionScores) -> str:
    rows = [
        ("정확도 (58가지 중 하나)", figure(scores.accuracy)),
        ("상위 5 안에 정답", figure(scores.top5)),
        ("Macro F1 / Weighted F1", f"{scores.macro_f1:.4f} / {scores.weighted_f1:.4f}"),
        ("6대 감정 정확도", figure(scores.six)),
        ("센터 감정 묶음 정확도", figure(scores.own_groups)),
        ("확신해서 답한 비율 / 그중 맞은 비율", f"{scores.told:.1%} / {scores.told_right:.1%}"),
        ("감정 없는 행에서 답하지 않은 비율", "–" if scores.silent is None else f"{scores.silent:.1%}"),
        ("보정 오차 (ECE)", figure(scores.calibration_error)),
    ]
    numbers = {emotion: number for number, emotion in enumerate(EMOTIONS)}
    labels = [
        (f"{numbers[k.label]}", k.label, f"{k.precision:.3f}", f"{k.recall:.3f}", f"{k.f1:.3f}", f"{k.support:,}")
        for k in sorted(scores.labels, key=lambda k: numbers[k.label])
    ]
    bins = [(one.confidence, one.right, one.rows) for one in scores.calibration]
    mistaken = [(right, told, f"{count}") for right, told, count in scores.confusions[:_SHOWN_CONFUSIONS]]
    return (
        f"시험 {scores.rows:,}행\n\n{table(('항목', '값'), rows)}\n\n![보정]({plots.data_uri(plots.calibration(bins))})\n\n"
        f"![혼동]({plots.data_uri(plots.confusion(scores.matrix))})\n\n자주 헷갈린 감정\n\n{table(('정답', '답', '행'), mistaken)}\n\n"
        f"{table(('번호', '감정', '정밀도', '재현율', 'F1', '행'), labels)}"
    )


def _dangers(scores: DangerScores) -> str:
    kinds = [(DANGER_LABELS[k.kind], f"{k.rows:,}", f"{k.found:,}", f"{k.named:,}", f"{k.wrong:,}") for k in scores.kinds]
    missed = ", ".join(f"`{row}`" for row in scores.missed) or "없음"
    false = ", ".join(f"`{row}`" for row in scores.false_alarms) or "없음"
    bounds = ", ".join(f"{bound:.2f}" for bound in scores.bounds)
    return (
        f"위험한 {scores.dangerous:,}행 중 **{scores.recall:.1%}** 알림 · "
        f"위험 없는 {scores.harmless_calls:,}건 중 **{scores.alarm_rate:.1%}** 경보 (기준 {bounds})\n\n"
        f"{table(('종류', '행', '알린 행', '종류까지 맞은 행', '잘못 알린 행'), kinds)}\n\n놓친 행: {missed}\n\n잘못 울린 행: {false}"
    )


def signal_sweep_table(rows: Sequence[SignalSweepRow], run_addresses: Mapping[str, str]) -> list[dict[str, str]]:
    """A sweep as it stands, a dictionary for each row; ``run_addresses`` says where the rows' runs are seen."""
    return [_sweep_row(row, run_addresses.get(row.flow_run_id, "–")) for row in rows]


def _settings(config: SignalConfig) -> dict[str, str]:
    """What is varied; the linear form has no such settings."""
    if config.family == "linear":
        return {"기반": config.base, **dict.fromkeys(("학습률", "배치", "드롭아웃", "에폭"), "–")}
    return {
        "기반": config.base.rpartition("/")[2] + (f" {config.layers}층" if config.layers else ""),
        "학습률": f"{config.learning_rate:g}",
        "배치": str(config.batch_size),
        "드롭아웃": f"{config.dropout:g}",
        "에폭": f"{config.epochs:g}",
    }


def _sweep_row(row: SignalSweepRow, address: str) -> dict[str, str]:
    config, summary = row.config, row.summary
    emotion, danger = (summary.emotion, summary.danger) if summary else (None, None)
    scores = {
        "정확도": figure(emotion.accuracy if emotion else None),
        "상위 5": figure(emotion.top5 if emotion else None),
        "Macro F1": figure(emotion.macro_f1 if emotion else None),
    }
    if danger is not None:
        scores = {"재현율": figure(danger.recall), "경보율": figure(danger.alarm_rate)}
    return {
        "실행": row.run,
        "상태": state_name(row.state),
        **_settings(config),
        **scores,
        "초": f"{summary.seconds:.0f}" if summary else "–",
        "결과": summary.prefix if summary else told_failure(row.reason)[:200],
        "링크": address,
    }
