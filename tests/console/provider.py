"""A company's OpenID Connect provider for tests, and a person who signs on with it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

import requests
import uvicorn
from fastapi.testclient import TestClient
from httpx import Response

from console.oidc import Oidc, OidcSettings, parse_roles
from sandbox.faults import FaultPlan, Faults
from sandbox.oidc import CLIENT, GROUPS, KINDS, Provider, build_app
from sandbox.processes import free_port

SECRET, PASSWORD = "client-secret-of-the-console", "password of everybody"


@contextmanager
def serving(address: str) -> Iterator[Provider]:
    """The sandbox's provider over real HTTP, which sends people back to the console at ``address``."""
    port = free_port()
    faults = Faults(FaultPlan(), KINDS)
    provider = Provider(SECRET, PASSWORD, (f"{address}/login/back",), faults, issuer=f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(build_app(provider), host="127.0.0.1", port=port, log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield provider
    server.should_exit = True
    thread.join(20)


def oidc_of(provider: Provider, address: str, **changes: object) -> Oidc:
    """The console's side."""
    given: dict[str, object] = {
        "issuer": provider.issuer,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "address": address,
        "roles": parse_roles(GROUPS),
        "roles_claim": "groups",
    }
    return Oidc(OidcSettings(**(given | changes)))  # type: ignore[arg-type]


@dataclass
class Visitor:
    """A browser that goes between the console (in this process) and the provider."""

    console: TestClient
    provider: Provider
    at_provider: requests.Session = field(default_factory=requests.Session)

    def leave(self, onward: str = "") -> str:
        """Begin to sign on; the provider's address that the console sends to."""
        answer = self.console.get("/login/company", params={"next": onward}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def prove(self, address: str, name: str) -> str:
        """Give name and password at the provider; the console's address that it sends back to."""
        form = dict(parse_qsl(urlsplit(address).query)) | {"username": name, "password": PASSWORD}
        answer = self.at_provider.post(f"{self.provider.issuer}/authorize", data=form, allow_redirects=False, timeout=10)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def come_back(self, address: str) -> Response:
        """Follow the provider back."""
        parts = urlsplit(address)
        answer: Response = self.console.get(f"{parts.path}?{parts.query}", follow_redirects=False)
        return answer

    def sign_on(self, name: str, onward: str = "") -> Response:
        """All three."""
        return self.come_back(self.prove(self.leave(onward), name))
