"""Conversations in, statements out: the reader, the choice of passages and the shortening of words, put together.

StatementMaker(folder).make([conversation, …])
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.summarizer.confidence import FEATURES, features, likelihood
from models.summarizer.conversation import Conversation, texts_of
from models.summarizer.engine import Device
from models.summarizer.marks import Passage, Reading
from models.summarizer.outcome import Evidence, Kind, Statement
from models.summarizer.own_words import Shortener
from models.summarizer.passages import led_by, opening, passages, subjects, tell
from models.summarizer.reader import Reader, Thresholds

_BEST = FEATURES.index("best passage")
# 콜백 부탁드려요 is all that some callers say, and too short for the reader to be sure of.
_SERVICE = re.compile(r"(?:전화|콜백|연락|연결|통화|회신|접수|취소|해지) 요청$")
_LETS_KNOW = re.compile(
    r"알고(?:나|만)?\s(?:계시|있으시?)(?:라고|면|세요)|알려\s?드리려고\s(?:전화|연락)|말씀만?\s?드리려고\s(?:전화|연락)"
    r"|뭐\s(?:해|하)\s?달라는\s(?:거|건|게|것)(?:는|은|도)?\s아니"
)
_SAYS_THANKS = re.compile(
    r"(?:부탁할|부탁드릴|바라는|바랄)\s(?:거|건|것)(?:은|는)?\s없|그\s말\s하려고\s(?:했|전화)|(?:고맙|감사하)다는\s말(?:을|씀)?\s?(?:하려고|드리려고|전하려고)"
)
_WANTED = re.compile(r"문의|필요|확인 희망|(?<!쓰지 말라는 )요청")
STRONG = 0.45  # of calibration calls without a request that are taken for such none is marked as strongly (0.38)
# A sentence that surely wants or asks something and is marked a little outweighs small talk too: of the 47 inquiries and calls of seventeen
# weeks that were wrongly taken to want nothing it tells some twenty, of the 460 that want nothing none or one.
MARKED, SURELY = 0.15, 0.9
MAY_BE_NOTHING = 0.4  # likelihood below which no bound in use takes a call for one that wants nothing


@dataclass(frozen=True)
class Draft:
    """What could be told of a call: the caller's own words, led by their subjects, and what tells how sure it is."""

    text: str
    evidence: Sequence[Evidence]
    features: Sequence[float]
    only_tells: bool = False
    surely_wanted: bool = False


def draft_of(conversation: Conversation, reading: Reading, shortener: Shortener) -> Draft | None:
    """The draft by a reading; None where the caller said nothing."""
    told = passages(conversation, reading, shortener)
    if not told:
        return None
    own, heard = tell(conversation, [*opening(conversation, reading, told, shortener), *told], shortener)
    named = subjects(conversation, reading, told, own, shortener)
    text = led_by(named, own)
    if not text:
        return None
    others = sum(not turn.by_caller for turn in conversation)
    seen = features(reading, told, len(named), others, text)
    wanted = reading.nothing_asked > MAY_BE_NOTHING and seen[_BEST] >= MARKED and _surely_wanted(conversation, told, shortener)
    return Draft(text, [*named, *heard], seen, _only_tells(conversation, own), wanted)


def _surely_wanted(conversation: Conversation, told: Sequence[Passage], shortener: Shortener) -> bool:
    """Whether a sentence that is told surely wants or asks something, by what sentences were learnt to do."""
    texts = texts_of(conversation)
    said = [texts[passage.turn][passage.start : passage.end] for passage in told]
    return any(shortener.wants_or_asks(text) >= SURELY for text in said)


def _only_tells(conversation: Conversation, told: str) -> bool:
    """Whether the caller says that he only lets us know, and nothing is told as asked or wanted of us."""
    said = " ".join(turn.text for turn in conversation if turn.by_caller)
    if _SAYS_THANKS.search(said):
        return re.search("요청|(?<!말을 하기 )(?<!말 하기 )희망", told) is None
    return _LETS_KNOW.search(said) is not None and _WANTED.search(told) is None


def asks_nothing(reading: Reading, draft: Draft, bound: float) -> bool:
    """Whether a call without a request is more likely.

    A strongly marked sentence, one that surely wants something, or one that names a service outweighs small talk.
    """
    if draft.only_tells:
        return True
    return (
        not draft.surely_wanted and reading.nothing_asked > bound and draft.features[_BEST] < STRONG and _SERVICE.search(draft.text) is None
    )


class StatementMaker:
    """A loaded reader with its thresholds. Safe to call from several threads."""

    def __init__(self, model_dir: Path, device: Device = "auto", threads: int = 0, cache_dir: Path | None = None) -> None:
        self._reader = Reader(model_dir, device, threads, cache_dir)
        self._thresholds = Thresholds.load(model_dir)
        self._shortener = Shortener()
        self.device: str = self._reader.device

    def make(self, conversations: Sequence[Conversation]) -> list[Statement]:
        """One statement a conversation, in order."""
        readings = self._reader.read(conversations)
        return [self.state(conversation, reading) for conversation, reading in zip(conversations, readings, strict=True)]

    def state(self, conversation: Conversation, reading: Reading) -> Statement:
        """What one conversation comes to, by its reading."""
        draft = draft_of(conversation, reading, self._shortener)
        if draft is None or asks_nothing(reading, draft, self._thresholds.nothing):
            return Statement(Kind.NO_REQUEST, "", reading.nothing_asked if draft else 1.0)
        sure = likelihood(draft.features, self._thresholds.weights, self._thresholds.bias)
        kind = Kind.SUMMARY if sure >= self._thresholds.summary else Kind.OWN_WORDS
        return Statement(kind, draft.text, sure, draft.evidence)
