"""Registering makes what the deployments need, and registering again changes nothing but what the settings changed."""

from typing import get_args

import pytest
from prefect import flow, get_client
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.workers.process import ProcessJobConfiguration

import wiring
from deployments.register import JOB_TEMPLATES, limits, move_trainings, pools, register
from tasks.call.transcribe import jobs_limit
from wiring.configuration import Settings


async def test_registering_twice_makes_everything_once(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await register()
    monkeypatch.setenv("READBACK_STT_CONCURRENCY", "20")
    await register()
    async with get_client() as client:
        queues = {queue.name: queue for queue in await client.read_work_queues(work_pool_name="calls")}
        assert queues["operations"].priority < queues["live"].priority < queues["backfill"].priority
        assert (queues["live"].concurrency_limit, queues["backfill"].concurrency_limit) == (None, 10)
        limit = await client.read_global_concurrency_limit_by_name("returnzero-jobs")
        assert (limit.limit, limit.slot_decay_per_second) == (20, 0)
        rate = await client.read_global_concurrency_limit_by_name("google-tts")
        assert (rate.limit, round(rate.slot_decay_per_second, 1)) == (100, 16.7)


@flow(name="process-call")
def a_call(key: str) -> None:
    """Only ever registered."""


async def test_a_deployment_that_has_another_name_now_starts_nothing_any_more(prefect_server: None) -> None:
    async with get_client() as client:
        old = await client.create_deployment(await client.create_flow(a_call), "live", entrypoint="tests.nothing")
        resource = f"prefect.deployment.{old}"
        trigger = EventTrigger(expect={"readback.recording.landed"}, posture=Posture.Reactive, threshold=1)
        automation = AutomationCore(name="A recording landed", trigger=trigger, actions=[], owner_resource=resource)
        await client.create_automation(automation)
        await register()
        assert (await client.read_deployment(old)).paused
        assert await client.read_resource_related_automations(resource) == []


@flow(name="finetune")
def a_training() -> None:
    """Only ever registered."""


async def test_trainings_are_given_to_ecs_and_summaries_stay(prefect_server: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_TRAINING_ON_ECS", "cluster,readback-trainer,gpu")
    await register()
    async with get_client() as client:
        flow_id = await client.create_flow(a_training)
        made = {
            queue: await client.create_deployment(
                flow_id, f"on-{queue}", entrypoint="tests.nothing", work_pool_name="g4dn", work_queue_name=queue
            )
            for queue in ("training", "summaries")
        }
        await move_trainings(client)
        pools_now = {queue: (await client.read_deployment(one)).work_pool_name for queue, one in made.items()}
        assert pools_now == {"training": "training", "summaries": "g4dn"}
        template = (await client.read_work_pool("training")).base_job_template
        assert template["job_configuration"]["task_run_request"]["capacityProviderStrategy"]
        for one in made.values():
            await client.delete_deployment(one)


def test_backfill_never_takes_all_speech_to_text_jobs() -> None:
    for concurrency in (1, 2, 10, 21):
        queues = {queue.name: queue for pool in pools(Settings(stt_concurrency=concurrency)) for queue in pool.queues}
        taken = queues["backfill"].concurrency
        assert taken is not None
        assert 1 <= taken <= max(1, concurrency // 2)


def test_the_limits_are_the_vendors_over_all_workers() -> None:
    *jobs, speech = limits(Settings(stt_concurrency=7, whisper_concurrency=2, tts_per_minute=600))
    assert {limit.name: (limit.slots, limit.decay_per_second) for limit in jobs} == {
        "returnzero-jobs": (7, 0),
        "google-jobs": (7, 0),
        "transcribe-jobs": (7, 0),
        "whisper-jobs": (2, 0),
    }
    assert (speech.slots, speech.decay_per_second) == (60, 10)


def test_every_vendor_that_a_job_may_be_at_has_its_limit() -> None:
    assert {jobs_limit(vendor) for vendor in wiring.speech_to_text_vendors()} < {limit.name for limit in limits(Settings())}


def test_two_models_of_one_vendor_share_its_limit_on_jobs() -> None:
    assert jobs_limit("returnzero/whisper") == jobs_limit("returnzero") == "returnzero-jobs"
    names = [limit.name for limit in limits(Settings())]
    assert len(names) == len(set(names))


def test_settings_and_wiring_know_the_same_vendors() -> None:
    assert wiring.speech_to_text_vendors() == get_args(Settings.model_fields["stt_provider"].annotation)


async def test_a_run_in_a_process_of_its_own_may_be_given_an_environment() -> None:
    template = JOB_TEMPLATES["process"]
    given = await ProcessJobConfiguration.from_template_and_values(template, {"env": {"CUDA_VISIBLE_DEVICES": "0"}})
    left_out = await ProcessJobConfiguration.from_template_and_values(template, {})
    assert (given.env, left_out.env) == ({"CUDA_VISIBLE_DEVICES": "0"}, {})
