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
    asked: int = Field(0, description="Passages with phrasings; 0 in versions from before there were such")


class SetAside(BaseModel):
    """A document, or a row of phrasings, that is not in the index; ``case`` as ``DocumentRefused`` has them, ``said`` its sentence."""

    model_config = ConfigDict(frozen=True)

    name: str
    case: str
    said: str


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
        """Passages with phrasings."""
        return sum(document.asked for document in self.documents)
