"""Scoring a finished training on its test rows."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted import VOCABULARY, Scripted, scripted

from models.summarizer.summarizer import AbstractiveSummarizer
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
    monkeypatch.setattr("tasks.training.evaluate.Summarizer.load", lambda folder, faithful: scripted(Speechless()))
    rows = [Pair("암보험 해지해 주세요", "암보험 해지 요청"), Pair("막막하네요", "암보험 해지 요청")]
    scores = score_model(tiny_bart, rows, local_encoder(tiny_bart))
    assert (scores.bertscore_f1, scores.sts) == pytest.approx((0.5, 0.5), abs=1e-5)


class Answering(Scripted):
    """Answers with a product that no question names."""

    def hypotheses(self, texts: Sequence[str], beams: int) -> list[list[str]]:
        return [["암보험은 창구에서 해지합니다."] for _ in texts]


def test_answers_to_questions_are_scored_without_the_guard_of_summaries(tiny_bart: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path, faithful: bool) -> AbstractiveSummarizer:
        return AbstractiveSummarizer(Answering(), "scripted", "0", VOCABULARY.with_own_words(), faithful=faithful)

    monkeypatch.setattr("tasks.training.evaluate.Summarizer.load", load)
    rows = [Pair("어디서 하나요?", "암보험은 창구에서 해지합니다.")]
    metrics = local_encoder(tiny_bart)
    assert score_model(tiny_bart, rows, metrics, faithful=False).score == pytest.approx(1.0, abs=1e-5)
    assert score_model(tiny_bart, rows, metrics).score < 0.99
