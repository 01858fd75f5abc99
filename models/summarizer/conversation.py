"""What is summarized: a conversation as turns, each by the caller or by somebody else, and its written form.

    상담원: 무엇을 도와드릴까요
    고객: 주소 바꾸려고요

A text without such marks is one turn of the caller's, so a data set may hold inquiries and whole conversations side by side.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

CALLER, AGENT = "고객", "상담원"
ENOUGH_LETTERS = 10  # letters and digits by the caller that make a request: "보험금 청구하려고요" has 9
# What callers say while the agent talks. Alone it says nothing, and a summarizer trained on inquiries stumbles over it.
_BACKCHANNEL = re.compile(
    r"(?:네|예|응|어|음|아|그래요?|그렇(?:죠|지|구나|군요|네요)|그러게요?|그런가요?|맞아요|여보세요|알겠습니다|감사합니다|수고하세요)+"
)
SENTENCE_END = re.compile(r"(?<=[.?!…])\s+")  # the space after it
_SENTENCE = re.compile(r"[^.?!…]+(?:[.?!…]+|$)\s*")
_HANGUL = re.compile("[가-힣]")
_MARKED = re.compile(rf"^({CALLER}|{AGENT}):[ ]?", re.MULTILINE)


@dataclass(frozen=True)
class Turn:
    """One utterance; ``number`` is its place in the transcript."""

    number: int
    by_caller: bool
    text: str


Conversation = Sequence[Turn]


def written(turns: Iterable[tuple[bool, str]]) -> str:
    """Turns (by the caller?, words) as a text, a line each; white space inside a turn becomes single spaces.

    >>> written([(False, "네 고객님"), (True, "주소 바꾸려고요")])
    '상담원: 네 고객님\\n고객: 주소 바꾸려고요'
    """
    return "\n".join(f"{CALLER if by_caller else AGENT}: {' '.join(text.split())}" for by_caller, text in turns)


def read(text: str) -> Conversation:
    """The turns of a written conversation; anything else is one turn of the caller's. Hangul in pieces (NFD) is put together.

    >>> [turn.by_caller for turn in read("상담원: 네 고객님\\n고객: 주소 바꾸려고요")]
    [False, True]
    """
    text = unicodedata.normalize("NFC", text)
    if not _MARKED.match(text):
        return (Turn(0, True, " ".join(text.split())),)
    marks = [*_MARKED.finditer(text)]
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return tuple(
        Turn(number, mark[1] == CALLER, text[mark.end() : end].strip()) for number, (mark, end) in enumerate(zip(marks, ends, strict=True))
    )


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence of a text stands, from and to; signs alone are none.

    >>> list(sentences("네. 바꿔 주세요"))
    [(0, 3), (3, 9)]
    """
    return ((match.start(), match.end()) for match in _SENTENCE.finditer(text) if _HANGUL.search(match[0]))


def texts_of(conversation: Conversation) -> dict[int, str]:
    """What is said in each turn, by its number."""
    return {turn.number: turn.text for turn in conversation}


def others_before(conversation: Conversation) -> dict[int, str]:
    """What somebody else than the caller says right before a turn, by that turn's number."""
    return {turn.number: earlier.text for earlier, turn in pairwise(conversation) if not earlier.by_caller}


def callers_words(conversation: Conversation) -> str:
    """What the caller said, as one text; with what the others said where the caller hardly said anything ("네 맞아요").

    Words that only keep the talk going are left out, unless there are no others.
    """
    own = _telling([turn.text for turn in conversation if turn.by_caller])
    if sum(map(str.isalnum, own)) < ENOUGH_LETTERS:
        others = _telling([turn.text for turn in conversation if not turn.by_caller])
        own = f"{own} {others}".strip()
    return own


def is_backchannel(text: str) -> bool:
    """Whether a turn only keeps the talk going.

    >>> is_backchannel("네 네, 그래요"), is_backchannel("네 바꿔 주세요")
    (True, False)
    """
    return _BACKCHANNEL.fullmatch("".join(filter(str.isalnum, text))) is not None


def _telling(texts: Sequence[str]) -> str:
    said = [text for text in texts if text]
    return " ".join([text for text in said if not is_backchannel(text)] or said)
