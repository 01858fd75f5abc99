"""Registers the deployments of ``prefect.yaml`` as ``prefect deploy --all`` does, many at once and with half of its requests.

Prefect's command registers one after another: for each it asks for the pool twice and for its workers, removes its automations twice, and
starts git five times to name a commit; the version of ours is that of the flow's file. What our file says is understood here, which is
less than such a file may say; anything else in it is refused.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from prefect.client.schemas.objects import ConcurrencyLimitConfig, VersionInfo
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.context import AsyncClientContext
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.events.schemas.automations import Automation
from prefect.runner.storage import LocalStorage

from deployments.prefect_private import parameters_of
from models.errors import ConfigurationError

logger = logging.getLogger("readback.register")
ROOT = Path(__file__).resolve().parent.parent
# The server answers on one core: more at once wait there.
AT_ONCE = 8
# What a deployment says under the same name when it is wanted and when the server has it.
_SAID = (
    "name",
    "entrypoint",
    "description",
    "version",
    "tags",
    "parameters",
    "enforce_parameter_schema",
    "paused",
    "work_pool_name",
    "work_queue_name",
)
_UNDERSTOOD = {
    "deployment": {
        *("name", "entrypoint", "description", "tags", "work_pool", "parameters"),
        *("enforce_parameter_schema", "concurrency_limit", "schedules", "triggers"),
    },
    "work_pool": {"name", "work_queue_name"},
    "schedule": {"cron", "timezone", "parameters", "slug"},
}


@dataclass(frozen=True)
class Wanted:
    """A deployment as our file has it; Prefect takes its schedules apart from it."""

    deployment: RunnerDeployment
    schedules: tuple[Mapping[str, Any], ...]

    def is_there(self, known: Iterable[DeploymentResponse], automations: Iterable[Automation]) -> bool:
        """Whether the server has it as it is wanted, its automations too; what only a person sets is not looked at."""
        same = [one for one in known if (one.name, one.entrypoint) == (self.deployment.name, self.deployment.entrypoint)]
        return len(same) == 1 and _as_known(same[0]) == self._as_wanted() and self._has_automations(same[0].id, automations)

    def _as_wanted(self) -> dict[str, Any]:
        wanted = self.deployment
        return {
            "said": {name: getattr(wanted, name) for name in _SAID},
            "limit": (wanted.concurrency_limit, wanted.concurrency_options and wanted.concurrency_options.collision_strategy),
            "schedules": _by_time((each["schedule"], each.get("parameters", {}), each.get("slug")) for each in self.schedules),
            "form": parameters_of(wanted),
            "pull": [LocalStorage(str(ROOT)).to_pull_step()],
        }

    def _has_automations(self, deployment: UUID, automations: Iterable[Automation]) -> bool:
        there = [one.model_dump(exclude={"id", "owner_resource"}) for one in automations if _starts(one, deployment)]
        for trigger in self.deployment.triggers:
            trigger.set_deployment_id(deployment)
        wanted = [trigger.as_automation().model_dump(exclude={"owner_resource"}) for trigger in self.deployment.triggers]
        return there == wanted


def _as_known(known: DeploymentResponse) -> dict[str, Any]:
    limit = known.global_concurrency_limit
    return {
        "said": {name: getattr(known, name) for name in _SAID},
        "limit": (limit.limit if limit else None, known.concurrency_options and known.concurrency_options.collision_strategy),
        "schedules": _by_time((each.schedule, each.parameters, each.slug) for each in known.schedules),
        "form": known.parameter_openapi_schema,
        "pull": known.pull_steps,
    }


def _by_time(schedules: Iterable[tuple[Any, Any, Any]]) -> list[tuple[Any, Any, Any]]:
    return sorted(schedules, key=repr)


def _starts(automation: Automation, deployment: UUID) -> bool:
    return any(getattr(action, "deployment_id", None) == deployment for action in automation.actions)


@cache
def deployments() -> tuple[Wanted, ...]:
    """The deployments of our file; loading their flows is most of the work, and asks no server."""
    written = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]
    return tuple(Wanted(_deployment(one), tuple(_schedule(each) for each in one.get("schedules", ()))) for one in written)


async def deploy() -> None:
    """Create or update every deployment that is not there as it is wanted, with its automations and schedules."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def register(wanted: Wanted) -> None:
        async with turn:
            try:
                # Given, lest Prefect ask git for each.
                version = VersionInfo(type="prefect:simple", version=wanted.deployment.version or "")
                await wanted.deployment.aapply(schedules=[dict(each) for each in wanted.schedules] or None, version_info=version)
            except Exception:
                logger.error("Deployment %s could not be registered", wanted.deployment.full_name)
                raise

    async with AsyncClientContext() as shared:  # one client for all
        known, automations = await asyncio.gather(shared.client.read_deployments(), shared.client.read_automations())
        missing = [wanted for wanted in deployments() if not wanted.is_there(known, automations)]
        await all_of(*(register(wanted) for wanted in missing))
    logger.info("%d deployments were registered, %d are as they were", len(missing), len(deployments()) - len(missing))


async def all_of(*work: Coroutine[Any, Any, Any]) -> None:
    """Do everything at once; an error is raised, the first by order, when nothing is under way any more that would use its client."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _deployment(written: Mapping[str, Any]) -> RunnerDeployment:
    pool = written["work_pool"]
    _refuse_what_is_not_understood("deployment", written)
    _refuse_what_is_not_understood("work_pool", pool)
    limit = written.get("concurrency_limit")
    made = RunnerDeployment.from_entrypoint(
        written["entrypoint"],
        name=written["name"],
        description=written.get("description"),
        tags=written.get("tags"),
        parameters=written.get("parameters"),
        enforce_parameter_schema=written.get("enforce_parameter_schema", True),
        concurrency_limit=ConcurrencyLimitConfig.model_validate(limit) if limit else None,
        triggers=[DeploymentEventTrigger.model_validate(trigger) for trigger in written.get("triggers", ())],
        work_pool_name=pool["name"],
        work_queue_name=pool["work_queue_name"],
    )
    # Where a process of its own runs the flow it has this folder; a resident worker has imported it.
    made.storage = LocalStorage(str(ROOT))
    return made


def _schedule(written: Mapping[str, Any]) -> Mapping[str, Any]:
    _refuse_what_is_not_understood("schedule", written)
    more = {name: written[name] for name in ("parameters", "slug") if name in written}
    return {"schedule": CronSchedule(cron=written["cron"], timezone=written["timezone"]), **more}


def _refuse_what_is_not_understood(what: str, written: Mapping[str, Any]) -> None:
    if unknown := written.keys() - _UNDERSTOOD[what]:
        raise ConfigurationError(
            f"prefect.yaml: nobody reads {', '.join(sorted(unknown))} of a {what}",
            remedy="Teach it deployments/deploying.py, or leave it out",
        )
