"""What an answer from the documents is: sentences quoted word for word, each with its place, or that the documents do not hold it."""

from collections.abc import Sequence
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
    """A sentence of a document as it stands there, and where.

    ``under`` is, of a list's item or a table's row, what it stands under: the sentence that leads the list, or the heading. "사고를 내고
    달아난 때" says the contrary without its "보상하지 않는 사고".
    """

    model_config = ConfigDict(frozen=True)

    text: str
    place: Place
    under: str = ""


def lines_of(quotes: Sequence[Quote]) -> list[str]:
    """What is told of quotes, in order: no item without what it stands under, which is told once.

    >>> place = Place(document="a.md", title="약관", version="1")
    >>> lines_of([Quote(text=text, place=place, under="제7조 (보상하지 않는 사고)") for text in ("달아난 때", "경기 중인 때")])
    ['제7조 (보상하지 않는 사고):', '달아난 때', '경기 중인 때']
    """
    lines = list[str]()
    for quote in quotes:
        under = quote.under if quote.under.endswith((".", ":", "：")) else f"{quote.under}:"
        lines += [quote.text] if not quote.under or under in lines else [under, quote.text]
    return lines


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
    def lines(self) -> list[str]:
        """What is told of the quotes."""
        return lines_of(self.quotes)

    @property
    def text(self) -> str:
        """The same as one text."""
        return " ".join(self.lines)

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
