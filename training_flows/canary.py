"""Give a share of the calls to a challenger, and let callers and reviewers decide."""

from dataclasses import replace
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.runtime import flow_run as current
from pydantic import Field

from models.errors import ModelRefused
from models.lifecycle.canary import Canary, Verdict
from models.lifecycle.gate import MARGIN, GateRefused, gate
from models.lines import LINES
from tasks.selection.candidates import find_candidates
from tasks.selection.guard import end_canary, judge_canary, start_canary
from tasks.selection.publish import publish_canary
from training_flows.promote import Margin, admit, check_signed, refusals_told
from training_flows.scoring import ScoringSettings, score_contest


@flow(name="canary", flow_run_name="{candidate}")
async def canary(
    candidate: str,
    by: str,
    reason: str,
    share: Annotated[float, Field(gt=0, le=0.5)] = 0.1,
    most_answers: Annotated[int, Field(ge=1)] = 2000,
    margin: Margin = MARGIN,
    withdraw: bool = False,
    scoring: ScoringSettings = ScoringSettings(),
) -> Canary:
    """Let a summarizer speak for a share of the calls, after gate and smoke test, until callers' answers or people's reviews decide.

    `guard-champion` looks at these every ten minutes, promotes or withdraws it, and keeps the artifact `canary` up to date.

    Args:
        candidate: a finished training run as family/run, a registered version, or shipped
        by: who asks for it; stands in the history
        reason: why; stands in the history
        share: share of the calls, chosen by the call's id, 0.5 at most
        most_answers: answers and reviews of the challenger after which it is withdrawn where it is not surely better
        margin: as for a promotion
        withdraw: start nothing; end the canary that goes on
        scoring: on what and by what the challenger and the champion are scored
    """
    async with refusals_told("summarizer", candidate):
        check_signed("a canary", by, reason)
        if withdraw:
            going_on = await judge_canary()
            if going_on is None:
                raise ModelRefused("no canary goes on", remedy="Nothing is to be withdrawn")
            ended = await end_canary(going_on.canary, Verdict.WITHDRAWN)
            await publish_canary(replace(going_on, verdict=ended.verdict))
            return ended
        contest = await find_candidates("summarizer", [candidate])
        others = [one for one in contest.candidates if one.name != contest.champion]
        if contest.refused or not others:
            said = "; ".join(contest.refused.values()) or f"{candidate} is in service"
            raise ModelRefused(said, remedy="Name another candidate", case="unknown_candidate")
        board = await score_contest("summarizer", contest, scoring, f"{current.id}-canary")
        verdict = gate(board.standing(others[0].name), margin, LINES["summarizer"].bars, ())
        get_run_logger().info("Gate: %s", verdict.sentence)
        if not verdict.passed:
            raise GateRefused(others[0].name, verdict)
        version = await admit("summarizer", others[0], board, by)
        begun = await start_canary(version, share=share, most_answers=most_answers, by=by, reason=reason)
        if found := await judge_canary():
            await publish_canary(found)
        return begun
