"""The summary, written by the model in service of this process; apart from ``tasks.call.summarize``, so that a worker of calls that asks
the GPU pool loads no model code.
"""

import asyncio
import time
from typing import cast

from prefect import get_run_logger

import wiring
from clients.s3 import ObjectStore
from models.actions.extraction import shipped, things_to_do
from models.actions.proposed import Proposed, joined
from models.call.ledger import Used
from models.call.privacy import mask_utterances
from models.call.record import CallRecord, Summary
from models.call.transcript import summarizer_input
from models.errors import AccessRefused, ModelUnavailable, ReadbackError, TransientError
from models.keys import StorageKeys
from models.lifecycle.in_service import ModelInService
from models.signals.told import CallDanger, CallSignals
from models.summarizer.conversation import read
from models.summarizer.outcome import NO_REQUEST
from models.summarizer.own_words import Shortener
from models.summarizer.summarizer import SummaryResult
from stores.call_files import TEXT, create_file
from stores.call_signals import keep_signals
from tasks.answers.in_service import follow_index, suggestion_for
from tasks.call.claim import HeldCall
from tasks.call.summarize import Understood, read_summary, summary_metadata
from tasks.selection.champion import challenger, danger_of, signals_of, start_summarizer
from tasks.without_words import call_task


@call_task("write-summary")
async def write_summary(call_id: str) -> Understood:
    """Summarize a call's transcript with the model in service and create ``nlp/nlp_<n>.txt``; what it tells besides lies there before."""
    return await written_by_this_process((await asyncio.to_thread(wiring.call_records().read, call_id)).record)


@call_task("summarize")
async def summarize_here(call: HeldCall, danger: CallDanger | None = None) -> Understood:
    """The step of a call whose own worker holds the model; ``danger`` is what it has judged already."""
    record = (await call.checkpoint()).record
    return Understood(record.summary, record.signals) if record.summary else await written_by_this_process(record, danger)


def danger_shown(record: CallRecord) -> CallDanger | None:
    """The danger of a call by the champion of this process; None where there is none, or nobody said anything."""
    try:
        return danger_of(summarizer_input(record.said))
    except ReadbackError:
        return None


async def written_by_this_process(record: CallRecord, danger: CallDanger | None = None) -> Understood:
    """Summarize, joined with other calls into batches, tell emotion and danger meanwhile, then what has to be done and what the documents
    say to the request, and create the files."""
    champion = await asyncio.to_thread(model_of_this_process)
    model = challenger().answers_for(record.call_id) or champion
    conversation = summarizer_input(record.said)
    (result, seconds), told, proposed = await asyncio.gather(
        _answer(model, conversation),
        asyncio.to_thread(signals_of, conversation, danger),
        asyncio.to_thread(_proposed, record, conversation),
    )
    if proposed.dropped:
        get_run_logger().info("Proposals of things to do that are not told: %s", dict(proposed.dropped))
    signals = await asyncio.to_thread(_complete, record, conversation, told, result, proposed)
    if result.instead:
        get_run_logger().warning("The language model's answer is not spoken (%s): %s answers", result.instead, result.model)
    summary = summary_of(result).model_copy(update={"used": used_for(result, seconds)})
    signals = await _with_suggestion(record.call_id, signals, summary)
    created = await asyncio.to_thread(create_summary, wiring.object_store(), record, summary, condensed=result.condensed)
    return Understood(created, signals)


async def _answer(model: ModelInService[SummaryResult], conversation: str) -> tuple[SummaryResult, float]:
    """The answer, and the seconds until it was there."""
    begun = time.perf_counter()
    return await model.answer(conversation), time.perf_counter() - begun


def _proposed(record: CallRecord, conversation: str) -> Proposed:
    """What a language model proposes to be done, where one is chosen for that."""
    settings = wiring.settings()
    if not settings.action_model_url:
        return Proposed()
    from wiring.proposals import action_proposer  # loads the guard's vocabulary

    try:
        proposer = action_proposer(settings.action_model_url, settings.action_model, mask_utterances)
    except ReadbackError as error:  # an address that may not be asked: the call has its summary without
        get_run_logger().error("No language model proposes what has to be done: %s", error)
        return Proposed(dropped={str(error.code): 1})
    return proposer.proposals(read(conversation), record.recording.called_at)


def _complete(record: CallRecord, conversation: str, told: CallSignals, result: SummaryResult, proposed: Proposed) -> CallSignals:
    """What a call tells besides its summary, with what has to be done, kept before the summary is created."""
    shortener = Shortener()
    left = things_to_do(read(conversation), shipped(), shortener, record.recording.called_at, result.text)
    signals = told.model_copy(update={"actions": tuple(joined(left, proposed.actions, shortener))})
    keep_signals(wiring.object_store(), record.call_id, signals)
    return signals


async def _with_suggestion(call_id: str, signals: CallSignals, summary: Summary) -> CallSignals:
    """The same with what the documents say to the request, where that is wanted; a call waits for it as the setting says."""
    if not wiring.settings().suggest_answers:
        return signals
    try:
        found = await asyncio.wait_for(asyncio.to_thread(suggestion_for, summary.text), wiring.settings().answers_patience_seconds)
    except TimeoutError:
        get_run_logger().warning("The documents were not asked to the end: the call goes on")
        return signals
    if found is None:
        return signals
    with_it = signals.model_copy(update={"suggestion": found})
    await asyncio.to_thread(keep_signals, wiring.object_store(), call_id, with_it)
    return with_it


def preload() -> None:
    """Load what a call's summary and its answer from the documents need; a resident worker does this when it starts."""
    start_summarizer()
    follow_index()


def model_of_this_process() -> ModelInService[SummaryResult]:
    """The model in service; whatever keeps it from loading keeps every call's summary from being made."""
    try:
        started = start_summarizer()
        follow_index()
        return started
    except (AccessRefused, TransientError):
        raise
    except ReadbackError as error:
        raise ModelUnavailable(error.message, remedy=error.remedy) from error
    except Exception as error:
        remedy = "Restore the model's folder, or go back to the previous model with rollback"
        raise ModelUnavailable(f"the summarizer cannot be loaded: {type(error).__name__}: {error}", remedy=remedy) from error


def summary_of(result: SummaryResult) -> Summary:
    """An answer of the model as the call's record has it."""
    return Summary(
        text=result.text,
        model=result.model,
        version=result.version,
        kind=result.kind,
        confidence=result.confidence,
        evidence=list(result.evidence),
        instead=result.instead,
    )


def used_for(result: SummaryResult, seconds: float) -> Used:
    """What an answer took: the seconds until it was there, in which the machine may have answered others of the same batch, and tokens."""
    tokens = result.usage
    return Used(
        machine=wiring.settings().summarizer_machine,
        seconds=round(seconds, 3),
        prompt_tokens=tokens.prompt_tokens if tokens else 0,
        completion_tokens=tokens.completion_tokens if tokens else 0,
        language_model_won=tokens.won if tokens else 0.0,
    )


def create_summary(store: ObjectStore, record: CallRecord, summary: Summary, *, condensed: bool) -> Summary:
    """Create the call's summary, or return the one that an earlier attempt has created: what the caller will hear must not change."""
    key = StorageKeys.summary(cast(int, record.number))
    metadata = {"condensed": str(condensed).lower(), **summary_metadata(summary)}
    stands_there = create_file(store, record, key, (summary.text or NO_REQUEST).encode("utf-8"), content_type=TEXT, metadata=metadata)
    return summary if stands_there is None else read_summary(store, record)
