"""What was used for a call and what it cost at that day's price: the ledger that each record keeps.

A paid request is in the ledger before it is sent, as one whose answer is lost, and becomes an ordinary one when the answer is there. So a
process may die at any moment, and the ledger still tells what may be billed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict

# Whose bill an answer of a language model is on; its price stands in its own folder, not in the price file.
LANGUAGE_MODEL = "language-model"


class Unit(StrEnum):
    """What is counted; the value stands in records and in the price file."""

    STT_SECONDS = "stt_seconds"
    TTS_CHARACTERS = "tts_characters"
    PROMPT_TOKENS = "prompt_tokens"
    COMPLETION_TOKENS = "completion_tokens"
    SUMMARIZER_SECONDS = "summarizer_seconds"
    S3_READS = "s3_reads"
    S3_WRITES = "s3_writes"

    @property
    def label(self) -> str:
        """The name on pages.

        >>> Unit.TTS_CHARACTERS.label
        '음성 합성 (글자)'
        """
        return _LABELS[self]


_LABELS = {
    Unit.STT_SECONDS: "음성 인식 (초)",
    Unit.TTS_CHARACTERS: "음성 합성 (글자)",
    Unit.PROMPT_TOKENS: "언어 모델 입력 (토큰)",
    Unit.COMPLETION_TOKENS: "언어 모델 출력 (토큰)",
    Unit.SUMMARIZER_SECONDS: "요약 모델 (초)",
    Unit.S3_READS: "저장소 읽기 (요청)",
    Unit.S3_WRITES: "저장소 쓰기 (요청)",
}


class Payment(StrEnum):
    """Whether a payment bought something: ``repeated`` for the second time, ``lost`` where no answer came and it may be billed."""

    ORDINARY = "ordinary"
    REPEATED = "repeated"
    LOST = "lost"


class Charge(BaseModel):
    """One use of one vendor. ``won`` is None where the price file knew no price on that day.

    ``request`` names a speech-to-text request, ``model`` what answered. ``filed`` is the day whose figures count it: a call that is
    taken up again ends on two days, and each payment counts on one.
    """

    model_config = ConfigDict(frozen=True)

    provider: str
    unit: Unit
    amount: float
    won: float | None
    day: date
    payment: Payment = Payment.ORDINARY
    request: str = ""
    model: str = ""
    filed: date | None = None

    @property
    def account(self) -> str:
        """Whose bill it is on: a vendor's models and voices share one.

        >>> Charge(provider="google-tts/wavenet", unit=Unit.TTS_CHARACTERS, amount=1, won=None, day=date(2026, 1, 1)).account
        'google-tts'
        """
        return self.provider.partition("/")[0]


class Used(BaseModel):
    """What a summary took: seconds of the machine that wrote it, and a language model's tokens with the price that it names itself."""

    machine: str = ""
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    language_model_won: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` wrote into a file's metadata; nothing used where nothing is there.

        >>> str(Used(machine="g4dn.xlarge", seconds=0.25)), Used.parse("g4dn.xlarge,0.25,0,0,0").seconds
        ('g4dn.xlarge,0.25,0,0,0', 0.25)
        """
        if not text:
            return cls()
        machine, seconds, prompt, completion, won = text.split(",")
        return cls(
            machine=machine,
            seconds=float(seconds),
            prompt_tokens=int(prompt),
            completion_tokens=int(completion),
            language_model_won=float(won),
        )

    def __str__(self) -> str:
        """As S3's metadata holds it: short, for 2 KB hold everything."""
        return f"{self.machine},{self.seconds:g},{self.prompt_tokens},{self.completion_tokens},{self.language_model_won:g}"


def sent(ledger: Sequence[Charge], charge: Charge) -> list[Charge]:
    """The ledger with a request that is about to be sent; sent again under its name it stands there once."""
    others = [one for one in ledger if one.request != charge.request]
    return [*others, charge.model_copy(update={"payment": Payment.LOST})]


def answered(ledger: Sequence[Charge], request: str, *, paid: bool) -> list[Charge]:
    """The ledger when the answer is there: refused costs nothing; paid after another job for the same call is a repeated payment."""
    asked = next((one for one in ledger if request and one.request == request), None)
    others = [one for one in ledger if one is not asked]
    if asked is None or not paid:
        return others
    again = any((one.unit, one.model) == (asked.unit, asked.model) for one in others)
    return [*others, asked.model_copy(update={"payment": Payment.REPEATED if again else Payment.ORDINARY})]


def charges_of(ledger: Iterable[Charge], day: date) -> list[Charge]:
    """What a call that ends on a day is counted with on it: all but what another day counts already."""
    return [one for one in ledger if one.filed in (None, day)]


def filed(ledger: Iterable[Charge], day: date) -> list[Charge]:
    """The ledger once a day counts what no other does."""
    return [one if one.filed else one.model_copy(update={"filed": day}) for one in ledger]


def gathered(charges: Iterable[Charge]) -> list[Charge]:
    """Charges of many calls as few: one for each vendor, unit, model, day and kind of payment."""
    groups: dict[tuple[str, Unit, str, date, Payment], list[Charge]] = {}
    for one in charges:
        groups.setdefault((one.provider, one.unit, one.model, one.day, one.payment), []).append(one)
    return [_gathered(found) for found in groups.values()]


def _gathered(charges: Sequence[Charge]) -> Charge:
    priced = [one.won for one in charges if one.won is not None]
    return charges[0].model_copy(
        update={"amount": sum(one.amount for one in charges), "won": sum(priced) if len(priced) == len(charges) else None, "request": ""}
    )


@dataclass(frozen=True)
class Spent:
    """What one vendor's bill comes to: so many of a unit and their won, and of these what was paid again or for no answer.

    ``unpriced`` counts charges for which no price is known.
    """

    provider: str
    unit: Unit
    model: str
    amount: float
    won: float
    repeated_won: float
    lost_won: float
    unpriced: int


def spent(charges: Iterable[Charge]) -> list[Spent]:
    """Charges summed up by provider, unit and model, the dearest first."""
    groups: dict[tuple[str, Unit, str], list[Charge]] = {}
    for charge in charges:
        groups.setdefault((charge.provider, charge.unit, charge.model), []).append(charge)
    return sorted((_spent(*name, found) for name, found in groups.items()), key=lambda one: (-one.won, one.provider, one.unit, one.model))


def _spent(provider: str, unit: Unit, model: str, charges: Sequence[Charge]) -> Spent:
    return Spent(
        provider=provider,
        unit=unit,
        model=model,
        amount=sum(one.amount for one in charges),
        won=won_of(charges),
        repeated_won=won_of(one for one in charges if one.payment is Payment.REPEATED),
        lost_won=won_of(one for one in charges if one.payment is Payment.LOST),
        unpriced=sum(one.won is None for one in charges),
    )


def won_of(charges: Iterable[Charge]) -> float:
    """What charges with a known price come to."""
    return sum(one.won or 0.0 for one in charges)
