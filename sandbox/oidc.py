"""A stand-in for a company's OpenID Connect provider: discovery, PKCE, codes that count once, RS256 id tokens, keys that change.

    python -m sandbox.oidc --port 0 --redirect http://127.0.0.1:8088/login/back --password-file FILE

The first line on stdout is JSON with the issuer's address. Its client is ``console``; the client's secret is read from the environment
(``READBACK_SANDBOX_OIDC_SECRET``). There is a person for each role of the console, in a group named like ``cc-lead``, and one in no group;
all have the password of the file. As real providers do, it sends nobody to an address that is not registered, wants PKCE with S256, takes a
code once within a minute, from the client and for the address that it was given to, and keeps people signed on by a cookie of its own.

Beside the protocol's addresses:

- ``GET /sandbox/counters``: how often each address was asked and what was refused;
- ``GET | POST /sandbox/faults``: the plan of faults in force, or a new one. Beside the faults of transport a plan can make id tokens wrong:
  ``wrong_nonce``, ``expired``, ``wrong_audience``, ``wrong_issuer``, ``unsigned``, ``other_key``, ``hs256``, ``no_token``; and
  ``rotated`` signs with a key that is new.
"""

import argparse
import asyncio
import base64
import contextlib
import hashlib
import hmac
import html
import os
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from console.roles import Role
from sandbox.faults import Faults
from sandbox.processes import free_port
from sandbox.serving import CutShort, parse_with_faults, sandbox_routes, serve

CLIENT = "console"
SECRET_VARIABLE = "READBACK_SANDBOX_OIDC_SECRET"
NOBODY = "visitor"  # somebody of the company who has nothing to do here
PEOPLE: Mapping[str, tuple[str, ...]] = {**{role.value: (f"cc-{role.value}", "everyone") for role in Role}, NOBODY: ("everyone",)}
GROUPS = ",".join(f"cc-{role.value}={role.value}" for role in Role)  # as READBACK_CONSOLE_OIDC_ROLES has it
CODE_SECONDS, TOKEN_SECONDS = 60.0, 300
COOKIE = "sandbox-sso"
TRANSPORT = frozenset({"reset_before", "500", "503"})
TOKENS = frozenset({"wrong_nonce", "expired", "wrong_audience", "wrong_issuer", "unsigned", "other_key", "hs256", "no_token", "rotated"})
KINDS = TRANSPORT | TOKENS


