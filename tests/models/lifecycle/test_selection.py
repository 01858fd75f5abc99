"""Scores, their uncertainty, the gate and the questions of the vote."""

import numpy as np
import pytest

from models.errors import ConfigurationError
from models.lifecycle.line import Metric
from models.lifecycle.selection import (
    CandidateScores,
    Standing,
    choose_inquiries,
    finalists,
    fingerprint,
    gate,
    inquiry_length,
    worst_and_best,
)
from models.lifecycle.selection import rank as rank_by
from models.training.data.pair import Pair

METRICS = (Metric("score", "점수"), Metric("bertscore_f1", "BERTScore F1"), Metric("sts", "STS"))
ENCODERS = {"bertscore_f1": "bert layer 9", "sts": "minilm"}


def scored(name: str, f1: list[float], sts: list[float] | None = None, **more: object) -> CandidateScores:
    rows = {"score": [(a + b) / 2 for a, b in zip(f1, sts or f1, strict=True)], "bertscore_f1": f1, "sts": sts or f1}
    return CandidateScores(candidate=name, answers=["요약"] * len(f1), rows=rows, **{"encoders": ENCODERS, **more})


def rank(scored: list[CandidateScores], champion: str, **more: int) -> list[Standing]:
    return rank_by(scored, champion, METRICS, **more)


def noisy(name: str, mean: float, noise: float, seed: int, rows: int = 200) -> CandidateScores:
    rng = np.random.default_rng(seed)
    return scored(name, list(mean + noise * rng.standard_normal(rows)))


def test_every_metric_stands_on_the_leaderboard_and_the_first_is_the_score() -> None:
    board = rank([scored("a", [0.8, 0.6], [0.6, 0.4])], "a")
    assert board[0].score.mean == pytest.approx(0.6)
    assert board[0].metrics == {"score": pytest.approx(0.6), "bertscore_f1": pytest.approx(0.7), "sts": pytest.approx(0.5)}


def test_a_metric_that_is_no_mean_over_rows_decides_between_equals_too() -> None:
    def classified(name: str, f1: float) -> CandidateScores:
        return CandidateScores(candidate=name, answers=["a", "b"], rows={"accuracy": [1.0, 0.0]}, overall={"macro_f1": f1})

    board = rank_by([classified("a", 0.4), classified("b", 0.6)], "a", (Metric("accuracy", "정확도"), Metric("macro_f1", "Macro F1")))
    assert [(s.candidate, s.metrics["macro_f1"]) for s in board] == [("b", 0.6), ("a", 0.4)]


def test_the_leaderboard_puts_the_best_first_and_marks_the_champion() -> None:
    board = rank([scored("low", [0.1, 0.2]), scored("high", [0.8, 0.9]), scored("middle", [0.5, 0.4])], "middle")
    assert [(s.rank, s.candidate, s.is_champion) for s in board] == [(1, "high", False), (2, "middle", True), (3, "low", False)]


def test_equal_scores_are_ordered_by_sts_then_seconds_then_name() -> None:
    board = rank(
        [
            scored("d", [0.5], [0.5], seconds_batched=1.0),
            scored("c", [0.5], [0.5], seconds_batched=1.0),
            scored("b", [0.5], [0.5], seconds_batched=0.5),
            scored("a", [0.25], [0.75], seconds_batched=9.0),
        ],
        "d",
    )
    assert [s.candidate for s in board] == ["a", "b", "c", "d"]


def test_the_interval_of_the_mean_is_the_textbooks() -> None:
    candidate = noisy("a", 0.7, 0.1, seed=1, rows=1000)
    interval = rank([candidate], "a", rounds=4000)[0].score
    standard_error = float(np.std(candidate.values(METRICS[0]))) / np.sqrt(1000)
    assert interval.low == pytest.approx(interval.mean - 1.96 * standard_error, abs=3e-4)
    assert interval.high == pytest.approx(interval.mean + 1.96 * standard_error, abs=3e-4)


def test_differences_are_judged_on_the_same_rows() -> None:
    rng = np.random.default_rng(3)
    hard_and_easy_rows = rng.uniform(0.2, 1.0, 200)
    champion = scored("champion", list(hard_and_easy_rows))
    better = scored("better", list(hard_and_easy_rows + 0.01 + 0.002 * rng.standard_normal(200)))
    standing = rank([champion, better], "champion")[0]
    assert standing.against_champion.low > 0.009
    assert standing.score.low < float(np.mean(hard_and_easy_rows))


def test_the_same_seed_gives_the_same_leaderboard_and_another_seed_other_intervals() -> None:
    candidates = [noisy("a", 0.7, 0.1, 1), noisy("b", 0.69, 0.1, 2)]
    assert rank(candidates, "a", seed=7) == rank(candidates, "a", seed=7)
    assert rank(candidates, "a", seed=7) != rank(candidates, "a", seed=8)


def test_the_best_four_go_on() -> None:
    board = rank([scored(name, [mean]) for name, mean in zip("abcdef", (0.1, 0.6, 0.3, 0.5, 0.4, 0.2), strict=True)], "a")
    assert finalists(board) == ["b", "d", "e", "c"]


