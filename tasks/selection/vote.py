"""The vote in the Prefect UI: its plan, the form of one paper, and the ballots as they come in."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from prefect.input import RunInput
from pydantic import AfterValidator, Field, create_model

from models.errors import ConfigurationError
from models.lifecycle.board import Board
from models.lifecycle.line import Device, Line
from models.lifecycle.selection import Inquiry, choose_inquiries, finalists
from models.lifecycle.voting import Submission, VotePlan, VoteSettings, VoteState, checked_points, form_field, points_schema
from models.lines import LineName
from models.training.data.pair import Pair
from reports.markdown import plain
from stores.boards import Boards
from stores.candidates import Candidates
from stores.votes import Votes
from tasks.in_thread import task_in_thread
from tasks.selection.candidates import candidates_of
from wiring import object_store, settings
from wiring.lines import LINES

LONGEST_REMARK = 2000
NO_ANSWER = "(요청 없음)"
SHOWN_LENGTHS = {"short": "짧은 문의", "long": "긴 문의"}


@task_in_thread("open-vote")
def open_vote(line: LineName, vote: str, board: Board, chosen: VoteSettings, seed: int) -> VotePlan:
    """Draw the inquiries, collect the finalists' answers, and write the plan down; a vote that is open keeps its plan."""
    store, of = object_store(), LINES[line]
    votes, boards = Votes(store, of), Boards(store, of)
    known = votes.find_plan(vote)
    return known or votes.open(plan_of(of, boards, candidates_of(line), vote, board, chosen, seed, settings().model_device))


def plan_of(
    line: Line[Any],
    boards: Boards,
    candidates: Candidates,
    vote: str,
    board: Board,
    chosen: VoteSettings,
    seed: int,
    device: Device,
) -> VotePlan:
    """What is put to the vote. ConfigurationError with fewer than two candidates, or too few inquiries of a length."""
    names = finalists(board.standings, chosen.finalists)
    if len(names) < 2:
        raise ConfigurationError("a vote needs two candidates and only one has a score", remedy="Name more runs, or see why theirs failed")
    test = boards.test_set(board.test_set.key)
    inquiries = choose_inquiries(test, chosen.typed, short=chosen.short, long=chosen.long, seed=seed)
    answers = {name: _answers(line, boards, candidates, board, name, inquiries, test, device) for name in names}
    return VotePlan(
        vote=vote,
        seed=seed,
        inquiries=inquiries,
        candidates=names,
        answers={inquiry.id: {name: answers[name][inquiry.id] for name in names} for inquiry in inquiries},
    )


def _answers(
    line: Line[Any],
    boards: Boards,
    candidates: Candidates,
    board: Board,
    name: str,
    inquiries: Sequence[Inquiry],
    test: Sequence[Pair],
    device: Device,
) -> dict[str, str]:
    """A candidate's answers by inquiry id: those of the test set are known, only what staff typed in is answered now."""
    known = {pair.input: answer for pair, answer in zip(test, boards.scores_of(board, name).answers, strict=True)}
    new = [inquiry.text for inquiry in inquiries if inquiry.text not in known]
    if new:
        model = line.load(candidates.folder(board.candidate(name)), device, name)
        known |= dict(zip(new, [line.text_of(answer) for answer in model.answers(new)], strict=True))
        model.close()
    return {inquiry.id: known[inquiry.text] for inquiry in inquiries}


@task_in_thread("read-votes")
def read_votes(line: LineName, plan: VotePlan) -> VoteState:
    """Everything that was handed in so far."""
    return Votes(object_store(), LINES[line]).state(plan)


@task_in_thread("store-ballot")
def store_ballot(line: LineName, plan: VotePlan, number: int, form: dict[str, Any]) -> Submission:
    """Keep a hand-in, count it if it is good and the voter's first, and say which."""
    return Votes(object_store(), LINES[line]).hand_in(plan, number, form)


class BallotForm(RunInput):
    """A paper's form. What stands in it is added for each paper."""


def ballot_form(plan: VotePlan, paper: int, instruction: str) -> type[BallotForm]:
    """The form of one paper: each inquiry with its answers under letters, in the paper's own order.

    Everything that the form needs is in its type: defaults given later would lose the limits of their fields. The instruction
    stands under the first field, because Prefect's UI hides a form's own description where the form is long.
    """
    points = partial(checked_points, plan.letters)
    fields: dict[str, Any] = {"voter": (str, Field(min_length=1, max_length=40, title="이름", description=instruction))}
    for inquiry in plan.inquiries:
        fields[form_field(inquiry.id)] = (Annotated[str, AfterValidator(points)], _marks_field(plan, paper, inquiry))
    by_paper = "고치지 마세요. 이 번호로 답의 순서를 알아봅니다."
    fields["paper"] = (int, Field(default=paper, ge=1, title="투표지 번호", description=by_paper))
    closing = "이 투표지를 낸 다음 투표를 마감하고 결과를 냅니다."
    fields["close"] = (bool, Field(default=False, title="투표 마감", description=closing))
    return create_model("Ballot", __base__=BallotForm, **fields)


def _marks_field(plan: VotePlan, paper: int, inquiry: Inquiry) -> Any:
    """One inquiry and its answers, with one box for all points: a click an inquiry, where a list for each answer took two."""
    letters = plan.letters
    answers = [  # the form shows descriptions as markdown, and joins lines that no empty one parts
        f"- {letter}: {plain(plan.answers[inquiry.id][candidate]) or NO_ANSWER}"
        for letter, candidate in zip(letters, plan.order(paper, inquiry.id), strict=True)
    ]
    return Field(
        title=f"{SHOWN_LENGTHS[inquiry.length]} {inquiry.id.rpartition('-')[2]}: {letters}의 점수를 붙여서 (의견은 한 칸 띄고)",
        description="\n\n".join([f"“{plain(inquiry.text)}”", *answers]),
        json_schema_extra=points_schema(letters),
        max_length=len(letters) + LONGEST_REMARK,
    )


def form_instruction(line: LineName, plan: VotePlan, state: VoteState, voters: int) -> str:
    """What a voter reads first, in Korean: the answer to the last ballot, and what to do."""
    last = state.submissions[-1] if state.submissions else None
    answer = f"[직전 투표지: {last.answer}] " if last else ""
    noun = LINES[line].answer_noun
    letters = f"{plan.letters[0]}–{plan.letters[-1]}"
    example = "35214213"[: len(plan.letters)]
    return (
        f"{answer}{noun} {letters}에 1점(나쁨)에서 5점(좋음)까지 주세요. 문의마다 숫자를 {letters} 차례로 붙여 적습니다 (예: {example}). "
        f"어느 모델의 {noun}인지는 가려져 있고, 순서는 투표지와 문의마다 다릅니다. "
        f"같은 이름의 첫 투표만 유효합니다. 지금까지 {len(state.voters)}명이 투표했습니다 (마감 {voters}명)."
    )
