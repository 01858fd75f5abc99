"""What calls that have not begun will cost, from the sizes of their recordings and what calls cost lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.call.ended import EndedCall
from models.call.ledger import Charge, Payment, Spent, Unit, spent
from models.call.prices import Prices
from models.call.record import Outcome
from models.call.review import names_version

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
    summed = spent(one.model_copy(update={"model": ""}) for one in charges)
    return Forecast(calls=calls, seconds=seconds, spent=summed, days=_days(charges, budgets), learnt_from=len(done))


def forecast_anew(
    calls: int, seconds: float, lately: Sequence[EndedCall], *, champion: str, speak: bool, budgets: Mapping[str, float]
) -> Forecast:
    """Reckon calls that are summarized anew: by what a call took lately that this model told, or, while it told none, any other.

    Nothing is heard again; with ``speak`` every call is counted as spoken again, though those are not whose words stay.
    """
    done = [call for call in lately if call.outcome is Outcome.READ_BACK and call.charges]
    by_it = [call for call in done if names_version(call.version or "", champion)]
    learnt = by_it or done
    units = {Unit.SUMMARIZER_SECONDS, Unit.PROMPT_TOKENS, Unit.COMPLETION_TOKENS} | ({Unit.TTS_CHARACTERS} if speak else set())
    usual = [one for call in learnt for one in call.charges if one.unit in units and one.payment is Payment.ORDINARY]
    charges = [_scaled(one, calls / len(learnt)).model_copy(update={"model": ""}) for one in usual]
    return Forecast(calls=calls, seconds=seconds, spent=spent(charges), days=_days(charges, budgets), learnt_from=len(learnt))


def _days(charges: Sequence[Charge], budgets: Mapping[str, float]) -> float:
    """How many days budgets spread charges over; 0 where none of them has a budget."""
    by_account: dict[str, float] = {}
    for charge in charges:
        by_account[charge.account] = by_account.get(charge.account, 0.0) + (charge.won or 0.0)
    return max((by_account.get(account, 0.0) / won for account, won in budgets.items() if won), default=0.0)


def _scaled(charge: Charge, share: float) -> Charge:
    return charge.model_copy(update={"amount": charge.amount * share, "won": None if charge.won is None else charge.won * share})
