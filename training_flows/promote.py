"""Put a model into service, after the gate and the smoke test. The running services of its line load it within seconds."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run as current
from pydantic import Field

from models.errors import ModelRefused
from models.lifecycle.bars import Reading
from models.lifecycle.board import Board
from models.lifecycle.candidates import Candidate
from models.lifecycle.gate import MARGIN, MOST_MARGIN, GateRefused, gate
from models.lifecycle.versions import Aliases
from models.lines import LINES, LineName
from tasks.selection.candidates import find_candidates
from tasks.selection.promote import check_version, move_champion, read_aliases, read_history, register, try_candidate
from tasks.selection.publish import publish_history, publish_refusal
from training_flows.scoring import ScoringSettings, score_contest

Margin = Annotated[float, Field(ge=0, le=MOST_MARGIN)]


@flow(name="promote", flow_run_name="{candidate}")
async def promote(
    candidate: str,
    by: str,
    reason: str,
    line: LineName = "summarizer",
    margin: Margin = MARGIN,
    scoring: ScoringSettings = ScoringSettings(),
) -> Aliases:
    """Put one model into service: gate, smoke test, registration, move of the alias. Scores that are known are not made again.

    Args:
        candidate: a finished training run as family/run, a registered version, or shipped
        by: who promotes; stands in the history
        reason: why; stands in the history
        line: which line of models it belongs to
        margin: the gate lets a model pass that is, with 95 % confidence, not worse than the champion by more than this, 0.05 at most
        scoring: on what and by what the candidate and the champion are scored
    """
    return await bring_into_service(line, candidate, by, reason, margin, scoring)


async def bring_into_service(
    line: LineName, name: str, by: str, reason: str, margin: float, scoring: ScoringSettings, vote: Sequence[Reading] = ()
) -> Aliases:
    """The steps of a promotion. ModelRefused, told in an artifact, with the champion untouched, where the candidate does not pass.

    ``vote`` says whether the vote that chose the candidate, if there was one, was large enough.
    """
    async with refusals_told(line, name):
        return await _bring_into_service(line, name, by, reason, margin, scoring, vote)


async def _bring_into_service(
    line: LineName, name: str, by: str, reason: str, margin: float, scoring: ScoringSettings, vote: Sequence[Reading]
) -> Aliases:
    check_signed("a promotion", by, reason)
    contest = await find_candidates(line, [name])
    if contest.refused:
        raise ModelRefused("; ".join(contest.refused.values()), case="unknown_candidate")
    others = [candidate for candidate in contest.candidates if candidate.name != contest.champion]
    if not others:
        await publish_history(line, contest.champion, await read_history(line), moved=False)
        return await read_aliases(line)
    candidate = others[0]
    board = await score_contest(line, contest, scoring, f"{current.id}-promotion")  # the selection's own leaderboard stays
    verdict = gate(board.standing(candidate.name), margin, LINES[line].bars, vote)
    get_run_logger().info("Gate: %s", verdict.sentence)
    if not verdict.passed:
        raise GateRefused(candidate.name, verdict)
    version = await admit(line, candidate, board, by)
    aliases = await move_champion(line, version, by, reason)
    await publish_history(line, aliases.champion, await read_history(line))
    return aliases


@asynccontextmanager
async def refusals_told(line: LineName, wanted: str) -> AsyncIterator[None]:
    """Publish why a move was refused; the error goes on."""
    try:
        yield
    except ModelRefused as refused:
        await publish_refusal(line, wanted, (await read_aliases(line)).champion, refused)
        raise


async def admit(line: LineName, candidate: Candidate, board: Board, by: str) -> str:
    """Smoke test and registration of a candidate that passed the gate; returns its version, which may serve."""
    await try_candidate(line, candidate)
    version = await register(line, candidate, board.standing(candidate.name), by)
    await check_version(line, version)
    return version


def check_signed(move: str, by: str, reason: str) -> None:
    """ModelRefused where nobody answers for a move of the champion."""
    if not (by.strip() and reason.strip()):
        raise ModelRefused(f"{move} needs a name and a reason", remedy="Fill in by and reason", case="unsigned")
