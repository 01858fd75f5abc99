"""One candidate's scoring as a run of its own, and a whole field of candidates scored side by side."""

import asyncio
from typing import Literal

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import arun_deployment
from prefect.exceptions import FlowRunWaitTimeout, ObjectNotFound
from prefect.flow_runs import wait_for_flow_run
from prefect.runtime import flow_run as current
from pydantic import BaseModel, Field

from models.errors import ConfigurationError
from models.forms import FORM
from models.lifecycle.board import Board, TestSet
from models.lifecycle.candidates import Candidate, Contest
from models.lines import LineName
from models.summarizer.folder import trainable
from models.training.metrics import MetricSettings, local_encoder
from tasks.selection.publish import publish_board
from tasks.selection.score import has_scores, make_board, prepare_test_set, score
from wiring import settings
from wiring.lines import LINES

DEPLOYMENT = "score-candidate/score-candidate"


class ScoringSettings(BaseModel):
    """On what, by what and where candidates are scored."""

    model_config = FORM

    test_set: str = Field(
        "",
        description="CSV with columns input and summary (or request, emotion, danger, by the line): a key of the bucket, or a file here; "
        "empty: the test rows of the first run",
    )
    test_rows: int = Field(0, ge=0, description="Score on this many rows of it; 0: on all")
    encoders: Literal["configured", "shipped"] = Field(
        "configured",
        description="What judges summaries. configured: the encoders of metrics; shipped: the shipped summarizer's own, without network",
    )
    metrics: MetricSettings = Field(default_factory=MetricSettings, description="Encoders of BERTScore and STS")
    seed: int = Field(42, ge=0, description="Seed of the bootstrap and of the draw of inquiries for the vote")
    run_in_process: bool = Field(False, description="Score here, one candidate after the other, instead of on the g4dn pool")
    hours: float = Field(6.0, gt=0, description="A candidate that takes longer is reported and left out")

    def resolved(self) -> MetricSettings:
        """The encoders that really score."""
        return local_encoder(trainable(settings().model_dir)) if self.encoders == "shipped" else self.metrics


@flow(name="score-candidate", flow_run_name="{candidate}")
async def score_candidate(
    candidate: str, test_key: str, metrics: MetricSettings, line: LineName = "summarizer", truth_key: str = ""
) -> float:
    """Score one candidate on a kept test set. Scoring it again with nothing changed returns what is known.

    Args:
        candidate: a training run as family/run, a registered version, or shipped
        test_key: key of the test set that a selection kept
        metrics: encoders of BERTScore and STS, which judge summaries
        line: which line of models the candidate belongs to
        truth_key: key of the rows that tell what would mislead, as a selection kept them
    """
    return (await score(line, candidate, test_key, truth_key, metrics)).figure(LINES[line].primary)


async def score_contest(line: LineName, contest: Contest, chosen: ScoringSettings, selection: str) -> Board:
    """Score every candidate that has no score yet, rank all, and publish the leaderboard.

    A candidate that fails, or that was trained on rows of the test set, is named on the leaderboard and left out. Without the
    champion's score there is no leaderboard: ConfigurationError.
    """
    metrics = chosen.resolved()
    test_set = await prepare_test_set(line, chosen.test_set, contest, chosen.test_rows)
    unfair = {
        name: f"it was trained on {rows} rows of the test set" for name, rows in test_set.learnt_by.items() if name != contest.champion
    }
    failures = unfair | await _score_all(line, [c for c in contest.candidates if c.name not in unfair], test_set, metrics, chosen)
    if contest.champion in failures:
        raise ConfigurationError(f"the champion {contest.champion} could not be scored: {failures[contest.champion]}")
    board = await make_board(line, selection, contest, test_set, metrics, failures, chosen.seed)
    await publish_board(line, board)
    return board


async def _score_all(
    line: LineName, candidates: list[Candidate], test_set: TestSet, metrics: MetricSettings, chosen: ScoringSettings
) -> dict[str, str]:
    """Score side by side; the reasons of those that failed."""
    gate = asyncio.Semaphore(1 if chosen.run_in_process else len(candidates) or 1)

    async def one(candidate: Candidate) -> str:
        if await has_scores(line, candidate, test_set, metrics):
            return ""
        async with gate:
            return await (_score_here if chosen.run_in_process else _score_on_the_pool)(line, candidate, test_set, metrics, chosen.hours)

    reasons = await asyncio.gather(*(one(candidate) for candidate in candidates))
    failures = {candidate.name: reason for candidate, reason in zip(candidates, reasons, strict=True) if reason}
    for name, reason in failures.items():
        get_run_logger().warning("%s is left out: %s", name, reason)
    return failures


async def _score_here(line: LineName, candidate: Candidate, test_set: TestSet, metrics: MetricSettings, hours: float) -> str:
    state = await score_candidate(candidate.name, test_set.key, metrics, line, test_set.truth_key, return_state=True)
    return "" if state.is_completed() else f"{state.name}: {state.message}"


async def _score_on_the_pool(line: LineName, candidate: Candidate, test_set: TestSet, metrics: MetricSettings, hours: float) -> str:
    parameters = {
        "candidate": candidate.name,
        "test_key": test_set.key,
        "truth_key": test_set.truth_key,
        "metrics": metrics.model_dump(mode="json"),
        "line": line,
    }
    # A retry of this run joins the children of the same attempt and starts those anew that failed in an earlier one.
    attempt = f"{current.id}:{current.run_count}:{candidate.digest}"
    try:
        child = await arun_deployment(DEPLOYMENT, parameters=parameters, timeout=0, idempotency_key=attempt, flow_run_name=candidate.name)
    except ObjectNotFound as error:
        raise ConfigurationError(
            f"there is no deployment {DEPLOYMENT}", remedy="Run prefect deploy --all, or set run_in_process"
        ) from error
    try:
        ended: FlowRun = await wait_for_flow_run(child.id, timeout=int(hours * 3600))
    except FlowRunWaitTimeout:
        return f"its run {child.name} has not finished in {hours:g} hours"
    state = ended.state
    if state is None:
        return "its run has no state"
    return "" if state.is_completed() else f"{state.name}: {state.message}"
