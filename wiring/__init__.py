"""The one place that turns settings into clients.

Each process keeps one client of each kind, made when it is first asked for. Tests point the settings at the sandbox; no
other code knows an endpoint.
"""

from functools import cache

from clients.connect import ConnectContacts
from clients.google_tts import GoogleTts
from clients.returnzero import ReturnZero, TranscribeConfig
from clients.s3 import ObjectStore
from clients.sqs import NotificationQueue
from models.call.read_back import Pronunciations, load_pronunciations
from models.call.terms import load_terms
from models.errors import ConfigurationError
from stores.call_records import CallRecords
from wiring.configuration import Settings, load_settings


@cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return load_settings()


@cache
def object_store() -> ObjectStore:
    """The bucket of the storage contract."""
    chosen = settings()
    return ObjectStore(
        chosen.bucket, region=chosen.aws_region, endpoint_url=chosen.aws_endpoint_url, timeout_seconds=chosen.http_timeout_seconds
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


@cache
def returnzero() -> ReturnZero:
    """Speech-to-text."""
    chosen = settings()
    secret = chosen.returnzero_client_secret.get_secret_value()
    return ReturnZero(chosen.returnzero_url, chosen.returnzero_client_id, secret, timeout=chosen.http_timeout_seconds)


@cache
def transcribe_config() -> TranscribeConfig:
    """What we ask of speech-to-text for a call between two people."""
    chosen = settings()
    return TranscribeConfig(domain=chosen.stt_domain, keywords=tuple(load_terms(chosen.terms_file)))


@cache
def google_tts() -> GoogleTts:
    """Text-to-speech."""
    return GoogleTts(settings().tts_endpoint)


@cache
def pronunciations() -> Pronunciations:
    """How staff want words to be spoken."""
    return load_pronunciations(settings().pronunciations_file)


@cache
def connect_contacts() -> ConnectContacts | None:
    """Amazon Connect's contact attributes, or None where no instance is named."""
    chosen = settings()
    if not chosen.connect_instance_id:
        return None
    return ConnectContacts(chosen.connect_instance_id, region=chosen.aws_region, endpoint_url=chosen.aws_endpoint_url)


def make_clients() -> None:
    """Make what a call needs, before the first call does."""
    for make in (call_records, returnzero, transcribe_config, google_tts, pronunciations, connect_contacts):
        make()


def forget_clients() -> None:
    """Drop what is cached, so that changed settings take effect."""
    for cached in (
        settings,
        object_store,
        survey_store,
        call_records,
        notification_queue,
        returnzero,
        transcribe_config,
        google_tts,
        pronunciations,
        connect_contacts,
    ):
        cached.cache_clear()
