"""The vote in the Prefect UI: its plan, the form of one paper, and the ballots as they come in."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from prefect import task
from prefect.input import RunInput
from pydantic import BaseModel, ConfigDict, Field, create_model

from clients.s3 import ObjectStore
from models.errors import ConfigurationError, StorageConflict
from models.lifecycle.selection import Inquiry, choose_inquiries, finalists
from models.lifecycle.voting import Ballot, Marks, Vote, VoteKeys, VotePlan, complaints, resolve, voter_key, voter_name
from models.summarizer.summarizer import Summarizer
from models.training.data.pair import Pair
from tasks.retrying import RETRY_TRANSIENT
from tasks.selection.candidates import local_folder
from tasks.selection.score import Board, board_scores, read_test_set
from wiring import object_store, settings

# Written out, not bounds: the form then offers the five to choose from, and the server refuses any other.
Points = Literal[1, 2, 3, 4, 5]
SHOWN_LENGTHS = {"short": "짧은 문의", "long": "긴 문의"}


class VoteSettings(BaseModel):
    """How the direct test by people is held."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    short: int = Field(3, ge=0, le=20, description="Short inquiries (1 or 2 sentences) on each paper")
    long: int = Field(3, ge=0, le=20, description="Long inquiries (3 or more sentences) on each paper")
    typed: list[str] = Field(default_factory=list, description="Inquiries of your own; all are asked, the rest is drawn from the test set")
    voters: int = Field(3, ge=1, le=500, description="The vote closes by itself after this many people have voted")
    finalists: int = Field(4, ge=2, le=8, description="How many of the best candidates are put to the vote")
    days_open: float = Field(14.0, gt=0, le=365, description="Without a ballot for this long, the run fails; the votes stay")


class Submission(BaseModel):
    """One hand-in and the answer it got."""

    number: int
    ballot: dict[str, Any] = Field(description="The form as it was handed in")
    voter: str
    counted: bool
    answer: str = Field(description="What the voter is told, in Korean")
    closes: bool = Field(default=False, description="Whether the voter asked for the vote to be closed")
    at: datetime


class VoteState(BaseModel):
    """Where a vote stands."""

    plan: VotePlan
    submissions: list[Submission]
    votes: list[Vote]

    @property
    def voters(self) -> list[str]:
        """Who has voted, in order of arrival."""
        return list(dict.fromkeys(submission.voter for submission in self.submissions if submission.counted))

    @property
    def next_number(self) -> int:
        """Number of the next hand-in, and of the paper that is given out for it."""
        return len(self.submissions) + 1

    def is_over(self, voters: int) -> bool:
        """Whether enough people have voted, or one has closed the vote after somebody's vote was counted."""
        asked_to_close = any(submission.closes for submission in self.submissions)
        return len(self.voters) >= voters or (asked_to_close and bool(self.voters))


@task(name="open-vote", **RETRY_TRANSIENT)
async def open_vote(vote: str, board: Board, chosen: VoteSettings, seed: int) -> VotePlan:
    """Draw the inquiries, collect the finalists' summaries, and write the plan down; a vote that is open keeps its plan."""
    return await asyncio.to_thread(plan_of, object_store(), vote, board, chosen, seed)


def plan_of(store: ObjectStore, vote: str, board: Board, chosen: VoteSettings, seed: int) -> VotePlan:
    """See open_vote. ConfigurationError with fewer than two candidates, or too few inquiries of a length."""
    known = store.find(VoteKeys.plan(vote))
    if known is not None:
        return VotePlan.model_validate_json(known.body)
    names = finalists(board.standings, chosen.finalists)
    if len(names) < 2:
        raise ConfigurationError("a vote needs two candidates and only one has a score", remedy="Name more runs, or see why theirs failed")
    test = read_test_set(store, board.test_set.key)
    inquiries = choose_inquiries(test, chosen.typed, short=chosen.short, long=chosen.long, seed=seed)
    answers = {name: _answers(store, board, name, inquiries, test) for name in names}
    plan = VotePlan(
        vote=vote,
        seed=seed,
        inquiries=inquiries,
        candidates=names,
        summaries={inquiry.id: {name: answers[name][inquiry.id] for name in names} for inquiry in inquiries},
    )
    try:
        store.put(VoteKeys.plan(vote), plan.model_dump_json(indent=1).encode(), content_type="application/json", only_if_absent=True)
    except StorageConflict:
        return VotePlan.model_validate_json(store.get(VoteKeys.plan(vote)).body)
    return plan


def _answers(store: ObjectStore, board: Board, name: str, inquiries: Sequence[Inquiry], test: Sequence[Pair]) -> dict[str, str]:
    """A candidate's summaries by inquiry id: those of the test set are known, only what staff typed in is summarized now."""
    scored = board_scores(store, board, name)
    known = {pair.input: summary for pair, summary in zip(test, scored.summaries, strict=True)}
    new = [inquiry for inquiry in inquiries if inquiry.text not in known]
    if new:
        summarizer = Summarizer.load(local_folder(store, board.candidate(name)), settings().model_device, name=name)
        known |= dict(zip([inquiry.text for inquiry in new], summarizer.summarize([inquiry.text for inquiry in new]), strict=True))
    return {inquiry.id: known[inquiry.text] for inquiry in inquiries}


@task(name="read-votes", **RETRY_TRANSIENT)
async def read_votes(plan: VotePlan) -> VoteState:
    """Everything that was handed in so far."""
    return await asyncio.to_thread(state_of, object_store(), plan)


