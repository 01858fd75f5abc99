"""From finished training runs to the model in service: score, vote, promote, in one run."""

import asyncio

from prefect import flow, get_run_logger
from prefect.runtime import flow_run as current
from pydantic import BaseModel, ConfigDict, Field

from models.lifecycle.bars import Reading, vote_readings
from models.lifecycle.board import Board
from models.lifecycle.gate import MARGIN
from models.lifecycle.versions import Aliases
from models.lifecycle.voting import VoteResult, VoteSettings
from models.lines import LineName
from tasks.selection.candidates import find_candidates
from tasks.selection.promote import read_aliases
from tasks.selection.score import find_board
from tasks.selection.vote import open_vote
from tasks.training.data import load_training_data
from training_flows.grid import read_grid
from training_flows.promote import Margin, bring_into_service, check_signed, refusals_told
from training_flows.scoring import ScoringSettings, score_contest
from training_flows.vote import hold_vote
from wiring import datasets

EVERY_RUN = ["*/*"]


class Selected(BaseModel):
    """How a selection ended."""

    model_config = ConfigDict(frozen=True)

    selection: str = Field(description="Id of the run, by which vote finds the leaderboard")
    winner: str
    vote: VoteResult | None
    aliases: Aliases


@flow(name="select-model", persist_result=False)
async def select_model(
    by: str = "",
    line: LineName = "summarizer",
    runs: list[str] = EVERY_RUN,
    sweep: str = "",
    scoring: ScoringSettings = ScoringSettings(),
    hold_the_vote: bool = True,
    voting: VoteSettings = VoteSettings(),
    promote_winner: bool = True,
    margin: Margin = MARGIN,
) -> Selected:
    """Score the candidates, let people vote blind on the best, and put the winner into service.

    The model in service is always among the candidates. For the vote the run suspends itself: open it and press Resume to get
    a paper. It may stay open for days and through restarts.

    Args:
        by: who selects; stands in the registry's history, so a winner is not promoted without
        line: which line of models the selection is of
        runs: finished training runs as family/run; * stands for anything, so bart/* means all KoBART runs
        sweep: instead of runs, all finished rows of this sweep (of summarizers): full, small, smoke, or the path of its YAML file
        scoring: on what, by what and where the candidates are scored
        hold_the_vote: without it the best score wins
        voting: how the vote is held
        promote_winner: put the winner into service, if it passes the gate and the smoke test
        margin: the gate lets a model pass that is, with 95 % confidence, not worse than the champion by more than this, 0.05 at most
    """
    if promote_winner:
        async with refusals_told(line, "select-model"):  # before hours of scoring and days of voting
            check_signed("a promotion", by, "selected")
    selection = str(current.id)
    board = await _leaderboard(line, selection, runs, sweep, scoring)
    winner, result, vote = board.standings[0].candidate, None, list[Reading]()
    if hold_the_vote and len(board.standings) > 1:
        plan = await open_vote(line, selection, board, voting, scoring.seed)
        result = await hold_vote(line, plan, voting)
        winner, vote = result.winner, vote_readings(len(result.voters), len(plan.inquiries))
    if not promote_winner:
        get_run_logger().info("%s wins and is not promoted, as asked", winner)
        return Selected(selection=selection, winner=winner, vote=result, aliases=await read_aliases(line))
    points = f", {result.tallies['all'][0].total} points of {len(result.voters)} voters" if result else ""
    reason = f"selection {selection}: score {board.standing(winner).score.mean:.4f}{points}"
    aliases = await bring_into_service(line, winner, by.strip(), reason, margin, scoring, vote)
    return Selected(selection=selection, winner=winner, vote=result, aliases=aliases)


async def _leaderboard(line: LineName, selection: str, runs: list[str], sweep: str, scoring: ScoringSettings) -> Board:
    """This run's leaderboard: made now, or found when the run starts again after a suspension."""
    board = await find_board(line, selection)
    if board is None:
        names = await asyncio.to_thread(sweep_runs, sweep) if sweep else runs
        board = await score_contest(line, await find_candidates(line, names), scoring, selection)
    return board


def sweep_runs(name: str) -> list[str]:
    """Names of a sweep's rows, ``family/run``, as the sweep itself names them."""
    grid = read_grid(name)
    data = load_training_data(datasets(), grid.data, grid.out_of_domain, grid.split_seed)
    return [f"{row.config.family}/{row.named(data.fingerprint)}" for row in grid.rows()]
