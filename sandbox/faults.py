"""Faults by plan: which of a stand-in's requests go wrong, and how, decided by a seed.

A request's fate depends on the seed and on its number alone, so the same plan over the same number of requests injects the
same faults, whatever the machine. The plan can be replaced while the stand-in runs (``POST /sandbox/faults``).
"""

import random
import threading
from collections import Counter
from collections.abc import Collection

from pydantic import BaseModel, ConfigDict, Field


class FaultPlan(BaseModel):
    """One seeded plan. ``kinds`` names the faults to choose from, all that the request allows when empty.

    ``rate`` is the share of faulty requests; ``latency_seconds`` how long a slow answer takes.

    >>> plan = FaultPlan(seed=7, rate=0.5, kinds=("500",))
    >>> [plan.draw(number, {"500", "503"}) for number in range(5)] == [plan.draw(number, {"500", "503"}) for number in range(5)]
    True
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    rate: float = Field(0.0, ge=0.0, le=1.0)
    kinds: tuple[str, ...] = ()
    latency_seconds: float = Field(2.0, ge=0.0)

    def draw(self, number: int, possible: Collection[str]) -> str | None:
        """Return the fault of the request with this number, out of those that its endpoint can show, or None."""
        chance = random.Random(f"{self.seed}:{number}")
        candidates = sorted(kind for kind in possible if not self.kinds or kind in self.kinds)
        if chance.random() >= self.rate or not candidates:
            return None
        return chance.choice(candidates)

    def check(self, known: Collection[str]) -> None:
        """Refuse kinds that a stand-in does not know; a plan that silently injects nothing would prove nothing."""
        unknown = sorted(set(self.kinds) - set(known))
        if unknown:
            raise ValueError(f"unknown kinds of fault {unknown}; known: {sorted(known)}")


class Faults:
    """A plan at work: numbers the requests and counts what was injected. Safe to share between threads."""

    def __init__(self, plan: FaultPlan, known: Collection[str]) -> None:
        plan.check(known)
        self._known = known
        self._lock = threading.Lock()
        self._plan = plan
        self._number = 0
        self._injected: Counter[str] = Counter()

    @property
    def plan(self) -> FaultPlan:
        """The plan in force."""
        return self._plan

    @property
    def injected(self) -> dict[str, int]:
        """Injected faults by kind, since the start."""
        with self._lock:
            return dict(self._injected)

    def replace(self, plan: FaultPlan) -> None:
        """Put another plan in force and number the requests from 0 again."""
        plan.check(self._known)
        with self._lock:
            self._plan, self._number = plan, 0

    def next(self, possible: Collection[str]) -> str | None:
        """Decide the fate of the next request."""
        with self._lock:
            kind = self._plan.draw(self._number, possible)
            self._number += 1
            if kind is not None:
                self._injected[kind] += 1
            return kind
