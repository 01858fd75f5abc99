"""One transcript against its reference: wrong characters, terms that were heard, words given to the wrong speaker.

jiwer aligns the characters (it loads in 0.1 s, so inside the functions).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

from pydantic import BaseModel, ConfigDict, Field

from models.call.record import Utterance
from models.hearing.korean import comparable

_MOST_SPEAKERS = 6  # of whom all assignments are tried; what is beyond counts as wrong


class Errors(BaseModel):
    """What was wrong in how many characters; sums over recordings stay exact, rates are made of sums."""

    model_config = ConfigDict(frozen=True)

    characters: int = Field(0, ge=0, description="Characters that were said")
    substitutions: int = Field(0, ge=0)
    deletions: int = Field(0, ge=0)
    insertions: int = Field(0, ge=0)
    terms: int = Field(0, ge=0, description="Times that a term was said")
    terms_heard: int = Field(0, ge=0)
    told_apart: int = Field(0, ge=0, description="Heard characters whose speaker is known on both sides")
    wrong_speaker: int = Field(0, ge=0)

    @property
    def cer(self) -> float | None:
        """Character error rate, over 1 where more was added than said; None where nothing was said."""
        return (self.substitutions + self.deletions + self.insertions) / self.characters if self.characters else None

    @property
    def term_accuracy(self) -> float | None:
        """Share of the terms said that were heard; None where none was said."""
        return self.terms_heard / self.terms if self.terms else None

    @property
    def speaker_errors(self) -> float | None:
        """Share of the characters given to another speaker; None where the vendor told nobody apart."""
        return self.wrong_speaker / self.told_apart if self.told_apart else None


def summed(errors: Iterable[Errors]) -> Errors:
    """All of them as of one long recording."""
    totals: Counter[str] = Counter()
    for one in errors:
        totals.update(one.model_dump())
    return Errors(**totals)


@dataclass(frozen=True)
class Piece:
    """A stretch of the alignment: what was said and what was heard in its place, equal where they agree."""

    said: str
    heard: str


@dataclass(frozen=True)
class Stretch:
    """A place where something else was heard than said, with what stands around it on both sides."""

    before: str
    said: str
    heard: str
    after: str

    @property
    def size(self) -> int:
        """How much is wrong."""
        return max(len(self.said), len(self.heard))


@dataclass(frozen=True)
class _Line:
    """A transcript as characters with their speakers."""

    text: str
    speakers: tuple[int | None, ...]


def judge(reference: Sequence[Utterance], heard: Sequence[Utterance], terms: Sequence[str]) -> Errors:
    """Count what a transcript got wrong. Utterances are compared in order of time; a reference without words counts added ones alone."""
    said, got = _line(reference), _line(heard)
    counted = _terms_heard(said.text, got.text, terms)
    if not said.text:
        return Errors(insertions=len(got.text))
    import jiwer

    found = jiwer.process_characters(said.text, got.text)
    pairs = [
        (said.speakers[chunk.ref_start_idx + step], got.speakers[chunk.hyp_start_idx + step])
        for chunk in found.alignments[0]
        if chunk.type in ("equal", "substitute")
        for step in range(chunk.ref_end_idx - chunk.ref_start_idx)
    ]
    told_apart, wrong = _speakers(pairs)
    return Errors(
        characters=len(said.text),
        substitutions=found.substitutions,
        deletions=found.deletions,
        insertions=found.insertions,
        terms=counted[0],
        terms_heard=counted[1],
        told_apart=told_apart,
        wrong_speaker=wrong,
    )


def alignment(reference: Sequence[Utterance], heard: Sequence[Utterance]) -> list[Piece]:
    """What was said and heard side by side, stretch by stretch."""
    said, got = _line(reference).text, _line(heard).text
    if not said or not got:
        return [Piece(said, got)] if said or got else []
    import jiwer

    return [
        Piece(said[chunk.ref_start_idx : chunk.ref_end_idx], got[chunk.hyp_start_idx : chunk.hyp_end_idx])
        for chunk in jiwer.process_characters(said, got).alignments[0]
    ]


def worst_stretches(pieces: Sequence[Piece], most: int, *, around: int = 12, joined: int = 2) -> list[Stretch]:
    """The longest places that differ; two that are at most ``joined`` right characters apart are one."""
    found: list[Stretch] = []
    said = heard = before = ""
    for piece in [*pieces, Piece("\0" * (joined + 1), "\0" * (joined + 1))]:
        if piece.said != piece.heard or (said != heard and len(piece.said) <= joined):
            said, heard = said + piece.said, heard + piece.heard
        else:
            if said != heard:
                found.append(Stretch(before[-around:], said, heard, piece.said[:around].strip("\0")))
                before += said
            said = heard = ""
            before += piece.said
    return sorted(found, key=lambda stretch: -stretch.size)[:most]


def _line(utterances: Sequence[Utterance]) -> _Line:
    text, speakers = "", list[int | None]()
    for utterance in sorted(utterances, key=lambda one: one.start_ms):
        words = comparable(utterance.text)
        text += words
        speakers += [utterance.label] * len(words)
    return _Line(text, tuple(speakers))


def _terms_heard(said: str, heard: str, terms: Sequence[str]) -> tuple[int, int]:
    """How often terms were said, and how often heard. Longer terms first: 실손보험 is not 보험 once more."""
    spoken = recognized = 0
    for term in sorted({comparable(term) for term in terms} - {""}, key=lambda term: (-len(term), term)):
        times = said.count(term)
        spoken += times
        recognized += min(times, heard.count(term))
        said, heard = said.replace(term, "\0"), heard.replace(term, "\0")
    return spoken, recognized


def _speakers(pairs: Sequence[tuple[int | None, int | None]]) -> tuple[int, int]:
    """Characters whose speaker is known on both sides, and those that the best naming of the vendor's voices gives to the wrong one.

    A vendor that gives everybody one voice tells nobody apart.
    """
    known = Counter((said, heard) for said, heard in pairs if said is not None and heard is not None)
    speakers = sorted({said for said, _ in known})
    voices = sorted({heard for _, heard in known})
    if len(voices) < 2:
        return 0, 0
    total = sum(known.values())
    seats: list[int | None] = [*speakers[:_MOST_SPEAKERS], *[None] * max(0, min(len(voices), _MOST_SPEAKERS) - len(speakers))]
    best = max(
        sum(known[(speaker, voice)] for voice, speaker in zip(voices, naming, strict=False) if speaker is not None)
        for naming in permutations(seats, min(len(voices), len(seats)))
    )
    return total, total - best
