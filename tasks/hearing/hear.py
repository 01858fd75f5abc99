"""One vendor hears one recording of a set, for good: what came of it is kept in the bucket, and so is where a request stands."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from prefect import get_run_logger
from prefect.concurrency.asyncio import concurrency

import wiring
from clients.paid_once import submit_paid_once
from clients.speech_to_text import Job, SpeechToText
from models.call.korea import day_in_korea
from models.call.record import Transcription
from models.call.transcript import check_plausible
from models.errors import ConfigurationError, JobGone, PermanentError
from models.hearing.comparison import Hearing, ReferenceRecording
from stores.hearings import Hearings, Kept, question_of
from tasks.call.transcribe import LEASE_SECONDS, jobs_limit, wait_for
from tasks.without_words import call_task


@call_task("hear-recording")
async def hear_recording(provider: str, question: str, plan_key: str, number: int, pay_again: bool = False) -> Hearing:
    """Have one recording of a plan heard by a vendor, within the vendor's limit on jobs; what is known is not asked again."""
    hearings, vendor = Hearings(wiring.object_store()), wiring.speech_to_text(provider)
    check_question(vendor, question)
    recording = (await asyncio.to_thread(hearings.plan, plan_key))[number]
    async with concurrency(jobs_limit(provider), occupy=1, lease_duration=LEASE_SECONDS, strict=True):
        return await hear(vendor, recording, hearings, warn=get_run_logger().warning, pay_again=pay_again)


def check_question(vendor: SpeechToText, question: str) -> None:
    """ConfigurationError where this process would ask something else than what the comparison was planned with."""
    if question_of(vendor.asks) != question:
        raise ConfigurationError(
            f"{vendor.provider} is asked something else here than where the comparison was planned (model, keywords or another setting)",
            remedy="Give both workers the same speech-to-text settings; launch again where the term list was edited meanwhile",
        )


async def hear(
    vendor: SpeechToText, recording: ReferenceRecording, hearings: Hearings, *, warn: Callable[..., None], pay_again: bool = False
) -> Hearing:
    """Hear a recording unless that was done, noting each step before it is taken.

    What cannot succeed is kept as this recording's failure and asked for again only with ``pay_again``. What may succeed later is raised.
    """
    question = question_of(vendor.asks)
    kept = await asyncio.to_thread(hearings.find, recording, vendor.provider, question)
    if kept is not None and kept.hearing.ended and not (pay_again and kept.hearing.failure):
        return kept.hearing
    fresh = Hearing(transcription=Transcription(provider=vendor.provider))
    noted = _Notes(hearings, recording, vendor.provider, question, Kept(fresh, kept.etag) if kept and kept.hearing.ended else kept)
    begun = time.monotonic()
    try:
        job = await _job_of(vendor, recording, hearings, noted, warn)
        check_plausible(job.utterances, recording.seconds)
    except PermanentError as error:
        return await asyncio.to_thread(noted.keep, failure=str(error), error=error.code)
    heard = noted.transcription.model_copy(update={"utterances": list(job.utterances), "done": True})
    won = wiring.prices().hearing(vendor.provider, recording.seconds, recording.channels, day_in_korea(datetime.now(UTC)))
    return await asyncio.to_thread(noted.keep, transcription=heard, seconds=round(time.monotonic() - begun, 3), won=won)


class _Notes:
    """The kept state of one hearing, written by compare-and-swap."""

    def __init__(self, hearings: Hearings, recording: ReferenceRecording, provider: str, question: str, kept: Kept | None) -> None:
        self._hearings, self._recording, self._provider, self._question = hearings, recording, provider, question
        self._kept = kept or Kept(Hearing(transcription=Transcription(provider=provider)))

    @property
    def transcription(self) -> Transcription:
        return self._kept.hearing.transcription

    def keep(self, **changes: object) -> Hearing:
        changed = Kept(self._kept.hearing.model_copy(update=changes), self._kept.etag)
        self._kept = self._hearings.save(self._recording, self._provider, self._question, changed)
        return self._kept.hearing

    def write(self, transcription: Transcription) -> None:
        self.keep(transcription=transcription)


async def _job_of(vendor: SpeechToText, recording: ReferenceRecording, hearings: Hearings, noted: _Notes, warn: Callable[..., None]) -> Job:
    """The finished job of a recording, begun now or by an earlier run. A job that cost nothing and is gone is begun again."""
    for again in (True, False):
        if not noted.transcription.job_id:
            await asyncio.to_thread(
                submit_paid_once,
                vendor,
                noted.transcription,
                lambda: hearings.sound(recording),
                f"{recording.etag}.wav",
                location=hearings.location(recording),
                shown=recording.key,
                write=noted.write,
            )
        try:
            return await wait_for(vendor, noted.transcription.job_id, warn)
        except JobGone:
            if vendor.offer.billed or not again:
                raise
            await asyncio.to_thread(noted.write, Transcription(provider=vendor.provider))
    raise AssertionError("the second round returns or raises")
