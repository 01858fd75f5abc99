"""Amazon Connect: write what was understood to the contact, so that a Connect flow can show and play it; ask who called.

Attributes can be written during a contact and after it. Connect keeps 32,768 UTF-8 bytes over all attributes of a contact;
what others wrote counts too, so a set that passes the check here can still be refused.
"""

import re
from collections.abc import Mapping

from botocore.exceptions import BotoCoreError, ClientError

from clients.aws import REFUSED, aws_client, aws_error
from models.errors import AccessRefused, ReadbackError, TooManyRequests, VendorRefused, VendorReply

VENDOR = "Amazon Connect"
MAX_ATTRIBUTE_BYTES = 32_768

_KEY = re.compile(r"[A-Za-z0-9_-]{1,32767}")
_SLOW = {"ThrottlingException", "TooManyRequestsException"}


class ConnectContacts:
    """The contacts of one Connect instance. Thread-safe, as boto3 clients are."""

    def __init__(self, instance_id: str, *, region: str, endpoint_url: str | None = None, timeout_seconds: float = 20.0) -> None:
        self._instance_id = instance_id
        self._connect = aws_client("connect", region=region, endpoint_url=endpoint_url, timeout_seconds=timeout_seconds)

    def update_attributes(self, contact_id: str, attributes: Mapping[str, str]) -> None:
        """Add or replace attributes of a contact; repeating it changes nothing.

        Raises ``VendorRefused`` for keys or sizes that Connect does not take, before anything is sent, and for contacts that
        it does not know.
        """
        _check(attributes)
        try:
            self._connect.update_contact_attributes(InitialContactId=contact_id, InstanceId=self._instance_id, Attributes=dict(attributes))
        except (ClientError, BotoCoreError) as error:
            raise _ours(error, "write the attributes of a contact", "connect:UpdateContactAttributes") from error

    def customer_number(self, contact_id: str) -> str:
        """The caller's phone number as Connect has it (``+8210…``); empty for contacts that are no phone calls."""
        try:
            answer = self._connect.describe_contact(InstanceId=self._instance_id, ContactId=contact_id)
        except (ClientError, BotoCoreError) as error:
            raise _ours(error, "look at a contact", "connect:DescribeContact") from error
        endpoint = answer.get("Contact", {}).get("CustomerEndpoint", {})
        return str(endpoint.get("Address", "")) if endpoint.get("Type") == "TELEPHONE_NUMBER" else ""


def _check(attributes: Mapping[str, str]) -> None:
    for key in attributes:
        if not _KEY.fullmatch(key):
            raise VendorRefused(
                f"{key!r} cannot name a contact attribute", remedy="Use letters, digits, - and _", reply=VendorReply(VENDOR)
            )
    size = sum(len(key.encode()) + len(value.encode()) for key, value in attributes.items())
    if size > MAX_ATTRIBUTE_BYTES:
        raise VendorRefused(
            f"The contact attributes have {size} bytes, Connect keeps {MAX_ATTRIBUTE_BYTES}",
            remedy="Shorten the values",
            reply=VendorReply(VENDOR),
        )


def _ours(error: ClientError | BotoCoreError, action: str, permission: str) -> ReadbackError:
    """Map an SDK error to exactly one of our classes. No contact is named: its id may be a phone number, and Prefect keeps the message."""
    if not isinstance(error, ClientError):
        return aws_error(error, action, service=VENDOR)
    answer = error.response
    code = answer["Error"]["Code"]
    meta = answer.get("ResponseMetadata", {})
    reply = VendorReply(VENDOR, meta.get("HTTPStatusCode", 0), code, meta.get("RequestId", ""))
    if code in REFUSED:
        remedy = f"Allow {permission} on the instance, and check READBACK_CONNECT_INSTANCE_ID"
        return AccessRefused(f"could not {action}: AWS refused", remedy=remedy, reply=reply, case="connect")
    if code in _SLOW:
        return TooManyRequests(f"could not {action}: Connect asks for a slower pace", reply=reply)
    if code == "ResourceNotFoundException":
        remedy = "Check READBACK_CONNECT_INSTANCE_ID; the contact may belong to another instance or be too old"
        return VendorRefused(f"could not {action}: Connect does not know it", remedy=remedy, reply=reply)
    return aws_error(error, action, service=VENDOR)
