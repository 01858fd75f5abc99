"""Scoring a trained model on rows that it has never seen, as it will be served."""

from collections.abc import Sequence
from pathlib import Path

from models.summarizer.summarizer import Summarizer
from models.training.data.pair import Pair
from models.training.metrics import MetricSettings, Scores, SummaryScorer
from tasks.in_thread import task_in_thread


@task_in_thread("evaluate", retries=0)
def evaluate(model_dir: Path, rows: Sequence[Pair], metrics: MetricSettings, *, faithful: bool = True) -> Scores:
    """BERTScore F1 and STS of a model's served summaries of the rows."""
    return score_model(model_dir, rows, metrics, faithful=faithful)


def score_model(model_dir: Path, rows: Sequence[Pair], metrics: MetricSettings, *, faithful: bool = True) -> Scores:
    """Summarize and compare. ConfigurationError where the folder holds no model or an encoder is not on this machine.

    A row for which the model finds no words scores 0. For ``faithful`` see ``Summarizer.load``.
    """
    summaries = [result.text for result in Summarizer.load(model_dir, faithful=faithful).attempts([pair.input for pair in rows])]
    return SummaryScorer(metrics, [pair.summary for pair in rows]).score(summaries)
