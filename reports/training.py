"""What staff read of trainings: the data, a run, a sweep. ``links`` are addresses, by file of the run."""

from collections.abc import Callable, Mapping, Sequence

from models.training.config import FinetuneConfig, FinetuneResult, HistoryRow
from models.training.data.loader import LoadReport
from models.training.data.pair import Pair
from models.training.data.profile import profile_pairs
from models.training.data.split import Split
from models.training.data.version import DatasetVersion
from models.training.metrics import Scores
from models.training.outputs import RunSummary, SweepRow
from models.training.request_classifier import ClassifierSummary
from reports import plots
from reports.markdown import figure, named, table
from reports.messages import state_name, told_failure

Shown = Callable[[str], str]
# Files of a run that its report links to.
RUN_FILES = ("metrics.csv", "split.json", "run.json", "datasets.json", "test.csv", "losses.png", "scores.png")
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


def run_report(summary: RunSummary, bucket: str, links: dict[str, str], shown: Shown) -> str:
    """A fine-tuning run beside its base: scores, samples before and after, data, settings, what it took, both plots, links."""
    result = summary.result
    parts = [
        f"# {summary.run}",
        verdict(summary),
        _beside_the_base(summary),
        "## 예: 학습 전과 후",
        _samples(result, shown) if result.sample_rows else "–",
        f"![손실]({plots.data_uri(plots.losses(result.history))})",
        f"![점수]({plots.data_uri(plots.scores(result.history, result.encoders))})",
        versions_report(summary.versions).rstrip() if summary.versions else "",
        f"## 실행\n\n{table(('항목', '값'), list(_took(summary).items()))}",
        f"## 설정\n\n{table(('설정', '값'), [(f'`{name}`', f'`{value}`') for name, value in _settings(summary.config).items()])}",
        _files(bucket, summary.prefix, links | ({"MLflow": summary.tracking} if summary.tracking else {})),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def verdict(summary: RunSummary) -> str:
    """What the run came to, in a sentence: a run that made its base worse must not look like a success, nor chance like a gain."""
    result, test, base = summary.result, summary.test_scores, summary.base_test_scores
    validated = _validated(result)
    if test and base:
        told, gain = f"시험 점수 {figure(base.score)} → {figure(test.score)}", test.score - base.score
    elif result.gain is None:
        return "학습 전의 점수를 재지 않은 실행입니다."
    else:
        told, gain = validated, result.gain
    if summary.is_worse:
        return f"**베이스보다 나빠졌습니다**: {told}. 학습률, 에폭, 데이터를 바꾸어 다시 학습하세요."
    if not gain:
        return f"베이스와 같습니다: {told}."
    against = f" 그러나 {validated}: 검증에서는 나빠졌으니 우연일 수 있습니다." if result.gain is not None and result.gain < 0 else ""
    return f"베이스보다 나아졌습니다: {told}.{against}"


def _validated(result: FinetuneResult) -> str:
    """What the run came to on the validation rows, by its own criterion."""
    before, best = result.before or HistoryRow(step=0), result.best
    if best.score is not None:
        return f"검증 점수 {figure(before.score)} → {figure(best.score)}"
    return f"검증 손실 {figure(before.validation_loss)} → {figure(best.validation_loss)}"


def _beside_the_base(summary: RunSummary) -> str:
    result, test = summary.result, summary.test_scores
    before, best = result.before or HistoryRow(step=0), result.best
    rows = [
        (name, figure(was), figure(now), f"{now - was:+.4f}" if was is not None and now is not None else "–")
        for name, was, now in (
            ("검증 손실", before.validation_loss, best.validation_loss),
            ("검증 BERTScore F1", before.bertscore_f1, best.bertscore_f1),
            ("검증 STS", before.sts, best.sts),
        )
    ]
    base = summary.base_test_scores
    difference = f"{test.score - base.score:+.4f}" if test and base else "–"
    rows.append(("시험 BERTScore F1 / STS (서비스와 같게)", both_scores(base), both_scores(test), difference))
    return table(("", "베이스", "이 실행", "차이"), rows)


def both_scores(scores: Scores | None) -> str:
    """BERTScore F1 and STS in one cell."""
    return f"{scores.bertscore_f1:.4f} / {scores.sts:.4f}" if scores else "–"


def _samples(result: FinetuneResult, shown: Shown) -> str:
    before, after = ((row.samples if row else None) or [] for row in (result.before, result.best))
    lines = []
    for i, row in enumerate(result.sample_rows):  # a list: the UI breaks no line in a table's cell
        told = {"정답": row.reference, **{name: texts[i] for name, texts in (("베이스", before), ("이 실행", after)) if i < len(texts)}}
        lines += [f"- {shown(row.input)}", *(f"    - {name}: {shown(text) or '–'}" for name, text in told.items())]
    return "\n".join(lines)


def _took(summary: RunSummary) -> dict[str, str]:
    result, best = summary.result, summary.result.best
    return {
        "모델": f"{result.base} ({result.method})",
        "가장 좋은 체크포인트": f"{best.step} / {result.steps} 스텝 (기준: {result.criterion})",
        "채점 인코더": ", ".join(f"{name}: {encoder}" for name, encoder in result.encoders.items()) or "없음 (손실로 선택)",
        "학습된 파라미터": f"{result.trained_parameters:,} / {result.parameters:,}",
        "시간": f"{result.seconds:,.0f}초, {result.samples_per_second:.1f} 행/초, {result.device} {result.precision}",
        "메모리": _memory(result.memory_mib),
        "비용": f"{summary.won:,.0f}원" if summary.won else "– (`READBACK_TRAINING_WON_PER_HOUR`가 없습니다)",
        "이어받은 스텝": f"{result.resumed_from}",
        "길이 제한으로 잘린 행": f"{result.truncated_rows:,}",
    }


def _memory(mib: float) -> str:
    return f"{mib:,.0f} MiB" if mib else "–"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:,.1f}"


