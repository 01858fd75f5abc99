"""The archive summarized anew, a day at a time: the second look of a review (``tasks/operations/review.py``), and what follows from it.

The look costs the machine; what is done with it is one conditional write a call. A run that dies between the two finds the look, and asks
the model for no call twice.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from prefect import get_client, runtime
from prefect.client.orchestration import PrefectClient

import wiring
from clients.s3 import ObjectStore
from models.call.anew import CallAnew, DayAnew, Fate, How, by_champion, holds, settled
from models.call.ended import EndedCall
from models.call.forecast import Forecast
from models.call.korea import day_in_korea
from models.call.ledger import LANGUAGE_MODEL, Charge, filed
from models.call.record import CallRecord, Deed, PersonsAct, Summary
from models.call.review import Review, names_version
from models.errors import (
    AccessRefused,
    ModelUnavailable,
    PermanentError,
    QuotaExhausted,
    ReadbackError,
    StorageConflict,
    TransientError,
)
from models.keys import StorageKeys
from models.summarizer.outcome import NO_REQUEST, Kind
from stores.aliases import read_aliases
from stores.anew import find_day, keep_day
from stores.call_files import TEXT
from stores.call_records import CallRecords
from stores.later_charges import LaterCharges
from tasks.call.bill import Bill, today
from tasks.call.listing import list_call
from tasks.call.summarize import summary_metadata
from tasks.in_thread import task_in_thread
from tasks.operations.digest import foretell_anew
from tasks.operations.edits import replace_file, speak_and_replace
from tasks.operations.review import BATCH, find_review, look_again, read_back_on
from tasks.operations.runs import let_live_calls_go_first
from tasks.without_words import call_task

_ATTEMPTS = 4


@dataclass
class Done:
    """What a run has done: its calls, what they cost, and why it stopped before the end (empty: it did not)."""

    calls: list[CallAnew] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    days: int = 0
    stopped: str = ""


class _Stop(Exception):
    """The run ends here; another goes on."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@task_in_thread("champion-in-service")
def champion_in_service() -> str:
    """The version of the summarizer that serves now."""
    return read_aliases(wiring.object_store(), "summarizer")[0].champion


@call_task("look-ahead")
async def look_ahead(days: Sequence[date], how: How) -> Forecast:
    """How many calls would be summarized anew, and what they would cost. Days that a run has finished are left out."""
    calls, seconds = 0, 0.0
    for day in days:
        if not await _is_done(day, how):
            async for call in read_back_on(day):
                # A version that was not filed stands in the record alone: counted, for it is likely another one.
                if not names_version(call.version or "", how.champion):
                    calls, seconds = calls + 1, seconds + call.audio_seconds
    return await foretell_anew(calls, seconds, champion=how.champion, speak=how.speak)


async def summarize_days(days: Sequence[date], how: How, *, by: str, at_once: int, minutes: float) -> Done:
    """Summarize the calls that ended on these days anew, oldest first, behind live calls; begun again, it goes on where it stopped."""
    done, deadline = Done(), time.monotonic() + (minutes * 60 or float("inf"))
    later = LaterCharges(wiring.object_store())
    async with get_client() as client:
        for day in days:
            if await _is_done(day, how):
                done.days += 1
                continue
            try:
                calls = await _summarize_day(client, day, how, done, later, by=by, at_once=at_once, deadline=deadline)
            except _Stop as stop:
                done.stopped = stop.code
                return done
            if day < day_in_korea(datetime.now(UTC)):  # of today more calls will end
                finished = DayAnew(
                    day=day, champion=how.champion, replaced=how.replace, spoken=how.speak, at=datetime.now(UTC), calls=calls
                )
                await asyncio.to_thread(keep_day, wiring.object_store(), finished)
            done.days += 1
    return done


async def _is_done(day: date, how: How) -> bool:
    found = await asyncio.to_thread(find_day, wiring.object_store(), how.champion, day)
    return found is not None and found.covers(how)


async def _summarize_day(
    client: PrefectClient, day: date, how: How, done: Done, later: LaterCharges, *, by: str, at_once: int, deadline: float
) -> list[CallAnew]:
    ended = [call async for call in read_back_on(day)]
    calls: list[CallAnew] = []
    for begin in range(0, len(ended), BATCH):
        if time.monotonic() > deadline or not await let_live_calls_go_first(client, deadline):
            raise _Stop("deadline")
        fresh, charges = await _summarize_batch(ended[begin : begin + BATCH], how, by=by, at_once=at_once)
        await asyncio.to_thread(later.add, charges)
        calls += fresh
        done.calls += fresh
        done.charges += charges
    return calls


async def _summarize_batch(ended: Sequence[EndedCall], how: How, *, by: str, at_once: int) -> tuple[list[CallAnew], list[Charge]]:
    """What becomes of some calls, and what looking at them cost (speech is counted where it is made)."""
    found = await asyncio.gather(*(asyncio.to_thread(_known, call.call_id, how.champion) for call in ended))
    ask = [call.call_id for call, (fate, review) in zip(ended, found, strict=True) if fate is None and review is None]
    failures, bills = await _ask(ask, how, at_once) if ask else ({}, {})
    places = asyncio.Semaphore(at_once)

    async def one(call: EndedCall, fate: Fate | None) -> CallAnew:
        async with places:
            if code := failures.get(call.call_id):
                return CallAnew(call_id=call.call_id, fate=Fate.FAILED, failure=code)
            return await _follow_up(call.call_id, fate, bills.get(call.call_id, []), how, by)

    calls = await asyncio.gather(*(one(call, fate) for call, (fate, _) in zip(ended, found, strict=True)))
    return list(calls), [charge for charges in bills.values() for charge in charges]