def test_a_clearly_worse_candidate_fails_the_gate_and_is_told_why() -> None:
    board = rank([noisy("champion", 0.8, 0.05, 1), noisy("worse", 0.7, 0.05, 2)], "champion")
    result = gate(board[1], margin=0.02)
    assert not result.passed
    assert "worse against the champion: -0." in result.sentence
    assert "may be worse by more than the margin of 0.02" in result.sentence


def test_a_candidate_within_the_margin_passes_the_gate() -> None:
    champion = noisy("champion", 0.8, 0.05, 1)
    slightly_worse = scored("close", list(champion.values(METRICS[0]) - 0.005))
    assert gate(rank([champion, slightly_worse], "champion")[1], margin=0.01).passed


def test_too_few_rows_to_rule_out_a_loss_fail_the_gate() -> None:
    champion = scored("champion", [0.5, 0.9, 0.7])
    lucky = scored("lucky", [0.9, 0.6, 0.7])
    board = rank([champion, lucky], "champion")
    assert board[0].candidate == "lucky"
    assert not gate(board[0], margin=0.01).passed


def test_the_champion_passes_its_own_gate() -> None:
    assert gate(rank([noisy("champion", 0.8, 0.05, 1)], "champion")[0], margin=0.0).passed


def test_a_leaderboard_without_the_champion_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the champion c has no score"):
        rank([scored("a", [0.5])], "c")


def test_scores_on_different_rows_are_not_compared() -> None:
    with pytest.raises(ConfigurationError, match="different test rows"):
        rank([scored("a", [0.5]), scored("b", [0.5, 0.6])], "a")


def test_scores_of_different_encoders_are_not_compared() -> None:
    with pytest.raises(ConfigurationError, match="different encoders"):
        rank([scored("a", [0.5]), scored("b", [0.5], encoders={"sts": "another"})], "a")


def test_worst_and_best_examples_are_the_extreme_rows() -> None:
    test = [Pair(f"문의 {n}", f"정답 {n}") for n in range(5)]
    worst, best = worst_and_best(scored("a", [0.5, 0.1, 0.9, 0.3, 0.7]), METRICS[0], test, 2)
    assert [example.inquiry for example in worst] == ["문의 1", "문의 3"]
    assert [example.inquiry for example in best] == ["문의 2", "문의 4"]


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("사고가 났어.", "short"),
        ("사고가 났어. 보험이 되는지 알고 싶어.", "short"),
        ("사고가 났습니다. 상대가 잘못했어요. 보험이 되나요?", "long"),
        ("어제 사고가 났어요 상대방이 도망갔어요 보험 처리가 되는지 궁금해요", "long"),
    ],
)
def test_an_inquiry_of_three_sentences_is_long_even_without_punctuation(text: str, length: str) -> None:
    assert inquiry_length(text) == length


SHORT = [Pair(f"{n}번 사고가 났어. 보험 되니?", "") for n in range(10)]
LONG = [Pair(f"{n}번 사고가 났어. 상대 탓이야. 보험 되니?", "") for n in range(10)]


def test_inquiries_typed_in_come_before_those_drawn_from_the_test_set() -> None:
    chosen = choose_inquiries(SHORT + LONG, ["  우리  강아지가 아파. ", ""], short=2, long=3, seed=1)
    assert [inquiry.id for inquiry in chosen] == ["short-1", "short-2", "long-1", "long-2", "long-3"]
    assert chosen[0].text == "우리 강아지가 아파."
    assert all(inquiry_length(inquiry.text) == inquiry.length for inquiry in chosen)


def test_all_that_staff_typed_in_is_asked() -> None:
    typed = [f"{n}번째 질문이야." for n in range(4)]
    assert len(choose_inquiries(SHORT + LONG, typed, short=2, long=0, seed=1)) == 4


def test_the_draw_is_repeatable_and_depends_on_the_seed() -> None:
    draws = [tuple(i.text for i in choose_inquiries(SHORT + LONG, [], short=3, long=3, seed=seed)) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_a_test_set_with_too_few_long_inquiries_is_a_clear_error() -> None:
    with pytest.raises(ConfigurationError, match="only 1 long inquiries and 2 are wanted"):
        choose_inquiries(SHORT + LONG[:1], [], short=1, long=2, seed=1)


def test_a_vote_needs_a_question() -> None:
    with pytest.raises(ConfigurationError, match="no inquiries"):
        choose_inquiries(SHORT, [], short=0, long=0, seed=1)


def test_a_fingerprint_changes_with_any_part_and_with_where_parts_end() -> None:
    assert len({fingerprint("ab", "c"), fingerprint("a", "bc"), fingerprint("ab", "d")}) == 3


def test_scores_and_leaderboards_that_were_kept_before_there_were_lines_of_models_are_read() -> None:
    kept = {"candidate": "a", "summaries": ["요약"], "bertscore_f1": [0.8], "sts": [0.6], "encoders": ENCODERS, "seconds_alone": 0.1}
    assert CandidateScores.model_validate(kept) == scored("a", [0.8], [0.6], seconds_alone=0.1)
    now = rank([scored("a", [0.8], [0.6])], "a")[0]
    earlier = now.model_dump(exclude={"metrics"}) | {"bertscore_f1": 0.8, "sts": 0.6}
    assert Standing.model_validate(earlier) == now
