"""The one place that turns settings into clients.

Each process keeps one client of each kind, made when it is first asked for. Tests point the settings at the sandbox; no
other code knows an endpoint.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec

from clients import amazon_transcribe, google_stt, local_whisper, returnzero
from clients.connect import ConnectContacts
from clients.google_tts import GoogleTts
from clients.postgres import Postgres
from clients.s3 import ObjectStore
from clients.speech_to_text import Offer, SpeechToText
from clients.sqs import NotificationQueue
from clients.text_to_speech import TextToSpeech
from models.call.korea import day_in_korea
from models.call.ledger import Unit
from models.call.prices import Price, Prices, load_prices
from models.call.routing import parse_routes
from models.call.terms import TermList
from models.errors import ConfigurationError
from models.retention import Kind, kinds
from stores.call_index import CallIndex
from stores.call_records import CallRecords
from stores.datasets import Datasets
from stores.passage_vectors import PassageVectors
from stores.spending import Budget, parse_budgets
from stores.terms import LiveTerms, TermLists
from wiring.configuration import Settings, load_settings


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()


def summarizes_in_call() -> bool:
    """Whether this process, when it runs calls, summarizes them itself; by itself where it has what the reader stands on."""
    chosen = settings().summarize_in_call
    return find_spec("kiwipiepy") is not None if chosen == "auto" else chosen


def kept() -> tuple[Kind, ...]:
    """How long each kind of data is kept here."""
    chosen = settings()
    return kinds(chosen.kept_days, recordings_prefix=chosen.recordings_prefix, contact_files_prefix=chosen.contact_records_prefix)


@cache
def object_store() -> ObjectStore:
    """The bucket of the storage contract."""
    chosen = settings()
    return ObjectStore(
        chosen.bucket, region=chosen.aws_region, endpoint_url=chosen.aws_endpoint_url, timeout_seconds=chosen.s3_timeout_seconds
    )


@cache
def survey_store() -> ObjectStore:
    """The same bucket for tasks that read thousands of objects: single requests are repeated, not the whole task."""
    chosen = settings()
    return ObjectStore(
        chosen.bucket,
        region=chosen.aws_region,
        endpoint_url=chosen.aws_endpoint_url,
        timeout_seconds=chosen.http_timeout_seconds,
        attempts=6,
    )


def datasets() -> Datasets:
    """The data sets that a training may name."""
    return Datasets(object_store(), settings().dataset_folder)


@cache
def call_records() -> CallRecords:
    """The calls' records and numbers."""
    return CallRecords(object_store())


@cache
def notification_queue() -> NotificationQueue:
    """The queue of the bucket's notifications."""
    chosen = settings()
    if not chosen.queue_url:
        raise ConfigurationError("no notification queue is named", remedy="Set READBACK_QUEUE_URL")
    return NotificationQueue(chosen.queue_url, region=chosen.aws_region, endpoint_url=chosen.aws_endpoint_url)


def _returnzero() -> SpeechToText:
    return _returnzero_with(returnzero.TranscribeConfig(domain=settings().stt_domain))


def _returnzero_whisper() -> SpeechToText:
    return _returnzero_with(returnzero.TranscribeConfig(domain=settings().stt_domain, model_name="whisper"))


def _returnzero_with(config: returnzero.TranscribeConfig) -> SpeechToText:
    chosen = settings()
    return returnzero.ReturnZero(
        chosen.returnzero_url,
        chosen.returnzero_client_id,
        chosen.returnzero_client_secret.get_secret_value(),
        config=config,
        keywords=None if config.model_name == "whisper" else lambda: terms().keywords,
        timeout=chosen.http_timeout_seconds,
    )


def _google_stt() -> SpeechToText:
    chosen = settings()
    return google_stt.GoogleStt(
        chosen.google_stt_project,
        chosen.google_stt_bucket,
        location=chosen.google_stt_location,
        model=chosen.google_stt_model,
        keywords=lambda: terms().keywords[: google_stt.MAX_KEYWORDS],
        timeout=chosen.http_timeout_seconds,
        endpoint=chosen.google_stt_endpoint,
        storage_url=chosen.google_storage_url,
    )


def _amazon_transcribe() -> SpeechToText:
    chosen = settings()
    return amazon_transcribe.AmazonTranscribe(
        region=chosen.aws_region,
        endpoint_url=chosen.transcribe_endpoint_url,
        vocabulary=chosen.transcribe_vocabulary,
        timeout=chosen.http_timeout_seconds,
    )


def _local_whisper() -> SpeechToText:
    chosen = settings()
    return local_whisper.LocalWhisper(
        chosen.whisper_model, device=chosen.whisper_device, keywords=lambda: terms().keywords[: local_whisper.MAX_KEYWORDS]
    )


# A vendor stays here as long as records name it: its jobs can be asked of nobody else.
_SPEECH_TO_TEXT: dict[str, tuple[Offer, Callable[[], SpeechToText]]] = {
    returnzero.PROVIDER: (returnzero.OFFER, _returnzero),
    returnzero.WHISPER: (returnzero.WHISPER_OFFER, _returnzero_whisper),
    google_stt.PROVIDER: (google_stt.OFFER, _google_stt),
    amazon_transcribe.PROVIDER: (amazon_transcribe.OFFER, _amazon_transcribe),
    local_whisper.PROVIDER: (local_whisper.OFFER, _local_whisper),
}


def speech_to_text_vendors() -> tuple[str, ...]:
    """The vendors that jobs may be at, as records name them."""
    return tuple(_SPEECH_TO_TEXT)


