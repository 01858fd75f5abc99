"""What was found: sentences or words, each with the calls and seconds that it comes from, and what it cost.

A finding holds words of calls, masked. What an erased call said can be taken out of it again (``without``): its quotes go, what was told of
it by a language model goes whole, and a group of words stays only where another call said them too.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from models.errors import ErrorCode


class Engine(StrEnum):
    """Who answered: a search by the words said, or a language model."""

    WORDS = "words"
    MODEL = "model"


class Citation(BaseModel):
    """One utterance as a quote: whose call, when it began, at which second, and the words, masked."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    began: datetime
    utterance: int
    seconds: float
    by_caller: bool
    text: str


class Finding(BaseModel):
    """One thing found: a model's sentence, or words that calls share (empty: those that share none). ``call_ids`` are all its calls."""

    model_config = ConfigDict(frozen=True)

    text: str
    call_ids: tuple[str, ...]
    citations: tuple[Citation, ...]


class Findings(BaseModel):
    """The answer to one question.

    ``matching`` calls hold the question's words; of these ``silent`` told nothing of what was asked. ``unfounded`` sentences of a model
    were left out, since what they cite does not bear them out. ``unread`` batches got no answer. ``erased`` calls were taken out since.
    ``failed`` is the code of the error for which there is no answer.
    """

    model_config = ConfigDict(frozen=True)

    ask_id: str
    at: datetime
    engine: Engine = Engine.WORDS
    model: str = ""
    terms: tuple[str, ...] = ()
    reasons: bool = False
    found: int = 0
    read: int = 0
    matching: int = 0
    silent: int = 0
    findings: tuple[Finding, ...] = ()
    unfounded: int = 0
    unread: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    won: float | None = None
    erased: int = 0
    failed: ErrorCode = ""
    case: str = ""
    run: str = Field(default="", description="The flow run that found it")

    @property
    def call_ids(self) -> frozenset[str]:
        """Every call whose words stand here."""
        cited = (citation.call_id for finding in self.findings for citation in finding.citations)
        return frozenset(call for finding in self.findings for call in finding.call_ids) | frozenset(cited)

    def without(self, calls: Collection[str]) -> "Findings":
        """The same without the words of these calls."""
        gone = self.call_ids & set(calls)
        if not gone:
            return self
        kept = [left for finding in self.findings if (left := self._left(finding, gone)) is not None]
        return self.model_copy(update={"findings": tuple(kept), "erased": self.erased + len(gone)})

    def _left(self, finding: Finding, gone: Collection[str]) -> Finding | None:
        if not set(finding.call_ids) & set(gone):
            return finding
        if self.engine is Engine.MODEL:  # nobody knows whose words a sentence was made of
            return None
        calls = tuple(call for call in finding.call_ids if call not in gone)
        citations = tuple(one for one in finding.citations if one.call_id not in gone)
        return finding.model_copy(update={"call_ids": calls, "citations": citations}) if calls else None


def first_calls(citations: Sequence[Citation], most: int) -> tuple[Citation, ...]:
    """So many quotes at most, of as many calls as there are: a second of the same call only once each has one."""
    seen: dict[str, int] = {}
    ranked = []
    for place, one in enumerate(citations):
        seen[one.call_id] = seen.get(one.call_id, 0) + 1
        ranked.append((seen[one.call_id], place, one))
    return tuple(one for *_, one in sorted(ranked, key=lambda row: row[:2])[:most])
