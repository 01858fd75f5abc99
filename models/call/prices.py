"""What vendors ask, by day: one file with dates and sources, for the ledger, the forecast and whoever compares vendors."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from models.call.ledger import LANGUAGE_MODEL, Charge, Payment, Spent, Unit
from models.errors import ConfigurationError

PRICES = Path(__file__).parent / "prices.csv"
_WON = "won"
_BUDGETED = (Unit.STT_SECONDS, Unit.TTS_CHARACTERS, Unit.SUMMARIZER_SECONDS)


@dataclass(frozen=True)
class Price:
    """``price`` in ``currency`` for ``per`` units, from ``since`` on; ``least`` units are billed where fewer are used.

    ``checked`` is the day on which the vendor's own page or contract was read, None where nobody has confirmed the price.
    """

    provider: str
    unit: str
    since: date
    price: float
    currency: str
    per: float
    least: float
    each_channel: bool
    source: str
    checked: date | None = None

    @property
    def label(self) -> str:
        """What is priced, as pages call it."""
        return "환율" if self.unit == _WON else Unit(self.unit).label

    @property
    def told(self) -> str:
        """The price itself, in words.

        >>> day = date(2026, 1, 1)
        >>> Price("google", "stt_seconds", day, 0.016, "USD", 60, 0, each_channel=True, source="").told
        '1분당 0.016 USD, 채널별'
        >>> Price("USD", "won", day, 1400, "KRW", 1, 0, each_channel=False, source="").told
        '1,400원'
        >>> Price("s3", "s3_reads", day, 0.35, "USD", 1_000_000, 0, each_channel=False, source="").told
        '100만 요청당 0.35 USD'
        """
        price = f"{self.price:,.10g}{'원' if self.currency == 'KRW' else f' {self.currency}'}"
        counted = self.label.partition(" (")[2].rstrip(")")
        per = f"{_in_words(self.per, counted)}당 " if counted else ""
        least = f", 최소 {_in_words(self.least, counted)}" if self.least else ""
        return f"{per}{price}{least}{', 채널별' if self.each_channel else ''}"

    @property
    def told_source(self) -> str:
        """Where the price comes from, and whether anyone has read that at its source."""
        return f"{self.source}; {f'{self.checked} 확인' if self.checked else '미확인'}"


def _in_words(amount: float, counted: str) -> str:
    """So many of what is counted, as people say it.

    >>> _in_words(3600, "초"), _in_words(15, "초"), _in_words(1_000_000, "글자"), _in_words(1_000, "토큰")
    ('1시간', '15초', '100만 글자', '1,000 토큰')
    """
    if counted == "초":
        return {3600.0: "1시간", 60.0: "1분"}.get(amount, f"{amount:,.10g}초")
    return f"{amount / 10_000:,.10g}만 {counted}" if amount % 10_000 == 0 else f"{amount:,.10g} {counted}"


@dataclass(frozen=True)
class Prices:
    """All prices of a file; exchange rates are rows of it, so a day's won are the same whenever they are asked for."""

    rows: Sequence[Price]

    def on(self, provider: str, unit: str, day: date) -> Price | None:
        """The price in force on a day, None where the file names none."""
        known = [row for row in self.rows if (row.provider, row.unit) == (provider, unit) and row.since <= day]
        return max(known, key=lambda row: row.since, default=None)

    def behind(self, spent: Iterable[Spent], day: date) -> list[Price]:
        """The prices in force on a day of what was used, and the exchange rates that they need."""
        used = dict.fromkeys((one.provider, one.unit) for one in spent)
        found = [price for provider, unit in used if (price := self.on(provider, unit, day))]
        currencies = dict.fromkeys(price.currency for price in found)
        return [*found, *(rate for currency in currencies if (rate := self.on(currency, _WON, day)))]

    @property
    def accounts(self) -> frozenset[str]:
        """Whose bills a daily budget may name: vendors of hearing and speech, machines of summaries, and language models."""
        return frozenset({row.provider.partition("/")[0] for row in self.rows if row.unit in _BUDGETED} | {LANGUAGE_MODEL})

    def won(self, price: Price, amount: float, day: date) -> float | None:
        """What an amount costs in won on a day; None where no exchange rate is known."""
        cost = amount / price.per * price.price
        if price.currency == "KRW":
            return cost
        rate = self.on(price.currency, _WON, day)
        return cost * rate.price if rate else None

    def dollars(self, won: float, day: date) -> float | None:
        """Won in dollars at the day's rate."""
        rate = self.on("USD", _WON, day)
        return won / rate.price if rate else None

    def hearing(self, provider: str, seconds: float, channels: int, day: date, *, won_per_minute: float | None = None) -> float:
        """What it costs to have a recording heard; ``won_per_minute`` is the price by contract, where it is another one."""
        if won_per_minute is None:
            return self.charge(provider, Unit.STT_SECONDS, seconds, day, channels=channels).won or 0.0
        return _billed(self.on(provider, Unit.STT_SECONDS, day), seconds, channels) / 60 * won_per_minute

    def charge(
        self, provider: str, unit: Unit, amount: float, day: date, *, channels: int = 1, request: str = "", model: str = ""
    ) -> Charge:
        """An amount with its price; ``channels`` are counted where the vendor bills each."""
        price = self.on(provider, unit, day)
        billed = _billed(price, amount, channels)
        won = self.won(price, billed, day) if price else None
        return Charge(
            provider=provider,
            unit=unit,
            amount=round(billed, 3),
            won=None if won is None else round(won, 4),
            day=day,
            payment=Payment.ORDINARY,
            request=request,
            model=model,
        )


def _billed(price: Price | None, amount: float, channels: int) -> float:
    if price is None or not amount:
        return amount
    return max(amount, price.least) * (channels if price.each_channel else 1)


def load_prices(path: Path) -> Prices:
    """Read a price file; ConfigurationError names the file, the line and what is wrong."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The price file {path} cannot be read: {error}", remedy="Save it as UTF-8 text") from error
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    rows = csv.DictReader(line for _, line in numbered)
    return Prices([_price(path, number, row) for (number, _), row in zip(numbered[1:], rows, strict=True)])


def _price(path: Path, number: int, row: dict[str, str]) -> Price:
    try:
        per, unit = float(row["per"]), row["unit"]
        if per <= 0 or (unit != _WON and unit not in set(Unit)):
            raise ValueError(f"per {per} or unit {unit}")
        return Price(
            provider=row["provider"],
            unit=unit,
            since=date.fromisoformat(row["since"]),
            price=float(row["price"]),
            currency=row["currency"],
            per=per,
            least=float(row["least"]),
            each_channel={"yes": True, "no": False}[row["each_channel"]],
            source=row["source"],
            checked=None if row.get("checked") in (None, "", "unconfirmed") else date.fromisoformat(row["checked"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        remedy = "Compare it with the file's first lines"
        raise ConfigurationError(f"{path}:{number}: this price cannot be read: {type(error).__name__} {error}", remedy=remedy) from None
