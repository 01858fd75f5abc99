"""To which vendor a call's sound is given: by settings, and to the fallback while the vendor is away for long.

Only a call that has no job yet, and no request in doubt, may change vendors: nothing is paid twice. While a vendor is away one call in a
while tries it again; the first that succeeds brings all others back.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from prefect.context import FlowRunContext

import wiring
from models.call.record import Recording, Transcription
from models.call.routing import parse_routes, provider_for
from models.errors import AccessRefused, QuotaExhausted, ReadbackError, TransientError
from models.keys import instance_of
from stores.vendors_away import VendorsAway

# What keeps a vendor from taking jobs and may pass, by itself or by people.
AWAY = (AccessRefused, QuotaExhausted, TransientError)


@dataclass(frozen=True)
class Choice:
    """The vendor to ask, the one in whose place it is asked, and whether it is noted to be away."""

    provider: str
    instead_of: str = ""
    noted_away: bool = False


def choose_vendor(begun: Transcription, recording: Recording) -> Choice:
    """The vendor that the call's job is at; for a new job the one of the settings, or the fallback while that is away for long."""
    if begun.job_id or begun.submitting:
        return Choice(begun.provider, begun.instead_of)
    chosen = routed(recording)
    settings = wiring.settings()
    if settings.stt_fallback in ("", chosen):
        return Choice(chosen)
    notes, now = VendorsAway(wiring.object_store()), datetime.now(UTC)
    away = notes.find(chosen)
    if away is None:
        return Choice(chosen)
    if not away.long_enough(now, settings.stt_fallback_seconds) or notes.take_probe(chosen, now, settings.probe_seconds):
        return Choice(chosen, noted_away=True)
    return Choice(settings.stt_fallback, chosen)


def routed(recording: Recording) -> str:
    """The vendor that settings choose for a recording."""
    settings = wiring.settings()
    rules = parse_routes(settings.stt_routes, wiring.speech_to_text_vendors())
    return provider_for(rules, instance_of(recording.key, settings.recordings_prefix), queue_of_run(), settings.stt_provider)


def queue_of_run() -> str:
    """The work queue that this run came from, empty where it came from none."""
    context = FlowRunContext.get()
    return (context.flow_run.work_queue_name or "") if context is not None and context.flow_run is not None else ""


def is_back(provider: str) -> None:
    """A vendor that was noted to be away took a job."""
    VendorsAway(wiring.object_store()).clear(provider)


def fallback_for(provider: str, error: ReadbackError) -> str:
    """The vendor that a call goes on with now, empty where it waits; notes that the first one took no job."""
    settings = wiring.settings()
    if settings.stt_fallback in ("", provider):
        return ""
    now = datetime.now(UTC)
    away = VendorsAway(wiring.object_store()).note(provider, error, now)
    return settings.stt_fallback if away.long_enough(now, settings.stt_fallback_seconds) else ""
