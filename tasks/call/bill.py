"""What a run pays while it works on a call; it reaches the record's ledger when the call is closed.

Speech-to-text is not here: its job is in the ledger before it is paid. What a run that dies had spent on speech, a prompt's worth, is found
again with the prompt where that was uploaded, and is forgotten where it was not.
"""

from datetime import UTC, date, datetime

import wiring
from clients.s3 import Requests, count_requests
from clients.text_to_speech import TextToSpeech
from models.call.korea import day_in_korea
from models.call.ledger import LANGUAGE_MODEL, Charge, Payment, Unit
from models.call.record import Prompt, Summary
from stores.spending import Budget

STORAGE = "s3"
# Written after the bill is made: the entry of the day, and the record that holds the bill.
CLOSING_WRITES = 2


def today() -> date:
    """The day in Korea whose prices hold and whose budgets are spent."""
    return day_in_korea(datetime.now(UTC))


class Bill:
    """The charges of one run. No dataclass, since Prefect looks for futures in every field of a task's parameters."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.charges: list[Charge] = []
        self._requests: Requests | None = None

    def count_requests(self) -> None:
        """Count what is sent to S3 from here on."""
        self._requests = count_requests()

    def closed(self) -> list[Charge]:
        """All charges, with the requests to S3 up to the one that writes them down."""
        if self._requests is None:
            return self.charges
        sent = ((Unit.S3_READS, self._requests.reads), (Unit.S3_WRITES, self._requests.writes + CLOSING_WRITES))
        return [*self.charges, *(wiring.prices().charge(STORAGE, unit, amount, today()) for unit, amount in sent if amount)]

    def summarized(self, summary: Summary) -> None:
        """Seconds of the machine that wrote the summary and, where a language model was asked, its tokens at the price that it names."""
        used, day, model = summary.used, today(), summary.told_by
        if used.machine:
            self._add(wiring.prices().charge(used.machine, Unit.SUMMARIZER_SECONDS, used.seconds, day, model=model))
        tokens = ((Unit.PROMPT_TOKENS, used.prompt_tokens), (Unit.COMPLETION_TOKENS, used.completion_tokens))
        for unit, amount in tokens:
            if amount:
                share = used.language_model_won * amount / (used.prompt_tokens + used.completion_tokens)
                self._add(Charge(provider=LANGUAGE_MODEL, unit=unit, amount=amount, won=round(share, 4), day=day, model=model))

    def spoke(self, voice: TextToSpeech, text: str, payment: Payment = Payment.ORDINARY) -> None:
        """A request for speech that was answered, or may be billed although no answer came."""
        self._add(_speech(voice, text).model_copy(update={"payment": payment}))

    def found(self, prompt: Prompt) -> None:
        """A prompt that an earlier run had paid for."""
        self.charges.append(_speech(wiring.text_to_speech(), prompt.spoken_text))

    def _add(self, charge: Charge) -> None:
        self.charges.append(charge)
        if budget := wiring.budget():
            budget.spend(charge)


def _speech(voice: TextToSpeech, text: str) -> Charge:
    return wiring.prices().charge(voice.provider, Unit.TTS_CHARACTERS, voice.billed_characters(text), today(), model=voice.voice)


def ensure_budget(budget: Budget | None, hearing: str) -> None:
    """Let no new call begin while a day's budget of a vendor that it needs is spent: QuotaExhausted, as where a vendor's own quota is.

    ``hearing`` is the speech-to-text vendor that settings choose for it.
    """
    if budget is not None:
        needed = (hearing, wiring.text_to_speech().provider, wiring.settings().summarizer_machine, LANGUAGE_MODEL)
        budget.check(today(), needed)
