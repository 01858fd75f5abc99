"""Sessions in signed cookies, the token that every form carries, and how often somebody may guess a password.

A cookie says who signed on and when; what they may do is asked of the users' file at each request, so a role or a password that is taken
away is gone at once. Who signed on by the company's provider is asked for again there after an hour: until then the provider's groups count
as they were. A console knows one of both ways and takes no cookie of the other.
"""

import hmac
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from console.roles import Role
from console.users import User, Users
from models.errors import ConfigurationError

SESSION_SECONDS = 8 * 3600
RAW_SECONDS = 600
SIGN_ON_SECONDS = 600
_SHORTEST_SECRET = 32


@dataclass(frozen=True)
class Session:
    """Somebody who has signed on."""

    user: User
    csrf: str


class Sessions:
    """Makes and reads cookies."""

    def __init__(self, secret: str, users: Users, *, groups: Mapping[str, Role] | None = None, provider_seconds: float = 3600.0) -> None:
        """ConfigurationError for a secret that could be guessed. With ``groups`` a provider signs people on and no file is read."""
        if len(secret) < _SHORTEST_SECRET:
            raise ConfigurationError(
                f"READBACK_CONSOLE_SECRET has {len(secret)} characters",
                remedy="Set it to 32 or more, such as the output of: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
            )
        self._users, self._groups = users, groups
        self.provider_seconds = provider_seconds
        self._begun = URLSafeTimedSerializer(secret, salt="sign-on")
        self._sessions = URLSafeTimedSerializer(secret, salt="session")
        self._raw = URLSafeTimedSerializer(secret, salt="raw")

    def begin(self, user: User) -> str:
        """The cookie of somebody who has just signed on."""
        return str(self._sessions.dumps({"name": user.name, "stamp": user.stamp, "csrf": secrets.token_urlsafe(24)}))

    def read(self, cookie: str) -> Session | None:
        """Whose cookie this is, None for one that is not ours, too old, or whose owner or password has changed."""
        try:
            held = self._sessions.loads(cookie, max_age=SESSION_SECONDS)
        except BadData:
            return None
        if self._groups is not None:
            return self._of_provider(held)
        user = self._users.all().get(held["name"]) if "stamp" in held else None
        if user is None or not hmac.compare_digest(user.stamp, held["stamp"]):
            return None
        return Session(user, held["csrf"])

    def begin_by_provider(self, name: str, groups: Sequence[str]) -> str:
        """The cookie of somebody whom the provider signed on, with the groups that mean a role here."""
        until = time.time() + self.provider_seconds
        return str(self._sessions.dumps({"name": name, "groups": list(groups), "until": until, "csrf": secrets.token_urlsafe(24)}))

    def _of_provider(self, held: Mapping[str, Any]) -> Session | None:
        if self._groups is None or "groups" not in held or held["until"] <= time.time():
            return None
        roles = list(dict.fromkeys(self._groups[group] for group in held["groups"] if group in self._groups))
        return Session(User(name=held["name"], roles=roles, password=""), held["csrf"]) if roles else None

    def keep(self, begun: str) -> str:
        """A sign-on under way, as the browser carries it."""
        return str(self._begun.dumps(begun))

    def kept(self, cookie: str) -> str:
        """The same read; empty for what is not ours or too old."""
        try:
            return str(self._begun.loads(cookie, max_age=SIGN_ON_SECONDS))
        except BadData:
            return ""

    def raw_ticket(self, user: User, call_id: str) -> str:
        """What lets somebody who has given a reason hear a call's raw sound for some minutes."""
        return str(self._raw.dumps([user.name, call_id]))

    def opens_raw(self, ticket: str, user: User, call_id: str) -> bool:
        """Whether a ticket is this person's for this call."""
        try:
            return bool(self._raw.loads(ticket, max_age=RAW_SECONDS) == [user.name, call_id])
        except BadData:
            return False


def same(given: str, wanted: str) -> bool:
    """Whether two tokens are the same, told in a time that says nothing."""
    return bool(wanted) and hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


@dataclass
class Guesses:
    """How often a password was guessed wrongly, by name and by address: ``most`` in ``seconds``, then nobody is asked for a while."""

    most: int = 8
    seconds: float = 900.0
    _wrong: dict[str, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self, *who: str) -> int:
        """Seconds until another guess is taken; 0 where one is taken now."""
        now = time.monotonic()
        with self._lock:
            waits = [times[0] + self.seconds - now for one in who if len(times := self._recent(one, now)) >= self.most]
        return int(max(waits, default=0)) + bool(waits)

    def wrong(self, *who: str) -> None:
        """Count a wrong guess."""
        now = time.monotonic()
        with self._lock:
            for one in who:
                self._recent(one, now).append(now)
                self._wrong[one] = self._recent(one, now)

    def _recent(self, one: str, now: float) -> deque[float]:
        if len(self._wrong) > 10_000:  # names that somebody makes up take no memory for ever
            self._wrong.clear()
        times = self._wrong.setdefault(one, deque(maxlen=self.most))
        while times and times[0] < now - self.seconds:
            times.popleft()
        return times
