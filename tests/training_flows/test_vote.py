"""Ballots on their way into the bucket (moto's server), and the form that they come in on."""

from typing import Any

import pytest
from pydantic import ValidationError

import wiring
from models.keys import VoteKeys
from models.lifecycle.selection import Inquiry
from models.lifecycle.voting import VotePlan, VoteSettings, count
from models.lines import SUMMARIZER
from stores.votes import Votes
from tasks.selection.vote import ballot_form, form_instruction


@pytest.fixture
def votes(bucket: str) -> Votes:
    return Votes(wiring.object_store(), SUMMARIZER)


@pytest.fixture
def plan(votes: Votes) -> VotePlan:
    plan = VotePlan(
        vote="autumn",
        seed=7,
        inquiries=[Inquiry(id="short-1", text="짧은 문의.", length="short"), Inquiry(id="long-1", text="긴 문의.", length="long")],
        candidates=["m1", "m2", "m3"],
        answers={inquiry: {name: f"{name}의 요약" for name in ("m1", "m2", "m3")} for inquiry in ("short-1", "long-1")},
    )
    return votes.open(plan)


def a_form(voter: str, paper: int = 1, *, close: bool = False, comment: str = "", **points: int) -> dict[str, Any]:
    digits = "".join(str(({"A": 3, "B": 4, "C": 5} | points)[letter]) for letter in "ABC")
    marks = f"{digits} {comment}".strip()
    return {"voter": voter, "paper": paper, "close": close, "short_1": marks, "long_1": marks}


def test_a_good_ballot_is_counted_under_the_candidates_names(votes: Votes, plan: VotePlan) -> None:
    submission = votes.hand_in(plan, 1, a_form("민지", comment="또렷해요"))
    assert (submission.counted, submission.answer) == (True, "민지 님의 투표를 집계했습니다.")
    by_inquiry = {vote.inquiry: vote for vote in votes.state(plan).votes}
    assert by_inquiry["short-1"].points == dict(zip(plan.order(1, "short-1"), (3, 4, 5), strict=True))
    assert by_inquiry["long-1"].comment == "또렷해요"


def test_a_repeated_ballot_is_answered_and_kept_and_changes_nothing(votes: Votes, plan: VotePlan) -> None:
    votes.hand_in(plan, 1, a_form("민지"))
    before = votes.state(plan).votes
    again = votes.hand_in(plan, 2, a_form(" 민 지", paper=2, A=5))
    assert not again.counted
    assert "이미 투표했습니다" in again.answer
    state = votes.state(plan)
    assert state.votes == before
    assert state.submissions[1].ballot["short_1"] == "545"
    assert state.voters == ["민지"]


def test_an_out_of_range_ballot_that_gets_past_the_server_is_kept_and_not_counted(votes: Votes, plan: VotePlan) -> None:
    submission = votes.hand_in(plan, 1, a_form("민지", A=9))
    assert not submission.counted
    assert "9점은 줄 수 없습니다" in submission.answer
    assert votes.state(plan).votes == []


def test_a_ballot_stored_twice_by_a_run_that_was_killed_counts_once(votes: Votes, plan: VotePlan) -> None:
    first = votes.hand_in(plan, 1, a_form("민지"))
    wiring.object_store().delete(VoteKeys("summarizer", plan.vote).submission(1))  # killed before the hand-in itself was written
    repeated = votes.hand_in(plan, 1, a_form("민지"))
    assert (repeated.counted, repeated.answer) == (first.counted, first.answer)
    assert len(votes.state(plan).votes) == 2


def test_a_late_ballot_is_read_in_the_order_of_its_own_paper(votes: Votes, plan: VotePlan) -> None:
    votes.hand_in(plan, 1, a_form("준", paper=5))
    by_inquiry = {vote.inquiry: vote for vote in votes.state(plan).votes}
    assert by_inquiry["short-1"].points == dict(zip(plan.order(5, "short-1"), (3, 4, 5), strict=True))


