"""Prompts that a speech-to-text vendor listens to: a share of a day's, each paid for once, with what was heard in the call's record."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime

from prefect import get_client, get_run_logger
from prefect.concurrency.asyncio import concurrency

import wiring
from clients.paid_once import submit_paid_once
from clients.speech_to_text import SpeechToText
from models.call.alarms import Alarm
from models.call.ledger import Charge, Unit, answered, sent
from models.call.record import CallRecord, PromptCheck, Transcription
from models.call.transcript import clean_text
from models.errors import PermanentError
from models.hearing.prompt_check import PromptsHeard, difference, is_sampled, to_be_heard
from models.keys import StorageKeys
from models.sound.prompt import check_prompt
from reports.notices import prompts_facts, quiet_prompts_facts
from stores.call_records import Checkpoint
from tasks.call.bill import today
from tasks.call.transcribe import LEASE_SECONDS, jobs_limit, wait_for
from tasks.in_thread import task_in_thread
from tasks.operations.alarms import clear_alarm, raise_alarm, standing_alarm
from tasks.without_words import call_task

# What tells the charge of a prompt that was listened to from that of the call's own recording.
PROMPT = "prompt"


@task_in_thread("sample-prompts")
def sample_prompts(day: date) -> list[str]:
    """The calls of a day whose prompts are listened to, by the share of the settings."""
    percent, folder = wiring.settings().prompt_ear_percent, StorageKeys.day_of_calls(day)
    names = (facts.key.removeprefix(folder).removesuffix(".json") for facts in wiring.object_store().walk(folder))
    return [call for call in names if is_sampled(call, percent)]


@call_task("listen-to-prompt")
async def listen_to_prompt(call_id: str, provider: str) -> PromptCheck | None:
    """Have one prompt heard unless that was done; None of a call without one."""
    checkpoint = await asyncio.to_thread(wiring.call_records().read, call_id)
    if not to_be_heard(checkpoint.record):
        return checkpoint.record.prompt_check
    vendor = wiring.speech_to_text(_vendor_of(checkpoint.record, provider))
    async with concurrency(jobs_limit(vendor.provider), occupy=1, lease_duration=LEASE_SECONDS, strict=True):
        notes = _Notes(checkpoint, vendor)
        try:
            if not notes.check.transcription.job_id:
                await asyncio.to_thread(notes.submit)
            job = await wait_for(vendor, notes.check.transcription.job_id, get_run_logger().warning)
        except PermanentError as error:
            return await asyncio.to_thread(notes.end, failure=error.code)
        heard = " ".join(filter(None, (clean_text(utterance.text) for utterance in job.utterances)))
        cer = difference(notes.check.spoken_text, heard, wiring.terms().pronunciations)
        return await asyncio.to_thread(notes.end, heard=heard, cer=round(cer, 4))


def _vendor_of(record: CallRecord, provider: str) -> str:
    """The vendor that a begun check is at, or the one of the settings."""
    begun = record.prompt_check.transcription if record.prompt_check and not record.prompt_check.ended else None
    return begun.provider if begun and (begun.job_id or begun.submitting) else provider


class _Notes:
    """Where the check of one prompt stands, written into the call's record before and after what is paid."""

    def __init__(self, checkpoint: Checkpoint, vendor: SpeechToText) -> None:
        self._checkpoint, self._vendor = checkpoint, vendor
        prompt, begun = checkpoint.record.prompt, checkpoint.record.prompt_check
        assert prompt is not None
        fresh = PromptCheck(spoken_text=prompt.spoken_text, transcription=Transcription(provider=vendor.provider))
        self.check = begun if begun is not None and not begun.ended else fresh
        self._key, self._seconds = prompt.key, prompt.seconds
        self._charge: Charge | None = None

    def submit(self) -> None:
        store = wiring.object_store()
        submit_paid_once(
            self._vendor,
            self.check.transcription,
            lambda: self._sound(),
            f"{self._checkpoint.record.call_id}-prompt.wav",
            location=f"s3://{store.bucket}/{self._key}",
            shown=self._key,
            write=self._write,
        )
        if self._charge and (budget := wiring.budget()):
            budget.spend(self._charge)

    def _sound(self) -> bytes:
        wav = wiring.object_store().get(self._key).body
        check_prompt(wav)
        return wav

    def _write(self, transcription: Transcription) -> None:
        ledger = self._checkpoint.record.ledger
        if transcription.submitting:
            self._charge = wiring.prices().charge(
                self._vendor.provider, Unit.STT_SECONDS, self._seconds, today(), request=transcription.request, model=PROMPT
            )
            ledger = sent(ledger, self._charge)
        elif self._charge:
            ledger = answered(ledger, self._charge.request, paid=bool(transcription.job_id))
        self._save(self.check.model_copy(update={"transcription": transcription}), ledger=ledger)

    def end(self, **found: object) -> PromptCheck:
        self._save(self.check.model_copy(update={**found, "at": datetime.now(UTC)}))
        return self.check

    def _save(self, check: PromptCheck, **more: object) -> None:
        self._checkpoint = wiring.call_records().save(self._checkpoint, prompt_check=check, **more)
        self.check = check


@task_in_thread("keep-prompts-heard")
def keep_prompts_heard(found: PromptsHeard) -> None:
    """What a day's listening came to, for its digest."""
    key = StorageKeys.prompts_heard(found.day)
    wiring.object_store().put(key, found.model_dump_json(indent=1).encode("utf-8"), content_type="application/json")


def find_prompts_heard(day: date) -> PromptsHeard | None:
    """What a day's listening came to; None where nobody listened."""
    stored = wiring.object_store().find(StorageKeys.prompts_heard(day))
    return PromptsHeard.model_validate_json(stored.body) if stored else None


async def tell_differing(found: PromptsHeard, checks: Sequence[PromptCheck]) -> None:
    """Tell people where a prompt does not say what it should, and when none does so any more."""
    async with get_client() as client:
        standing = await standing_alarm(client, Alarm.PROMPTS)
        if found.differing:
            await raise_alarm(client, Alarm.PROMPTS, prompts_facts(found), cause=f"{found.day}")
        elif standing is not None and checks:
            await clear_alarm(client, Alarm.PROMPTS, standing, quiet_prompts_facts(found))
