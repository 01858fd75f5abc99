"""Makes what the deployments need on a Prefect server: work pools, queues, limits and the notices to people.

Running it again changes nothing.

python -m deployments.register            pools, queues, limits, deployments and automations
python -m deployments.register --no-deploy   without the deployments (then run `prefect deploy --all`)
"""

import argparse
import asyncio
import logging
from dataclasses import dataclass
from typing import Any

from prefect import get_client
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentUpdate, GlobalConcurrencyLimitCreate, GlobalConcurrencyLimitUpdate, WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

import wiring
from deployments.aws.training_pool import job_template
from deployments.deploying import all_of, deploy
from deployments.notifications import register_notifications
from models.errors import ConfigurationError
from tasks.call.pace import RATE_LIMIT, burst
from tasks.call.transcribe import jobs_limit
from tasks.command import prefect_command
from tasks.operations.alive import expect_alive
from wiring.configuration import Settings, load_settings
from wiring.logs import log_to_stderr

logger = logging.getLogger("readback.register")
TRAINING_POOL = "training"
# Names of deployments in earlier releases.
RETIRED = ("process-call/live", "summarize-call/g4dn", "reap/every-minute", "reconcile/recent", "digest/daily")

# The server checks a template's variables anew for each run, a summary's too: 11 ms with all of Prefect's, 2 ms with these.
# A resident worker is its own environment, so there is nothing that a run could set.
JOB_TEMPLATES: dict[str, dict[str, Any]] = {
    "resident": {"job_configuration": {"env": {}}, "variables": {"type": "object", "properties": {}}},
    "process": {
        "job_configuration": {"env": "{{ env }}"},
        "variables": {"type": "object", "properties": {"env": {"type": "object", "title": "Environment variables of the run's process"}}},
    },
}


@dataclass(frozen=True)
class Queue:
    """A work queue: a lower priority number is served first."""

    name: str
    priority: int
    description: str
    concurrency: int | None = None


@dataclass(frozen=True)
class Pool:
    """A work pool, its worker type and its queues."""

    name: str
    type: str
    description: str
    queues: tuple[Queue, ...]


@dataclass(frozen=True)
class Limit:
    """A global concurrency limit; ``decay_per_second`` makes it a rate limit."""

    name: str
    slots: int
    decay_per_second: float = 0.0


