"""What people say of an ended call, written into its record: corrections in their order, and the prompt spoken again from them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple

from prefect import runtime

import wiring
from clients.s3 import ObjectStore
from models.call.edited import with_edits
from models.call.editing import Edit
from models.call.ledger import Charge, filed
from models.call.record import CallRecord, Deed, Outcome, PersonsAct, Prompt, Summary
from models.errors import PermanentError, TransientError
from models.keys import StorageKeys
from stores.call_files import SOUND, TEXT, is_of
from stores.call_records import CallRecords, Checkpoint
from stores.contacts import ContactCalls
from stores.corrected import keep_corrected
from stores.edits import Edits
from stores.later_charges import LaterCharges
from stores.verdicts import file_verdict
from tasks.call.bill import Bill, today
from tasks.call.convert import as_prompt
from tasks.call.hand_over import HandOver, tell_contact
from tasks.call.speak import Speech, speak
from tasks.in_thread import task_in_thread
from tasks.operations.correct import Learnt, learn_from
from tasks.without_words import call_task


class Applied(NamedTuple):
    """A record with its edits: how many were not in it before, and what was learnt from them."""

    record: CallRecord
    edits: int
    learnt: Learnt = Learnt()


@task_in_thread("write-edits")
def write_edits(call_id: str) -> Applied:
    """Write the edits of a call into its record that are not in it yet."""
    store = wiring.object_store()
    applied = apply_all(call_id, _this_run(), records=wiring.call_records(), edits=Edits(store), learn=learn_from)
    keep_corrected(store, applied.record)
    file_verdict(store, applied.record)
    return applied


def apply_all(
    call_id: str,
    flow_run_id: str,
    *,
    records: CallRecords,
    edits: Edits,
    learn: Callable[[CallRecord, Sequence[Edit]], Learnt] = lambda record, edits: Learnt(),
) -> Applied:
    """All at once by one conditional write: another run that does the same finds them there, or is repeated and finds them then."""
    checkpoint = _ended(records, call_id)
    record = checkpoint.record
    missing = edits.after(call_id, record.review.edits)
    if not missing:
        return Applied(record, 0)
    done = with_edits(record, missing, flow_run_id)
    learnt = learn(done, missing)
    kept = {"review": done.review, "history": done.history, "correction": done.correction, "summary": done.summary}
    return Applied(records.save(checkpoint, **kept).record, len(missing), learnt)


def _ended(records: CallRecords, call_id: str) -> Checkpoint:
    checkpoint = records.read(call_id)
    if checkpoint.record.outcome is Outcome.IN_PROGRESS:
        raise TransientError(f"call {call_id} is being processed", remedy="It is taken up again when the call has ended")
    return checkpoint


@task_in_thread("read-ended-call")
def read_ended_call(call_id: str) -> CallRecord:
    """The record of a call that was read back, to be spoken again."""
    record = _ended(wiring.call_records(), call_id).record
    if record.outcome is not Outcome.READ_BACK or record.number is None or not record.told:
        raise PermanentError(f"call {call_id} has nothing to be spoken", remedy="Correct its summary, or redrive it")
    return record


def told_of(record: CallRecord) -> Summary:
    """The summary as it stands now."""
    if record.summary is None:
        raise PermanentError(f"call {record.call_id} has no summary", remedy="Redrive it")
    return record.summary.model_copy(update={"text": record.told})


@call_task("speak-again")
async def speak_and_replace(record: CallRecord, by: str, *, tell: bool = True) -> CallRecord:
    """Speak the summary as it stands, put it in the place of prompt and summary's file, ``tell`` the contact, and note who asked."""
    bill = Bill()
    speech = await speak(told_of(record), bill, record.signals.emotion if record.signals else None)
    act = PersonsAct.now(Deed.SPOKEN_AGAIN, _this_run(), by=by)
    spoken = await asyncio.to_thread(_replace, record.call_id, speech, bill.charges, act, tell)
    await asyncio.to_thread(LaterCharges(wiring.object_store()).add, bill.charges)
    return spoken


def _this_run() -> str:
    return str(runtime.flow_run.id)


def _replace(call_id: str, speech: Speech, charges: Sequence[Charge], act: PersonsAct, tell: bool) -> CallRecord:
    records, store = wiring.call_records(), wiring.object_store()
    checkpoint = _ended(records, call_id)
    record = checkpoint.record
    number, summary = record.number, told_of(record)
    if number is None:
        raise PermanentError(f"call {call_id} has no number", remedy="Redrive it")
    sound = as_prompt(speech)
    prompt = Prompt(key=StorageKeys.prompt(number), seconds=round(sound.seconds, 3), spoken_text=sound.spoken_text, voice=sound.voice)
    said = {"model": summary.model, "model-version": summary.version, "corrected": record.review.at.isoformat() if record.review.at else ""}
    about = {"voice": prompt.voice, "spoken-text": prompt.spoken_text, "seconds": str(prompt.seconds)}
    replace_file(store, record, prompt.key, sound.wav, SOUND, said | about)
    replace_file(store, record, StorageKeys.summary(number), summary.text.encode("utf-8"), TEXT, said)
    changes: dict[str, object] = {"prompt": prompt, "spoken": None, "history": [*record.history, act]}
    if tell:
        told = HandOver(summary, record.signals, prompt, record.step_seconds)
        changes["contact_refusal"] = tell_contact(wiring.connect_contacts(), ContactCalls(store), record, told)
    return records.save(checkpoint, ledger=[*record.ledger, *filed(charges, today())], **changes).record


def replace_file(store: ObjectStore, record: CallRecord, key: str, body: bytes, content_type: str, metadata: dict[str, str]) -> None:
    """Write one of the call's files in the place of what it wrote before; never over another call's."""
    facts = store.head(key)
    if facts is not None and not is_of(facts, record):
        raise PermanentError(
            f"{key} belongs to another call", remedy="Find out which system wrote it; then redrive the call", case="foreign_file"
        )
    condition = {"only_if_etag": facts.etag} if facts is not None else {}
    store.put(key, body, content_type=content_type, metadata=record.provenance | metadata, only_if_absent=facts is None, **condition)
