"""The gate: bars that no parameter and no vote lifts, and the loss that a margin allows."""

import pickle

import numpy as np
import pytest

from models.errors import ConfigurationError
from models.lifecycle.bars import Bar, vote_readings
from models.lifecycle.gate import MOST_MARGIN, GateRefused, gate
from models.lifecycle.line import Judgement, Metric
from models.lifecycle.selection import CandidateScores, Standing, rank
from models.lifecycle.truth import Told, TruthAnswer, TruthRow, Verdict
from models.lines import LINES, SUMMARIZER
from models.summarizer.summarizer import SummaryResult
from reports.promotion import refusal_report

METRICS = (Metric("score", "점수"),)
ROWS = 200
EVERYBODY = vote_readings(voters=100, inquiries=40)


def noisy(name: str, mean: float, noise: float, seed: int, rows: int = ROWS) -> CandidateScores:
    values = list(mean + noise * np.random.default_rng(seed).standard_normal(rows))
    return CandidateScores(candidate=name, answers=["요약"] * rows, rows={"score": values})


def answered(name: str, answers: list[str], verdicts: list[Verdict], score: float = 0.9) -> CandidateScores:
    """A summarizer by its answers: the same ones to the test set and to the truth set."""
    told = [Told(text=text, kind="summary") for text in answers]
    truth = [
        TruthAnswer(row=f"w:{n}", verdict=verdict, **one.model_dump()) for n, (one, verdict) in enumerate(zip(told, verdicts, strict=True))
    ]
    measures = SUMMARIZER.measures(told, truth, Judgement({}))
    return CandidateScores(candidate=name, answers=answers, truth=truth, measures=measures, rows={"score": [score] * len(answers)})


def sound(name: str, misleading: int = 0) -> CandidateScores:
    verdicts: list[Verdict] = ["misleading"] * misleading + ["right"] * (ROWS - misleading)
    return answered(name, [f"암보험 {n}번 계약 해지 요청" for n in range(ROWS)], verdicts)


def against(champion: CandidateScores, candidate: CandidateScores) -> Standing:
    board = rank([champion, candidate], champion.candidate, METRICS, SUMMARIZER.bars)
    return next(standing for standing in board if standing.candidate == candidate.candidate)


def broken(standing: Standing, margin: float = MOST_MARGIN) -> list[str]:
    return [one.name for one in gate(standing, margin, SUMMARIZER.bars, EVERYBODY).readings if not one.passed]


def test_a_clearly_worse_candidate_fails_the_gate_and_is_told_why() -> None:
    result = gate(against(noisy("champion", 0.8, 0.05, 1), noisy("worse", 0.7, 0.05, 2)), margin=0.02)
    assert not result.passed
    assert "worse against the champion: -0." in result.sentence
    assert "may be worse by more than the margin of 0.02" in result.sentence


def test_a_candidate_within_the_margin_passes_the_gate() -> None:
    champion = noisy("champion", 0.8, 0.05, 1)
    close = champion.model_copy(update={"candidate": "close", "rows": {"score": list(champion.values(METRICS[0]) - 0.005)}})
    assert gate(against(champion, close), margin=0.01).passed


def test_a_lucky_row_is_no_test_set() -> None:
    result = gate(against(noisy("champion", 0.5, 0, 1, rows=1), noisy("lucky", 0.9, 0, 2, rows=1)), margin=0.01)
    assert [one.name for one in result.readings if not one.passed] == ["test_rows"]


def test_the_champion_passes_its_own_gate() -> None:
    assert gate(rank([noisy("champion", 0.8, 0.05, 1)], "champion", METRICS)[0], margin=0.0).passed


@pytest.mark.parametrize("margin", [-0.01, 0.051, 1.0])
def test_no_margin_is_without_bounds(margin: float) -> None:
    standing = against(noisy("champion", 0.8, 0.05, 1), noisy("other", 0.8, 0.05, 2))
    with pytest.raises(ConfigurationError, match=f"margin {margin:g} is not between 0 and 0.05"):
        gate(standing, margin)


def test_a_sound_and_true_model_passes_every_bar() -> None:
    assert broken(against(sound("champion"), sound("candidate", misleading=2))) == []


def test_a_stammering_model_is_refused_with_every_vote_and_the_widest_margin() -> None:
    stammering = answered("stammering", ["실손보험 실손보험 실손보험 실손보험"] * ROWS, ["right"] * ROWS, score=1.0)
    assert broken(against(sound("champion"), stammering)) == ["repetition"]


