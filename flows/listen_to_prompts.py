"""Whether prompts say what they should: a share of a day's prompts is heard by a speech-to-text vendor and held against their text."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.call.korea import day_in_korea
from models.call.record import PromptCheck
from models.errors import TransientError
from models.hearing.prompt_check import PromptsHeard
from reports.prompts_heard import prompts_report
from tasks.operations.listen import keep_prompts_heard, listen_to_prompt, sample_prompts, tell_differing
from tasks.privacy import masked_conversation
from tasks.retrying import NO_RESULT
from tasks.without_words import without_words

_AT_ONCE = 4


@flow(name="listen-to-prompts", **NO_RESULT)
@without_words
async def listen_to_prompts(day: date | None = None) -> None:
    """Listen to the prompts of a day that nobody has listened to, a share of them; nothing where no vendor is set for it.

    Args:
        day: Day in Korea, such as `2026-11-21`; empty: the day of an hour ago.
    """
    settings, now = wiring.settings(), datetime.now(UTC)
    if not settings.prompt_ear:
        get_run_logger().info("No vendor listens to prompts (READBACK_PROMPT_EAR)")
        return
    day, gate = day or day_in_korea(now - timedelta(hours=1)), asyncio.Semaphore(_AT_ONCE)

    async def one(call: str) -> PromptCheck | None:
        async with gate:
            return await listen_to_prompt(call, settings.prompt_ear)

    calls = await sample_prompts(day)
    ended = await asyncio.gather(*map(one, calls), return_exceptions=True)
    for call, error in zip(calls, ended, strict=True):
        if isinstance(error, BaseException) and not isinstance(error, TransientError):
            raise error
        if isinstance(error, TransientError):  # the next run goes on where this one stopped
            get_run_logger().warning("The prompt of call %s was not heard: %s", call, error.code)
    checks = {call: check for call, check in zip(calls, ended, strict=True) if isinstance(check, PromptCheck)}
    found = PromptsHeard.of(day, settings.prompt_ear, checks.values(), settings.prompt_ear_most_percent, now)
    await keep_prompts_heard(found)
    report = prompts_report(found, checks, masked_conversation, show_words=settings.show_transcripts)
    await acreate_markdown_artifact(report, description=f"{day:%Y-%m-%d}: {found.heard:,}건 들음, {found.differing:,}건 다름")
    await tell_differing(found, list(checks.values()))
