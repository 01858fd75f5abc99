"""Truth first, then scores and their uncertainty; and the questions of the vote."""

import itertools
from itertools import islice

import numpy as np
import pytest

from models.errors import ConfigurationError
from models.lifecycle.bars import Bar
from models.lifecycle.line import Metric
from models.lifecycle.selection import (
    CandidateScores,
    Standing,
    choose_inquiries,
    examples_of,
    finalists,
    fingerprint,
    inquiry_length,
    is_for_votes,
    worst_and_best,
)
from models.lifecycle.selection import rank as rank_by
from models.lifecycle.truth import TruthAnswer, TruthCount, TruthRow, Verdict
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
    test = [Pair(text, "정답") for text in texts(5, for_votes=False)]
    worst, best = worst_and_best(scored("a", [0.5, 0.1, 0.9, 0.3, 0.7]), METRICS[0], test, 2)
    assert [example.inquiry for example in worst] == [test[1].input, test[3].input]
    assert [example.inquiry for example in best] == [test[2].input, test[4].input]


def test_no_example_on_a_leaderboard_is_a_row_that_is_set_aside_for_votes() -> None:
    test = [Pair(text, "정답") for text in (*texts(3, for_votes=True), *texts(3, for_votes=False))]
    truth = [TruthRow(f"w:{n}", pair.input, "정답", "요약", True) for n, pair in enumerate(test)]
    answers = [TruthAnswer(row=row.name, verdict="misleading", text="요약", kind="summary") for row in truth]
    one = scored("a", [0.0, 1.0, 0.5, 0.2, 0.3, 0.4], truth=answers, suspects=dict.fromkeys(range(6), "고객이 말하지 않은 요청: 해지"))
    own = examples_of(one, METRICS[0], test, truth, 6)
    shown = [row.inquiry for part in (own.worst, own.best, own.misleading, own.suspected) for row in part]
    assert set(shown) == {pair.input for pair in test[3:]}


def judged(name: str, right: int, misleading: int, f1: float, **more: object) -> CandidateScores:
    """Of 100 rows some answered rightly, some misleading, the rest of no use."""
    verdicts: list[Verdict] = ["right"] * right + ["misleading"] * misleading + ["wrong"] * (100 - right - misleading)
    truth = [TruthAnswer(row=f"w:{n}", verdict=verdict, text="요약", kind="summary") for n, verdict in enumerate(verdicts)]
    return scored(name, [f1], truth=truth, measures={"misleading": misleading / 100, "empty": 0.0}, **more)


def test_the_candidate_that_misleads_least_is_first_then_the_one_that_is_right_most_whatever_their_scores() -> None:
    board = rank([judged("fluent", 90, 5, 0.99), judged("careful", 70, 1, 0.5), judged("better", 80, 1, 0.4)], "fluent")
    assert [standing.candidate for standing in board] == ["better", "careful", "fluent"]
    assert board[0].truth == TruthCount(of=100, right=80, misleading=1, own_words=0)


def test_a_candidate_that_breaks_a_bar_stands_below_all_that_keep_them() -> None:
    silent = judged("silent", 10, 0, 0.9)
    silent.measures["empty"] = 1.0
    bars = (Bar("empty", "빈 답", 0.05, "다시 학습하세요."),)
    board = rank_by([silent, judged("talks", 80, 2, 0.5)], "talks", METRICS, bars)
    assert [standing.candidate for standing in board] == ["talks", "silent"]


def test_candidates_that_were_judged_by_different_truth_sets_are_not_compared() -> None:
    other = scored("b", [0.5], truth=[TruthAnswer(row="x:1", verdict="right", text="요약")])
    with pytest.raises(ConfigurationError, match="different truth sets"):
        rank([judged("a", 90, 1, 0.5), other], "a")


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


def texts(count: int, *, for_votes: bool, form: str = "{n}번 사고가 났어. 보험 되니?") -> list[str]:
    """Inquiries that are set aside for votes, or that are not."""
    return list(islice((text for n in itertools.count() if is_for_votes(text := form.format(n=n)) is for_votes), count))


SHORT = [Pair(text, "") for text in texts(10, for_votes=True)]
LONG = [Pair(text, "") for text in texts(10, for_votes=True, form="{n}번 사고가 났어. 상대 탓이야. 보험 되니?")]


def test_inquiries_typed_in_come_before_those_drawn_from_the_test_set() -> None:
    chosen = choose_inquiries(SHORT + LONG, ["  우리  강아지가 아파. ", ""], short=2, long=3, seed=1)
    assert [inquiry.id for inquiry in chosen] == ["short-1", "short-2", "long-1", "long-2", "long-3"]
    assert chosen[0].text == "우리 강아지가 아파."
    assert all(inquiry_length(inquiry.text) == inquiry.length for inquiry in chosen)


def test_only_rows_that_are_set_aside_for_votes_are_drawn_and_half_of_all_are() -> None:
    rows = [Pair(f"{n}번 사고가 났어. 보험 되니?", "") for n in range(1000)]
    assert all(is_for_votes(inquiry.text) for inquiry in choose_inquiries(rows, [], short=20, long=0, seed=1))
    assert 450 < sum(is_for_votes(pair.input) for pair in rows) < 550


def test_a_typed_inquiry_that_may_stand_on_a_leaderboard_is_refused() -> None:
    (seen,) = texts(1, for_votes=False)
    with pytest.raises(ConfigurationError, match="1 of the typed inquiries may stand on a leaderboard"):
        choose_inquiries([*SHORT, Pair(seen, "")], [f" {seen} "], short=1, long=0, seed=1)


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
