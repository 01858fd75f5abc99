"""The one place that turns settings into clients.

Each process keeps one client of each kind, made when it is first asked for. Tests point the settings at the sandbox; no
other code knows an endpoint.
"""

from functools import cache

from clients.s3 import ObjectStore
from clients.sqs import NotificationQueue
from models.errors import ConfigurationError
from models.settings import Settings, load_settings


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
def notification_queue() -> NotificationQueue:
    """The queue of the bucket's notifications."""
    chosen = settings()
    if not chosen.queue_url:
        raise ConfigurationError("no notification queue is named", remedy="Set READBACK_QUEUE_URL")
    return NotificationQueue(chosen.queue_url, region=chosen.aws_region, endpoint_url=chosen.aws_endpoint_url)


def forget_clients() -> None:
    """Drop what is cached, so that changed settings take effect."""
    for cached in (settings, object_store, notification_queue):
        cached.cache_clear()
