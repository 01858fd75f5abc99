"""What a day cost, as its digest reckoned it, and what several such days come to: by vendor, by model, by day."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Self

from pydantic import BaseModel

from models.call.ended import Day, ModelCost
from models.call.ledger import Spent, Unit


class DayMoney(BaseModel):
    """One day in Korea: what each vendor billed, and what the calls cost that a model version told. No caller's data."""

    day: date
    read_back: int
    spent: list[Spent]
    by_model: dict[str, ModelCost]

    @classmethod
    def of(cls, day: date, ended: Day) -> Self:
        """As the digest has it."""
        return cls(day=day, read_back=ended.read_back, spent=ended.spent, by_model=ended.by_model)

    @property
    def won(self) -> float:
        """The sum."""
        return sum(one.won for one in self.spent)

    def of_vendor(self, vendor: str) -> float:
        """What one vendor billed, with all its models and voices."""
        return sum(one.won for one in self.spent if vendor_of(one) == vendor)


@dataclass(frozen=True)
class Period:
    """Several days: their sums by vendor, unit and model, and by the version that told; ``vendors`` are the dearest first."""

    days: Sequence[DayMoney]
    spent: Sequence[Spent]
    by_model: dict[str, ModelCost]
    vendors: Sequence[str]

    @classmethod
    def of(cls, days: Sequence[DayMoney]) -> Self:
        """Summed up; the latest day first."""
        spent: dict[tuple[str, Unit, str], Spent] = {}
        by_model: dict[str, ModelCost] = {}
        for day in days:
            for one in day.spent:
                key = (one.provider, one.unit, one.model)
                spent[key] = _sum(spent[key], one) if key in spent else one
            for model, cost in day.by_model.items():
                so_far = by_model.get(model, ModelCost(0, 0.0))
                by_model[model] = ModelCost(so_far.calls + cost.calls, so_far.won + cost.won)
        ordered = sorted(spent.values(), key=lambda one: -one.won)
        return cls(
            days=sorted(days, key=lambda day: day.day, reverse=True),
            spent=ordered,
            by_model=dict(sorted(by_model.items(), key=lambda item: -item[1].won)),
            vendors=list(dict.fromkeys(vendor_of(one) for one in ordered)),
        )

    @property
    def won(self) -> float:
        """The sum."""
        return sum(one.won for one in self.spent)


def vendor_of(spent: Spent) -> str:
    """Whose bill it is on.

    >>> vendor_of(Spent("google-tts/wavenet", Unit.TTS_CHARACTERS, "", 1, 1, 0, 0, 0))
    'google-tts'
    """
    return spent.provider.partition("/")[0]


def _sum(one: Spent, other: Spent) -> Spent:
    names = ("amount", "won", "repeated_won", "lost_won", "unpriced")
    return replace(one, **{name: getattr(one, name) + getattr(other, name) for name in names})
