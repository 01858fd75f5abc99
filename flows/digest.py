"""The daily digest for operations: what was read back, what stands in quarantine and why, what waits, and how long steps took."""

import asyncio
from datetime import UTC, date, datetime

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

import wiring
from reports.digest import digest_report, digest_title
from tasks.operations.digest import count_strays, keep_days_money, look_at_open_calls, read_answers, read_day, yesterday
from tasks.operations.listen import find_prompts_heard


@flow(name="digest")
async def digest(day: date | None = None) -> None:
    """Write the digest of one day.

    Args:
        day: Day in Korea, such as `2026-11-21`; empty: yesterday.
    """
    now = datetime.now(UTC)
    day = day or yesterday(now)
    prices = wiring.prices()
    ended, open_now = await read_day(day), await look_at_open_calls()
    report = digest_report(
        day,
        ended,
        open_now,
        now,
        strays=await count_strays(day),
        dollars=prices.dollars(sum(one.won for one in ended.spent), day),
        prices=prices.behind(ended.spent, day),
        answers=await read_answers(day),
        prompts=await asyncio.to_thread(find_prompts_heard, day),
    )
    await keep_days_money(day, ended)
    await acreate_markdown_artifact(report, key="digest", description=digest_title(day, ended))
