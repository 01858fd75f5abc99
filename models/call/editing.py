"""What people say of a call after it has ended: a word or the summary corrected, a summary confirmed or marked wrong.

Every such edit has a number in its call. Whoever writes one has seen the one before it, so of two people who correct the same page at once
the second is told (``stores/edits.py``). The words lie in the bucket; the flow that applies them is given the call's id alone.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

LONGEST_SUMMARY = 300
LONGEST_WORD = 200


class EditKind(StrEnum):
    """What a person does."""

    SUMMARY = "summary"
    WORD = "word"
    CONFIRM = "confirm"
    WRONG = "wrong"


class Verdict(StrEnum):
    """Whether what the model told was right."""

    RIGHT = "right"
    WRONG = "wrong"


class WordEdit(BaseModel):
    """``before``, from character ``start`` of the utterance (from 0) as it stood, became ``after``."""

    model_config = ConfigDict(frozen=True)

    utterance: int = Field(ge=0)
    start: int = Field(ge=0)
    before: str = Field(min_length=1, max_length=LONGEST_WORD)
    after: str = Field(max_length=LONGEST_WORD)


class Edit(BaseModel):
    """One edit of one call."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    number: int = Field(ge=1)
    kind: EditKind
    by: str
    at: datetime
    text: str = Field(default="", max_length=LONGEST_SUMMARY)
    word: WordEdit | None = None

    @model_validator(mode="after")
    def _holds_what_its_kind_needs(self) -> Self:
        if (self.kind is EditKind.SUMMARY) != bool(self.text.strip()) or (self.kind is EditKind.WORD) != (self.word is not None):
            raise ValueError(f"an edit of kind {self.kind.value} holds something else")
        return self

    @classmethod
    def now(cls, call_id: str, number: int, kind: EditKind, by: str, *, text: str = "", word: WordEdit | None = None) -> Self:
        """What a person does at this moment; the text as one line."""
        return cls(call_id=call_id, number=number, kind=kind, by=by, at=datetime.now(UTC), text=" ".join(text.split()), word=word)


class Review(BaseModel):
    """What the edits of a call come to. ``edits`` is the number of the last one that is in here; the model's own summary stays as it is."""

    edits: int = Field(default=0, ge=0)
    verdict: Verdict | None = None
    text: str = Field(default="", description="The summary as a person corrected it; empty: the model's stands")
    by: str = ""
    at: datetime | None = None

    def with_edit(self, edit: Edit) -> "Review":
        """What it is after one more edit; a word goes into the record's correction (``edited.py``).

        A corrected summary was a wrong one; a confirmed one stands as the model told it. Who corrects a word has judged no summary.
        """
        changes: dict[str, object] = {"edits": edit.number}
        if edit.kind is not EditKind.WORD:
            changes |= {"by": edit.by, "at": edit.at}
        if edit.kind is EditKind.SUMMARY:
            changes |= {"verdict": Verdict.WRONG, "text": edit.text}
        elif edit.kind is EditKind.CONFIRM:
            changes |= {"verdict": Verdict.RIGHT, "text": ""}
        elif edit.kind is EditKind.WRONG:
            changes |= {"verdict": Verdict.WRONG}
        return self.model_copy(update=changes)
