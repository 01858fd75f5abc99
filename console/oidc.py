"""Sign-on by the company's OpenID Connect provider: authorization code with PKCE, state and nonce; roles by a claim.

Nothing that the provider says is believed before its signature (RS256, a key of its JWKS), issuer, audience, times and our nonce are right.
What it knows of somebody beyond a name and the groups that mean a role here is not kept.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, ValidationError

from console.roles import Role
from models.errors import ConfigurationError, VendorReply, VendorUnreachable

logger = logging.getLogger("readback.console")
VENDOR = "OpenID Connect"
ALGORITHMS = ("RS256",)
LEEWAY_SECONDS = 60
TIMEOUT_SECONDS = 10.0
KEPT_SECONDS = 3600.0  # what the provider says of itself
KEYS_AGAIN_SECONDS = 30.0  # a key that is not known is asked for so often at most
_LONGEST_NAME = 60
_REMEDY = "Check READBACK_CONSOLE_OIDC_ISSUER and that the provider runs"


class SignOnFailed(Exception):
    """Somebody could not be signed on; the message is for the person."""

    def __init__(self, said: str, status: int = 400) -> None:
        super().__init__(said)
        self.status = status


@dataclass(frozen=True)
class OidcSettings:
    """How the provider is reached, and what its claims mean here. ``address`` is the console's own, as people's browsers have it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    address: str
    roles: Mapping[str, Role]
    roles_claim: str = "roles"
    name_claim: str = "preferred_username"
    scope: str = "openid profile"
    session_seconds: float = 3600.0

    def __post_init__(self) -> None:
        for name, url in (("READBACK_CONSOLE_OIDC_ISSUER", self.issuer), ("READBACK_CONSOLE_ADDRESS", self.address)):
            if not is_safe(url):
                raise ConfigurationError(f"{name} is no address that sign-on may use", remedy="Give an https address without a query")
        if not self.client_id or not self.client_secret:
            raise ConfigurationError(
                "the console has no OpenID Connect client",
                remedy="Set READBACK_CONSOLE_OIDC_CLIENT_ID and READBACK_CONSOLE_OIDC_CLIENT_SECRET",
            )
        if not self.roles:
            raise ConfigurationError("nobody has a role in the console", remedy="Set READBACK_CONSOLE_OIDC_ROLES, such as leads=lead")

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back to; it must be registered there."""
        return f"{self.address.rstrip('/')}/login/back"


def parse_roles(text: str) -> dict[str, Role]:
    """Read the setting ``READBACK_CONSOLE_OIDC_ROLES``.

    >>> parse_roles("cc-agents=agent, cc-leads=lead")
    {'cc-agents': <Role.AGENT: 'agent'>, 'cc-leads': <Role.LEAD: 'lead'>}
    """
    roles: dict[str, Role] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        group, _, role = part.rpartition("=")
        if not group.strip() or role.strip() not in set(Role):
            names = ", ".join(role.value for role in Role)
            raise ConfigurationError(
                f"READBACK_CONSOLE_OIDC_ROLES: {part!r} names no role", remedy=f"Write it as group=role; roles: {names}"
            )
        roles[group.strip()] = Role(role.strip())
    return roles


def is_safe(url: str) -> bool:
    """Whether secrets may go to an address: TLS, or this very machine.

    >>> is_safe("https://login.example.com/realm"), is_safe("http://127.0.0.1:8080"), is_safe("http://login.example.com")
    (True, True, False)
    """
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local)) and not (parts.query or parts.fragment)


class _Discovered(BaseModel):
    """What we need of what the provider says of itself."""

    model_config = ConfigDict(extra="ignore")

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    code_challenge_methods_supported: list[str] = ["S256"]


class Begun(BaseModel):
    """A sign-on under way: what the browser carries, signed, until it comes back."""

    model_config = ConfigDict(frozen=True)

    state: str
    nonce: str
    verifier: str
    onward: str = ""

    @classmethod
    def now(cls, onward: str) -> Self:
        """One that nobody can guess."""
        return cls(state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48), onward=onward)


@dataclass(frozen=True)
class SignedOn:
    """Who came back: a name for histories, and those of the provider's groups that mean a role."""

    name: str
    groups: tuple[str, ...]


