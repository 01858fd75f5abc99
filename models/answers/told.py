"""What an answer from the documents is: sentences quoted word for word, each with its place, or that the documents do not hold it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Place(BaseModel):
    """Where a passage stands. ``document`` is its key below the documents' prefix, ``version`` its date of issue or the head of its hash.

    ``page`` (PDF) and ``line`` (text) count from 1; ``offset`` is the passage's first character in the document's text.
    """

    model_config = ConfigDict(frozen=True)

    document: str
    title: str
    version: str
    heading: str = ""
    page: int | None = None
    line: int | None = None
    offset: int = 0

    @property
    def shown(self) -> str:
        """The place as people read it.

        >>> Place(document="a.md", title="자동차보험 약관", version="2026-10-01", heading="제3조 보상", line=12).shown
        '자동차보험 약관(2026-10-01), 제3조 보상, 12행'
        """
        where = f"{self.page}쪽" if self.page is not None else f"{self.line}행" if self.line is not None else ""
        return ", ".join(filter(None, (f"{self.title}({self.version})", self.heading, where)))


class Quote(BaseModel):
    """A sentence of a document as it stands there, and where."""

    model_config = ConfigDict(frozen=True)

    text: str
    place: Place


class Suggested(BaseModel):
    """The documents hold it: one to three sentences of one passage, in its order, none without a place.

    ``confidence`` is the calibrated likelihood that the passage answers the question; ``also`` are the next passages' places.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["suggested"] = "suggested"
    quotes: tuple[Quote, ...] = Field(min_length=1)
    confidence: float
    also: tuple[Place, ...] = ()
    index: str = Field("", description="Version of the index that answered")

    @property
    def text(self) -> str:
        """The quoted sentences as one text."""
        return " ".join(quote.text for quote in self.quotes)

    @property
    def place(self) -> Place:
        """Where the first of them stands."""
        return self.quotes[0].place


class NotHeld(BaseModel):
    """The documents do not hold it, as far as can be told; ``nearest`` is what came closest, for who wants to look."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["not_held"] = "not_held"
    confidence: float
    nearest: tuple[Place, ...] = ()
    index: str = Field("", description="Version of the index that was asked")


Answer = Annotated[Suggested | NotHeld, Field(discriminator="kind")]
