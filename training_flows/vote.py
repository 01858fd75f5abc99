"""The direct test by people: a run that waits, for days if need be, until enough of them have handed in their papers."""

from prefect import flow, get_run_logger
from prefect.context import FlowRunContext
from prefect.flow_runs import apause_flow_run, asuspend_flow_run
from prefect.runtime import flow_run as current

from models.errors import ConfigurationError
from models.lifecycle.voting import VotePlan, VoteResult, VoteSettings, count
from models.lines import LineName
from tasks.selection.publish import publish_result, publish_turnout
from tasks.selection.score import find_board
from tasks.selection.vote import BallotForm, ballot_form, form_instruction, open_vote, read_votes, store_ballot

DAY_SECONDS = 24 * 3600


@flow(name="vote", persist_result=False)
async def vote(
    selection: str, name: str = "", settings: VoteSettings = VoteSettings(), seed: int = 42, line: LineName = "summarizer"
) -> VoteResult:
    """Put the best candidates of a selection to the vote. Open the run and press Resume to get a paper.

    Args:
        selection: id of the select-model run whose leaderboard decides who stands
        name: name of the vote; an earlier vote of this name is gone on with, its votes count. Empty: a new one
        settings: how many inquiries, which of your own, how many voters
        seed: seed of the draw of inquiries and of the order on the papers
        line: which line of models the selection was of
    """
    board = await find_board(line, selection)
    if board is None:
        raise ConfigurationError(f"selection {selection!r} has no leaderboard", remedy="Name the id of a select-model run that has one")
    plan = await open_vote(line, name or str(current.id), board, settings, seed)
    return await hold_vote(line, plan, settings)


async def hold_vote(line: LineName, plan: VotePlan, settings: VoteSettings) -> VoteResult:
    """Give out papers one after the other until the vote is over, then count and publish.

    Every paper that comes back is in the bucket before the next one is given out. A run that starts again, because it was
    suspended, its worker died or somebody retried it, goes on with the next paper.
    """
    state = await read_votes(line, plan)
    while not state.is_over(settings.voters):
        await publish_turnout(line, state, settings.voters)
        number = state.next_number
        instruction = form_instruction(line, plan, state, settings.voters)
        form = await _wait_for_ballot(ballot_form(plan, number, instruction), plan, number, settings)
        submission = await store_ballot(line, plan, number, form.model_dump(mode="json"))
        get_run_logger().info("Paper %d: %s", number, "counted" if submission.counted else "kept, not counted")
        state = await read_votes(line, plan)
    await publish_turnout(line, state, settings.voters)
    result = count(state.votes, plan)
    if result is None:
        raise ConfigurationError(f"vote {plan.vote} is over without a vote", remedy="Start it again under this name")
    await publish_result(line, state, result)
    return result


async def _wait_for_ballot(form: type[BallotForm], plan: VotePlan, number: int, settings: VoteSettings) -> BallotForm:
    """Wait for the next paper: as a suspended run, which needs no process and outlives every restart, where there is a deployment."""
    timeout = int(settings.days_open * DAY_SECONDS)
    key = f"{plan.vote}-{number}"
    context = FlowRunContext.get()
    if context and context.flow_run and context.flow_run.deployment_id:
        return await asuspend_flow_run(wait_for_input=form, timeout=timeout, key=key)
    return await apause_flow_run(wait_for_input=form, timeout=timeout, poll_interval=1, key=key)
