"""What the clients of AWS share: how one is made, and which of our errors each of the SDK's becomes.

Retries are off in the SDK unless asked for: the tasks retry, by error class, so that a wait is seen in the Prefect UI and counted once.
"""

import threading
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from models.errors import (
    AccessRefused,
    ObjectGone,
    ReadbackError,
    TooManyRequests,
    VendorRefused,
    VendorReply,
    VendorUnavailable,
    VendorUnreachable,
)

CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
GONE = {"NoSuchKey", "NotFound", "404"}
_SLOW = {"SlowDown", "RequestLimitExceeded", "Throttling", "ThrottlingException", "429"}
# S3's, and as other services spell them.
REFUSED = {
    "AccessDenied",
    "AccessDeniedException",
    "AccountProblem",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "NoSuchBucket",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
    "401",
    "403",
}
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    SSOError,
    ProfileNotFound,
)
_NOBODY_THERE = (EndpointConnectionError, ConnectTimeoutError, ReadTimeoutError, ProxyConnectionError, SSLError)
_GATEWAY_STATUSES = {502, 503, 504}
_CHECK_CONNECTION = "Check the network, READBACK_AWS_ENDPOINT_URL and READBACK_AWS_REGION, and AWS's status page; calls go on by themselves"

_CONNECT_SECONDS = 5.0

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
        connect_timeout=min(_CONNECT_SECONDS, timeout_seconds),
        read_timeout=timeout_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        max_pool_connections=64,
        s3={"addressing_style": "path"} if endpoint_url else {},
    )
    try:
        with _ONE_AT_A_TIME:
            return boto3.client(service, region_name=region, endpoint_url=endpoint_url, config=config)  # type: ignore[call-overload]
    except BotoCoreError as error:
        raise aws_error(error, f"make a client of {service}") from error


def reply_of(error: ClientError) -> VendorReply:
    """What AWS answered, as our errors carry it."""
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 0)
    # A proxy on the way refuses without a code of S3's.
    return VendorReply("AWS", status, error.response["Error"].get("Code") or str(status), metadata.get("RequestId", ""))


def aws_error(error: ClientError | BotoCoreError, action: str, *, service: str = "S3") -> ReadbackError:
    """Map an SDK error to exactly one of our classes; ``action`` completes the sentence "could not ..."."""
    if isinstance(error, _NO_CREDENTIALS):
        said = f"could not {action}: there are no AWS credentials ({type(error).__name__})"
        return AccessRefused(said, remedy="Give the process a role or AWS_* variables", case="aws")
    if isinstance(error, _NOBODY_THERE):
        said = f"could not {action}: {service} cannot be reached ({type(error).__name__})"
        return VendorUnreachable(said, remedy=_CHECK_CONNECTION, reply=VendorReply("AWS"), case="aws")
    if not isinstance(error, ClientError):
        return VendorUnavailable(f"could not {action}: {type(error).__name__}", reply=VendorReply("AWS"))
    reply = reply_of(error)
    code = reply.code
    if code in GONE:
        return ObjectGone(f"could not {action}: it is not there", reply=reply)
    if code in _SLOW:
        return TooManyRequests(f"could not {action}: AWS asks for a slower pace", reply=reply)
    if code in REFUSED:
        remedy = "Check the process's role or AWS_* variables, the role's policy, the bucket, the region and this machine's clock"
        return AccessRefused(f"could not {action}: {service} refused the credentials", remedy=remedy, reply=reply, case="aws")
    if reply.status in _GATEWAY_STATUSES:
        said = f"could not {action}: {service} cannot be reached"
        return VendorUnreachable(said, remedy=_CHECK_CONNECTION, reply=reply, case="aws")
    if reply.status >= 500 or code in CONFLICTS:
        return VendorUnavailable(f"could not {action}", reply=reply)
    return VendorRefused(f"could not {action}: {error.response['Error'].get('Message', code)}", reply=reply)
