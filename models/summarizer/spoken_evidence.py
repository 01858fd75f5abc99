"""Whether the words that a language model chose were said: every one of them, in the utterance that it names, with the same sense.

    EvidenceCheck(guard, vocabulary, shortener).fault(answer, conversation)   → None, or why the answer is not spoken

A language model may write whatever it likes, so what it writes is believed word by word. A text is covered by phrases; each names an
utterance; each content word of a phrase has to stand there (compounds and stems by Kiwi, products and amounts by the guard that every
summarizer has, ``변경`` for ``바꾸다`` by a short table). A word that the caller denied there or later (해지는 안 하고, 해약 말고, 해지
취소) may not be told as wanted, nor the other way round; a condition (해지하면 얼마예요) is no wish. What an agent said counts where the
caller then agrees. The check errs on the careful side: an answer that it turns down costs nothing but the model in service before it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.summarizer.conversation import Conversation, Turn
from models.summarizer.faithfulness import Guard
from models.summarizer.outcome import Evidence, Kind
from models.summarizer.own_words import Shortener
from models.summarizer.vocabulary import Vocabulary

LONGEST_TEXT = 120  # characters; a read-back is one breath


class Fault(StrEnum):
    """Why an answer is not spoken."""

    FORM = "form"  # a text that is empty, too long or marked up, phrases that are no part of it, a request that is told as none
    UNSAID = "unsaid"  # a word without a phrase, or that is not in the utterance that its phrase names
    ADDED = "added"  # a product, an amount or a date that nobody named
    TURNED = "turned"  # wanted for denied, denied for wanted, a condition for a wish
    OTHER_OBJECT = "other_object"  # an action told of what another one was said of
    NOT_THE_CALLERS = "not_the_callers"  # only the agent said it


@dataclass(frozen=True)
class Claim:
    """What a language model says a call comes to."""

    kind: Kind
    text: str
    evidence: Sequence[Evidence]


@dataclass(frozen=True)
class _Word:
    """A content word of a text: where it stands, and as what it may have been said."""

    start: int
    end: int
    surfaces: tuple[str, ...]  # as it stands, whatever the spaces
    stems: frozenset[str] = frozenset()  # or as one of these morphemes


# What a summary adds to the caller's words: what is done about them.
_FRAME = frozenset(["문의", "요청", "희망", "관련", "여부", "방법", "안내", "확인", "가능"])
_WISHED = re.compile(r"\s*(?:요청|희망)")
# Names of the trade for what callers say with a verb; none of them says more than its verb.
_SAID_FOR = {
    "변경": "바꾸 바뀌 옮기",
    "정정": "고치",
    "수정": "고치",
    "삭제": "없애 지우",
    "연기": "미루",
    "인하": "낮추 내리",
    "인상": "올리 오르",
    "증액": "늘리 올리",
    "감액": "줄이 낮추",
    "수령": "받",
    "납부": "내",
    "발송": "보내",
    "송부": "보내",
    "가입": "들",
    "해지": "해약 깨",
    "해약": "해지",
    "환급": "돌려받",
    "금액": "얼마 얼마나",
    "시기": "언제",
    "사유": "왜",
    "이유": "왜",
}
_NOUNS = ("NNG", "NNP", "XR", "SL", "SN", "NR", "XPN")
_FREE = ("J", "E", "X", "VX", "VCP", "S", "NNB", "MAJ", "IC", "NP")  # particles, endings, signs: nothing by themselves
_CONTENT_X = ("XR", "XPN")
_NEGATORS = frozenset(("안", "못", "않", "말", "아니", "없"))
_PLAIN = re.compile(r"[\w\s.,?!%~·'’()&+\-:…\[\]]+")
_PARTICLE = r"(?:이나|까지|부터|으로|로|은|는|이|가|을|를|도|만|요)?"
_DENIED_AFTER = re.compile(
    rf"{_PARTICLE}[\s,]*(?:하|되|받|시키)?(?:"
    r"(?:고\s*싶)?(?:지|진|질)(?:는|도|를|만)?\s*(?:않|말|마|못|아니)"
    r"|(?:ᆯ|을|할|될|려는|하려는)?\s*(?:생각|필요|마음|계획|이유|일)\s*(?:은|는|이|가|도|까지)*\s*(?:없|아니|안\s)"
    r"|말고|말구|말아|말\s?것|마시|마세|마요|아니|아녀|아닌|아닙|됐고|됐구|됐어|빼고|빼구|빼\s?[달주]|제외|관두|그만두|놔두|놔둬|놔\s두"
    r"|그대로|유지|상관\s*없|없이|없던|안\s*(?=[가-힣])|못\s*(?=[가-힣])|취소|철회|번복|보류|무효)"
)
_DENIED_BEFORE = re.compile(r"(?:^|\s)(?:안|못)\s*$")
_CONDITION_AFTER = re.compile(rf"{_PARTICLE}\s*(?:하|되|받|시키|했|됐)?(?:으?려)?으?면(?!\s*(?:좋|감사|고맙|싶|해요))")
_AGREES = re.compile(r"\s*(?:네|예|응|맞|그렇|그래|그럼요)")


class EvidenceCheck:
    """Holds claims against the conversation that they are about. Safe between threads."""

    def __init__(self, guard: Guard, vocabulary: Vocabulary, shortener: Shortener) -> None:
        self._guard = guard
        self._products = vocabulary.products
        self._shortener = shortener

    def fault(self, claim: Claim, conversation: Conversation) -> Fault | None:
        """The first thing that is wrong with a claim; None for one that may be spoken."""
        if claim.kind is Kind.NO_REQUEST:
            return Fault.FORM if claim.text or claim.evidence else None
        turns = {turn.number: turn for turn in conversation if turn.text}
        spans = _spans(claim)
        if spans is None or not _is_plain(claim.text):
            return Fault.FORM
        if any(one.utterance not in turns for one in claim.evidence):
            return Fault.UNSAID
        cited = [turns[one.utterance] for one in claim.evidence]
        if not all(turn.by_caller or _is_agreed(turn, conversation) for turn in cited):
            return Fault.NOT_THE_CALLERS
        if self._guard.additions(" ".join(turn.text for turn in cited), claim.text):
            return Fault.ADDED
        return self._fault_of_words(claim.text, list(zip(spans, cited, strict=True)), conversation)

    def _fault_of_words(self, text: str, phrases: Sequence[tuple[tuple[int, int], Turn]], conversation: Conversation) -> Fault | None:
        words = sorted(self._words(text), key=lambda word: word.start)
        if not words:
            return Fault.FORM
        before: tuple[_Word, Turn] | None = None
        for word in words:
            turn = next((turn for (start, end), turn in phrases if start <= word.start and word.end <= end), None)
            said = self._places(word, turn.text) if turn is not None else []
            if turn is None or not said:
                return Fault.UNSAID
            if self._is_turned(word, text, said, turn, conversation):
                return Fault.TURNED
            if before is not None and before[1] is turn and self._has_other_object(before[0], word, text, turn.text):
                return Fault.OTHER_OBJECT
            before = (word, turn)
        return None

    def _has_other_object(self, thing: _Word, act: _Word, text: str, said: str) -> bool:
        """Whether an action that is asked for was nowhere said in one clause with the word before it."""
        if not _WISHED.match(text, act.end) or "," in text[thing.end : act.start]:
            return False
        ends = [token.start for token in self._shortener.tokens(said) if token.tag in ("EC", "EF", "SF", "SP")]
        pairs = ((one, other) for one in self._places(thing, said) for other in self._places(act, said))
        return not any(one[1] <= other[0] and not any(one[1] <= end < other[0] for end in ends) for one, other in pairs)

    def _is_turned(self, word: _Word, text: str, said: Sequence[tuple[int, int]], turn: Turn, conversation: Conversation) -> bool:
        """Whether the text wants what was denied, denies what was wanted, or wants what was only supposed."""
        denied = _is_denied(text, word.start, word.end)
        if denied:
            return not any(_is_denied(turn.text, *place) for place in said)
        later = [other for other in conversation if other.by_caller and other.number >= turn.number]
        if any(_is_denied(other.text, *place) for other in later for place in self._places(word, other.text)):
            return True
        wished = _WISHED.match(text, word.end) is not None
        return wished and all(_CONDITION_AFTER.match(turn.text, end) for _, end in said)

    def _words(self, text: str) -> Iterator[_Word]:
        """The content words of a text: products, runs of nouns, stems."""
        taken = list(self._named(text))
        yield from taken
        run: list[Any] = []
        for token in self._shortener.tokens(text):
            if any(word.start < token.end and token.start < word.end for word in taken):
                continue
            is_noun = token.tag in _NOUNS
            if run and not (is_noun and token.start == run[-1].end):
                yield from self._nouns(text, run)
                run = []
            if is_noun:
                run.append(token)
            elif not _is_free(token):
                yield _Word(token.start, token.end, (), frozenset((token.form,)))
        yield from self._nouns(text, run)

    def _named(self, text: str) -> Iterator[_Word]:
        """Products of a text; any of their names will do."""
        for name, alias in self._guard.products_named(text):
            found = re.search(_spaced(alias), text)
            if found:
                yield _Word(*found.span(), (name, alias, *self._products.get(name, ())))

    def _nouns(self, text: str, run: Sequence[Any]) -> Iterator[_Word]:
        """A compound as one word, where it is no word of the frame."""
        words = [token for token in run if token.form not in _FRAME]
        if not words:
            return
        start, end = words[0].start, words[-1].end
        compound = text[start:end]
        yield _Word(start, end, (compound,), frozenset(_SAID_FOR.get(compound, "").split()))

    def _places(self, word: _Word, said: str) -> list[tuple[int, int]]:
        """Where a word is said in an utterance; a compound that is not said as one counts at its last part, if all parts are said."""
        found = [match.span() for surface in word.surfaces for match in re.finditer(_spaced(surface), said)]
        tokens = self._shortener.tokens(said) if word.stems or not found else []
        found += [(token.start, token.end) for token in tokens if token.form in word.stems]
        if found or not word.surfaces:
            return found
        parts = [token.form for token in self._shortener.tokens(word.surfaces[0]) if not _is_free(token)]
        if len(parts) < 2 or not all(self._part_places(part, said, tokens) for part in parts):
            return []
        return self._part_places(parts[-1], said, tokens)

    def _part_places(self, part: str, said: str, tokens: Sequence[Any]) -> list[tuple[int, int]]:
        if part in _FRAME:
            return [(len(said), len(said))]
        stems = {part, *_SAID_FOR.get(part, "").split()}
        places = [(token.start, token.end) for token in tokens if token.form in stems]
        return places + ([match.span() for match in re.finditer(re.escape(part), said)] if len(part) > 1 else [])


def _spans(claim: Claim) -> list[tuple[int, int]] | None:
    """Where the phrases stand in the text, in order and apart; None where one does not, or there is none."""
    spans, done = [], 0
    for one in claim.evidence:
        start = claim.text.find(one.phrase, done) if one.phrase.strip() else -1
        if start < 0:
            return None
        done = start + len(one.phrase)
        spans.append((start, done))
    return spans or None


def _is_plain(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and "\n" not in text and _PLAIN.fullmatch(text) is not None and bool(text.strip())


def _is_free(token: Any) -> bool:
    """Whether a morpheme says nothing by itself; a negator is judged with the word that it denies."""
    if token.tag in _CONTENT_X or token.tag in ("SN", "SL"):
        return False
    return token.tag.startswith(_FREE) or token.form in _NEGATORS or token.form in ("하", "되", "있")


def _is_denied(text: str, start: int, end: int) -> bool:
    return _DENIED_AFTER.match(text, end) is not None or _DENIED_BEFORE.search(text, 0, start) is not None


def _is_agreed(turn: Turn, conversation: Conversation) -> bool:
    """Whether the caller agrees with what somebody else said."""
    answer = next((other for other in conversation if other.by_caller and other.number > turn.number and other.text), None)
    return answer is not None and _AGREES.match(answer.text) is not None


def _spaced(words: str) -> str:
    return r"\s*".join(re.escape(letter) for letter in words if not letter.isspace())