def test_a_model_that_misleads_above_the_bar_is_refused_with_every_vote_and_the_best_score() -> None:
    fluent = sound("fluent", misleading=5).model_copy(update={"rows": {"score": [1.0] * ROWS}})
    assert broken(against(sound("champion"), fluent)) == ["misleading"]


@pytest.mark.parametrize(
    ("answer", "bars"),
    [
        ("", ["right", "empty", "right_against_champion"]),
        ("해지와 관련하여 문의하신 내용은 " + " ".join(f"{n}번째 계약의 해지" for n in range(20)), ["repetition", "length"]),
        ("cancellation request", ["language"]),
        ("보험보험보험보험", ["repetition"]),
    ],
)
def test_silence_length_other_languages_and_loops_are_refused(answer: str, bars: list[str]) -> None:
    verdicts: list[Verdict] = ["right" if answer else "wrong"] * ROWS
    assert broken(against(sound("champion"), answered("odd", [answer] * ROWS, verdicts))) == bars


def test_a_model_that_fails_one_row_in_ten_wholly_is_refused_whatever_its_mean() -> None:
    uneven = sound("uneven").model_copy(update={"rows": {"score": [0.0] * (ROWS // 10) + [1.0] * (ROWS - ROWS // 10)}})
    assert "worst_decile" in broken(against(sound("champion"), uneven))


def test_a_model_that_is_right_less_often_than_the_champion_is_refused() -> None:
    vague = answered("vague", ["암보험 해지 요청"] * ROWS, ["right"] * 150 + ["wrong"] * 50)
    assert broken(against(sound("champion"), vague)) == ["right_against_champion"]


def test_a_bar_of_which_nothing_was_measured_is_not_kept() -> None:
    standing = against(noisy("champion", 0.8, 0.05, 1), noisy("unmeasured", 0.8, 0.05, 1))
    assert set(broken(standing)) == {bar.name for bar in SUMMARIZER.bars} - {"worst_decile"}


@pytest.mark.parametrize(("voters", "inquiries", "bars"), [(2, 6, ["voters"]), (3, 5, ["inquiries"]), (3, 6, [])])
def test_a_vote_of_too_few_decides_nothing(voters: int, inquiries: int, bars: list[str]) -> None:
    result = gate(against(sound("champion"), sound("candidate")), 0.01, SUMMARIZER.bars, vote_readings(voters, inquiries))
    assert [one.name for one in result.readings if not one.passed] == bars


def test_a_refusal_tells_bar_value_limit_and_remedy_in_korean_and_crosses_processes() -> None:
    result = gate(against(sound("champion"), sound("fluent", misleading=9)), 0.01, SUMMARIZER.bars)
    refused = pickle.loads(pickle.dumps(GateRefused("bart/fluent", result)))
    report = refusal_report("bart/fluent", "shipped", refused)
    assert "- **오도하는 답** 4.5 % (기준 2.0 % 이하): 순위표의 오도한 답을 읽고 학습 데이터와 설정을 고쳐 다시 학습하세요." in report
    assert "| 오도하는 답 | 4.5 % | 2.0 % 이하 | **거절** |" in report
    assert "사용 중인 모델은 그대로 `shipped`입니다." in report


def test_every_line_has_bars_with_names_of_their_own_and_remedies() -> None:
    for line in LINES.values():
        assert line.bars
        assert len({bar.name for bar in line.bars}) == len(line.bars)
        assert all(isinstance(bar, Bar) and bar.remedy for bar in line.bars)


def test_a_smoke_test_finds_stammering_and_other_languages() -> None:
    texts = ("암보험을 해지하고 싶습니다.", "주소 바꾸려고요.", "실비 서류 좀요.")
    answers = [SummaryResult(text, "m", "v") for text in ("암보험 암보험 암보험 해지", "change of address", "실손보험 서류 문의")]
    assert [fault.split(" for ")[0] for fault in SUMMARIZER.faults(texts, answers)] == ["the same words over and over", "no Korean"]


def test_a_line_judges_a_row_by_its_patterns_and_what_the_answer_claims_to_be() -> None:
    row = TruthRow("w:1", "해지 말고 자동이체 계좌를 바꿀게요", "자동이체,변경|바꾸", "해지", True)
    assert SUMMARIZER.verdict(row, Told(text="자동이체 해지 요청", kind="summary")) == "misleading"
    assert SUMMARIZER.verdict(row, Told(text="해지 말고 자동이체 계좌를 바꾸기", kind="own_words")) == "right"