class Oidc:
    """The provider. Safe to share between threads; nothing is asked before somebody signs on."""

    def __init__(self, settings: OidcSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._known: tuple[float, _Discovered] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def leave_for(self, begun: Begun) -> str:
        """Where the browser goes to sign on."""
        found = self._discovered()
        with self._client(found) as client:
            url, _ = client.create_authorization_url(
                found.authorization_endpoint, state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier
            )
        return str(url)

    def come_back(self, query: Mapping[str, str], begun: Begun | None) -> SignedOn:
        """Who signed on, by what the browser brought back; SignOnFailed for anything that is not what we sent it for."""
        if begun is None or not secrets.compare_digest(query.get("state", "").encode(), begun.state.encode()):
            raise SignOnFailed("로그인 요청이 맞지 않거나 오래되었습니다. 다시 로그인하세요.")
        if query.get("iss", self.settings.issuer) != self.settings.issuer:
            raise SignOnFailed("다른 로그인 서버의 답입니다. 다시 로그인하세요.")
        if error := query.get("error", ""):
            logger.warning("The provider refused a sign-on: %s", _code(error))
            raise SignOnFailed("회사 로그인이 취소되었거나 거절되었습니다. 다시 로그인하세요.", 403)
        if not query.get("code"):
            raise SignOnFailed("로그인 요청이 맞지 않거나 오래되었습니다. 다시 로그인하세요.")
        claims = self._claims(self._tokens(query["code"], begun), begun.nonce)
        groups = tuple(group for group in _groups(claims, self.settings.roles_claim) if group in self.settings.roles)
        name = _name(claims, self.settings.name_claim)
        if not name:
            raise SignOnFailed("회사 계정에 이름이 없어 로그인할 수 없습니다. 관리자에게 알리세요.", 403)
        if not groups:
            raise SignOnFailed("이 계정에는 콘솔 권한이 없습니다. 관리자에게 권한을 요청하세요.", 403)
        return SignedOn(name, groups)

    def leave_for_good(self) -> str:
        """Where the browser ends its session with the provider as well; empty where the provider has no such place."""
        end = self._discovered().end_session_endpoint
        query = {"client_id": self.settings.client_id, "post_logout_redirect_uri": f"{self.settings.address.rstrip('/')}/login"}
        return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}" if end else ""

    def _client(self, found: _Discovered) -> OAuth2Session:
        methods = found.token_endpoint_auth_methods_supported
        return OAuth2Session(
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            token_endpoint_auth_method="client_secret_basic" if "client_secret_basic" in methods else "client_secret_post",
            scope=self.settings.scope,
            redirect_uri=self.settings.redirect_uri,
            code_challenge_method="S256",
        )

    def _tokens(self, code: str, begun: Begun) -> Mapping[str, Any]:
        found = self._discovered()
        try:
            with self._client(found) as client:
                tokens: Mapping[str, Any] = client.fetch_token(
                    found.token_endpoint, code=code, code_verifier=begun.verifier, timeout=TIMEOUT_SECONDS, allow_redirects=False
                )
        except OAuthError as error:
            logger.warning("The provider gave no token: %s", _code(error.error or ""))
            if error.error in ("invalid_client", "unauthorized_client"):
                raise ConfigurationError(
                    "the OpenID Connect provider refuses the console's client",
                    remedy="Check READBACK_CONSOLE_OIDC_CLIENT_ID and READBACK_CONSOLE_OIDC_CLIENT_SECRET",
                ) from None
            raise SignOnFailed("회사 로그인 서버가 로그인을 확인해 주지 않았습니다. 다시 로그인하세요.", 401) from None
        except (requests.RequestException, ValueError) as error:
            raise _away(error) from None
        return tokens

    def _claims(self, tokens: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """What the id token says, once it is known to be the provider's, for us, of now, and of this sign-on."""
        try:
            token = self._decoded(str(tokens.get("id_token") or ""))
            claims = CodeIDToken(
                token.claims,
                token.header,
                options={
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                    "sub": {"essential": True},
                    "exp": {"essential": True},
                    "iat": {"essential": True},
                    "nonce": {"essential": True, "value": nonce},
                },
                params={"client_id": self.settings.client_id, "nonce": nonce, "access_token": tokens.get("access_token")},
            )
            claims.validate(leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            logger.warning("An id token is not believed: %s", type(error).__name__)
            raise SignOnFailed(
                "회사 로그인 서버의 답을 믿을 수 없어 로그인하지 않았습니다. 다시 로그인하고, 되풀이되면 관리자에게 알리세요.", 401
            ) from None
        return dict(claims)

    def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, self._key_set(), algorithms=list(ALGORITHMS))
        except InvalidKeyIdError:  # the provider may have changed its keys
            return jwt.decode(token, self._key_set(older_than=KEYS_AGAIN_SECONDS), algorithms=list(ALGORITHMS))

    def _discovered(self) -> _Discovered:
        with self._lock:
            if self._known is not None and self._clock() - self._known[0] < KEPT_SECONDS:
                return self._known[1]
            address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                found = _Discovered.model_validate(self._json(address))
            except ValidationError as error:
                raise _misconfigured(f"lacks {error.errors()[0]['loc']}") from None
            if found.issuer != self.settings.issuer:
                raise _misconfigured("names another issuer")
            if not all(is_safe(url.partition("?")[0]) for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri)):
                raise _misconfigured("has an address without TLS")
            if "S256" not in found.code_challenge_methods_supported:
                raise _misconfigured("knows no PKCE with S256")
            self._known = self._clock(), found
            return found

    def _key_set(self, older_than: float = KEPT_SECONDS) -> KeySet:
        """The provider's keys; asked for again where what we have is ``older_than`` so many seconds."""
        address = self._discovered().jwks_uri
        with self._lock:
            if self._keys is None or self._clock() - self._keys[0] >= older_than:
                try:
                    keys = KeySet.import_key_set(self._json(address))
                except (JoseError, ValueError, TypeError, KeyError):
                    raise _misconfigured("has keys that cannot be read") from None
                self._keys = self._clock(), keys
            return self._keys[1]

    def _json(self, address: str) -> Any:
        try:
            headers = {"Accept": "application/json"}
            answer = requests.get(address, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
            answer.raise_for_status()
            return answer.json()
        except (requests.RequestException, ValueError) as error:
            raise _away(error) from None


def _groups(claims: Mapping[str, Any], claim: str) -> list[str]:
    """The values of a claim that may lie within others: by its whole name (Auth0's are addresses), then by its parts between points."""
    value: Any = claims.get(claim)
    if value is None:
        value = claims
        for part in claim.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [one for one in values if isinstance(one, str)]


def _name(claims: Mapping[str, Any], claim: str) -> str:
    """A name as histories hold it: one word, for it stands among others."""
    value = claims.get(claim)
    kept = "".join("·" if letter.isspace() or letter in ",;:/\\" else letter for letter in value.strip()) if isinstance(value, str) else ""
    return "".join(filter(str.isprintable, kept))[:_LONGEST_NAME]


def _code(error: str) -> str:
    """A protocol's error code as the log may have it; a description may hold anything."""
    return error[:60] if error.replace("_", "").isalnum() and error.isascii() else "(unreadable)"


def _away(error: Exception) -> VendorUnreachable:
    # The cause is cut off: a request for a token holds the client's secret.
    answer = getattr(error, "response", None)
    status = answer.status_code if answer is not None else 0
    return VendorUnreachable(
        f"No answer from the provider: {type(error).__name__}", remedy=_REMEDY, reply=VendorReply(VENDOR, status), case="oidc"
    )


def _misconfigured(what: str) -> ConfigurationError:
    return ConfigurationError(f"the OpenID Connect provider {what}", remedy=_REMEDY)
