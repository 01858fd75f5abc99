"""What people start from the console: a deployment of ours, in the name of whoever signed on. The console itself changes no call."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from prefect import get_client
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

from models.errors import VendorReply, VendorUnreachable

CORRECT, SPEAK_AGAIN, REDRIVE, ERASE = "apply-edits/apply-edits", "speak-again/speak-again", "redrive/redrive", "erase/erase"
AGAIN, ASK = "correct-call/correct-call", "ask-calls/ask-calls"


class Starts(Protocol):
    """Starts deployments."""

    def __call__(self, deployment: str, parameters: Mapping[str, Any]) -> str:
        """Start one; the flow run's id."""
        ...


@dataclass(frozen=True)
class PrefectStarts:
    """Starts them on the server that PREFECT_API_URL names."""

    seconds: float = 10.0

    def __call__(self, deployment: str, parameters: Mapping[str, Any]) -> str:
        """VendorUnreachable where the server does not take it."""
        try:
            return asyncio.run(asyncio.wait_for(_start(deployment, parameters), self.seconds))
        except (httpx.TransportError, RuntimeError, TimeoutError, PrefectHTTPStatusError, ObjectNotFound) as error:
            said = f"could not start {deployment}: Prefect's server did not take it ({type(error).__name__})"
            raise VendorUnreachable(said, remedy="Check PREFECT_API_URL", reply=VendorReply("Prefect"), case="prefect") from error


async def _start(deployment: str, parameters: Mapping[str, Any]) -> str:
    async with get_client() as client:
        found = await client.read_deployment_by_name(deployment)
        return str((await client.create_flow_run_from_deployment(found.id, parameters=dict(parameters))).id)
