"""From an encoder's marks to what is told: which sentences of the caller, cut and shortened how, led by which subject.

An encoder marks every token of the caller's (``Mark``): how likely it belongs to the request, and how likely it names what the request
is about. From these marks sentences are chosen, cut and shortened (``own_words``), so every word of a statement was said and its place
is known. A subject that was named elsewhere ("강아지 슬개골 수술했어요. … 뭘 내면 돼요?") is put before the request.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from models.summarizer.conversation import Conversation, Turn, sentences
from models.summarizer.outcome import Evidence
from models.summarizer.own_words import Phrase, Shortener, joined
from models.summarizer.turned_down import TurnedDown, is_rejoinder


@dataclass(frozen=True)
class Mark:
    """One token: its turn, where it stands in it (characters), and how likely it is part of the request, or its subject (0 to 1)."""

    turn: int
    start: int
    end: int
    request: float
    subject: float


@dataclass(frozen=True)
class Reading:
    """What the encoder makes of a conversation; ``nothing_asked`` is the likelihood that the caller wants nothing."""

    marks: Sequence[Mark]
    nothing_asked: float


@dataclass(frozen=True)
class Passage:
    """A sentence of the caller, from its first word of interest on; ``marked`` where more than one token is part of the request."""

    turn: int
    start: int
    end: int
    score: float
    marked: bool


_TAKEN_BACK = re.compile(  # 안 할게요, 취소할게요, 그냥 둘게요, 마음이 바뀌었어요
    r"(?:^|\s)안\s?(?:할게|할래|해요|하는\s걸로|하려고|받을게)|관둘|관두|그만둘게|취소할게|없던\s걸로|(?:그냥|그대로)\s?(?:둘게|놔둘게|유지)|마음이?\s바뀌|유지할게"
)
STRONGEST = 6  # tokens by whose mean a sentence is chosen
HOT = 0.3  # a token counts as part of the request
NAMED = 0.5  # a subject that the caller named
SURE = 0.6  # a subject that the agent named
NEAR = 0.5  # sentences this close to the best one are told as well
MOST_SENTENCES = 3
WHOLE_FROM = 30  # characters before the first marked word that are kept, since they are mostly its clause
MOST_SUBJECTS = 3
# A first word that may have lost its object or its negation.
_PREDICATE = re.compile(r"\S*(?:요|니다|거든|는데|니까)[.,]?(?:\s|$)")
_ENDS_A_CLAUSE = re.compile(r"(?:요|다|고|서|면|까|데|거든|지만|죠|라|음|네)[.,?!…]?$")
_WORDS_OF_A_CLAUSE = 4
LONGEST_PHRASE = 160  # characters of a passage; half a minute of speech


def passages(conversation: Conversation, reading: Reading) -> list[Passage]:
    """The caller's sentences that hold the request, in the order said; empty where the caller said nothing."""
    by_turn: dict[int, list[Mark]] = {}
    for mark in reading.marks:
        by_turn.setdefault(mark.turn, []).append(mark)
    before = {turn.number: earlier.text for earlier, turn in pairwise(conversation) if not earlier.by_caller}
    found = [
        passage
        for turn in conversation
        if turn.by_caller and turn.number in by_turn
        for start, end in sentences(turn.text)
        if not is_rejoinder(turn.text[start:end], before.get(turn.number, ""))
        if (passage := _passage(turn, start, end, by_turn[turn.number])) is not None
    ]
    if not found:
        return []
    best = max(passage.score for passage in found)
    told = [passage for passage in found if passage.marked and passage.score >= max(HOT, best - NEAR)]
    told = sorted(told or [max(found, key=lambda passage: passage.score)], key=lambda passage: -passage.score)[:MOST_SENTENCES]
    told = sorted(told, key=lambda passage: (passage.turn, passage.start))
    return [*told, *_taken_back(conversation, told[-1])]


def _taken_back(conversation: Conversation, last: Passage) -> list[Passage]:
    """The caller's last word where he takes a request back after it (어휴 그럼 안 할게요): untold, the request would seem to stand."""
    later = [
        Passage(turn.number, start, end, last.score, marked=True)
        for turn in conversation
        if turn.by_caller and turn.number > last.turn
        for start, end in sentences(turn.text)
        if _TAKEN_BACK.search(turn.text[start:end])
    ]
    return later[-1:]


