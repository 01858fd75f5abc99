"""The artifacts of a selection: the leaderboard, the vote, every move of the champion."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from prefect.artifacts import Artifact, acreate_markdown_artifact

from models.call.acceptance import Acceptance
from models.call.korea import day_in_korea
from models.errors import ModelRefused
from models.lifecycle.board import Board
from models.lifecycle.selection import Examples, examples_of
from models.lifecycle.versions import Move
from models.lifecycle.voting import VoteResult, VoteState
from models.lines import LineName
from reports.canary import canary_report, canary_title
from reports.promotion import UNCHANGED, history_report, refusal_report
from reports.selection import board_report, result_report, turnout_report
from stores.answers import acceptance_lately
from stores.boards import Boards
from tasks.markdown import shown
from tasks.selection.guard import CanaryJudged
from wiring import object_store
from wiring.lines import LINES

EXAMPLES = 3
ANSWER_DAYS = 30
CANARY = "canary"


async def publish_board(line: LineName, board: Board) -> None:
    """The leaderboard: chart, table, what was left out, worst and best examples."""
    chosen = LINES[line]
    examples = await asyncio.to_thread(examples_by_candidate, Boards(object_store(), chosen), board, line)
    answers = await asyncio.to_thread(_callers_answers) if line == "summarizer" else {}
    markdown = await asyncio.to_thread(board_report, chosen, board, examples, shown, answers)
    best = board.standings[0]
    await acreate_markdown_artifact(markdown, key=chosen.artifact("leaderboard"), description=f"{best.candidate} {best.score.mean:.4f}")


def _callers_answers() -> dict[str, Acceptance]:
    """What callers said of the versions that spoke to them in the last month."""
    return acceptance_lately(object_store(), day_in_korea(datetime.now(UTC)), days=ANSWER_DAYS)


def examples_by_candidate(boards: Boards, board: Board, line: LineName) -> dict[str, Examples]:
    """What people read of each candidate's answers."""
    test, truth, primary = boards.test_set(board.test_set.key), boards.truth_set(board.test_set.truth_key), LINES[line].primary
    names = [standing.candidate for standing in board.standings]
    return {name: examples_of(boards.scores_of(board, name), primary, test, truth, EXAMPLES) for name in names}


async def publish_turnout(line: LineName, state: VoteState, voters: int) -> None:
    """Who has voted and which ballots were not counted."""
    markdown = turnout_report(state, voters, shown)
    await acreate_markdown_artifact(markdown, key=LINES[line].artifact("vote-turnout"), description=state.plan.vote)


async def publish_result(line: LineName, state: VoteState, result: VoteResult) -> None:
    """The result of a vote."""
    markdown = await asyncio.to_thread(result_report, state, result, shown)
    await acreate_markdown_artifact(markdown, key=LINES[line].artifact("vote-result"), description=result.winner)


async def publish_history(line: LineName, champion: str, moves: Sequence[Move], *, moved: bool = True) -> None:
    """Every move of the champion, and that this run moved nothing where it did not."""
    markdown = history_report(champion, moves, shown, "" if moved else UNCHANGED)
    await acreate_markdown_artifact(markdown, key=LINES[line].artifact("champion"), description=champion)


async def publish_canary(found: CanaryJudged) -> None:
    """How a canary stands, or ended; nothing where its latest artifact says the same."""
    title = canary_title(found.verdict, found.champion, found.challenger)
    latest = await Artifact.aget(CANARY)
    if latest is None or latest.description != title:
        markdown = canary_report(found.canary, found.champion, found.challenger, found.verdict)
        await acreate_markdown_artifact(markdown, key=CANARY, description=title)


async def publish_refusal(line: LineName, wanted: str, champion: str, refused: ModelRefused) -> None:
    """Why a promotion or a rollback was refused."""
    markdown = refusal_report(wanted, champion, refused)
    await acreate_markdown_artifact(markdown, key=LINES[line].artifact("refused"), description=wanted)
