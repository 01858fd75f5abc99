"""Which speech-to-text vendor hears a call: by Connect instance or queue as settings say, and another one while that is away for long."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import BaseModel

from models.errors import ConfigurationError, ErrorCode

_RULE = re.compile(r"(?P<kind>instance|queue):(?P<name>[^=,\s]+)=(?P<provider>[^=,\s]+)")
_EXAMPLE = "instance:acme=google,queue:backfill=whisper"


@dataclass(frozen=True)
class Rule:
    """Calls of an instance, or runs of a work queue, go to a vendor."""

    kind: str
    name: str
    provider: str

    def fits(self, instance: str, queue: str) -> bool:
        """Whether it is about this call."""
        return self.name == (instance if self.kind == "instance" else queue)


def parse_routes(text: str, providers: Collection[str]) -> tuple[Rule, ...]:
    """Read ``READBACK_STT_ROUTES``; ConfigurationError names the part that says nothing.

    >>> parse_routes("instance:acme=google, queue:backfill=whisper", {"google", "whisper"})[0]
    Rule(kind='instance', name='acme', provider='google')
    """
    rules = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = _RULE.fullmatch(part)
        if match is None:
            raise ConfigurationError(f"READBACK_STT_ROUTES: {part!r} is no route", remedy=f"Write it as in {_EXAMPLE}")
        if match["provider"] not in providers:
            remedy = f"Take one of {', '.join(sorted(providers))}"
            raise ConfigurationError(f"READBACK_STT_ROUTES: there is no vendor {match['provider']!r}", remedy=remedy)
        rules.append(Rule(match["kind"], match["name"], match["provider"]))
    return tuple(rules)


def provider_for(rules: Sequence[Rule], instance: str, queue: str, default: str) -> str:
    """The vendor of a call: the first rule that fits, or the default."""
    return next((rule.provider for rule in rules if rule.fits(instance, queue)), default)


class Away(BaseModel):
    """Since when no new job could be given to a vendor, why, and when a call last tried."""

    since: datetime
    tried: datetime
    error: ErrorCode

    def long_enough(self, now: datetime, patience_seconds: float) -> bool:
        """Whether calls need not wait for it any longer."""
        return now - self.since >= timedelta(seconds=patience_seconds)

    def due(self, now: datetime, probe_seconds: float) -> bool:
        """Whether a call should try it again."""
        return now - self.tried >= timedelta(seconds=probe_seconds)
