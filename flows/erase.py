"""Erase one call from every place, and leave a receipt.

python -m flows.erase --call ID [--keep-recording]
python -m flows.erase --key connect/.../<contactId>_<time>_UTC.wav [--keep-recording]
"""

import argparse
import asyncio
from datetime import UTC, datetime
from typing import cast

from prefect import flow, runtime

import wiring
from models.errors import ObjectGone
from models.keys import call_id as call_id_of
from models.keys import shown_key
from tasks.command import prefect_command
from tasks.operations.erase import (
    Receipt,
    begin_receipt,
    check_nothing_is_left,
    clear_contact,
    erase_from_prefect,
    erase_objects,
    erase_record,
    find_call,
    find_receipt,
    forget_job,
    stop_runs,
    write_receipt,
)
from tasks.operations.index import forget_call


@flow(name="erase")
async def erase(call_id: str, erase_recording: bool = True, requested_by: str = "") -> Receipt:
    """Erase one call: its files, its record, its quarantine note, its runs, logs and artifacts.

    What stays is `erasures/<call_id>.json`, which holds no personal data and keeps the call from being processed again.
    An interrupted erasure is finished by running it again.

    Args:
        call_id: The call, 32 hexadecimal digits, as its artifact and record are named.
        erase_recording: Also erase the recording that Amazon Connect wrote.
        requested_by: Who asks for it, for the receipt: never the caller. Prefect does not know, so an empty name stays unknown.
    """
    earlier = await find_receipt(call_id)
    record = await find_call(call_id, earlier)
    if record is None:
        return await _finish(cast(Receipt, earlier))
    receipt = begin_receipt(call_id, str(runtime.flow_run.id), recording=erase_recording, requested_by=requested_by)
    await write_receipt(receipt)
    stopped = await stop_runs(record)
    await forget_job(record)
    objects = await clear_contact(record)
    objects += await erase_objects(record, recording=erase_recording)
    flow_runs, artifacts = await erase_from_prefect(record, stopped)
    await forget_call(call_id)  # before the record: what is interrupted here is found by it and done again
    objects += await erase_record(call_id)
    await check_nothing_is_left(record.recording, record.number, recording_erased=erase_recording)
    return await _finish(receipt.model_copy(update={"objects": objects, "flow_runs": flow_runs, "artifacts": artifacts}))


async def _finish(receipt: Receipt) -> Receipt:
    if receipt.finished_at is None:
        receipt = receipt.model_copy(update={"finished_at": datetime.now(UTC)})
        await write_receipt(receipt)
    return receipt


def _call_of(key: str) -> str:
    """The call of a recording's key, found here so that no run's parameters name the contact."""
    store = wiring.object_store()
    facts = store.head(key)
    if facts is None:
        raise ObjectGone(f"there is no object {shown_key(key)}", remedy="Give the call's id with --call")
    return call_id_of(store.bucket, key, facts.etag)


@prefect_command()
def main() -> None:
    """Read the command line, erase, and print the receipt."""
    parser = argparse.ArgumentParser(prog="python -m flows.erase", description="Erase one call from every place.")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--call", metavar="ID", help="id of the call, 32 hexadecimal digits")
    which.add_argument("--key", help="S3 key of its recording")
    parser.add_argument("--keep-recording", action="store_true", help="leave the recording that Amazon Connect wrote")
    parser.add_argument("--by", default="", metavar="NAME", help="who asks for it, for the receipt; never the caller")
    chosen = parser.parse_args()
    call = chosen.call or _call_of(chosen.key)
    receipt = asyncio.run(erase(call, erase_recording=not chosen.keep_recording, requested_by=chosen.by))
    print(receipt.model_dump_json(indent=1))


if __name__ == "__main__":
    main()
