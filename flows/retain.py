"""What has passed its term and no rule of S3 removes goes, a receipt tells what went, and whatever lies too long is named.

python -m flows.retain [--dry-run]
"""

import argparse
import asyncio
from datetime import UTC, datetime
from typing import Any

from prefect import flow, runtime
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from models.call.korea import day_in_korea
from models.sweep import Removed, removed_between
from reports.retention import retention_report, retention_title
from stores.retention import Receipt, Remembered
from tasks.command import prefect_command
from tasks.operations.retain import (
    delete_runs,
    forget_words,
    kept_here,
    leave_receipt,
    look_for_overdue,
    read_remembered,
    runs_past_term,
    sweep_bucket,
)
from tasks.without_words import without_words

KEPT_TOO_LONG = "KeptTooLong"


@flow(name="retain")
@without_words
async def retain(dry_run: bool = False) -> State[Any]:
    """Remove words and runs that have passed their term, count what S3 removed since yesterday, and name what lies too long.

    Args:
        dry_run: Remove nothing and leave no receipt; only look.
    """
    now, table = datetime.now(UTC), kept_here()
    today, before = day_in_korea(now), await read_remembered()
    removed, words_until, runs = list[Removed](), before.words_until, list[str]()
    if not dry_run:
        words, words_until = await forget_words(table, today, before.words_until)
        gone = [await delete_runs(past) for past in await runs_past_term(table, today)]
        removed = [one for one in (words, *(one for one, _ in gone)) if one]
        runs = [run for _, examples in gone for run in examples]
    found = await sweep_bucket(table, now)
    removed += removed_between(before.sweep, found, table) if before.sweep else []
    overdue = await look_for_overdue(table, found, today, before.runs_before)
    receipt = Receipt(at=now, flow_run_id=str(runtime.flow_run.id), removed=removed, overdue=overdue)
    left = Remembered(sweep=found, words_until=words_until, runs=runs, runs_before=before.runs)
    key = "" if dry_run else await leave_receipt(receipt, left)
    report = retention_report(now, table, removed, overdue, found, key)
    await acreate_markdown_artifact(report, key="retention", description=retention_title(removed, overdue))
    if overdue:
        first = overdue[0]
        return Failed(
            name=KEPT_TOO_LONG,
            message=f"{first.count} of {first.kind} lie too long, such as {first.example}, since {first.oldest}. {first.remedy}",
        )
    return Completed(message=f"{sum(one.count for one in removed)} removed; nothing lies longer than its term")


@prefect_command()
def main() -> None:
    """Read the command line, and say what was done."""
    parser = argparse.ArgumentParser(prog="python -m flows.retain", description="Remove what has passed its term, and look for the rest.")
    parser.add_argument("--dry-run", action="store_true", help="only look")
    print(asyncio.run(_told(parser.parse_args().dry_run)))


async def _told(dry_run: bool) -> str:
    state: State[Any] = await retain(dry_run, return_state=True)
    return state.message or ""


if __name__ == "__main__":
    main()
