"""Easy data augmentation for Korean: synonym replacement, random insertion, swap and deletion of words (Wei and Zou, 2019).

Words are those between spaces (어절): a synonym takes the place of a word's beginning and keeps the ending that follows, where the ending
suits both (those of ``synonyms.tsv`` were chosen so). Only training rows are augmented, after the split: a test row's twin in training
would be a test of memory.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from models.errors import ConfigurationError
from models.training.data.pair import Pair, normalized

SYNONYMS = Path(__file__).with_name("synonyms.tsv")
SHARE = 0.15  # of a row's words that one operation changes, at least one
_TRIES = 4  # an operation may leave a row as it was

Words = list[str]
Table = Mapping[str, Sequence[str]]


@cache
def synonyms() -> Table:
    """Words that may stand for one another, by each of them; a line of ``synonyms.tsv`` is one such group."""
    groups = [line.split("\t") for line in SYNONYMS.read_text(encoding="utf-8").splitlines() if line]
    if bad := [group for group in groups if len(group) < 2 or not all(group)]:
        raise ConfigurationError(f"{SYNONYMS} has a group of one: {bad[0]}", remedy="Put a tab between words of the same sense")
    return {word: [other for other in group if other != word] for group in groups for word in group}


def _with_synonym(word: str, rng: random.Random) -> str:
    """The word with another beginning of the same sense; the word itself where none is known.

    >>> _with_synonym("엄마가", random.Random(0))
    '어머니가'
    """
    known = next((beginning for length in range(len(word), 1, -1) if (beginning := word[:length]) in synonyms()), None)
    return word if known is None else rng.choice(synonyms()[known]) + word[len(known) :]


def _replaced(words: Words, rng: random.Random) -> Words:
    places = [place for place, word in enumerate(words) if _with_synonym(word, rng) != word]
    for place in rng.sample(places, min(len(places), _count(words))):
        words[place] = _with_synonym(words[place], rng)
    return words


def _inserted(words: Words, rng: random.Random) -> Words:
    for _ in range(_count(words)):
        words.insert(rng.randrange(len(words) + 1), _with_synonym(rng.choice(words), rng))
    return words


def _swapped(words: Words, rng: random.Random) -> Words:
    for _ in range(_count(words) if len(words) > 1 else 0):
        first, second = rng.sample(range(len(words)), 2)
        words[first], words[second] = words[second], words[first]
    return words


def _deleted(words: Words, rng: random.Random) -> Words:
    kept = [word for word in words if rng.random() >= SHARE]
    return kept or [rng.choice(words)]


def _count(words: Words) -> int:
    return max(1, round(SHARE * len(words)))


OPERATIONS: Mapping[str, Callable[[Words, random.Random], Words]] = {
    "synonym": _replaced,
    "insertion": _inserted,
    "swap": _swapped,
    "deletion": _deleted,
}


def augmented(pairs: Sequence[Pair], times: float, seed: int) -> list[Pair]:
    """New rows beside the given ones, until there are ``times`` as many (4.5: each gets three or four); ``style`` names the operation.

    The same rows and seed give the same result. A row that no operation changes gets fewer.
    """
    rng = random.Random(seed)
    known = {normalized(pair.input) for pair in pairs}
    made: list[Pair] = []
    for number, pair in enumerate(pairs):
        wanted = int((times - 1) * (number + 1)) - int((times - 1) * number)
        for copy in range(max(0, wanted)):
            operation = list(OPERATIONS)[(number + copy) % len(OPERATIONS)]
            text = _changed(pair.input, operation, known, rng)
            if text:
                known.add(normalized(text))
                made.append(replace(pair, input=text, row=f"{pair.row}+{copy + 1}", style=operation))
    return made


def _changed(text: str, operation: str, known: set[str], rng: random.Random) -> str:
    for _ in range(_TRIES):
        changed = " ".join(OPERATIONS[operation](text.split(), rng))
        if changed and normalized(changed) not in known:
            return changed
    return ""
