"""Speech-to-text vendors side by side over recordings with references: cost first, then who hears best, term by term and line by line."""

import asyncio
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.deployments import arun_deployment
from prefect.exceptions import ObjectNotFound
from prefect.runtime import flow_run as current
from pydantic import BaseModel, ConfigDict, Field

import wiring
from models.errors import ConfigurationError, ReadbackError
from models.hearing.comparison import Comparison
from stores.hearings import question_of
from tasks.hearing.compare import estimate_comparison, estimate_markdown, judge_comparison, plan_comparison
from training_flows.hear_recordings import hear_recordings
from training_flows.waiting import state_after
from wiring.configuration import SpeechProvider

# A model of our own wants the GPU; who is far away wants a connection.
ON_THE_GPU = ("whisper",)
FAR, NEAR = "hear-recordings/hear-recordings", "hear-recordings/hear-recordings-here"
KEY = "speech-comparison"


class ComparisonLimits(BaseModel):
    """How much a comparison may cost and take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_recordings: int = Field(100, ge=1, description="Recordings of the folder, the first by name")
    max_won: float = Field(50_000, ge=0, description="A comparison that would cost more is not begun")
    at_once: int = Field(2, ge=1, description="Recordings that each vendor hears at once; the vendor's own limit holds besides")
    hours: float = Field(6.0, gt=0, description="A vendor that takes longer is judged on what it has heard")
    prices: dict[str, float] = Field({}, description="Won for a minute by contract, by vendor, where it is not the list price")


@flow(name="compare-speech", persist_result=False)
async def compare_speech(
    folder: str,
    providers: list[SpeechProvider],
    limits: ComparisonLimits = ComparisonLimits(),
    pay_again: bool = False,
    run_in_process: bool = False,
) -> Comparison:
    """Compare speech-to-text vendors on recordings with references. What a vendor has heard before is not paid for again.

    Args:
        folder: prefix of the bucket with <name>.wav and <name>.json (utterances: spk, start_at, duration, msg), such as speech/sets/may/
        providers: the vendors, as READBACK_STT_PROVIDER names them
        limits: how much it may cost and take
        pay_again: ask again for recordings that failed, which may be billed again
        run_in_process: hear here, one vendor after the other, instead of on the pools
    """
    chosen = list(dict.fromkeys(providers))
    plan_key = await plan_comparison(folder, limits.max_recordings)
    estimates = await estimate_comparison(plan_key, chosen, limits.prices, pay_again)
    await acreate_markdown_artifact(estimate_markdown(folder, estimates, limits.max_won), key=f"{KEY}-estimate", description=folder)
    total = sum(one.won for one in estimates)
    if total > limits.max_won:
        remedy = "Raise max_won, or compare fewer recordings or vendors"
        raise ConfigurationError(f"the comparison would cost about {total:,.0f} won, the limit is {limits.max_won:,.0f}", remedy=remedy)
    questions: dict[str, str] = {provider: question_of(wiring.speech_to_text(provider).asks) for provider in chosen}
    hear = _here if run_in_process else _on_the_pool
    gate = asyncio.Semaphore(1 if run_in_process else len(chosen))

    async def one(provider: SpeechProvider) -> str:
        async with gate:
            return await hear(provider, plan_key, questions[provider], limits, pay_again)

    ended = await asyncio.gather(*map(one, chosen))
    reasons: dict[str, str] = dict(zip(chosen, ended, strict=True))
    for provider, reason in reasons.items():
        if reason:
            get_run_logger().warning("%s did not end well: %s", provider, reason)
    comparison, page = await judge_comparison(str(current.id), folder, plan_key, questions, reasons, limits.prices)
    await acreate_markdown_artifact(page, key=KEY, description=f"{comparison.standings[0].provider} · {folder}")
    return comparison


async def _here(provider: SpeechProvider, plan_key: str, question: str, limits: ComparisonLimits, pay_again: bool) -> str:
    """Hear in this process; returns why that did not end well."""
    state = await hear_recordings(provider, plan_key, question, limits.at_once, pay_again, return_state=True)
    return _reason(state)


async def _on_the_pool(provider: SpeechProvider, plan_key: str, question: str, limits: ComparisonLimits, pay_again: bool) -> str:
    """Hear by a run of the deployment; a retry of this run joins those of the same attempt."""
    deployment = NEAR if provider in ON_THE_GPU else FAR
    parameters = {
        "provider": provider,
        "plan_key": plan_key,
        "question": question,
        "at_once": limits.at_once,
        "pay_again": pay_again,
    }
    key = f"{current.id}:{current.run_count}:{provider}"
    try:
        child = await arun_deployment(deployment, parameters=parameters, timeout=0, idempotency_key=key, flow_run_name=provider)
    except ObjectNotFound as error:
        raise ConfigurationError(
            f"there is no deployment {deployment}", remedy="Run prefect deploy --all, or set run_in_process"
        ) from error
    state = await state_after(child.id, limits.hours)
    if state is not None and not state.is_final():
        return f"its run {child.name} has not finished in {limits.hours:g} hours"
    return _reason(state)


def _reason(state: State[Any] | None) -> str:
    if state is None:
        return "its run has no state"
    if state.is_completed():
        return ""
    return state.data.message if isinstance(state.data, ReadbackError) else f"{state.name}: {state.message}"
