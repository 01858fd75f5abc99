"""What is paid for calls that have ended: summaries made anew, prompts spoken again. A day's digest counts it beside that day's calls.

Each run has an object of its own a day, with the sums of all its calls: it names no call.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import date

from pydantic import BaseModel

from clients.s3 import ObjectStore
from models.call.ledger import Charge, gathered
from models.keys import StorageKeys


class _Paid(BaseModel):
    charges: list[Charge]


class LaterCharges:
    """What one run pays; ``name`` is the run's, never used again by another."""

    def __init__(self, store: ObjectStore, name: str = "") -> None:
        """Nothing is written before something is paid."""
        self._store, self._name = store, name or secrets.token_hex(8)
        self._paid: dict[date, list[Charge]] = {}

    def add(self, charges: Sequence[Charge]) -> None:
        """Count charges under the day of each; one request for each day among them."""
        for day in {one.day for one in charges}:
            self._paid[day] = gathered([*self._paid.get(day, []), *(one for one in charges if one.day == day)])
            body = _Paid(charges=self._paid[day]).model_dump_json().encode("utf-8")
            self._store.put(StorageKeys.later_charges(day, self._name), body, content_type="application/json")


def later_charges_of(store: ObjectStore, day: date) -> Iterator[Charge]:
    """What all runs paid on a day for calls that had ended."""
    for facts in store.walk(StorageKeys.day_of_later_charges(day)):
        if stored := store.find(facts.key):
            yield from _Paid.model_validate_json(stored.body).charges
