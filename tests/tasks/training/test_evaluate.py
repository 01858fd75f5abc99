"""Scoring a finished training on its test rows."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted import Scripted, scripted

from models.training.data.pair import Pair
from models.training.metrics import local_encoder
from tasks.training.evaluate import score_model


class Speechless(Scripted):
    """Finds no words for one text and the reference's for the others."""

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        return [[""] if "막막" in text else ["암보험 해지 요청"] for text in texts]


def test_one_empty_summary_among_the_test_rows_scores_zero_and_fails_no_finished_training(
    tiny_bart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.training.evaluate.Summarizer.load", lambda folder: scripted(Speechless()))
    rows = [Pair("암보험 해지해 주세요", "암보험 해지 요청"), Pair("막막하네요", "암보험 해지 요청")]
    scores = score_model(tiny_bart, rows, local_encoder(tiny_bart))
    assert (scores.bertscore_f1, scores.sts) == pytest.approx((0.5, 0.5), abs=1e-5)