def pools(settings: Settings) -> tuple[Pool, ...]:
    """The work pools. Backfill gets half of the speech-to-text jobs at most, so that live calls never wait behind it."""
    backfill = Queue("backfill", 10, "Redone and old calls, behind live ones", max(1, settings.stt_concurrency // 2))
    return (
        Pool(
            "calls",
            "resident",
            "CPU: calls on their way from recording to prompt",
            (
                Queue("operations", 1, "Reaper, reconciler, digest and redrive: stays open while the calls are paused"),
                Queue("live", 2, "Calls that have just ended"),
                backfill,
                Queue("erasure", 20, "Erasures: a worker with the erasure role serves it where roles are set apart"),
            ),
        ),
        Pool(
            "g4dn",
            "process",
            "GPU: summaries (resident worker), training and scoring",
            (
                Queue("summaries", 1, "One summary each, by a resident worker with the model loaded"),
                Queue("training", 10, "Fine-tuning and scoring, one at a time on a GPU"),
                Queue("control", 5, "Sweeps, selections, votes and promotions, which mostly wait for other runs"),
            ),
        ),
    )


def limits(settings: Settings) -> tuple[Limit, ...]:
    """The vendors' limits over all workers."""
    # A call goes on at the vendor that its job is at, also when new jobs go to another one. A vendor's models share its limit.
    slots = {jobs_limit(vendor): settings.stt_concurrency for vendor in wiring.speech_to_text_vendors()}
    slots[jobs_limit("whisper")] = settings.whisper_concurrency
    jobs = (Limit(name, most) for name, most in slots.items())
    per_minute = settings.tts_per_minute
    return *jobs, Limit(RATE_LIMIT, burst(per_minute), per_minute / 60)


def training_pool(settings: Settings) -> tuple[Pool, dict[str, Any]] | None:
    """The pool of ECS tasks that trainings run as, with its template; None where they run on pool ``g4dn``."""
    if not settings.training_on_ecs:
        return None
    parts = [part.strip() for part in settings.training_on_ecs.split(",")]
    if len(parts) != 3 or not all(parts):
        remedy = "Write it as cluster,task-definition,capacity-provider"
        raise ConfigurationError(f"READBACK_TRAINING_ON_ECS has {len(parts)} parts", remedy=remedy)
    cluster, family, capacity_provider = parts
    queue = Queue("training", 10, "Fine-tuning and scoring, a task of ECS each")
    template = job_template(cluster=cluster, family=family, container="trainer", capacity_provider=capacity_provider)
    return Pool(TRAINING_POOL, "ecs", "GPU: trainings as tasks of ECS, on machines that come and go with them", (queue,)), template


async def move_trainings(client: PrefectClient) -> int:
    """Give the deployments of queue ``g4dn/training`` to the pool of ECS tasks; returns how many."""
    moved = 0
    for deployment in await client.read_deployments():
        if (deployment.work_pool_name, deployment.work_queue_name) == ("g4dn", "training"):
            await client.update_deployment(deployment.id, DeploymentUpdate(work_pool_name=TRAINING_POOL, work_queue_name="training"))
            moved += 1
    return moved


async def register_pool(client: PrefectClient, pool: Pool, template: dict[str, Any] | None = None) -> None:
    """Create a pool and its queues where they are missing."""
    await _register_pool_alone(client, pool, template)
    await all_of(*(_register_queue(client, pool, queue) for queue in pool.queues))


async def _register_pool_alone(client: PrefectClient, pool: Pool, template: dict[str, Any] | None) -> None:
    try:
        await client.create_work_pool(
            WorkPoolCreate(
                name=pool.name, type=pool.type, description=pool.description, base_job_template=template or JOB_TEMPLATES[pool.type]
            )
        )
        logger.info("Work pool %s created", pool.name)
    except ObjectAlreadyExists:
        logger.info("Work pool %s is there", pool.name)


async def _register_queue(client: PrefectClient, pool: Pool, queue: Queue) -> None:
    try:
        await client.create_work_queue(
            queue.name,
            description=queue.description,
            priority=queue.priority,
            concurrency_limit=queue.concurrency,
            work_pool_name=pool.name,
        )
    except ObjectAlreadyExists:
        known = await client.read_work_queue_by_name(queue.name, work_pool_name=pool.name)
        await client.update_work_queue(known.id, priority=queue.priority, concurrency_limit=queue.concurrency)
        logger.info("Work queue %s/%s is there", pool.name, queue.name)


async def register_limit(client: PrefectClient, limit: Limit) -> None:
    """Create a limit, or set it to the settings' value."""
    try:
        await client.read_global_concurrency_limit_by_name(limit.name)
    except ObjectNotFound:
        await client.create_global_concurrency_limit(
            GlobalConcurrencyLimitCreate(name=limit.name, limit=limit.slots, slot_decay_per_second=limit.decay_per_second)
        )
        return
    await client.update_global_concurrency_limit(
        limit.name, GlobalConcurrencyLimitUpdate(limit=limit.slots, slot_decay_per_second=limit.decay_per_second)
    )


async def register() -> None:
    """Create what is missing on the server that PREFECT_API_URL names."""
    settings = load_settings()
    async with get_client() as client:
        made = [register_pool(client, pool) for pool in pools(settings)]
        if tasks := training_pool(settings):
            made.append(register_pool(client, *tasks))
        bounds = [register_limit(client, limit) for limit in limits(settings)]
        await all_of(*made, *bounds, retire(client), register_notifications(client, settings), expect_alive(client))


async def retire(client: PrefectClient) -> None:
    """Take automations and schedules from deployments that have another name now, so that nothing is started twice.

    They stay, paused: a run that waits for one needs it. Delete them when none does.
    """
    for name in RETIRED:
        try:
            deployment = await client.read_deployment_by_name(name)
        except ObjectNotFound:
            continue
        await client.delete_resource_owned_automations(f"prefect.deployment.{deployment.id}")
        await client.pause_deployment(deployment.id)
        logger.info("Deployment %s has another name now: paused", name)


async def after_deploying() -> None:
    """Let trainings run as ECS tasks where the settings say so: prefect.yaml names the pool of everybody else."""
    if load_settings().training_on_ecs:
        async with get_client() as client:
            logger.info("%s trainings run on pool %s", await move_trainings(client), TRAINING_POOL)


async def register_everything(*, deployments: bool) -> None:
    """Create what is missing, and the deployments where they are wanted."""
    await register()
    if deployments:
        await deploy()
        await after_deploying()


@prefect_command()
def main() -> None:
    """Register everything."""
    parser = argparse.ArgumentParser(prog="python -m deployments.register", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--no-deploy", action="store_true", help="leave the deployments to `prefect deploy --all`")
    chosen = parser.parse_args()
    log_to_stderr("%(message)s")
    asyncio.run(register_everything(deployments=not chosen.no_deploy))


if __name__ == "__main__":
    main()
