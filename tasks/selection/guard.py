"""Whether callers' answers speak against the summarizer in service, and what they and reviewers make of a canary."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from clients.s3 import ObjectStore
from models.call.acceptance import Acceptance, acceptance_of, anytime_interval
from models.call.korea import day_in_korea
from models.call.true_rate import first_digits
from models.lifecycle.canary import Canary, Heard, Verdict, judge
from stores.answers import acceptance_since
from stores.canaries import Canaries
from stores.verdicts import reviews_since
from tasks.in_thread import task_in_thread
from tasks.selection.promote import registry_of
from wiring import object_store, settings
from wiring.lines import LINES


@dataclass(frozen=True)
class Judged:
    """A champion with the answers about it since it entered service; ``returns_to`` is None where a rollback would be refused."""

    champion: str
    acceptance: Acceptance
    falls_below: bool
    returns_to: str | None


@dataclass(frozen=True)
class CanaryJudged:
    """A canary that goes on, what callers and reviewers said of both sides since it began, and what that comes to."""

    canary: Canary
    champion: Heard
    challenger: Heard
    verdict: Verdict


@task_in_thread("judge-canary")
def judge_canary() -> CanaryJudged | None:
    """What was said of both sides since the canary began; None where none goes on."""
    canary = canaries().active()
    if canary is None:
        return None
    store, today = object_store(), day_in_korea(datetime.now(UTC))
    champion, challenger = (_heard(store, version, canary.began_at, today) for version in (canary.champion, canary.challenger))
    in_service = registry_of("summarizer").champion()
    if in_service == canary.challenger:
        verdict = Verdict.PROMOTED  # by an earlier look that died before it could end the canary, or by people
    elif in_service != canary.champion:
        verdict = Verdict.WITHDRAWN  # people put another one into service: there is nothing left to compare with
    else:
        verdict = judge(champion, challenger, most_answers=canary.most_answers)
    return CanaryJudged(canary, champion, challenger, verdict)


def _heard(store: ObjectStore, version: str, since: datetime, today: date) -> Heard:
    """Of a call that both its caller and a person of the sample judged, the person's word counts."""
    reviews = reviews_since(store, version, since, today, sampled=first_digits(settings().console_sample_percent))
    answers = acceptance_since(store, version, since, today, without={one.call_id for one in reviews})
    return Heard(answers, acceptance_of(reviews))


@task_in_thread("start-canary")
def start_canary(version: str, *, share: float, most_answers: int, by: str, reason: str) -> Canary:
    """Give a share of the calls to a registered version."""
    champion = registry_of("summarizer").champion()
    return canaries().start(version, champion, share=share, most_answers=most_answers, by=by, reason=reason)


@task_in_thread("end-canary")
def end_canary(canary: Canary, verdict: Verdict) -> Canary:
    """Give all calls to the champion again."""
    return canaries().end(canary, verdict)


def canaries() -> Canaries:
    """The summarizer's canary."""
    return Canaries(object_store(), LINES["summarizer"])


@task_in_thread("judge-champion")
def judge_champion(floor: float) -> Judged:
    """The champion's answers held against a share; a champion that entered service by no move (the shipped one) has all its answers."""
    aliases = registry_of("summarizer").aliases()
    now = datetime.now(UTC)
    since = aliases.move.at if aliases.move else datetime(now.year - 1, now.month, 1, tzinfo=UTC)
    found = acceptance_since(object_store(), aliases.champion, since, day_in_korea(now))
    after_rollback = aliases.move is not None and aliases.move.kind == "rollback"
    return Judged(
        champion=aliases.champion,
        acceptance=found,
        falls_below=anytime_interval(found)[1] < floor,
        returns_to=None if after_rollback else aliases.previous,
    )
