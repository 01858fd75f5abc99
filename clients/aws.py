"""What the clients of AWS share: how one is made, and which of our errors each of the SDK's becomes.

Retries are off in the SDK unless asked for: the tasks retry, by error class, so that a wait is seen in the Prefect UI and counted once.
"""

import threading
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from models.errors import (
    ConfigurationError,
    ObjectGone,
    ReadbackError,
    TooManyRequests,
    VendorRefused,
    VendorReply,
    VendorUnavailable,
)

CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
GONE = {"NoSuchKey", "NotFound", "404"}
_SLOW = {"SlowDown", "RequestLimitExceeded", "Throttling", "ThrottlingException", "429"}
_OURS = {"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket", "ExpiredToken", "403", "401"}

# boto3 makes clients from one session, which is not thread-safe; the clients are.
_ONE_AT_A_TIME = threading.Lock()


def aws_client(service: str, *, region: str, endpoint_url: str | None, timeout_seconds: float, attempts: int = 1) -> Any:
    """A thread-safe client of one service; nothing is sent until a method is called.

    ``attempts`` counts the first one.
    """
    # Loading boto3 takes 0.1 s: a worker takes runs before that and makes its clients in the background.
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=5,
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=64,
        s3={"addressing_style": "path"} if endpoint_url else {},
    )
    with _ONE_AT_A_TIME:
        return boto3.client(service, region_name=region, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]


def reply_of(error: ClientError) -> VendorReply:
    """What AWS answered, as our errors carry it."""
    metadata = error.response.get("ResponseMetadata", {})
    return VendorReply("AWS", metadata.get("HTTPStatusCode", 0), error.response["Error"]["Code"], metadata.get("RequestId", ""))


def aws_error(error: ClientError | BotoCoreError, action: str) -> ReadbackError:
    """Map an SDK error to exactly one of our classes; ``action`` completes the sentence "could not ..."."""
    if isinstance(error, NoCredentialsError):
        return ConfigurationError(f"could not {action}: there are no AWS credentials", remedy="Give the process a role or AWS_* variables")
    if not isinstance(error, ClientError):
        return VendorUnavailable(f"could not {action}: {type(error).__name__}", reply=VendorReply("AWS"))
    code, reply = error.response["Error"]["Code"], reply_of(error)
    if code in GONE:
        return ObjectGone(f"could not {action}: it is not there", reply=reply)
    if code in _SLOW:
        return TooManyRequests(f"could not {action}: AWS asks for a slower pace", reply=reply)
    if code in _OURS:
        remedy = "Check the role's policy, the bucket and the region"
        return ConfigurationError(f"could not {action}: AWS refused", remedy=remedy, reply=reply)
    if reply.status >= 500 or code in CONFLICTS:
        return VendorUnavailable(f"could not {action}", reply=reply)
    return VendorRefused(f"could not {action}: {error.response['Error'].get('Message', code)}", reply=reply)
