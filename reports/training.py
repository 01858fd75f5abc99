"""What staff read of trainings: the data, a run, a sweep. ``links`` are addresses, by file of the run."""

from collections.abc import Mapping, Sequence

from models.training.data.loader import LoadReport
from models.training.data.pair import Pair
from models.training.data.profile import profile_pairs
from models.training.data.split import Split
from models.training.data.version import DatasetVersion
from models.training.outputs import RunSummary, SweepRow
from models.training.request_classifier import ClassifierSummary
from reports import plots
from reports.markdown import figure, named, table
from reports.messages import state_name, told_failure

# Files of a run that its report links to.
RUN_FILES = ("metrics.csv", "split.json", "run.json", "test.csv", "losses.png", "scores.png")
CLASSIFIER_FILES = ("split.json", "test.csv", "profile.md")


def data_report(pairs: Sequence[Pair], split: Split, reports: Sequence[LoadReport], seed: int) -> str:
    """The data of a run: its parts, its profile, the lengths."""
    record = split.record
    parts = (
        f"학습 {len(split.train):,} · 검증 {len(split.validation):,} (보험 외 {len(record.validation_out_of_domain):,}, "
        f"부족 {record.missing_outsiders:,}) · 시험 {len(split.test):,} · seed {seed}"
    )
    picture = f"![길이]({plots.data_uri(plots.lengths(pairs))})"
    return f"# 학습 데이터\n\n{parts}\n\n{profile_pairs(pairs, reports).markdown()}\n\n{picture}\n"


def versions_report(versions: Sequence[DatasetVersion]) -> str:
    """Which contents were read; a name with its number reads the same bytes again, whatever becomes of the upload."""
    rows = [(f"`{one.name}`", f"`{one.sha256[:16]}…`", f"{one.size:,}", f"{one.at:%Y-%m-%d %H:%M}") for one in versions]
    return f"## 데이터 버전\n\n{table(('이름', 'SHA-256', '바이트', '처음 읽은 시각 (UTC)'), rows)}\n"


def run_report(summary: RunSummary, bucket: str, links: Mapping[str, str]) -> str:
    """A fine-tuning run: result, encoders, both plots, links."""
    result, best, test = summary.result, summary.result.best, summary.test_scores
    rows = {
        "모델": f"{result.base} ({result.method})",
        "가장 좋은 체크포인트": f"{best.step} / {result.steps} 스텝 (기준: {result.criterion})",
        "검증 손실": figure(best.validation_loss),
        "검증 BERTScore F1": figure(best.bertscore_f1),
        "검증 STS": figure(best.sts),
        "시험 BERTScore F1 / STS": f"{test.bertscore_f1:.4f} / {test.sts:.4f}" if test else "–",
        "채점 인코더": ", ".join(f"{name}: {encoder}" for name, encoder in result.encoders.items()) or "없음 (손실로 선택)",
        "학습된 파라미터": f"{result.trained_parameters:,} / {result.parameters:,}",
        "속도": f"{result.samples_per_second:.1f} 행/초, {result.seconds:.0f}초, {result.device} {result.precision}",
        "이어받은 스텝": f"{result.resumed_from}",
        "길이 제한으로 잘린 행": f"{result.truncated_rows:,}",
    }
    return (
        f"# {summary.run}\n\n{table(('항목', '값'), list(rows.items()))}\n\n"
        f"![손실]({plots.data_uri(plots.losses(result.history))})\n\n"
        f"![점수]({plots.data_uri(plots.scores(result.history, result.encoders))})\n\n"
        f"{_files(bucket, summary.prefix, links)}\n"
    )


def classifier_report(summary: ClassifierSummary, bucket: str, links: Mapping[str, str]) -> str:
    """A run of the request classifier: accuracy and macro F1 on rows it has not learnt from, every kind, links."""
    test = summary.test
    kinds = [(f"`{k.label}`", f"{k.precision:.3f}", f"{k.recall:.3f}", f"{k.f1:.3f}", f"{k.support:,}") for k in test.labels]
    return (
        f"# {summary.run}\n\n시험 {test.rows:,}행 정확도 **{test.accuracy:.4f}**, Macro F1 **{test.macro_f1:.4f}** · "
        f"검증 {summary.validation.rows:,}행 정확도 {summary.validation.accuracy:.4f}, Macro F1 {summary.validation.macro_f1:.4f} · "
        f"학습 {summary.train_rows:,}행, {summary.seconds:.1f}초\n\n"
        f"{table(('문의 유형', '정밀도', '재현율', 'F1', '행'), kinds)}\n\n{_files(bucket, summary.prefix, links)}\n"
    )


def sweep_table(rows: Sequence[SweepRow], run_addresses: Mapping[str, str]) -> list[dict[str, str]]:
    """A sweep as it stands, a dictionary for each row; ``run_addresses`` says where the rows' runs are seen."""
    return [_sweep_row(row, run_addresses.get(row.flow_run_id, "–")) for row in rows]


def _sweep_row(row: SweepRow, address: str) -> dict[str, str]:
    config, summary = row.config, row.summary
    best, test = (summary.result.best, summary.test_scores) if summary else (None, None)
    return {
        "실행": row.run,
        "상태": state_name(row.state),
        "진행": row.progress or "–",
        "모델": config.family,
        "방법": config.method,
        "학습률": f"{config.learning_rate:g}",
        "에폭": f"{config.epochs:g}",
        "LoRA r": "–" if config.method == "full" else str(config.lora_rank),
        "최고 스텝": str(best.step) if best else "–",
        "검증 손실": figure(best.validation_loss if best else None),
        "BERTScore": figure(best.bertscore_f1 if best else None),
        "STS": figure(best.sts if best else None),
        "시험 점수": figure(test.score if test else None),
        "결과": summary.prefix if summary else told_failure(row.reason)[:200],
        "링크": address,
    }


def sweep_report(name: str, rows: Sequence[SweepRow], best: RunSummary, bucket: str, metrics_link: str) -> str:
    """The best row of a sweep, the encoders that judged, and the rows that failed."""
    encoders = ", ".join(f"{name}: {encoder}" for name, encoder in best.result.encoders.items()) or "없음 (손실로 비교)"
    failed = [f"- `{row.run}`: {state_name(row.state)} {named(told_failure(row.reason))}".rstrip() for row in rows if row.summary is None]
    lines = [
        f"# {name}: {best.run}",
        "",
        f"{len(rows)}개 중 {len(rows) - len(failed)}개 완료. 채점 인코더: {encoders}",
        "",
        f"`s3://{bucket}/{best.serving_prefix}` · [metrics.csv]({metrics_link})",
    ]
    return "\n".join([*lines, *(["", "## 실패", *failed] if failed else [])])


def _files(bucket: str, prefix: str, links: Mapping[str, str]) -> str:
    return f"`s3://{bucket}/{prefix}` · {', '.join(f'[{name}]({link})' for name, link in links.items())}"
