"""The summary, written by the model in service; apart from ``tasks.call.summarize`` so that the workers of calls load no model code."""

import asyncio
from typing import cast

from prefect import task

import wiring
from models.call.record import CallRecord, Summary
from models.call.transcript import summarizer_input
from models.errors import ObjectGone, StorageConflict
from models.keys import StorageKeys
from tasks.call.summarize import read_summary
from tasks.call.transcribe import provenance
from tasks.retrying import PATIENT
from tasks.selection.champion import start_summarizer


@task(name="write-summary", **PATIENT)
async def write_summary(call_id: str) -> Summary:
    """Summarize a call's transcript with the model in service and create ``nlp/nlp_<n>.txt``."""
    record = (await asyncio.to_thread(wiring.call_records().read, call_id)).record
    model = await asyncio.to_thread(start_summarizer)
    result = await model.answer(summarizer_input(record))
    summary = Summary(text=result.text, model=result.model, version=result.version)
    return await asyncio.to_thread(_create_summary, record, summary, result.condensed)


def _create_summary(record: CallRecord, summary: Summary, condensed: bool) -> Summary:
    number = cast(int, record.number)
    metadata = provenance(record) | {"model": summary.model, "model-version": summary.version, "condensed": str(condensed).lower()}
    try:
        wiring.object_store().put(
            StorageKeys.summary(number),
            summary.text.encode("utf-8"),
            content_type="text/plain; charset=utf-8",
            metadata=metadata,
            only_if_absent=True,
        )
    except StorageConflict:
        # An earlier attempt wrote it: what the caller will hear must not change.
        try:
            return read_summary(record)
        except ObjectGone as gone:
            raise StorageConflict(f"{gone.message}, and it could not be written") from gone  # S3 let neither of two writers through (409)
    return summary
