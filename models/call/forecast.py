"""What calls that have not begun will cost, from the sizes of their recordings and what calls cost lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.call.ended import EndedCall
from models.call.ledger import Charge, Payment, Spent, Unit, spent
from models.call.prices import Prices
from models.call.record import Outcome

# Amazon Connect's recordings: 8 kHz, two channels, 16 bits. A mono recording is counted as half as long as it is.
BYTES_A_SECOND = 32_000


@dataclass(frozen=True)
class Forecast:
    """Calls, the seconds of their recordings, what they will cost, and the days that budgets spread them over (0: no budget)."""

    calls: int
    seconds: float
    spent: Sequence[Spent]
    days: float
    learnt_from: int

    @property
    def won(self) -> float:
        """The sum."""
        return sum(one.won for one in self.spent)


def forecast(
    calls: int, size: int, lately: Sequence[EndedCall], *, stt_provider: str, prices: Prices, day: date, budgets: Mapping[str, float]
) -> Forecast:
    """Reckon ``calls`` recordings of ``size`` bytes together.

    Speech-to-text goes by their seconds; everything else by what a call that was read back lately took on average.
    """
    seconds, done = size / BYTES_A_SECOND, [call for call in lately if call.outcome is Outcome.READ_BACK and call.charges]
    charges = [prices.charge(stt_provider, Unit.STT_SECONDS, seconds, day)]
    share = calls / len(done) if done else 0.0
    usual = [one for call in done for one in call.charges if one.unit is not Unit.STT_SECONDS and one.payment is Payment.ORDINARY]
    charges += [_scaled(one, share) for one in usual]
    by_account: dict[str, float] = {}
    for charge in charges:
        by_account[charge.account] = by_account.get(charge.account, 0.0) + (charge.won or 0.0)
    days = max((by_account.get(account, 0.0) / won for account, won in budgets.items() if won), default=0.0)
    summed = spent(one.model_copy(update={"model": ""}) for one in charges)
    return Forecast(calls=calls, seconds=seconds, spent=summed, days=days, learnt_from=len(done))


def _scaled(charge: Charge, share: float) -> Charge:
    return charge.model_copy(update={"amount": charge.amount * share, "won": None if charge.won is None else charge.won * share})
