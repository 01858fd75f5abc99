"""Whether callers' answers speak against the summarizer in service."""

from dataclasses import dataclass
from datetime import UTC, datetime

from models.call.acceptance import Acceptance, anytime_interval
from models.call.korea import day_in_korea
from stores.answers import acceptance_since
from tasks.in_thread import task_in_thread
from tasks.selection.promote import registry_of
from wiring import object_store


@dataclass(frozen=True)
class Judged:
    """A champion with the answers about it since it entered service; ``returns_to`` is None where a rollback would be refused."""

    champion: str
    acceptance: Acceptance
    falls_below: bool
    returns_to: str | None


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
