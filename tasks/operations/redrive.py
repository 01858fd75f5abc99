"""Take calls out of quarantine: which are meant, and what becomes of each."""

from collections.abc import Iterator

from pydantic import ValidationError

import wiring
from clients.s3 import ObjectStore
from models.call.record import CallRecord, Failure, Outcome, PersonsAct
from models.call.redriving import Redriven, Result, Selection
from models.errors import ReadbackError
from models.keys import StorageKeys
from stores.call_records import CallRecords
from stores.recordings import successor_of
from tasks.call.claim import needs_consent, reopen, reopen_cancelled
from tasks.call.supersede import close_as_superseded
from tasks.in_thread import task_in_thread

NOBODY = ""  # the owner of a reopened call until its new run claims it; reconcile starts it should that run never come


def selected(store: ObjectStore, selection: Selection) -> Iterator[str]:
    """Stream the ids of the calls that are meant; without ids, a listing of quarantine/ and a request for each note."""
    if selection.calls:
        yield from selection.calls
        return
    for facts in store.walk(StorageKeys.QUARANTINE):
        note = store.find(facts.key)
        try:
            if note is not None and selection.takes(Failure.model_validate_json(note.body)):
                yield facts.key.removeprefix(StorageKeys.QUARANTINE).removesuffix(".json")
        except ValidationError as error:
            raise ReadbackError(
                f"the note {facts.key} cannot be read", remedy="Redrive the call by its id, then delete the note"
            ) from error


@task_in_thread("reopen")
def reopen_call(call_id: str, act: PersonsAct, *, pay_again: bool, dry_run: bool) -> tuple[Redriven, CallRecord | None]:
    """Reopen one call; the record comes back where a run is to be started for it."""
    return reopen_one(call_id, act, pay_again=pay_again, dry_run=dry_run, records=wiring.call_records(), store=wiring.object_store())


def reopen_one(
    call_id: str, act: PersonsAct, *, pay_again: bool, dry_run: bool, records: CallRecords, store: ObjectStore
) -> tuple[Redriven, CallRecord | None]:
    """Take a call out of quarantine, or say why not. One whose recording was uploaded again ends here: that upload has a run of its own."""
    found = records.find(call_id)
    if found is None:
        return Redriven(call_id=call_id, result=Result.UNKNOWN), None
    record, failure = found.record, found.record.failure
    about = Redriven(call_id=call_id, result=Result.LEFT, error=failure.error if failure else "", step=failure.step if failure else "")
    if record.outcome in (Outcome.QUARANTINED, Outcome.SUPERSEDED) and (by := successor_of(store, record.recording)):
        if not dry_run:
            close_as_superseded(found, by, records=records, store=store)
        return about.model_copy(update={"result": Result.SUPERSEDED, "successor": by}), None
    if record.outcome is Outcome.CANCELLED:
        if dry_run:
            return about.model_copy(update={"result": Result.WOULD}), None
        return about, reopen_cancelled(found, NOBODY, act, records).record
    if record.outcome is not Outcome.QUARANTINED:
        if not dry_run:
            # A run that died between the record and the note has left the note behind.
            store.delete(StorageKeys.quarantine_note(call_id))
        begun_again = record.outcome is Outcome.IN_PROGRESS and record.owner == NOBODY
        return about, record if begun_again and not dry_run else None
    if needs_consent(record) and not pay_again:
        return about.model_copy(update={"result": Result.PAY}), None
    if dry_run:
        return about.model_copy(update={"result": Result.WOULD}), None
    return about, reopen(found, NOBODY, act, pay_again=pay_again, records=records, store=store).record
