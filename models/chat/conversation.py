"""A conversation on the chat page as it is kept: masked words, what was answered from where, and what it cost.

Nothing else of a person's words is kept: a recording is gone once its vendor has it, and what was heard is masked like what was typed.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self

from pydantic import BaseModel, ConfigDict

from models.answers.told import Place, Quote, lines_of
from models.call.ledger import Charge
from models.call.privacy import mask_utterances
from models.call.record import Transcription
from models.call.transcript import clean_text
from models.replies.drafts import Draft

LONGEST_WORDS: Final = 500  # characters of one question
MOST_EXCHANGES: Final = 100
MOST_ANSWERS: Final = 5  # to one question
_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{16}")


class Answer(BaseModel):
    """One answer: an approved opening, after it perhaps a sentence that takes the question up, and quotes of one passage.

    ``note`` is told in place of quotes where the documents do not hold the answer. No sentence about a product stands anywhere else.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    reply: Draft
    quotes: tuple[Quote, ...] = ()
    note: str = ""

    @property
    def place(self) -> Place | None:
        """Where the quotes stand."""
        return self.quotes[0].place if self.quotes else None

    @property
    def told(self) -> str:
        """What is told after the opening."""
        return " ".join(self.lines) or self.note

    @property
    def lines(self) -> list[str]:
        """What is told of the quotes."""
        return lines_of(self.quotes)

    @property
    def spoken(self) -> str:
        """What a voice says of it."""
        return f"{self.reply.text} {self.told}".strip()


class Exchange(BaseModel):
    """A question with its answers, the latest last. ``emotion`` is empty where none is sure; ``group`` is what the opening goes by."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    asked: str
    by_voice: bool = False
    emotion: str = ""
    group: str
    answers: tuple[Answer, ...] = ()

    @property
    def places(self) -> list[Place]:
        """The places that were quoted."""
        return [answer.place for answer in self.answers if answer.place]


class Hearing(BaseModel):
    """A recording that a speech-to-text vendor has, by the digest of its bytes; ``note`` is that of its paid request."""

    model_config = ConfigDict(frozen=True)

    digest: str
    seconds: float
    begun_at: datetime
    note: Transcription
    ledger: tuple[Charge, ...] = ()


class Chat(BaseModel):
    """One conversation of one person. ``done`` are digests of recordings that were handed in, so that none is paid twice."""

    model_config = ConfigDict(frozen=True)

    chat_id: str
    by: str
    service: str
    begun_at: datetime
    exchanges: tuple[Exchange, ...] = ()
    hearing: Hearing | None = None
    done: tuple[str, ...] = ()
    ledger: tuple[Charge, ...] = ()

    @property
    def steps(self) -> int:
        """How often something was asked or answered: a page that has seen as many is of now."""
        return sum(1 + len(exchange.answers) for exchange in self.exchanges)

    @property
    def full(self) -> bool:
        """Whether no question more is taken."""
        return len(self.exchanges) >= MOST_EXCHANGES

    @property
    def may_answer_again(self) -> bool:
        """Whether there may be another answer to the last question."""
        if not self.exchanges:
            return False
        answers = self.exchanges[-1].answers
        return len(answers) < MOST_ANSWERS and bool(answers) and bool(answers[-1].quotes)

    def answer_at(self, exchange: int, answer: int) -> Answer | None:
        """An answer by the number of its question and its own, from 0; None where there is none."""
        answers = self.exchanges[exchange].answers if 0 <= exchange < len(self.exchanges) else ()
        return answers[answer] if 0 <= answer < len(answers) else None

    @property
    def won(self) -> float:
        """What its vendors cost, as far as prices are known."""
        hearing = self.hearing.ledger if self.hearing else ()
        return sum(charge.won or 0.0 for charge in (*self.ledger, *hearing))

    def masked_with(self, words: str) -> list[str]:
        """Every question and these words, masked together: a number may be told over several."""
        return mask_utterances([*(exchange.asked for exchange in self.exchanges), clean_text(words)])

    def asked(self, exchange: Exchange, masked: Sequence[str]) -> Self:
        """With one more question, and the earlier ones as ``masked_with`` has them now."""
        before = tuple(one.model_copy(update={"asked": text}) for one, text in zip(self.exchanges, masked, strict=False))
        return self.model_copy(update={"exchanges": (*before, exchange)})

    def answered(self, answer: Answer) -> Self:
        """With one more answer to the last question."""
        *before, last = self.exchanges
        return self.model_copy(update={"exchanges": (*before, last.model_copy(update={"answers": (*last.answers, answer)}))})

    def spent(self, charges: Sequence[Charge]) -> Self:
        """With what something cost."""
        return self.model_copy(update={"ledger": (*self.ledger, *charges)})

    def without_hearing(self) -> Self:
        """With the recording that a vendor had as one that is done, and what it cost."""
        if self.hearing is None:
            return self
        done = {"hearing": None, "done": (*self.done, self.hearing.digest), "ledger": (*self.ledger, *self.hearing.ledger)}
        return self.model_copy(update=done)


def new_id(at: datetime) -> str:
    """A conversation's id: nobody guesses it, and ids sort by time."""
    return f"{at:%Y%m%dT%H%M%S}-{secrets.token_hex(8)}"


def is_id(text: str) -> bool:
    """Whether a text is a conversation's id.

    >>> is_id("20261129T101500-0123456789abcdef"), is_id("../audit/x")
    (True, False)
    """
    return _ID.fullmatch(text) is not None