def _known(call_id: str, champion: str) -> tuple[Fate | None, Review | None]:
    """What is known of a call without the model: its fate, or an earlier look that still stands."""
    found = CallRecords(wiring.survey_store()).find(call_id)
    record = found.record if found else None
    fate = settled(record, champion)
    review = find_review(wiring.survey_store(), call_id) if record is not None and fate is None else None
    return fate, review if record is not None and holds(review, record, champion) else None


async def _ask(calls: list[str], how: How, at_once: int) -> tuple[dict[str, str], dict[str, list[Charge]]]:
    """Have the model look at calls; what cannot go on now stops the run. Returns failures, and what each look cost, by call."""
    try:
        await asyncio.to_thread(_ensure_budget, how)
        failures = await look_again(calls, at_once)
    except (AccessRefused, ModelUnavailable, QuotaExhausted, TransientError) as error:
        raise _Stop(f"{error.code}.{error.case}".rstrip(".")) from error
    bills: dict[str, list[Charge]] = {}
    for call_id in calls:
        review = None if call_id in failures else await asyncio.to_thread(find_review, wiring.survey_store(), call_id)
        if review is None:
            failures.setdefault(call_id, PermanentError.code)
            continue
        bill = Bill()
        bill.summarized(review.now)
        bills[call_id] = bill.charges
        if not names_version(review.now.told_by, how.champion) and not review.now.instead:
            raise _Stop("champion_moved")
        if not by_champion(review.now, how.champion):
            failures[call_id] = ModelUnavailable.code  # another one answered in its place
    return failures, bills


def _ensure_budget(how: How) -> None:
    if budget := wiring.budget():
        speech = (wiring.text_to_speech().provider,) if how.speak else ()
        budget.check(today(), (LANGUAGE_MODEL, wiring.settings().summarizer_machine, *speech))


async def _follow_up(call_id: str, fate: Fate | None, charges: Sequence[Charge], how: How, by: str) -> CallAnew:
    """Put the new summary in the record's place, and speak it, where that is wanted."""
    if fate in (Fate.GONE, Fate.JUDGED, Fate.WORDLESS):
        return CallAnew(call_id=call_id, fate=fate)
    try:
        review = None if fate is Fate.ALREADY else await asyncio.to_thread(find_review, wiring.survey_store(), call_id)
        record = None
        if how.replace and fate is None:
            act = PersonsAct.now(Deed.SUMMARIZED_AGAIN, str(runtime.flow_run.id), by=by)
            record = await asyncio.to_thread(_replace_summary, call_id, how.champion, charges, act)
        if record is not None:
            await list_call(record)
        else:
            await asyncio.to_thread(CallRecords(wiring.survey_store()).pay_later, call_id, charges, today())
        spoken = how.speak and await _speak(call_id, how, by)
    except ReadbackError as error:
        return CallAnew(call_id=call_id, fate=Fate.FAILED, failure=error.code)
    if review is None:
        return CallAnew(call_id=call_id, fate=Fate.ALREADY, spoken=spoken)
    return CallAnew.of(review, replaced=record is not None, spoken=spoken)


def _replace_summary(call_id: str, champion: str, charges: Sequence[Charge], act: PersonsAct) -> CallRecord | None:
    """Put what the second look said into the call's record and its summary's file; None where the call has changed since.

    What the caller was told stays in the record beside it (``spoken``), for the answer is about that. No task of its own: an archive's
    calls would cost the server a row and three events each.
    """
    store = wiring.survey_store()
    records = CallRecords(store)
    for _ in range(_ATTEMPTS):
        checkpoint = records.read(call_id)
        record, review = checkpoint.record, find_review(store, call_id)
        if review is None or settled(record, champion) is not None or not holds(review, record, champion):
            return None
        _write_file(store, record, review.now)
        ledger = [*record.ledger, *filed(charges, today())]
        changes = {"summary": review.now, "spoken": record.heard, "history": [*record.history, act], "ledger": ledger}
        try:
            return records.save(checkpoint, **changes).record
        except StorageConflict:
            continue
    raise StorageConflict(f"the record of call {call_id} was changed {_ATTEMPTS} times meanwhile")


def _write_file(store: ObjectStore, record: CallRecord, summary: Summary) -> None:
    if record.number is not None:
        body = (summary.text or NO_REQUEST).encode("utf-8")
        replace_file(store, record, StorageKeys.summary(record.number), body, TEXT, summary_metadata(summary))


async def _speak(call_id: str, how: How, by: str) -> bool:
    """Speak a summary that the caller was not told, in the place of the prompt; a call without a request keeps its prompt."""
    record = (await asyncio.to_thread(wiring.call_records().read, call_id)).record
    summary, heard = record.summary, record.spoken
    if summary is None or heard is None or summary.kind is Kind.NO_REQUEST or record.number is None or summary.text == heard.text:
        return False
    await list_call(await speak_and_replace(record, by, tell=how.tell_contacts))
    return True
