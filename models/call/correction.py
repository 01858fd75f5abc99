"""What is mended in a transcript before anybody reads it, by which rule, and how it is taken back.

The rules, in their order: words that people know to be misheard (``heard``); a term that stands in another reading of the recognizer, where
it is not sure of the word (``alternative``); near misses of a term, by the distance of their sounds and
only where morphology finds the sentence likelier with the term (``near``); words that are none and one sound off a common one
(``word``, in ``models/call/common_words.py``); a language model's reading of lines that stay doubtful, of which
a change counts only where it is a term or another reading of the recognizer (``model``, in ``models/call/second_reading.py``); and what a
person corrected (``person``). A change says where it was made in the text as it stood then, so the log of changes runs both ways.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from models.call.common_words import odd_words, rivals
from models.call.jamo import is_hangul, jamo, unlikeness
from models.call.record import Change, Correction, Rule, Utterance
from models.call.terms import TermList, name_of
from models.summarizer.own_words import morphology
from models.summarizer.syllables import is_closed


def second_of(utterance: Utterance, character: int) -> float:
    """When a character was said, as if every one took equally long."""
    share = character / max(1, len(utterance.text))
    return round((utterance.start_ms + share * utterance.duration_ms) / 1000, 2)


@dataclass(frozen=True)
class Bounds:
    """How near a miss must be: chosen on the texts of the recipe's writers (``benchmarks/correction.py --tune``), not on those that judge.

    ``unlikeness`` is of ``models.call.jamo`` and of runs with as many syllables as the term; one more or less is allowed where only
    ``distance`` of a long term's sounds differs. A sentence must be ``gain`` likelier (log) with a term of three syllables, by a share
    (``relief``) less for each further one; one that is ``doubtful_gain`` likelier or more is a doubtful spot. Terms of fewer sounds than
    ``shortest`` have too many neighbours.

    A term of another reading is taken where the sentence is ``alternative_gain`` likelier with it and the recognizer is ``sure`` of no word
    in its place; a word that it is less sure of than ``doubtful_word`` makes a line doubtful, and so does a term that was not taken.

    A word that morphology by itself finds no likelier (log) than ``no_word`` is none. It becomes a common one where the sentence is
    ``word_gain`` likelier with it.
    """

    unlikeness: float = 0.24
    distance: float = 0.12
    gain: float = 5.0
    relief: float = 0.15
    doubtful_gain: float = -2.0
    shortest: int = 7
    alternative_gain: float = 0.0
    sure: float = 0.85
    doubtful_word: float = 0.4
    no_word: float = -28.0
    word_gain: float = 9.0


@dataclass(frozen=True)
class _Target:
    """A term as near misses are measured against it."""

    term: str
    said: str
    sounds: str


@dataclass(frozen=True)
class Candidate:
    """A place in a text that may be a term: from, to, the term, and how much likelier the sentence is with it."""

    start: int
    end: int
    term: str
    gain: float = 0.0


class Corrector:
    """Corrects by one version of the term list. Morphology is loaded where the first candidate needs it (2 s, 0.5 GB)."""

    def __init__(self, terms: TermList, bounds: Bounds | None = None) -> None:
        self.terms, self.bounds = terms, bounds or Bounds()

    def correct(self, utterances: Sequence[Utterance]) -> Correction:
        """What the rules that need no language model change, and which lines stay doubtful."""
        changes: list[Change] = []
        doubtful: list[int] = []
        for number, utterance in enumerate(utterances):
            text, found = self._known(utterance.text)
            text, chosen, left = self._alternative(text, utterance)
            text, near, unsure = self._near(text)
            text, words = self._words(text)
            for rule, candidates in ((Rule.HEARD, found), (Rule.ALTERNATIVE, chosen), (Rule.NEAR, near), (Rule.WORD, words)):
                changes += [_change(number, utterance, one, before, rule) for one, before in candidates]
            doubtful += [number] if unsure or left or self._doubted(text, utterance) else []
        return Correction(terms_version=self.terms.version, changes=changes, doubtful=doubtful)

    def doubts(self, text: str) -> list[Candidate]:
        """Places of a line that may be terms, and are not sure enough to be changed by the rules."""
        return [one for one in self._candidates(text) if one.gain >= self.bounds.doubtful_gain and not self._is_sure(one)]

    def _known(self, text: str) -> tuple[str, list[tuple[Candidate, str]]]:
        """Words that people know to be misheard, the longest first."""
        done: list[tuple[Candidate, str]] = []
        for pattern, term in self._misheard:
            position = 0
            while (match := pattern.search(text, position)) is not None:
                position = match.end()
                if is_tail(term, text[match.end() : _end_of_word(text, match.end())]):
                    done.append((Candidate(match.start(), match.end(), term), match[0]))
                    text = text[: match.start()] + term + text[match.end() :]
                    position = match.start() + len(term)
        return text, done

    def _alternative(self, text: str, utterance: Utterance) -> tuple[str, list[tuple[Candidate, str]], bool]:
        """Terms of the recognizer's other readings, the likeliest first, and whether one was left."""
        done: list[tuple[Candidate, str]] = []
        candidates = self._offered(text, utterance)
        while likely := [one for one in candidates if one.gain >= self.bounds.alternative_gain]:
            best = max(likely, key=lambda one: one.gain)
            done.append((best, text[best.start : best.end]))
            text = text[: best.start] + best.term + text[best.end :]
            candidates = self._offered(text, utterance)
        return text, done, bool(candidates)

    def _offered(self, text: str, utterance: Utterance) -> list[Candidate]:
        """What stands in other readings in the place of words that hold no term and that the recognizer is not sure of."""
        found = {
            (start, end, after)
            for reading in utterance.alternatives
            for start, end, after in changed_words(text, reading)
            if is_term(text[start:end], after, self.terms)
            and not self._names_in(_bare(text[start:end]))
            and self._unsure(text[start:end], utterance)
        }
        return _judged(text, [Candidate(start, end, after) for start, end, after in sorted(found)])

    def _unsure(self, words: str, utterance: Utterance) -> bool:
        """Whether the recognizer is not sure of any of these words, or never tells how sure it is."""
        told = {_bare(word.text): word.confidence for word in utterance.unsure}
        return not told or any(told.get(_bare(word), 1.0) < self.bounds.sure for word in words.split())

    def _doubted(self, text: str, utterance: Utterance) -> bool:
        """Whether a word of low confidence still stands in the text."""
        low = {_bare(word.text) for word in utterance.unsure if word.confidence < self.bounds.doubtful_word}
        return any(_bare(word) in low for word in text.split())

    def _near(self, text: str) -> tuple[str, list[tuple[Candidate, str]], bool]:
        """Near misses, the surest first, each judged in the text as the others left it."""
        done: list[tuple[Candidate, str]] = []
        candidates = self._candidates(text)
        while sure := [one for one in candidates if self._is_sure(one)]:
            best = max(sure, key=lambda one: one.gain)
            done.append((best, text[best.start : best.end]))
            text = text[: best.start] + best.term + text[best.end :]
            candidates = self._candidates(text)
        return text, done, any(one.gain >= self.bounds.doubtful_gain for one in candidates)

    def _words(self, text: str) -> tuple[str, list[tuple[Candidate, str]]]:
        """Words that are none and sound like a common one, from the line's end on, each judged in the text as the others left it."""
        done: list[tuple[Candidate, str]] = []
        for start, end in odd_words(text):
            word = text[start:end]
            if self._names_in(word):
                continue
            found = rivals(word)
            if not found or likelihood(word) > self.bounds.no_word:
                continue
            offered = {other + tail for other, tail in found if _stays_the_sense(word, other, tail)}
            best = max(_judged(text, [Candidate(start, end, one) for one in sorted(offered)]), key=lambda one: one.gain, default=None)
            if best is not None and best.gain >= self.bounds.word_gain:
                done.append((best, word))
                text = text[:start] + best.term + text[end:]
        return text, done

    def _is_sure(self, one: Candidate) -> bool:
        """The longer a term, the less of its sound is chance, and the less morphology has to speak for it."""
        syllables = len("".join(one.term.split()))
        return one.gain >= self.bounds.gain * max(0.0, 1 - self.bounds.relief * max(0, syllables - 3))

    def _candidates(self, text: str) -> list[Candidate]:
        return _judged(text, tuple(self._close(text)))

    def _close(self, text: str) -> Iterator[Candidate]:
        """Runs of up to three words, without their particles, that sound nearly like a term and are none."""
        from rapidfuzz.distance import Levenshtein
        from rapidfuzz.process import extract

        for start, end in _runs(text):
            said = "".join(text[start:end].split())
            sounds = jamo(said)
            spelled_out = len(text[start:end].split()) > (len(said) + 1) // 2
            if len(sounds) < self.bounds.shortest - 1 or spelled_out or not is_hangul(said) or said in self._exact:
                continue
            near = extract(sounds, self._sounds, scorer=Levenshtein.distance, score_cutoff=len(sounds) // 2, limit=5)
            for _, distance, place in near:
                target = self._targets[place]
                tail = text[end : _end_of_word(text, end)]
                if self._near_enough(said, distance, target) and is_tail(target.term, tail) and _ends_as_noun(text[start:end]):
                    yield Candidate(start, end, target.term)

    def _near_enough(self, said: str, distance: float, target: _Target) -> bool:
        """Whether a run may be the term misheard: it sounds like it, and no other term, nor the term itself, stands in it."""
        if any(name in said and not (name != target.said and name in target.said) for name in self._names_in(said)):
            return False
        if len(said) == len(target.said):
            return unlikeness(said, target.said) <= self.bounds.unlikeness
        long = len(target.said) >= _LONG
        return long and abs(len(said) - len(target.said)) == 1 and distance <= self.bounds.distance * len(target.sounds)

    def _names_in(self, said: str) -> list[str]:
        return [name for name in self._exact if name in said]

    @cached_property
    def _misheard(self) -> list[tuple[re.Pattern[str], str]]:
        pairs = [(heard, term.term) for term in self.terms.terms for heard in term.heard]
        spaced = [(r"(?<!\S)" + r"\s?".join(map(re.escape, heard.replace(" ", ""))), term) for heard, term in pairs]
        return [(re.compile(pattern), term) for pattern, term in sorted(spaced, key=lambda one: -len(one[0]))]

    @cached_property
    def _targets(self) -> list[_Target]:
        return [
            _Target(term.term, "".join(term.pronounced.split()), sounds)
            for term in self.terms.terms
            if len(sounds := jamo(term.pronounced)) >= self.bounds.shortest
        ]

    @cached_property
    def _sounds(self) -> list[str]:
        return [target.sounds for target in self._targets]

    @cached_property
    def _exact(self) -> frozenset[str]:
        return frozenset(name_of(text) for term in self.terms.terms for text in (term.term, term.pronounced) if text)


_WORD = re.compile(r"\S+")
SIGNS = ".?!,…"
_MOST_WORDS = 3
_LONG = 5  # syllables
_LONGEST_TAIL = 4
_ENDS = re.compile(r"[.?!,…]+$")


def changed_words(before: str, after: str) -> list[tuple[int, int, str]]:
    """Runs of words that differ: from and to in the one, and the words of the other; nothing is put where nothing stood.

    >>> changed_words("그 실선 보험 되나요", "그 실손보험 되나요")
    [(2, 7, '실손보험')]
    """
    mine, theirs = list(_WORD.finditer(before)), list(_WORD.finditer(after))
    same = difflib.SequenceMatcher(None, [one[0] for one in mine], [one[0] for one in theirs], autojunk=False)
    changed = []
    for tag, i1, i2, j1, j2 in same.get_opcodes():
        if tag != "replace":
            continue
        word_by_word = i2 - i1 == j2 - j1
        runs = [(i1 + n, i1 + n + 1, j1 + n, j1 + n + 1) for n in range(i2 - i1)] if word_by_word else [(i1, i2, j1, j2)]
        changed += [(mine[a].start(), mine[b - 1].end(), after[theirs[c].start() : theirs[d - 1].end()]) for a, b, c, d in runs]
    return changed


def is_term(before: str, after: str, terms: TermList) -> bool:
    """Whether what is put in is a term, with the particles and signs that were heard."""
    bare = after.rstrip(SIGNS)
    for length in range(len(bare), 1, -1):
        term = terms.by_name.get(name_of(bare[:length]))
        tail = bare[length:]
        if term is not None and is_tail(term.term, tail):
            return before.rstrip(SIGNS).endswith(tail)
    return False


def _bare(words: str) -> str:
    return "".join(words.split()).strip(SIGNS)


def _runs(text: str) -> Iterator[tuple[int, int]]:
    """Where a term may stand: from the beginning of a word, over up to three, with up to four letters left over for particles."""
    words = [(match.start(), match.end() - len(_signs(match[0]))) for match in _WORD.finditer(text)]
    for first, (start, _) in enumerate(words):
        for last_start, end in words[first : first + _MOST_WORDS]:
            for cut in range(_LONGEST_TAIL + 1):
                if end - cut > max(start + 1, last_start):
                    yield start, end - cut
            if text[end : end + 1] not in ("", " "):
                break  # a sentence ends here


def _signs(word: str) -> str:
    match = _ENDS.search(word)
    return match[0] if match else ""


def _end_of_word(text: str, start: int) -> int:
    match = re.compile(r"[^\s.?!,…]*").match(text, start)
    return match.end() if match else start


@lru_cache(maxsize=4096)
def _follows(noun: str, tail: str) -> bool:
    tokens = morphology().tokenize(noun + tail)
    return (
        bool(tokens)
        and tokens[0].form == noun
        and all(token.tag[0] in "JEX" or token.tag in ("VCP", "VCN") for token in tokens[1:] if not token.tag.startswith("S"))
    )


@lru_cache(maxsize=4096)
def _ends_as_noun(run: str) -> bool:
    """Whether a run may be one term misheard: 보험이요 and 보험 거 are sound Korean, and no 보험료."""
    last = morphology().tokenize(run)[-1]
    return not (last.tag[0] in "JE" or last.tag in ("NNB", "VCP", "VCN"))


def _stays_the_sense(word: str, other: str, tail: str) -> bool:
    """A noun keeps its particles; of anything else the last syllable stays as it was heard, for endings are what dialects differ in."""
    return is_tail(other, tail) and _ends_as_noun(other) if tail else other[-1] == word[-1] or _ends_as_noun(other)


def is_tail(term: str, tail: str) -> bool:
    """Whether what follows a term in its word may follow a noun: particles, endings of 이다 and 하다, nothing else."""
    if not tail:
        return True
    noun = "보험" if is_closed(term) else "보험료"
    bare = tail.removesuffix("요")  # the politeness that ends any word
    return is_hangul(tail) and (not bare or _follows(noun, bare))


def _judged(text: str, candidates: Sequence[Candidate]) -> list[Candidate]:
    if not candidates:
        return []
    before = likelihood(text)
    return [
        Candidate(one.start, one.end, one.term, likelihood(text[: one.start] + one.term + text[one.end :]) - before) for one in candidates
    ]


@lru_cache(maxsize=4096)
def likelihood(text: str) -> float:
    """How likely morphology finds a sentence, as a logarithm."""
    best: tuple[Any, float] = morphology().analyze(text, top_n=1)[0]
    return float(best[1])


def _change(number: int, utterance: Utterance, one: Candidate, before: str, rule: Rule) -> Change:
    return Change(utterance=number, start=one.start, before=before, after=one.term, rule=rule, seconds=second_of(utterance, one.start))
