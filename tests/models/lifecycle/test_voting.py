"""Papers, ballots, totals and agreement."""

import unicodedata
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.keys import VoteKeys
from models.lifecycle.selection import Inquiry
from models.lifecycle.voting import (
    Ballot,
    Marks,
    Vote,
    VotePlan,
    agreement,
    complaints,
    count,
    krippendorff_alpha,
    read_marks,
    resolve,
    voter_key,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
PLAN = VotePlan(
    vote="autumn",
    seed=42,
    inquiries=[Inquiry(id="short-1", text="짧은 문의.", length="short"), Inquiry(id="long-1", text="긴 문의.", length="long")],
    candidates=["m1", "m2", "m3", "m4"],
    answers={i: {m: f"{m}의 요약" for m in ("m1", "m2", "m3", "m4")} for i in ("short-1", "long-1")},
)


def a_ballot(voter: str = "민지", paper: int = 1, **points: int) -> Ballot:
    marks = Marks(points={"A": 1, "B": 2, "C": 3, "D": 4} | points)
    return Ballot(voter=voter, paper=paper, marks={"short-1": marks, "long-1": marks})


def a_vote(voter: str, inquiry: str, *points: int) -> Vote:
    return Vote(
        vote="autumn",
        voter=voter,
        inquiry=inquiry,
        length="short" if inquiry.startswith("short") else "long",
        points=dict(zip(PLAN.candidates, points, strict=True)),
        submission=1,
        at=NOW,
    )


def test_a_paper_keeps_its_order_for_ever() -> None:
    assert [PLAN.order(7, "short-1") for _ in range(3)] == [PLAN.order(7, "short-1")] * 3
    assert sorted(PLAN.order(7, "short-1")) == PLAN.candidates


def test_papers_and_inquiries_have_orders_of_their_own() -> None:
    assert len({tuple(PLAN.order(paper, "short-1")) for paper in range(1, 200)}) == 24
    assert any(PLAN.order(paper, "short-1") != PLAN.order(paper, "long-1") for paper in range(1, 10))


def test_every_candidate_stands_first_about_equally_often() -> None:
    first = Counter(PLAN.order(paper, "long-1")[0] for paper in range(1, 2001))
    assert set(first) == set(PLAN.candidates)
    assert all(430 < times < 570 for times in first.values())


@given(paper=st.integers(1, 10_000), points=st.permutations([1, 2, 3, 5]))
def test_letters_turn_back_into_the_candidates_that_the_paper_showed(paper: int, points: list[int]) -> None:
    ballot = a_ballot(paper=paper, **dict(zip("ABCD", points, strict=True)))
    for vote in resolve(ballot, PLAN, 1, NOW):
        shown = dict(zip(PLAN.order(paper, vote.inquiry), points, strict=True))
        assert vote.points == shown


@pytest.mark.parametrize(
    ("written", "points", "comment"),
    [
        ("3521", [3, 5, 2, 1], ""),
        (" 3521\n2번은 다른 상품 ", [3, 5, 2, 1], "2번은 다른 상품"),
        ("352", [], ""),
        ("35 21", [], "21"),
        ("", [], ""),
    ],
)
def test_points_are_read_in_the_order_of_the_letters_and_what_follows_is_a_remark(written: str, points: list[int], comment: str) -> None:
    marks = read_marks("ABCD", written)
    assert (list(marks.points.values()), marks.comment) == (points, comment)


def test_a_good_ballot_has_no_complaints() -> None:
    assert complaints(a_ballot(), PLAN) == []


@pytest.mark.parametrize(
    ("ballot", "sentence"),
    [
        (a_ballot(voter="  "), "이름이 없습니다"),
        (a_ballot(A=6), "문의 short-1의 A: 6점은 줄 수 없습니다. 1점에서 5점까지"),
        (a_ballot(D=0), "문의 long-1의 D: 0점은 줄 수 없습니다"),
        (a_ballot(paper=0), "0번 투표지는 없습니다"),
        (a_ballot(E=3), "A, B, C, D 모두에 점수를 주세요"),
        (Ballot(voter="민지", paper=1, marks={"short-1": Marks(points={"A": 1})}), "문의 long-1: A, B, C, D 모두에"),
        (Ballot(voter="민지", paper=1, marks={**a_ballot().marks, "short-9": Marks(points={})}), "문의 short-9이(가) 없습니다"),
    ],
)
def test_a_bad_ballot_is_answered_with_what_to_change(ballot: Ballot, sentence: str) -> None:
    assert any(sentence in complaint for complaint in complaints(ballot, PLAN))


def test_one_person_is_one_voter_however_the_name_is_typed() -> None:
    decomposed = unicodedata.normalize("NFD", "민지")
    assert len({voter_key(name) for name in ("민지", " 민 지", decomposed, "민지 ")}) == 1
    assert voter_key("Minji") == voter_key("MINJI") != voter_key("Minjo")


def test_any_name_makes_a_safe_key() -> None:
    key = VoteKeys("summarizer", "autumn").vote(voter_key("../../aliases\n"), "short-1")
    assert key.startswith("models/votes/autumn/votes/")
    assert ".." not in key


def test_no_votes_have_no_result() -> None:
    assert count([], PLAN) is None


def test_the_highest_total_wins_and_is_told_per_length() -> None:
    votes = [
        a_vote("민지", "short-1", 5, 1, 2, 3),
        a_vote("준", "short-1", 4, 1, 2, 3),
        a_vote("민지", "long-1", 1, 5, 2, 3),
    ]
    result = count(votes, PLAN)
    assert result is not None
    assert (result.winner, result.decided_by) == ("m1", "total")
    assert [(t.candidate, t.total, t.votes) for t in result.tallies["all"]] == [("m1", 10, 3), ("m4", 9, 3), ("m2", 7, 3), ("m3", 6, 3)]
    short = {t.candidate: t for t in result.tallies["short"]}
    assert (short["m1"].total, short["m1"].mean, short["m1"].spread) == (9, 4.5, 0.5)
    assert {t.candidate: t.total for t in result.tallies["long"]} == {"m1": 1, "m2": 5, "m3": 2, "m4": 3}
    assert result.voters == ["민지", "준"]


def test_a_tie_is_broken_by_the_long_inquiries() -> None:
    result = count([a_vote("민지", "short-1", 5, 2, 1, 1), a_vote("민지", "long-1", 2, 5, 1, 1)], PLAN)
    assert result is not None
    assert (result.winner, result.decided_by) == ("m2", "total on long inquiries")


def test_a_tie_on_long_inquiries_too_is_broken_by_the_test_set() -> None:
    result = count([a_vote("민지", "short-1", 1, 4, 4, 1)], PLAN)
    assert result is not None
    assert (result.winner, result.decided_by) == ("m2", "place on the test set")


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section D: four observers, twelve units, values missing.
_OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
_UNITS = [[float(row[unit]) for row in _OBSERVERS if row[unit] is not None] for unit in range(12)]


def test_alpha_is_what_krippendorff_published_for_the_ordinal_scale() -> None:
    assert krippendorff_alpha(_UNITS) == pytest.approx(0.815, abs=5e-4)


def test_alpha_is_one_when_all_agree_and_below_zero_when_they_contradict() -> None:
    assert krippendorff_alpha([[1, 1], [5, 5], [3, 3]]) == pytest.approx(1.0)
    contradiction = krippendorff_alpha([[1, 5], [5, 1], [1, 5], [5, 1]])
    assert contradiction is not None
    assert contradiction < 0


@pytest.mark.parametrize("units", [[], [[3.0]], [[3.0, 3.0], [3.0, 3.0]], [[1.0], [5.0]]])
def test_alpha_is_unknown_where_nothing_could_disagree(units: list[list[float]]) -> None:
    assert krippendorff_alpha(units) is None


def test_one_voter_has_nobody_to_agree_with() -> None:
    assert agreement([a_vote("민지", "short-1", 1, 2, 3, 4)]) is None
    assert agreement([a_vote(voter, "short-1", 1, 2, 3, 4) for voter in ("민지", "준")]) == pytest.approx(1.0)


def test_a_plan_that_was_written_before_there_were_lines_of_models_is_gone_on_with() -> None:
    earlier = PLAN.model_dump(mode="json")
    earlier["summaries"] = earlier.pop("answers")
    assert VotePlan.model_validate(earlier) == PLAN
    assert VotePlan.model_validate_json(PLAN.model_dump_json()) == PLAN