def test_the_vote_is_over_when_enough_have_voted_or_one_closes_it(votes: Votes, plan: VotePlan) -> None:
    assert not votes.state(plan).is_over(2)
    votes.hand_in(plan, 1, a_form("민지"))
    assert not votes.state(plan).is_over(2)
    votes.hand_in(plan, 2, a_form("준", paper=2))
    assert votes.state(plan).is_over(2)
    assert not votes.state(plan).is_over(3)
    votes.hand_in(plan, 3, a_form("수아", paper=3, close=True))
    assert votes.state(plan).is_over(100)
    result = count(votes.state(plan).votes, plan)
    assert result is not None
    assert result.voters == ["민지", "수아", "준"]


def test_the_form_shows_summaries_under_letters_and_no_models_name(plan: VotePlan) -> None:
    hidden = plan.model_copy(update={"answers": {i: {"m1": "하나", "m2": "둘", "m3": "셋"} for i in ("short-1", "long-1")}})
    schema = ballot_form(hidden, 3, "").model_json_schema()
    text = str(schema)
    assert all(
        f"{letter}: {hidden.answers['short-1'][name]}" in text for letter, name in zip("ABC", hidden.order(3, "short-1"), strict=True)
    )
    assert not any(name in text for name in hidden.candidates)
    assert schema["properties"]["paper"]["default"] == 3


@pytest.mark.parametrize("written", ["045", "346", "34", "3455", "", "사오오", "345한마디"])
def test_the_form_takes_one_to_five_points_for_each_answer_and_says_so_in_korean(plan: VotePlan, written: str) -> None:
    form = ballot_form(plan, 1, "")
    form.model_validate(a_form("민지"))
    with pytest.raises(ValidationError, match="A부터 C까지 1에서 5까지의 숫자 3개를 차례로 적어 주세요"):
        form.model_validate(a_form("민지") | {"short_1": written})


def test_a_paper_of_five_candidates_and_ten_inquiries_takes_fewer_than_twenty_clicks() -> None:
    names = [f"m{n}" for n in range(5)]
    inquiries = [Inquiry(id=f"short-{n}", text=f"문의 {n}", length="short") for n in range(1, 11)]
    answers = {inquiry.id: {name: f"{name}의 요약" for name in names} for inquiry in inquiries}
    schema = ballot_form(VotePlan(vote="v", seed=1, inquiries=inquiries, candidates=names, answers=answers), 1, "").model_json_schema()
    assert "definitions" not in schema
    assert "$defs" not in schema
    to_fill_in = [name for name, field in schema["properties"].items() if "default" not in field]
    resume_and_submit = 2
    assert len(to_fill_in) + resume_and_submit <= 20


def test_an_answer_without_words_is_told_as_no_request(plan: VotePlan) -> None:
    silent = plan.model_copy(update={"answers": {i: {"m1": "", "m2": "둘", "m3": "셋"} for i in ("short-1", "long-1")}})
    assert "(요청 없음)" in str(ballot_form(silent, 1, "").model_json_schema())


def test_each_answer_has_a_line_of_its_own_and_words_stay_words(plan: VotePlan) -> None:
    linked = plan.model_copy(
        update={"answers": {i: {"m1": "[여기](https://a.example)", "m2": "둘", "m3": "셋"} for i in ("short-1", "long-1")}}
    )
    told = ballot_form(linked, 1, "").model_json_schema()["properties"]["short_1"]["description"]
    assert [line[:5] for line in told.split("\n\n")[1:]] == ["- A: ", "- B: ", "- C: "]
    assert "[여기](" not in told


@pytest.mark.parametrize("few", [{"voters": 2}, {"short": 2, "long": 3}])
def test_a_vote_of_too_few_cannot_be_asked_for(few: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        VoteSettings.model_validate(few)


def test_the_next_voter_reads_what_became_of_the_last_ballot(votes: Votes, plan: VotePlan) -> None:
    votes.hand_in(plan, 1, a_form("민지", A=9))
    instruction = form_instruction("summarizer", plan, votes.state(plan), 3)
    assert "집계하지 않고 보관했습니다" in instruction
    assert "0명이 투표했습니다 (마감 3명)" in instruction
