"""Which requests of browsers Prefect's server answers: those of its own pages.

A browser sends what any page asks of this machine. Without a password that is enough to start runs, and CORS stops neither a request
whose answer the page need not read, nor a websocket, nor a page whose name was made to point here (DNS rebinding).
"""

import ipaddress
import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

# An ASGI application: scope, receive, send.
Application = Callable[[Any, Any, Any], Awaitable[None]]


def is_this_machine(name: str) -> bool:
    """Whether a host's name or address is the loopback's.

    >>> is_this_machine("localhost"), is_this_machine("::1"), is_this_machine("prefect.example.com")
    (True, True, False)
    """
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


class OwnPages:
    """ASGI middleware: a request that a browser sends for another site's page is refused, and so is a websocket of it.

    ``allowed`` are further origins, for a proxy that changes the header Host. Without ``password`` the server answers under this
    machine's names alone.
    """

    def __init__(self, app: Application, *, allowed: Iterable[str], password: bool) -> None:
        """Stand before ``app``."""
        self._app = app
        self._allowed = frozenset(allowed)
        self._password = password

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one connection, or refuse it with a reason."""
        reason = "" if scope["type"] == "lifespan" else self._refusal(scope)
        if not reason:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            body = json.dumps({"detail": reason}).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _refusal(self, scope: Any) -> str:
        host = origin = ""
        for name, value in scope["headers"]:
            if name == b"host":
                host = value.decode("latin-1")
            elif name == b"origin":
                origin = value.decode("latin-1")
        if origin and origin not in self._allowed and urlsplit(origin).netloc != host:
            return (
                "A page of another site asks. Where this is Prefect's own UI behind a proxy that changes the header Host, set "
                "PREFECT_SERVER_CORS_ALLOWED_ORIGINS to its address."
            )
        if host and not self._password and not is_this_machine(urlsplit(f"//{host}").hostname or ""):
            return "Without PREFECT_SERVER_API_AUTH_STRING the server answers under this machine's names alone: open it as localhost."
        return ""
