"""After a rollback: the calls that the withdrawn model spoke, and a second look at each by the model that serves now."""

from datetime import UTC, datetime

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.call.review import SpokenCall
from reports.review import review_report
from stores.later_charges import LaterCharges
from tasks.operations.review import BATCH, calls_spoken_by, reviewed


@flow(name="review-calls", flow_run_name="{version}")
async def review_calls(
    version: str, since: datetime, until: datetime | None = None, again: bool = False, at_once: int = 4
) -> list[SpokenCall]:
    """List the calls that a model version spoke, and with `again` summarize them once more and mark those whose sense changed.

    A rollback starts this without `again`. Nothing that callers heard or agents saw is changed: what the model in service says lies in
    `calls/reviews/<call>.json`, for a person to compare. What it cost is in each call's ledger and in the day's digest.

    Args:
        version: The model version that was withdrawn, as the registry names it.
        since: When it went into service.
        until: When it left service; empty: now.
        again: Summarize each of the calls again, with the model in service.
        at_once: How many calls are summarized at once, beside the live ones.
    """
    until = until or datetime.now(UTC)
    calls = await calls_spoken_by(version, since, until)
    if again:
        batches = [calls[begin : begin + BATCH] for begin in range(0, len(calls), BATCH)]
        later = LaterCharges(wiring.object_store())
        calls = [call for batch in batches for call in await reviewed(batch, max(1, at_once), later)]
    changed = sum(bool(call.changed) for call in calls)
    description = f"{version}: 통화 {len(calls):,}건" + (f", 뜻이 달라진 통화 {changed:,}건" if again else "")
    await acreate_markdown_artifact(
        review_report(version, since, until, calls, again=again), key="withdrawn-calls", description=description
    )
    return calls
