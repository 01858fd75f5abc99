"""Do quarantined calls again: one, all of a class, or a time range.

python -m flows.redrive --call ID [--call ID ...]
python -m flows.redrive --error bad_recording [--since 2026-11-20T00:00+09:00] [--until ...] [--dry-run] [--pay-again]
"""

import argparse
import asyncio
from datetime import UTC, datetime

from prefect import flow, get_client, get_run_logger, runtime
from prefect.artifacts import acreate_markdown_artifact

import wiring
from models.call.record import Deed, PersonsAct
from models.call.redriving import Redriven, Result, Selection
from models.errors import ConfigurationError
from reports.redrive import redrive_report
from tasks.call.listing import list_call
from tasks.command import prefect_command
from tasks.operations.redrive import reopen_call, selected
from tasks.operations.runs import Pace, call_deployment, start_call


@flow(name="redrive")
async def redrive(
    calls: list[str] | None = None,
    error: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    pay_again: bool = False,
    dry_run: bool = False,
    requested_by: str = "",
    at_once: int = 50,
    per_minute: int = 120,
) -> list[Redriven]:
    """Take calls out of quarantine and start them again, behind live calls.

    Args:
        calls: Ids of calls (32 hexadecimal digits, as in their artifacts); the filters below then do not apply.
        error: Only calls of this error code, such as `bad_recording`.
        since: Only calls quarantined at this time or later.
        until: Only calls quarantined at this time or earlier.
        pay_again: Submit a recording to speech-to-text again although it was, or may have been, paid for already
            (`answer_lost`, `job_gone`). Off: such calls stay in quarantine.
        dry_run: Only say what would be done.
        requested_by: Who asks for it, for the calls' history; Prefect does not know, so an empty name stays unknown.
        at_once: How many calls may be unfinished on queue `backfill` at once.
        per_minute: How many calls are started a minute at most.
    """
    selection = Selection(calls=calls or [], error=error, since=_aware(since), until=_aware(until))
    if selection.empty:
        raise ConfigurationError("nothing was chosen to be redriven", remedy="Give call ids, an error code, or a time range")
    lines: list[Redriven] = []
    act = PersonsAct.now(Deed.REDRIVEN, str(runtime.flow_run.id), by=requested_by)
    chosen = selected(wiring.object_store(), selection)
    async with get_client() as client:
        deployment, pace = None if dry_run else await call_deployment(client), Pace(client, at_once, per_minute)
        while call_id := await asyncio.to_thread(next, chosen, None):
            line, record = await reopen_call(call_id, act, pay_again=pay_again, dry_run=dry_run)
            if record is not None:
                await list_call(record)
            if record is not None and deployment is not None:
                await pace.next()
                run = await start_call(client, deployment, record.recording, f"redrive-{call_id}-{record.updated_at.isoformat()}")
                line = line.model_copy(update={"result": Result.REDRIVEN, "run_id": str(run.id)})
            lines.append(line)
    get_run_logger().info("Redrove %s of %s calls", sum(line.result is Result.REDRIVEN for line in lines), len(lines))
    await acreate_markdown_artifact(redrive_report(lines, act), key="redrive", description=f"격리 통화 재처리 {len(lines)}건")
    return lines


def _aware(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time and time.tzinfo is None else time


@prefect_command()
def main() -> None:
    """Read the command line, redrive, and say what became of each call."""
    parser = argparse.ArgumentParser(prog="python -m flows.redrive", description="Do quarantined calls again, behind live calls.")
    parser.add_argument("--call", action="append", dest="calls", metavar="ID", help="id of a call; may be given several times")
    parser.add_argument("--error", default="", help="all calls of this error code, such as bad_recording")
    parser.add_argument("--since", type=datetime.fromisoformat, help="quarantined at this time or later (ISO 8601; UTC without zone)")
    parser.add_argument("--until", type=datetime.fromisoformat, help="quarantined at this time or earlier")
    parser.add_argument("--pay-again", action="store_true", help="submit again what was, or may have been, paid for already")
    parser.add_argument("--by", default="", dest="requested_by", metavar="NAME", help="who asks for it, for the calls' history")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    chosen = parser.parse_args()
    if not (chosen.calls or chosen.error or chosen.since or chosen.until):
        parser.error("give --call, --error, --since or --until")
    for line in asyncio.run(redrive(**vars(chosen))):
        print(line.call_id, line.error, line.result.value, line.run_id or (line.successor and f"superseded by call {line.successor}"))


if __name__ == "__main__":
    main()
