"""A version of the document index: what it holds, what was set aside and why, who made it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class IndexedDocument(BaseModel):
    """A document as an index tells of it."""

    model_config = ConfigDict(frozen=True)

    name: str
    title: str
    version: str
    chunks: int
    asked: int = Field(0, description="Passages with phrasings enough to count; in older versions with any, or 0")


class SetAside(BaseModel):
    """A document, or a row of phrasings, that is not in the index; ``case`` as ``DocumentRefused`` has them, ``said`` its sentence.

    ``about`` are a row's document and the first words of its passage.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    case: str
    said: str
    about: str = ""

    @property
    def is_row(self) -> bool:
        """Whether it is one row of a table; a table that is refused as a whole has the case ``phrasings``."""
        return self.case.startswith("phrasing_")


class IndexVersion(BaseModel):
    """One version. ``digest`` names the content; two versions may have the same one, such as a restored index."""

    model_config = ConfigDict(frozen=True)

    version: int
    digest: str
    encoder: str
    documents: tuple[IndexedDocument, ...]
    set_aside: tuple[SetAside, ...] = ()
    prefix: str
    by: str
    at: datetime

    @property
    def chunks(self) -> int:
        """Passages in all."""
        return sum(document.chunks for document in self.documents)

    @property
    def asked(self) -> int:
        """Passages with phrasings enough to count."""
        return sum(document.asked for document in self.documents)
