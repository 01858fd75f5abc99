"""Passages: a document cut into pieces that are found, quoted and named by their place."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.answers.document import Block, Document
from models.answers.told import Place
from models.answers.words import end_as_sentences

LONGEST = 360  # characters of a passage: an article of terms, as a rule; longer ones are cut between sentences
# Such a sentence limits the one before it: one is not quoted without the other.
LIMITS = re.compile(r"(?:다만|단,|그러나|하지만|이때|이 경우|그래서|그 뒤|그보다|이 기간|이미|이는|이를|그 밖)")
# Such a sentence leads a list: "다음의 손해는 보상하지 않습니다", but not "다음 날 해지됩니다".
_LEADS = re.compile(r"다음(?!\s?(?:날|달|해|영업일|주|번|회|갱신|지정일|월|년|다음))|아래(?!층|쪽 이)|각 호|[:：]$")
_SENTENCE = re.compile(r"(?<=[^\d\s][.?!…])\s+|\n+")  # no end after a number: "1. 목적"


@dataclass(frozen=True)
class Chunk:
    """A passage: its sentences as they stand in the document, where it stands, and words that it is also found by.

    ``lead`` is the sentence that leads the list or table in the midst of which it begins, of a long one that was cut. ``asked`` is how
    callers ask for it, as staff wrote that down; neither this nor ``found_by`` is ever quoted.
    """

    place: Place
    sentences: tuple[str, ...]
    found_by: str = ""
    lead: str = ""
    asked: tuple[str, ...] = ()

    @property
    def under(self) -> list[str]:
        """Of each sentence that is an item what it stands under: what leads its list, else the heading; nothing of a whole sentence."""
        heading = self.place.heading.rpartition(" › ")[2]
        whole = end_as_sentences(self.sentences)
        leads = _leads(self.sentences, whole, self.lead)
        return ["" if alone else lead or heading for alone, lead in zip(whole, leads, strict=True)]

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
        lead = ""
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
            chunks.append(Chunk(place, tuple(piece), first.found_by, lead))
            if len(piece) < len(sentences):
                lead = _leads((*piece, ""), [*end_as_sentences(piece), False], lead)[-1]
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


def _leads(sentences: Sequence[str], whole: Sequence[bool], lead: str) -> list[str]:
    """What leads the list that each sentence stands in; ``lead`` holds where they begin. A list ends where sentences go on."""
    leads = list[str]()
    for sentence, alone in zip(sentences, whole, strict=True):
        begins = bool(_LEADS.search(sentence)) and (alone or sentence.endswith((":", "：")))
        if begins or (alone and not LIMITS.match(sentence)):
            lead = ""
        leads.append(lead)
        lead = sentence if begins else lead
    return leads


def _pieces(sentences: Sequence[str], longest: int) -> Iterator[list[str]]:
    held: list[str] = []
    for sentence in sentences:
        if held and sum(map(len, held)) + len(sentence) > longest:
            yield held
            held = []
        held.append(sentence)
    if held:
        yield held
