"""Put a model into service, after the gate and the smoke test. The running services of its line load it within seconds."""

from prefect import flow, get_run_logger
from prefect.runtime import flow_run as current

from models.errors import ModelRefused
from models.lifecycle.selection import gate
from models.lifecycle.versions import Aliases
from models.lines import LineName
from tasks.selection.candidates import find_candidates
from tasks.selection.promote import check_version, move_champion, read_aliases, read_history, register, try_candidate
from tasks.selection.publish import publish_history
from training_flows.scoring import ScoringSettings, score_contest

MARGIN = 0.01


@flow(name="promote", flow_run_name="{candidate}")
async def promote(
    candidate: str,
    by: str,
    reason: str,
    line: LineName = "summarizer",
    margin: float = MARGIN,
    scoring: ScoringSettings = ScoringSettings(),
) -> Aliases:
    """Put one model into service: gate, smoke test, registration, move of the alias. Scores that are known are not made again.

    Args:
        candidate: a finished training run as family/run, a registered version, or shipped
        by: who promotes; stands in the history
        reason: why; stands in the history
        line: which line of models it belongs to
        margin: the gate lets a model pass that is, with 95 % confidence, not worse than the champion by more than this
        scoring: on what and by what the candidate and the champion are scored
    """
    return await bring_into_service(line, candidate, by, reason, margin, scoring)


async def bring_into_service(line: LineName, name: str, by: str, reason: str, margin: float, scoring: ScoringSettings) -> Aliases:
    """The steps of a promotion. ModelRefused, with the champion untouched, where the candidate does not pass."""
    if not (by.strip() and reason.strip()):
        raise ModelRefused("a promotion needs a name and a reason", remedy="Fill in by and reason")
    contest = await find_candidates(line, [name])
    if contest.refused:
        raise ModelRefused("; ".join(contest.refused.values()))
    others = [candidate for candidate in contest.candidates if candidate.name != contest.champion]
    if not others:
        get_run_logger().info("%s is in service already", contest.champion)
        return await read_aliases(line)
    candidate = others[0]
    board = await score_contest(line, contest, scoring, str(current.id))
    verdict = gate(board.standing(candidate.name), margin)
    get_run_logger().info("Gate: %s", verdict.sentence)
    if not verdict.passed:
        raise ModelRefused(f"{candidate.name} does not pass the gate: {verdict.sentence}", remedy="The champion stays in service")
    await try_candidate(line, candidate)
    version = await register(line, candidate, board.standing(candidate.name), by)
    await check_version(line, version)
    aliases = await move_champion(line, version, by, reason)
    await publish_history(line, await read_history(line))
    return aliases
