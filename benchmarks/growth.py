"""Whether a call costs the same with 100 calls behind it as with 10,000: ``python -m benchmarks.growth``.

The whole product takes some calls at one a second. Then its past grows: Prefect's tables get copies of those calls' runs, states,
logs, events and artifacts, the bucket their records and transcripts, until as many calls lie behind. The same number of calls follows, and
both rounds stand side by side: our share of the wait, requests to S3 a call, processor seconds a call by process. The scripts'
numbering (count the first thousand files, add one) is held against the same bucket: from 1,000 on it overwrites.
"""

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
from rich.progress import track

from benchmarks.calls import LONGEST_WAIT, STT_SECONDS, google_seconds, passages, processor_seconds, put, waits
from benchmarks.polling import next_number
from benchmarks.s3_clock import s3_clock
from models.keys import StorageKeys
from sandbox.soak import Call, make_calls
from sandbox.stack import BUCKET, Stack, StackOptions

# Prefect's tables that grow with every run; columns that must differ from row to row, or that would tie a copy to its original.
GROWING = {
    "flow_run": {"id": "gen_random_uuid()", "idempotency_key": "gen_random_uuid()::text", "state_id": "NULL"},
    "task_run": {"id": "gen_random_uuid()", "dynamic_key": "gen_random_uuid()::text", "state_id": "NULL"},
    "flow_run_state": {"id": "gen_random_uuid()", "timestamp": "timestamp - random() * interval '30 days'"},
    "log": {"id": "gen_random_uuid()"},
    "artifact": {"id": "gen_random_uuid()"},
    "events": {"id": "gen_random_uuid()", "occurred": "occurred - random() * interval '7 days'"},
}


async def grow_tables(url: str, times: int) -> dict[str, int]:
    """Copy the rows of every growing table so many times; returns how many rows each holds then."""
    database = await asyncpg.connect(url.replace("+asyncpg", ""))
    rows: dict[str, int] = {}
    try:
        for table, changed in GROWING.items():
            found = await database.fetch("SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
            columns = [str(row["column_name"]) for row in found]
            names = ", ".join(f'"{column}"' for column in columns)
            values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
            # Copies of runs that are yet to come would come, all at once.
            past = "WHERE state_type = 'COMPLETED'" if table == "flow_run" else ""
            await database.execute(f"INSERT INTO {table} ({names}) SELECT {values} FROM {table}, generate_series(1, {times}) {past}")
            rows[table] = int(await database.fetchval(f"SELECT count(*) FROM {table}"))
        await database.execute("ANALYZE")
    finally:
        await database.close()
    return rows


def grow_bucket(s3: Any, behind: int, seconds: float) -> int:
    """Put records and transcripts of calls long past, numbered from a million on so that they are in nobody's way; returns of how many.

    The summaries and prompts that such calls had would lie where nobody lists, and take as long again to put there.

    No more are begun after so many seconds: S3's stand-in answers a few hundred requests a second, on a slow machine half of them.
    """
    deadline = time.monotonic() + seconds
    example = next(iter(s3.list_objects_v2(Bucket=BUCKET, Prefix=StorageKeys.CALLS, MaxKeys=1)["Contents"]))["Key"]
    record = s3.get_object(Bucket=BUCKET, Key=example)["Body"].read()

    def add(number: int) -> bool:
        if time.monotonic() > deadline:
            return False
        bodies = {
            StorageKeys.call_record(f"{number:032x}"): record,
            StorageKeys.transcript(10**6 + number): b"...",
        }
        for key, body in bodies.items():
            s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return True

    with ThreadPoolExecutor(8) as pool:
        return sum(track(pool.map(add, range(behind)), total=behind, description="Calls behind"))


def one_round(stack: Stack, calls: Sequence[Call]) -> dict[str, Any]:
    """Send calls at one a second; what each cost."""
    s3, log = stack.client("s3"), stack.children["s3"].log
    before, said = processor_seconds(stack), log.stat().st_size
    with s3_clock(stack, BUCKET) as clock:
        etags = put(s3, BUCKET, calls, per_second=1.0)
        clock.wait_for(StorageKeys.DAYS, len(calls), LONGEST_WAIT)
        times = clock.times()
    requests = sum(f"/{BUCKET}/" in line for line in log.read_bytes()[said:].decode("utf-8", "replace").splitlines())
    used = processor_seconds(stack)
    return {
        **waits(passages(s3, etags, times), STT_SECONDS + google_seconds(stack)),
        "s3_requests_a_call": round(requests / len(calls), 1),
        "processor_seconds_a_call": {name: round((used[name] - before.get(name, 0.0)) / len(calls), 3) for name in sorted(used)},
    }


def measure(calls: int, wanted: int, setup_seconds: float, poll_seconds: float) -> dict[str, Any]:
    """Both rounds."""
    with tempfile.TemporaryDirectory(prefix="readback-bench-") as folder:
        work = Path(folder)
        made = make_calls(2 * calls, 2, work / "recordings")
        options = StackOptions(
            work_dir=work / "stack",
            transcripts=[work / "recordings"],
            stt_seconds=STT_SECONDS,
            stt_poll_seconds=poll_seconds,
            call_limit=64,
        )
        with Stack(options) as stack:
            s3 = stack.client("s3")
            few = one_round(stack, made[:calls])
            print(f"{calls} calls with none behind: {few}", flush=True)
            behind = grow_bucket(s3, wanted, setup_seconds)
            rows = asyncio.run(grow_tables(stack.environment["PREFECT_API_DATABASE_CONNECTION_URL"], behind // calls))
            many = one_round(stack, made[calls:])
            print(f"{calls} calls with {behind:,} behind: {many}", flush=True)
            by_listing = next_number(s3, BUCKET)
    return {
        "benchmark": "growth",
        "behind": behind,
        "rows_in_prefect": rows,
        "few": few,
        "many": many,
        "ratio_s3_requests": round(many["s3_requests_a_call"] / few["s3_requests_a_call"], 2),
        "ratio_median_wait": round(many["median_s"] / max(0.01, few["median_s"]), 2),
        "scripts": {"files": 2 * calls + behind, "next_number_by_listing": by_listing, "overwrites": by_listing <= behind},
    }


def main() -> None:
    """Measure and print, a JSON object last."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=30, help="calls in each round, at one a second")
    parser.add_argument("--behind", type=int, default=10_000, help="calls that lie behind the second round")
    parser.add_argument("--setup-seconds", type=float, default=120, help="fewer lie behind where putting them takes longer")
    parser.add_argument("--poll-seconds", type=float, default=0.5, help="between two polls of a speech-to-text job")
    chosen = parser.parse_args()
    print(json.dumps(measure(chosen.calls, chosen.behind, chosen.setup_seconds, chosen.poll_seconds)))


if __name__ == "__main__":
    main()
