"""A person's correction of a word in a call: where it stands, whether the summary rests on it, and which term it proposes."""

import hashlib
import re
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, Field

from models.call.correction import second_of
from models.call.editing import Edit
from models.call.jamo import is_hangul
from models.call.privacy import mask_personal_data, mask_utterances
from models.call.record import CallRecord, Change, Outcome, Rule, Summary
from models.call.terms import Term, TermList, name_of
from models.call.transcript import summarizer_input
from models.errors import TermsRefused

_LONGEST_TERM = 20
_SHORTEST_TERM = 2
_PARTICLES = re.compile(
    "(?:은|는|이|가|을|를|에|의|도|만|으?로|와|과|이?랑|하고|에서|까지|부터|이?요|이?[예에]요|입니다|이고|이?라고|처럼|보다|이?나)+"
)


class Decision(StrEnum):
    """What became of a proposed term."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


class Proposal(BaseModel):
    """A term that a correction proposes: a new one, or one more word that it is misheard as. It names no call and nobody's number."""

    id: str
    term: str
    heard: str
    proposed_by: str = ""
    proposed_at: datetime
    times: int = Field(default=1, ge=1, description="How often it was proposed")
    decision: Decision = Decision.OPEN
    decided_by: str = ""
    decided_at: datetime | None = None

    def edit_of(self, terms: TermList) -> Term:
        """The term as it shall be once this is approved."""
        known = terms.by_name.get(name_of(self.term))
        if known is None:
            return Term(term=self.term, heard=(self.heard,), pronounced=self.term if is_hangul(self.term) else "")
        return known if self.heard in known.heard else known.model_copy(update={"heard": (*known.heard, self.heard)})


class PairKind(StrEnum):
    """What a pair is of: one line as it was heard and as it was said, or a conversation and its summary as a person corrected it."""

    LINE = "line"
    SUMMARY = "summary"


class CorrectedPair(BaseModel):
    """What a person corrected, before and after, masked: for the next training. ``edit`` is the edit's number in its call, 0 for none."""

    heard: str
    said: str
    at: datetime
    kind: PairKind = PairKind.LINE
    edit: int = 0


def line_pair(record: CallRecord, change: Change, at: datetime, edit: int = 0) -> CorrectedPair:
    """The line that a change is in, as it was heard and as it stands now; a number told over several lines is masked in all of them."""
    heard = mask_utterances([utterance.text for utterance in record.transcription.utterances])[change.utterance]
    said = mask_utterances([utterance.text for utterance in record.said])[change.utterance]
    return CorrectedPair(heard=heard, said=said, at=at, edit=edit)


def summary_pair(record: CallRecord, edit: Edit) -> CorrectedPair:
    """The conversation as a summarizer reads it, and the summary that a person gave it; NoSpeech where there is nothing to be read."""
    said = record.said
    masked = [
        utterance.model_copy(update={"text": text})
        for utterance, text in zip(said, mask_utterances([utterance.text for utterance in said]), strict=True)
    ]
    summary = mask_personal_data(edit.text)
    return CorrectedPair(heard=summarizer_input(masked), said=summary, at=edit.at, kind=PairKind.SUMMARY, edit=edit.number)


def change_of(record: CallRecord, utterance: int | None, before: str, after: str, *, by: str, at: datetime) -> Change:
    """The change that a person wants, found in the conversation as it is read; TermsRefused where it cannot be told which place is meant.

    ``utterance`` counts from 1, as people do; None where ``before`` stands but once in the call.
    """
    before, after, name = " ".join(before.split()), " ".join(after.split()), " ".join(by.split())[:100]
    if not name:
        raise TermsRefused("the correction names nobody", remedy="Give the name of who corrects (requested_by)", case="unsigned")
    if not record.transcription.done or record.outcome is Outcome.IN_PROGRESS:
        raise TermsRefused(f"call {record.call_id} is still being worked on", remedy="Correct it once it has ended")
    if not before or before == after:
        raise TermsRefused("the correction changes nothing", remedy="Give the word as it stands and as it was said", case="empty")
    said = record.said
    if utterance is not None and not 1 <= utterance <= len(said):
        raise TermsRefused(f"the call has {len(said)} utterances, none of number {utterance}", remedy="Count from 1")
    looked = range(len(said)) if utterance is None else [utterance - 1]
    places = [(number, found.start()) for number in looked for found in re.finditer(re.escape(before), said[number].text)]
    if len(places) != 1:
        where = "the call" if utterance is None else f"utterance {utterance}"
        remedy = "Look at the conversation as the artifact shows it" if not places else "Give the utterance, or more of the words around it"
        raise TermsRefused(f"the words to be corrected stand {len(places)} times in {where}", remedy=remedy)
    (number, start), seconds = places[0], second_of(said[places[0][0]], places[0][1])
    return Change(utterance=number, start=start, before=before, after=after, rule=Rule.PERSON, seconds=seconds, by=name, at=at)


def touches(summary: Summary, change: Change) -> bool:
    """Whether a summary rests on what was changed: evidence from that utterance, the very words, or nobody knows what."""
    return change.before in summary.text or any(one.utterance == change.utterance for one in summary.evidence) or not summary.evidence


def with_change(record: CallRecord, change: Change) -> CallRecord:
    """The record with one more change of its transcript; a summary that rests on it is stale."""
    summary = record.summary
    if summary is not None and touches(summary, change):
        summary = summary.model_copy(update={"stale": True})
    correction = record.correction.model_copy(update={"changes": [*record.correction.changes, change]})
    return record.model_copy(update={"correction": correction, "summary": summary})


def proposal_of(change: Change, at: datetime) -> Proposal | None:
    """The term that a correction proposes; None where it is no single word, a number, or somebody's personal data.

    What both words end in, a particle, belongs to neither.
    """
    heard, term = change.before.strip(".?!,"), change.after.strip(".?!,")
    for length in range(min(len(heard), len(term)) - _SHORTEST_TERM, 0, -1):
        if heard[-length:] == term[-length:] and _PARTICLES.fullmatch(heard[-length:]):
            heard, term = heard[:-length], term[:-length]
            break
    words = f"{heard} {term}"
    if any(map(str.isdigit, words)) or mask_personal_data(words) != words or not _SHORTEST_TERM <= len(name_of(heard)) <= _LONGEST_TERM:
        return None
    if not _SHORTEST_TERM <= len(term) <= _LONGEST_TERM or len(term.split()) > 2 or name_of(heard) == name_of(term):
        return None
    digest = hashlib.sha256(f"{name_of(term)}\0{name_of(heard)}".encode()).hexdigest()[:12]
    return Proposal(id=digest, term=term, heard=heard, proposed_by=change.by, proposed_at=at)