def _passage(turn: Turn, start: int, end: int, marks: Sequence[Mark]) -> Passage | None:
    inside = [mark for mark in marks if start <= mark.start < end]
    if not inside:
        return None
    strongest = sorted((mark.request for mark in inside), reverse=True)[:STRONGEST]
    hot = [mark for mark in inside if mark.request >= HOT]
    marked = len(hot) > 1
    first = hot[0].start if marked else start
    begin = start if first - start <= WHOLE_FROM else _word_start(turn.text, first)
    return Passage(turn.number, begin, end, sum(strongest) / len(strongest), marked)


def _word_start(text: str, place: int) -> int:
    while place and not text[place - 1].isspace():
        place -= 1
    return place


def _clause_start(text: str, place: int) -> int:
    """Where the clause of a word begins, if that is a few words before it."""
    start = place
    for _ in range(_WORDS_OF_A_CLAUSE):
        before = text[:start].rstrip()
        if not before or _ENDS_A_CLAUSE.search(before):
            return start
        start = _word_start(text, len(before))
    return place


def subjects(conversation: Conversation, reading: Reading, told: Sequence[Passage], shortener: Shortener) -> list[Evidence]:
    """Nouns outside the passages that name what the request is about: the likeliest, in the order said.

    The agent may have named it; as that is heard at second hand, it must be likely enough (``SURE``). What the caller denies at once is no
    subject, nor is what is said before he speaks (한빛손해보험입니다).
    """
    begun = next((turn.number for turn in conversation if turn.by_caller), 0)
    turned_down = TurnedDown.of(conversation, shortener)
    texts = {turn.number: turn for turn in conversation if turn.number >= begun and turn.number not in turned_down.turns}
    words = {turn.number: turn.text for turn in conversation}
    said = "".join(re.sub(r"\s+", "", words[p.turn][p.start : p.end]) for p in told)
    found: dict[str, tuple[float, int]] = {}
    for turn, marks in groupby(reading.marks, key=lambda mark: mark.turn):
        if turn not in texts:
            continue
        bound = NAMED if texts[turn].by_caller else SURE
        likely = [
            mark for mark in marks if mark.subject >= bound and not any(p.turn == turn and p.start <= mark.start < p.end for p in told)
        ]
        for start, end in shortener.nouns(texts[turn].text) if likely else ():
            likelihood = max((mark.subject for mark in likely if mark.start < end and mark.end > start), default=0.0)
            word = texts[turn].text[start:end]
            if turned_down.holds(turn, word, texts[turn].text[end:]):
                continue
            if len(word) > 1 and word not in said and likelihood > found.get(word, (0.0, 0))[0]:
                found[word] = (likelihood, turn)
    names = [word for word in found if not any(word != other and word in other for other in found)]
    likeliest = sorted(names, key=lambda word: -found[word][0])
    best = likeliest[:MOST_SUBJECTS]
    return [Evidence(word, found[word][1]) for word in sorted(best, key=lambda word: found[word][1])]


def tell(conversation: Conversation, told: Sequence[Passage], shortener: Shortener) -> tuple[str, list[Evidence]]:
    """Each passage as a phrase: the text, and the evidence of each piece as it stands in the text."""
    texts = {turn.number: turn.text for turn in conversation}
    said = [(phrase, p.turn) for p in told for phrase in _bounded(shortener.phrases(_cut(texts[p.turn], p, shortener)))]
    parts = joined([phrase for phrase, _ in said])
    return "".join(parts), [Evidence(part.strip(" ,"), turn) for part, (_, turn) in zip(parts, said, strict=True)]


def _cut(text: str, told: Passage, shortener: Shortener) -> str:
    """A passage's words; of one that begins inside a sentence, from its first clause on that is whole."""
    words = text[told.start : told.end]
    if not told.start or any(start == told.start for start, _ in sentences(text)):
        return words
    whole = shortener.from_whole_clause(words)
    cut_off = whole == words and _PREDICATE.match(words)
    return text[_clause_start(text, told.start) : told.end] if cut_off else whole


def _bounded(phrases: Sequence[Phrase]) -> list[Phrase]:
    """Phrases of one passage that can still be listened to: of more, the last ones, where the request stands."""
    kept: list[Phrase] = []
    room = LONGEST_PHRASE
    for phrase in reversed(phrases):
        if len(phrase.text) > room:
            end = phrase.text[-room:]
            kept += [] if kept else [Phrase(end.partition(" ")[2] or end, phrase.act)]
            break
        kept.append(phrase)
        room -= len(phrase.text)
    return kept[::-1]


def led_by(named: Sequence[Evidence], text: str) -> str:
    """A text with its subjects before it."""
    lead = ", ".join(item.phrase for item in named)
    return f"{lead} 관련, {text}" if lead and text else text or lead