def state_of(store: ObjectStore, plan: VotePlan) -> VoteState:
    """See read_votes."""
    submissions: list[Submission] = []
    while (stored := store.find(VoteKeys.submission(plan.vote, len(submissions) + 1))) is not None:
        submissions.append(Submission.model_validate_json(stored.body))
    votes = [Vote.model_validate_json(store.get(facts.key).body) for facts in store.walk(VoteKeys.votes(plan.vote))]
    return VoteState(plan=plan, submissions=submissions, votes=votes)


@task(name="store-ballot", **RETRY_TRANSIENT)
async def store_ballot(plan: VotePlan, number: int, form: dict[str, Any]) -> Submission:
    """Keep a hand-in, count it if it is good and the voter's first, and say which."""
    return await asyncio.to_thread(keep_ballot, object_store(), plan, number, form)


def keep_ballot(store: ObjectStore, plan: VotePlan, number: int, form: dict[str, Any]) -> Submission:
    """See store_ballot.

    Votes are created, never overwritten: the first ballot of a voter counts. The same hand-in stored again (its run was killed
    in between) finds its own votes and gets the same answer.
    """
    ballot, closes = read_form(plan, form)
    now = datetime.now(UTC)
    faults = complaints(ballot, plan)
    if faults:
        answer, counted = " ".join(["투표지를 집계하지 않고 보관했습니다.", *faults]), False
    else:
        counted = all(_create(store, vote) for vote in resolve(ballot, plan, number, now))
        name = voter_name(ballot.voter)
        answer = (
            f"{name} 님의 투표를 집계했습니다."
            if counted
            else f"{name} 님은 이미 투표했습니다. 첫 투표가 유효하고, 이번 것은 보관만 했습니다."
        )
    submission = Submission(
        number=number, ballot=form, voter=voter_name(ballot.voter), counted=counted, answer=answer, closes=closes, at=now
    )
    body = submission.model_dump_json(indent=1).encode()
    store.put(VoteKeys.submission(plan.vote, number), body, content_type="application/json")
    return submission


def _create(store: ObjectStore, vote: Vote) -> bool:
    """Create a vote; whether it is the one that counts."""
    key = VoteKeys.vote(vote.vote, voter_key(vote.voter), vote.inquiry)
    try:
        store.put(key, vote.model_dump_json().encode(), content_type="application/json", only_if_absent=True)
    except StorageConflict:
        return Vote.model_validate_json(store.get(key).body).submission == vote.submission
    return True


class BallotForm(RunInput):
    """A paper's form. What stands in it is added for each paper."""


def ballot_form(plan: VotePlan, paper: int, instruction: str) -> type[BallotForm]:
    """The form of one paper: each inquiry with its summaries under letters, in the paper's own order.

    Everything that the form needs is in its type: defaults given later would lose the limits of their fields. The instruction
    stands under the first field, because Prefect's UI hides a form's own description where the form is long.
    """
    fields: dict[str, Any] = {"voter": (str, Field(min_length=1, max_length=40, title="이름", description=instruction))}
    for inquiry in plan.inquiries:
        title = f"{SHOWN_LENGTHS[inquiry.length]} {inquiry.id.rpartition('-')[2]}"
        fields[_field(inquiry.id)] = (_marks_type(plan, paper, inquiry), Field(title=title, description=f"“{inquiry.text}”"))
    by_paper = "고치지 마세요. 이 번호로 요약의 순서를 알아봅니다."
    fields["paper"] = (int, Field(default=paper, ge=1, title="투표지 번호", description=by_paper))
    closing = "이 투표지를 낸 다음 투표를 마감하고 결과를 냅니다."
    fields["close"] = (bool, Field(default=False, title="투표 마감", description=closing))
    return create_model("Ballot", __base__=BallotForm, **fields)


def _marks_type(plan: VotePlan, paper: int, inquiry: Inquiry) -> type[BaseModel]:
    fields: dict[str, Any] = {
        letter: (Points, Field(title=f"{letter}. {plan.summaries[inquiry.id][candidate]}"))
        for letter, candidate in zip(plan.letters, plan.order(paper, inquiry.id), strict=True)
    }
    fields["comment"] = (str, Field(default="", max_length=2000, title="의견"))
    return create_model(f"Marks_{_field(inquiry.id)}", __config__=ConfigDict(extra="forbid"), **fields)


def _field(inquiry_id: str) -> str:
    return inquiry_id.replace("-", "_")


def read_form(plan: VotePlan, form: dict[str, Any]) -> tuple[Ballot, bool]:
    """A handed-in form as a ballot, and whether the voter closes the vote."""
    marks = {}
    for inquiry in plan.inquiries:
        given = dict(form.get(_field(inquiry.id)) or {})
        comment = given.pop("comment", "")
        marks[inquiry.id] = Marks(points=given, comment=comment)
    return Ballot(voter=form.get("voter", ""), paper=form.get("paper", 0), marks=marks), bool(form.get("close"))


def form_instruction(plan: VotePlan, state: VoteState, voters: int) -> str:
    """What a voter reads first, in Korean: the answer to the last ballot, and what to do."""
    last = state.submissions[-1] if state.submissions else None
    answer = f"[직전 투표지: {last.answer}] " if last else ""
    letters = f"{plan.letters[0]}–{plan.letters[-1]}"
    return (
        f"{answer}요약 {letters}에 1점(나쁨)에서 5점(좋음)까지 주세요. "
        "어느 모델의 요약인지는 가려져 있고, 순서는 투표지와 문의마다 다릅니다. "
        f"같은 이름의 첫 투표만 유효합니다. 지금까지 {len(state.voters)}명이 투표했습니다 (마감 {voters}명)."
    )
