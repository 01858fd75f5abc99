"""A call's words as the console shows them: masked unless somebody gave a reason, and what was changed in a masked line.

People edit the line that they see. Where its numbers are masked, the change is carried over to the line as it is kept; what is masked
itself cannot be changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from console.hints import Hint
from models.call.editing import LONGEST_WORD, WordEdit
from models.call.privacy import PersonalSpan, mask_utterances, personal_spans


class CannotChange(ValueError):
    """A change that cannot be carried over; the message is for the person, in Korean."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a line; ``evidence`` where the summary rests on it, ``hint`` what it seems to be (``console/hints.py``)."""

    text: str
    evidence: bool = False
    hint: str = ""


def shown(texts: Sequence[str], *, raw: bool) -> list[str]:
    """The lines as somebody may read them; the settings' masking does not matter here."""
    return list(texts) if raw else mask_utterances(texts)


def pieces(text: str, phrases: Sequence[str], hints: Sequence[Hint] = ()) -> list[Piece]:
    """A line cut where the phrases of the evidence and the hints stand; a phrase that does not stand there as it is marks the whole line.

    >>> [(one.text, one.evidence) for one in pieces("자동차 보험을 해지하고 싶어요", ["해지하고"])]
    [('자동차 보험을 ', False), ('해지하고', True), (' 싶어요', False)]
    """
    marked, seems = [False] * len(text), [""] * len(text)
    for phrase in phrases:
        at = text.find(phrase) if phrase else -1
        begin, end = (at, at + len(phrase)) if at >= 0 else (0, len(text))
        marked[begin:end] = [True] * (end - begin)
    for hint in hints:
        seems[hint.start : hint.end] = [hint.kind] * (hint.end - hint.start)
    kinds = list(zip(marked, seems, strict=True))
    cuts = [0, *(at for at in range(1, len(text)) if kinds[at] != kinds[at - 1]), len(text)]
    return [Piece(text[begin:end], *kinds[begin]) for begin, end in pairwise(cuts) if end > begin]


def word_edit(texts: Sequence[str], utterance: int, line: str) -> WordEdit:
    """What a person changed in a masked line, as a change of the line that is kept; whole words. Raises CannotChange."""
    if not 0 <= utterance < len(texts):
        raise CannotChange("없는 발화입니다.")
    kept, line = texts[utterance], " ".join(line.split())
    spans = [span for span in personal_spans(texts) if span.utterance == utterance]
    masked = mask_utterances(texts)[utterance]
    if line == " ".join(masked.split()):
        raise CannotChange("바뀐 낱말이 없습니다.")
    begin, tail = _common(masked, line)
    end = len(masked) - tail
    while begin and not masked[begin - 1].isspace():
        begin -= 1
    while tail and not masked[end].isspace():
        end, tail = end + 1, tail - 1
    start, stop = _kept_at(begin, spans), _kept_at(end, spans)
    if start is None or stop is None or any(span.start < stop and start < span.end for span in spans):
        raise CannotChange("가려진 번호가 든 낱말은 고칠 수 없습니다.")
    before, after = kept[start:stop], line[begin : len(line) - tail]
    if not before.strip():  # words were put between two others: the one before them is taken along
        start = kept.rfind(" ", 0, max(0, start - 1)) + 1 if start else 0
        stop = stop if start < stop else kept.find(" ") if " " in kept else len(kept)
        before, after = kept[start:stop], f"{kept[start:stop].rstrip()} {after.strip()}".strip()
        if not before or any(span.start < stop and start < span.end for span in spans):
            raise CannotChange("가려진 번호 옆에는 낱말을 넣을 수 없습니다.")
    if len(before) > LONGEST_WORD or len(after) > LONGEST_WORD:
        raise CannotChange(f"한 번에 고칠 수 있는 길이는 {LONGEST_WORD}자까지입니다. 나누어 고치세요.")
    return WordEdit(utterance=utterance, start=start, before=before, after=after)


def _common(one: str, other: str) -> tuple[int, int]:
    """How many characters two lines share at the beginning, and at the end after those."""
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    rest_one, rest_other = one[head:], other[head:]
    tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(reversed(rest_one), reversed(rest_other), strict=False)))
    return head, tail


def _kept_at(place: int, spans: Sequence[PersonalSpan]) -> int | None:
    """Where a place of the masked line lies in the line that is kept; None within a mask."""
    shift = 0  # how much shorter the masked line is up to here
    for span in spans:
        begin = span.start - shift
        if place <= begin:
            break
        if place < begin + len(span.kind):
            return None
        shift += (span.end - span.start) - len(span.kind)
    return place + shift