def _settings(config: FinetuneConfig) -> dict[str, object]:
    return {name: value for name, value in config.model_dump(mode="json", exclude={"metrics", "base"}).items() if value is not None}


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
        "베이스": named(config.base_model),
        "방법": config.method,
        "학습률": f"{config.learning_rate:g}",
        "에폭": f"{config.epochs:g}",
        "LoRA r": "–" if config.method == "full" else str(config.lora_rank),
        "최고 스텝": str(best.step) if best else "–",
        "검증 손실": figure(best.validation_loss if best else None),
        "BERTScore": figure(best.bertscore_f1 if best else None),
        "STS": figure(best.sts if best else None),
        "베이스와 차이": f"{summary.result.gain:+.4f}" if summary and summary.result.gain is not None else "–",
        "시험 점수": figure(test.score if test else None),
        "초/에폭": _seconds(summary.result.seconds_an_epoch if summary else None),
        "메모리": _memory(summary.result.memory_mib if summary else 0.0),
        "결과": summary.prefix if summary else told_failure(row.reason)[:200],
        "링크": address,
    }


def sweep_report(name: str, rows: Sequence[SweepRow], best: RunSummary, bucket: str, metrics_link: str) -> str:
    """The best row of a sweep, all rows side by side (loss over epochs, time, memory), the encoders that judged, the rows that failed."""
    encoders = ", ".join(f"{name}: {encoder}" for name, encoder in best.result.encoders.items()) or "없음 (손실로 비교)"
    failed = [f"- `{row.run}`: {state_name(row.state)} {named(told_failure(row.reason))}".rstrip() for row in rows if row.summary is None]
    finished = {row.run: row.summary.result for row in rows if row.summary is not None}
    parts = [
        f"# {name}: {best.run}",
        f"{len(rows)}개 중 {len(finished)}개 완료. 채점 인코더: {encoders}",
        f"`s3://{bucket}/{best.serving_prefix}` · [metrics.csv]({metrics_link})",
        "## 나란히",
        table(_SIDE_BY_SIDE, [_side_by_side(row) for row in rows if row.summary is not None]),
        "메모리는 학습한 프로세스의 최고치입니다. `run_in_process`로는 한 프로세스가 모든 행을 학습하므로 행끼리 비교할 수 없습니다.",
        f"![에폭별 손실]({plots.data_uri(plots.losses_of_runs({run: result.history for run, result in finished.items()}))})",
        "\n".join(["## 실패", *failed]) if failed else "",
    ]
    return "\n\n".join(filter(None, parts))


_SIDE_BY_SIDE = ("실행", "베이스", "검증 손실", "시험 점수", "초/에폭", "메모리", "학습한 파라미터")


def _side_by_side(row: SweepRow) -> tuple[str, ...]:
    assert row.summary is not None
    result, test = row.summary.result, row.summary.test_scores
    return (
        f"`{row.run}`",
        named(row.config.base_model),
        figure(result.best.validation_loss),
        figure(test.score if test else None),
        _seconds(result.seconds_an_epoch),
        _memory(result.memory_mib),
        f"{result.trained_parameters:,}",
    )


def _files(bucket: str, prefix: str, links: Mapping[str, str]) -> str:
    return f"`s3://{bucket}/{prefix}` · {', '.join(f'[{name}]({link})' for name, link in links.items())}"
