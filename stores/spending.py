"""What all processes spend on a day, for budgets: an object of its own for each process, so that none waits for another.

A process knows its own spending exactly and that of the others as it was seconds ago, so a budget is overrun by what they spend in that
time and by what calls that have begun still cost.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

from pydantic import BaseModel

from clients.s3 import ObjectStore
from models.call.ledger import Charge
from models.errors import ConfigurationError, QuotaExhausted
from models.keys import StorageKeys

OTHERS_SECONDS = 15.0
_AMOUNT = re.compile(r"\d+(\.\d+)?")


class _Spending(BaseModel):
    won: dict[str, float] = {}


class Budget:
    """Won a day for some accounts. Safe to share between threads; ``name`` is this process's, never used again by another."""

    def __init__(
        self, store: ObjectStore, limits: Mapping[str, float], *, name: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._limits, self._clock = store, dict(limits), clock
        self._name = name or secrets.token_hex(8)
        self._lock = threading.Lock()
        self._mine: dict[date, dict[str, float]] = {}
        self._others: tuple[date, float, dict[str, float]] | None = None

    def spend(self, charge: Charge) -> None:
        """Count a charge; one request to S3 where its account has a budget."""
        if charge.account not in self._limits or not charge.won:
            return
        with self._lock:
            mine = self._mine.setdefault(charge.day, {})
            mine[charge.account] = mine.get(charge.account, 0.0) + charge.won
            body = _Spending(won=mine).model_dump_json().encode("utf-8")
            self._store.put(StorageKeys.spending(charge.day, self._name), body, content_type="application/json")

    def spent(self, day: date) -> dict[str, float]:
        """Won by account on a day, of all processes."""
        with self._lock:
            known = self._others
            if known is None or known[0] != day or self._clock() - known[1] > OTHERS_SECONDS:
                known = self._others = (day, self._clock(), self._of_others(day))
            total = dict(known[2])
            for account, won in self._mine.get(day, {}).items():
                total[account] = total.get(account, 0.0) + won
            return total

    def check(self, day: date, providers: Sequence[str]) -> None:
        """QuotaExhausted where a budget of one of these providers is spent."""
        accounts = {provider.partition("/")[0] for provider in providers} & self._limits.keys()
        if not accounts:
            return
        spent = self.spent(day)
        for account in sorted(accounts):
            if spent.get(account, 0.0) >= self._limits[account]:
                raise QuotaExhausted(
                    f"the daily budget of {account} is spent: {spent[account]:,.0f} of {self._limits[account]:,.0f} won on {day}",
                    remedy="Calls go on at midnight in Korea; raise READBACK_DAILY_BUDGETS to go on now",
                    case="budget",
                )

    def _of_others(self, day: date) -> dict[str, float]:
        total: dict[str, float] = {}
        for facts in self._store.walk(StorageKeys.day_of_spending(day)):
            stored = None if facts.key == StorageKeys.spending(day, self._name) else self._store.find(facts.key)
            for account, won in (_Spending.model_validate_json(stored.body).won if stored else {}).items():
                total[account] = total.get(account, 0.0) + won
        return total


def parse_budgets(text: str, accounts: Collection[str]) -> dict[str, float]:
    """Read the setting ``READBACK_DAILY_BUDGETS``; ConfigurationError for one that would hold no call.

    >>> parse_budgets("returnzero=200000, google-tts=20000", ["returnzero", "google-tts"])
    {'returnzero': 200000.0, 'google-tts': 20000.0}
    """
    budgets: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        account, _, won = (piece.strip() for piece in part.partition("="))
        if not _AMOUNT.fullmatch(won):
            said = f"READBACK_DAILY_BUDGETS: {part!r} is no budget"
            raise ConfigurationError(said, remedy="Write it as vendor=won, such as returnzero=200000")
        if account not in accounts:
            said = f"READBACK_DAILY_BUDGETS: {account!r} is on nobody's bill, so its budget would hold no call"
            raise ConfigurationError(said, remedy=f"Name one of {', '.join(sorted(accounts))}, or add its price to the price file")
        budgets[account] = float(won)
    return budgets
