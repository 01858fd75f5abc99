"""Passages: a document cut into pieces that are found, quoted and named by their place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.answers.document import Block, Document
from models.answers.told import Place

LONGEST = 360  # characters of a passage: an article of terms, as a rule; longer ones are cut between sentences
_SENTENCE = re.compile(r"(?<=[^\d\s][.?!…])\s+|\n+")  # no end after a number: "1. 목적"


@dataclass(frozen=True)
class Chunk:
    """A passage: its sentences as they stand in the document, where it stands, and words that it is also found by."""

    place: Place
    sentences: tuple[str, ...]
    found_by: str = ""

    @property
    def text(self) -> str:
        """The passage."""
        return " ".join(self.sentences)

    @property
    def sought(self) -> str:
        """What it is found by: title, headings, text, and the questions that it answers."""
        return "\n".join(filter(None, (self.place.title, self.place.heading, self.text, self.found_by)))


def sentences_of(text: str) -> list[str]:
    """The sentences of a text, and the lines of a table.

    >>> sentences_of("20만원을 뺍니다. 다만 제1. 항은 아닙니다.")
    ['20만원을 뺍니다.', '다만 제1. 항은 아닙니다.']
    """
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


def chunks_of(document: Document, longest: int = LONGEST) -> list[Chunk]:
    """A document's passages in its order: no passage reaches over a heading or a page."""
    chunks, offset = list[Chunk](), 0
    for blocks in _together(document.blocks):
        first = blocks[0]
        sentences = [sentence for block in blocks for sentence in sentences_of(block.text)]
        for piece in _pieces(sentences, longest):
            place = Place(
                document=document.name,
                title=document.title,
                version=document.version,
                heading=" › ".join(filter(None, first.heading)),
                page=first.page,
                line=first.line,
                offset=offset,
            )
            chunks.append(Chunk(place, tuple(piece), first.found_by))
            offset += sum(len(sentence) + 1 for sentence in piece)
    return chunks


def _together(blocks: Sequence[Block]) -> Iterator[list[Block]]:
    """Blocks that follow each other under one heading, on one page; an answer of a table stands alone."""
    held: list[Block] = []
    for block in blocks:
        if held and (held[0].heading, held[0].page, held[0].found_by) != (block.heading, block.page, block.found_by):
            yield held
            held = []
        held.append(block)
    if held:
        yield held


def _pieces(sentences: Sequence[str], longest: int) -> Iterator[list[str]]:
    held: list[str] = []
    for sentence in sentences:
        if held and sum(map(len, held)) + len(sentence) > longest:
            yield held
            held = []
        held.append(sentence)
    if held:
        yield held
