"""What a run's report says first: better, worse or the same, and whether chance may have said it."""

import pytest

from models.training.config import FinetuneConfig, HistoryRow
from models.training.metrics import Scores
from models.training.outputs import RunSummary, SweepRow
from reports.training import sweep_report, sweep_table, verdict
from tests.finetuned import a_run


def run(validation: float, test: float | None) -> RunSummary:
    """A run whose base has 0.5 on both sets of rows."""
    rows = [HistoryRow(step=0, score=0.5, validation_loss=1.0), HistoryRow(step=4, score=validation, validation_loss=0.9)]
    scores = {} if test is None else {"test_scores": _of(test), "base_test_scores": _of(0.5)}
    return a_run(rows, result={"criterion": "highest mean of BERTScore F1 and STS", "memory_mib": 1234.5}, **scores)


def _of(score: float) -> Scores:
    return Scores(bertscore_f1=score, sts=score, encoders={})


@pytest.mark.parametrize(
    ("validation", "test", "said"),
    [
        (0.6, 0.7, "베이스보다 나아졌습니다: 시험 점수 0.5000 → 0.7000."),
        (0.6, None, "베이스보다 나아졌습니다: 검증 점수 0.5000 → 0.6000."),
        (0.5, 0.5, "베이스와 같습니다: 시험 점수 0.5000 → 0.5000."),
    ],
)
def test_a_run_is_held_against_its_base_as_served_where_that_was_measured(validation: float, test: float | None, said: str) -> None:
    assert verdict(run(validation, test)) == said


def test_a_gain_that_validation_contradicts_is_told_as_what_may_be_chance() -> None:
    told = verdict(run(0.4, 0.51))
    assert told.startswith("베이스보다 나아졌습니다: 시험 점수 0.5000 → 0.5100. 그러나 검증 점수 0.5000 → 0.4000")
    assert told.endswith("우연일 수 있습니다.")


def test_a_run_that_is_worse_as_served_is_worse_whatever_validation_says() -> None:
    assert verdict(run(0.6, 0.4)).startswith("**베이스보다 나빠졌습니다**: 시험 점수 0.5000 → 0.4000.")


def swept() -> list[SweepRow]:
    """One row that finished and one that did not."""
    done = run(0.6, 0.7)
    return [
        SweepRow(run="minji-1", config=FinetuneConfig(base="org/kobart"), state="Finished", summary=done),
        SweepRow(run="minji-2", config=FinetuneConfig(method="qlora"), state="Failed", reason="out of memory"),
    ]


def test_a_sweep_shows_seconds_an_epoch_and_memory_of_each_row_beside_its_scores() -> None:
    first, second = sweep_table(swept(), {})
    assert (first["베이스"], first["초/에폭"], first["메모리"]) == ("org/kobart", "21.5", "1,234 MiB")  # 86 rows, 4 a second
    assert (second["베이스"], second["초/에폭"], second["메모리"]) == ("hyunwoongko/kobart", "–", "–")
    report = sweep_report("small", swept(), run(0.6, 0.7), "bucket", "https://link")
    assert "| `minji-1` | org/kobart | 0.9000 | 0.7000 | 21.5 | 1,234 MiB | 1 |" in report
    assert "- `minji-2`: 실패" in report
    assert report.count("data:image/png;base64,") == 1
