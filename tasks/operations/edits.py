"""What people say of an ended call, written into its record: corrections in their order, and the prompt spoken again from them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from prefect import runtime

import wiring
from clients.s3 import ObjectStore
from models.call.edited import with_edits
from models.call.editing import Edit, EditKind
from models.call.ledger import Charge
from models.call.persons_correction import line_pair, proposal_of, summary_pair
from models.call.record import CallRecord, Deed, Outcome, PersonsAct, Prompt, Rule, Summary
from models.errors import NoSpeech, PermanentError, TransientError
from models.keys import StorageKeys
from stores.call_files import SOUND, TEXT, is_of
from stores.call_records import CallRecords, Checkpoint
from stores.contacts import ContactCalls
from stores.corrected import keep_corrected
from stores.edits import Edits
from stores.proposals import Proposals, keep_pair
from tasks.call.bill import Bill
from tasks.call.convert import as_prompt
from tasks.call.hand_over import HandOver, tell_contact
from tasks.call.speak import Speech, speak
from tasks.in_thread import task_in_thread
from tasks.without_words import call_task


@task_in_thread("write-edits")
def write_edits(call_id: str) -> tuple[CallRecord, int]:
    """Write the edits of a call into its record that are not in it yet; returns the record and how many there were."""
    store = wiring.object_store()
    record, applied = apply_all(call_id, _this_run(), records=wiring.call_records(), edits=Edits(store), learn=learn_from)
    keep_corrected(store, record)
    return record, applied


def learn_from(record: CallRecord, edits: Sequence[Edit]) -> None:
    """What follows from edits beside the record: a corrected word proposes a term; and, where callers consented, what was corrected is kept
    for the next training. Before the record is written, and once for each edit, however often it is repeated."""
    store, consented = wiring.object_store(), wiring.settings().learn_from_corrections
    for edit in edits:
        if edit.kind is EditKind.SUMMARY and consented and record.transcription.done:
            with suppress(NoSpeech):
                keep_pair(store, record.call_id, summary_pair(record, edit))
        for change in record.correction.changes:
            if edit.kind is not EditKind.WORD or (change.rule, change.by, change.at) != (Rule.PERSON, edit.by, edit.at):
                continue
            if proposal := proposal_of(change, edit.at):
                Proposals(store).propose(proposal)
            if consented:
                keep_pair(store, record.call_id, line_pair(record, change, edit.at, edit.number))


def apply_all(
    call_id: str,
    flow_run_id: str,
    *,
    records: CallRecords,
    edits: Edits,
    learn: Callable[[CallRecord, Sequence[Edit]], None] = lambda record, edits: None,
) -> tuple[CallRecord, int]:
    """All at once by one conditional write: another run that does the same finds them there, or is repeated and finds them then."""
    checkpoint = _ended(records, call_id)
    record = checkpoint.record
    missing = edits.after(call_id, record.review.edits)
    if not missing:
        return record, 0
    done = with_edits(record, missing, flow_run_id)
    learn(done, missing)
    kept = {"review": done.review, "history": done.history, "correction": done.correction, "summary": done.summary}
    return records.save(checkpoint, **kept).record, len(missing)


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
async def speak_and_replace(record: CallRecord, by: str) -> CallRecord:
    """Speak the summary as it stands, put it in the place of the prompt and the summary's file, tell the contact, and note who asked."""
    bill = Bill()
    speech = await speak(told_of(record), bill, record.signals.emotion if record.signals else None)
    return await asyncio.to_thread(_replace, record.call_id, speech, bill.charges, PersonsAct.now(Deed.SPOKEN_AGAIN, _this_run(), by=by))


def _this_run() -> str:
    return str(runtime.flow_run.id)


def _replace(call_id: str, speech: Speech, charges: Sequence[Charge], act: PersonsAct) -> CallRecord:
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
    refusal = tell_contact(
        wiring.connect_contacts(), ContactCalls(store), record, HandOver(summary, record.signals, prompt, record.step_seconds)
    )
    changes = {"prompt": prompt, "contact_refusal": refusal, "history": [*record.history, act], "ledger": [*record.ledger, *charges]}
    return records.save(checkpoint, **changes).record


def replace_file(store: ObjectStore, record: CallRecord, key: str, body: bytes, content_type: str, metadata: dict[str, str]) -> None:
    """Write one of the call's files in the place of what it wrote before; never over another call's."""
    facts = store.head(key)
    if facts is not None and not is_of(facts, record):
        raise PermanentError(
            f"{key} belongs to another call", remedy="Find out which system wrote it; then redrive the call", case="foreign_file"
        )
    condition = {"only_if_etag": facts.etag} if facts is not None else {}
    store.put(key, body, content_type=content_type, metadata=record.provenance | metadata, only_if_absent=facts is None, **condition)