def speech_offer(provider: str) -> Offer:
    """What a vendor can do and what it costs; no client of it is made."""
    return _known(provider)[0]


def speech_terms() -> list[str]:
    """The terms of the trade that callers say."""
    return list(terms().keywords)


def speech_to_text(provider: str = "") -> SpeechToText:
    """The vendor that a job is at, or, without a name, the one that new jobs are given to."""
    return _speech_to_text(provider or settings().stt_provider)


@cache
def _speech_to_text(provider: str) -> SpeechToText:
    return _known(provider)[1]()


def _known(provider: str) -> tuple[Offer, Callable[[], SpeechToText]]:
    if provider not in _SPEECH_TO_TEXT:
        remedy = f"Set READBACK_STT_PROVIDER to one of {', '.join(_SPEECH_TO_TEXT)}; a call's record may name a vendor of a newer release"
        raise ConfigurationError(f"there is no speech-to-text vendor {provider!r}", remedy=remedy)
    return _SPEECH_TO_TEXT[provider]


def check_ears() -> None:
    """ConfigurationError where settings give calls to Whisper and this process has no weights: each call would be set aside, one by one."""
    chosen = settings()
    routed = [rule.provider for rule in parse_routes(chosen.stt_routes, speech_to_text_vendors())]
    if local_whisper.PROVIDER in (chosen.stt_provider, chosen.stt_fallback, *routed) and not chosen.whisper_model:
        raise ConfigurationError(
            "READBACK_STT_PROVIDER, READBACK_STT_ROUTES or READBACK_STT_FALLBACK gives calls to Whisper, and this worker has no weights",
            remedy="Set READBACK_WHISPER_MODEL here (image `gpu`), or take Whisper out of the settings of workers without weights",
        )


def load_whisper() -> None:
    """Load the weights that this process hears with, where settings name some, before the first call asks for them."""
    check_ears()
    if settings().whisper_model:
        vendor = speech_to_text(local_whisper.PROVIDER)
        assert isinstance(vendor, local_whisper.LocalWhisper)
        vendor.load()


@cache
def text_to_speech() -> TextToSpeech:
    """The voice that reads back."""
    return google_voice(settings().tts_voice)


@cache
def check_voice() -> None:
    """Ask the vendor whether it has the chosen voice, until it has said yes once; ConfigurationError when it has not."""
    text_to_speech().check_voice()


def google_voice(voice: str) -> TextToSpeech:
    """Any of Google's voices, to be heard before it is chosen."""
    chosen = settings()
    return GoogleTts(
        voice,
        lambda: terms().pronunciations,
        speaking_rate=chosen.tts_speaking_rate,
        timeout=chosen.tts_timeout_seconds,
        endpoint=chosen.tts_endpoint,
    )


def term_lists() -> TermLists:
    """The term list's versions, to be edited."""
    return TermLists(object_store())


@cache
def _live_terms() -> LiveTerms:
    return LiveTerms(term_lists())


def terms() -> TermList:
    """The term list as it is now: asked of the bucket, so that an edit needs no restart."""
    return _live_terms().current()


@cache
def prices() -> Prices:
    """What vendors ask."""
    return load_prices(settings().prices_file)


def speech_price(provider: str) -> Price | None:
    """What a speech-to-text vendor asks today, by the price file."""
    return prices().on(provider, Unit.STT_SECONDS, day_in_korea(datetime.now(UTC)))


def budgets() -> dict[str, float]:
    """Won a day by vendor; ConfigurationError where the setting names one that bills nothing."""
    return parse_budgets(settings().daily_budgets, prices().accounts)


@cache
def budget() -> Budget | None:
    """What vendors may cost a day, or None where nobody set a budget."""
    limits = budgets()
    return Budget(object_store(), limits) if limits else None


@cache
def connect_contacts() -> ConnectContacts | None:
    """Amazon Connect's contact attributes, or None where no instance is named."""
    chosen = settings()
    if not chosen.connect_instance_id:
        return None
    return ConnectContacts(chosen.connect_instance_id, region=chosen.aws_region, endpoint_url=chosen.aws_endpoint_url)


@cache
def call_index() -> CallIndex | None:
    """The console's list of calls, or None where no database is named for it."""
    chosen = settings()
    url = chosen.index_url.get_secret_value()
    return CallIndex(Postgres(url, timeout_seconds=chosen.index_timeout_seconds)) if url else None


@cache
def passage_vectors() -> PassageVectors | None:
    """Where passages' vectors are searched in PostgreSQL; None where each process searches its own."""
    chosen = settings()
    url = chosen.index_url.get_secret_value()
    if not chosen.answers_in_postgres:
        return None
    if not url:
        raise ConfigurationError("READBACK_ANSWERS_IN_POSTGRES names no database", remedy="Set READBACK_INDEX_URL", case="no_index")
    return PassageVectors(Postgres(url, timeout_seconds=chosen.index_timeout_seconds))


def make_clients() -> None:
    """Make what a call needs, before the first call does."""
    for make in (call_records, speech_to_text, text_to_speech, connect_contacts, budget):
        make()


def forget_clients() -> None:
    """Drop what is cached, so that changed settings take effect."""
    for cached in (
        settings,
        object_store,
        survey_store,
        call_records,
        notification_queue,
        _speech_to_text,
        text_to_speech,
        check_voice,
        _live_terms,
        prices,
        budget,
        connect_contacts,
        call_index,
    ):
        cached.cache_clear()