class Refused(Exception):
    """The token endpoint's answer is one of the protocol's errors."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass(frozen=True)
class Code:
    """What a code was given for."""

    person: str
    redirect_uri: str
    challenge: str
    nonce: str
    until: float


@dataclass
class Provider:
    """The provider and its books. Used from one event loop."""

    secret: str
    password: str
    redirects: tuple[str, ...]
    faults: Faults
    issuer: str = ""
    keys: list[RSAKey] = field(default_factory=list)
    codes: dict[str, Code] = field(default_factory=dict)
    signed_on: dict[str, str] = field(default_factory=dict)  # cookie to person
    asked: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.new_key()

    def new_key(self) -> None:
        """Sign with a new key from now on; the former stays known for tokens that are under way."""
        self.keys = [*self.keys[-1:], RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": secrets.token_hex(8)}, private=True)]

    def discovery(self) -> dict[str, Any]:
        """What the provider says of itself."""
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/jwks",
            "end_session_endpoint": f"{at}/end-session",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "at_hash", "preferred_username", "groups"],
            "authorization_response_iss_parameter_supported": True,
        }

    def fault_of_request(self, query: Mapping[str, str]) -> tuple[str, bool]:
        """What is wrong with a request to sign on, and whether the browser may be sent back with it; empty where nothing is."""
        if query.get("client_id") != CLIENT:
            return "unauthorized_client", False
        if query.get("redirect_uri") not in self.redirects:
            return "invalid_redirect_uri", False
        if query.get("response_type") != "code":
            return "unsupported_response_type", True
        if "openid" not in query.get("scope", "").split():
            return "invalid_scope", True
        if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
            return "invalid_request", True
        return "", True

    def code_for(self, person: str, query: Mapping[str, str]) -> str:
        """Where the browser goes back to with a new code."""
        code = secrets.token_urlsafe(32)
        challenge, nonce = query["code_challenge"], query.get("nonce", "")
        self.codes[code] = Code(person, query["redirect_uri"], challenge, nonce, time.monotonic() + CODE_SECONDS)
        return self.back(query, code=code)

    def back(self, query: Mapping[str, str], **said: str) -> str:
        """Where the browser goes back to."""
        state = {"state": query["state"]} if "state" in query else {}
        return f"{query['redirect_uri']}?{urlencode({**said, **state, 'iss': self.issuer})}"

    def exchange(self, authorization: str, form: Mapping[str, str]) -> dict[str, Any]:
        """Tokens for a code; Refused for whatever is not as it was given."""
        self._check_client(authorization, form)
        if form.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type")
        code = self.codes.pop(form.get("code", ""), None)
        if code is None or code.until < time.monotonic() or code.redirect_uri != form.get("redirect_uri"):
            raise Refused("invalid_grant")
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if not hmac.compare_digest(digest, code.challenge):
            raise Refused("invalid_grant")
        access = secrets.token_urlsafe(32)
        fault = self.faults.next(TOKENS)
        tokens = {"access_token": access, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": "openid profile"}
        return tokens if fault == "no_token" else {**tokens, "id_token": self.id_token(code, access, fault)}

    def _check_client(self, authorization: str, form: Mapping[str, str]) -> None:
        """A client names itself in one way, not in two."""
        if authorization and "client_secret" in form:
            raise Refused("invalid_request")
        name, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization:
            try:
                name, _, secret = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode().partition(":")
            except ValueError:
                raise Refused("invalid_client", 401) from None
            name, secret = unquote(name), unquote(secret)
        if name != CLIENT or not hmac.compare_digest(secret.encode(), self.secret.encode()):
            raise Refused("invalid_client", 401)

    def id_token(self, code: Code, access: str, fault: str | None) -> str:
        """Who signed on, signed; wrong where a fault says so."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer if fault != "wrong_issuer" else "https://login.example.com",
            "sub": hashlib.sha256(code.person.encode()).hexdigest()[:16],
            "aud": CLIENT if fault != "wrong_audience" else "another-client",
            "iat": now if fault != "expired" else now - 2 * TOKEN_SECONDS,
            "exp": now + TOKEN_SECONDS if fault != "expired" else now - TOKEN_SECONDS,
            "nonce": code.nonce if fault != "wrong_nonce" else secrets.token_urlsafe(32),
            "at_hash": base64.urlsafe_b64encode(hashlib.sha256(access.encode()).digest()[:16]).rstrip(b"=").decode(),
            "preferred_username": code.person,
            "groups": list(PEOPLE[code.person]),
        }
        if fault == "unsigned":
            return ".".join(_part(text) for text in (b'{"alg":"none"}', _json(claims), b""))
        if fault == "hs256":  # signed with what everybody knows, the public key
            signed = ".".join(_part(text) for text in (_json({"alg": "HS256", "kid": self.keys[-1].kid}), _json(claims)))
            return f"{signed}.{_part(hmac.digest(self.keys[-1].as_pem(private=False), signed.encode(), 'sha256'))}"
        if fault == "rotated":
            self.new_key()
        key = self.keys[-1]
        header = {"alg": "RS256", "kid": key.kid}
        return jwt.encode(header, claims, key if fault != "other_key" else RSAKey.generate_key(2048, private=True), algorithms=["RS256"])

    def jwks(self) -> dict[str, Any]:
        """The public keys."""
        return dict(KeySet(list(self.keys)).as_dict(private=False))

    def counters(self) -> dict[str, Any]:
        """The books, for tests."""
        return {"asked": dict(self.asked), "refused": dict(self.refused), "faults": self.faults.injected}


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _json(claims: Mapping[str, Any]) -> bytes:
    return JSONResponse(dict(claims)).body  # type: ignore[return-value]


def _page(query: Mapping[str, str], warning: str = "") -> HTMLResponse:
    """The provider's own page: a name and a password."""
    hidden = "".join(f'<input type="hidden" name="{html.escape(k)}" value="{html.escape(v)}">' for k, v in query.items())
    names = "".join(f"<option>{name}</option>" for name in PEOPLE)
    body = f"""<!doctype html><html lang="ko"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,"><title>모의 회사 로그인</title><h1>모의 회사 로그인</h1><p role="alert">{html.escape(warning)}</p>
<form method="post" action="/authorize">{hidden}<label>이름 <select name="username">{names}</select></label>
<label>비밀번호 <input name="password" type="password" required></label><button>로그인</button></form></html>"""
    return HTMLResponse(body, 401 if warning else 200)


def build_app(provider: Provider) -> Starlette:
    """The protocol's addresses and those of the sandbox."""

    def before(name: str) -> Response | None:
        provider.asked[name] += 1
        fault = provider.faults.next(TRANSPORT)
        if fault == "reset_before":
            return CutShort()
        return Response("upstream error", int(fault), media_type="text/plain") if fault else None

    async def discovery(request: Request) -> Response:
        return before("discovery") or JSONResponse(provider.discovery())

    async def jwks(request: Request) -> Response:
        return before("jwks") or JSONResponse(provider.jwks())

    async def authorize(request: Request) -> Response:
        provider.asked["authorize"] += 1
        form = dict(parse_qsl((await request.body()).decode())) if request.method == "POST" else dict(request.query_params)
        name, password = form.pop("username", ""), form.pop("password", "")
        fault, may_go_back = provider.fault_of_request(form)
        if fault:
            provider.refused[fault] += 1
            return RedirectResponse(provider.back(form, error=fault), 303) if may_go_back else HTMLResponse(html.escape(fault), 400)
        known = provider.signed_on.get(request.cookies.get(COOKIE, ""), "")
        if request.method == "GET":
            if known and form.get("prompt") != "login":
                return RedirectResponse(provider.code_for(known, form), 303)
            return RedirectResponse(provider.back(form, error="login_required"), 303) if form.get("prompt") == "none" else _page(form)
        if name not in PEOPLE or not hmac.compare_digest(password.encode(), provider.password.encode()):
            return _page(form, "이름이나 비밀번호가 맞지 않습니다.")
        answer = RedirectResponse(provider.code_for(name, form), 303)
        session = secrets.token_urlsafe(24)
        provider.signed_on[session] = name
        answer.set_cookie(COOKIE, session, httponly=True, samesite="lax", path="/")
        return answer

    async def token(request: Request) -> Response:
        if (fault := before("token")) is not None:
            return fault
        form = dict(parse_qsl((await request.body()).decode()))
        headers = {"Cache-Control": "no-store"}
        try:
            return JSONResponse(provider.exchange(request.headers.get("authorization", ""), form), headers=headers)
        except Refused as error:
            provider.refused[error.error] += 1
            return JSONResponse({"error": error.error}, error.status, headers)

    async def end_session(request: Request) -> Response:
        provider.asked["end-session"] += 1
        provider.signed_on.pop(request.cookies.get(COOKIE, ""), None)
        onward = request.query_params.get("post_logout_redirect_uri", "")
        ours = any(onward == redirect.removesuffix("/back") for redirect in provider.redirects)
        known = request.query_params.get("client_id") == CLIENT and ours
        answer: Response = RedirectResponse(onward, 303) if known else HTMLResponse("로그아웃했습니다", 200 if not onward else 400)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery, methods=["GET"]),
            Route("/jwks", jwks, methods=["GET"]),
            Route("/authorize", authorize, methods=["GET", "POST"]),
            Route("/token", token, methods=["POST"]),
            Route("/end-session", end_session, methods=["GET"]),
            *sandbox_routes(provider.counters, provider.faults),
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="An OpenID Connect provider on localhost, with a person for each role of the console.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one")
    parser.add_argument("--redirect", action="append", required=True, help="address that people are sent back to; repeatable")
    parser.add_argument("--password-file", type=Path, required=True, help="file with the password that everybody has")
    return parser


def main() -> None:
    """Parse the command line and serve."""
    options, faults = parse_with_faults(_parser(), "READBACK_SANDBOX_OIDC_FAULTS", KINDS)
    secret, password = os.environ.get(SECRET_VARIABLE, ""), options.password_file.read_text("utf-8").strip()
    if not secret or not password:
        raise SystemExit(f"set {SECRET_VARIABLE} and write a password into {options.password_file}")
    port = options.port or free_port()
    provider = Provider(secret, password, tuple(options.redirect), faults, issuer=f"http://{options.host}:{port}")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(build_app(provider), options.host, port, {"client": CLIENT}))


if __name__ == "__main__":
    main()
