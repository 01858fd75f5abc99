"""Words that callers and agents say, and what in a text is none of them but sounds like one: 청궁해야 for 청구해야, 치료삐를 for 치료비를.

Most of what makes a read-back wrong after mishearing is no term: it is the deed or the thing itself, one sound off. That such a word is no
word makes it safe to look for another: only what the list does not have is looked at, only one sound may differ, and whether the sentence
is likelier with it is for whoever asks (``models/call/correction.py``). Numbers, negations and names are never offered.

``common_words.txt`` is made of the recipe's writers (``python -m models.recipe.common_words``): what stands there three times or more.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from models.call.jamo import jamo

WORDS = Path(__file__).parent / "common_words.txt"
LEAST_SYLLABLES, LEAST_SOUNDS = 2, 5
LONGEST_TAIL = 3

_WORD = re.compile(r"(?<!\S)[가-힣]+(?=[\s.?!,…]|$)")
_NUMBER = re.compile(r"[영공일이삼사오육륙칠팔구십백천만억]{2}")
_NEGATION = re.compile("안|못|않|없|아니|말|빼")
# Words of dialects that are one sound off a standard one (카길래), and are meant so.
_DIALECT = re.compile("카(?:길|는|던|더|고|면|노|데)")
# A name is no word of the list either: 저는 허원이라고 합니다.
_NAMES = re.compile(r"성함|이름|(?<=[가-힣])씨(?=\s|[가는도를요]|$)|라고\s*(?:합|해|하는데|불러|전해)")


@cache
def common_words() -> frozenset[str]:
    """The list."""
    return frozenset(WORDS.read_text("utf-8").split())


@cache
def _sounds() -> tuple[tuple[str, ...], tuple[str, ...]]:
    words = tuple(sorted(common_words()))
    return words, tuple(map(jamo, words))


@lru_cache(maxsize=8192)
def one_sound_off(word: str) -> tuple[str, ...]:
    """Words of the list with as many syllables that differ in one sound.

    >>> "치료비" in one_sound_off("치료삐"), one_sound_off("암")
    (True, ())
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import extract

    sounds = jamo(word)
    if len(sounds) < LEAST_SOUNDS:
        return ()
    words, known = _sounds()
    found = extract(sounds, known, scorer=Levenshtein.distance, score_cutoff=1, limit=20)
    return tuple(words[place] for _, distance, place in found if distance == 1 and len(words[place]) == len(word))


def odd_words(text: str) -> Iterator[tuple[int, int]]:
    """Where a line has words that may be looked at, from its end to its beginning; none where it tells a name.

    >>> line = "이번에 치료삐를 청구해요"
    >>> [line[start:end] for start, end in odd_words(line)]
    ['치료삐를']
    """
    if _NAMES.search(text):
        return
    for match in reversed(list(_WORD.finditer(text))):
        word = match[0]
        meant = word in common_words() or _NUMBER.search(word) or _DIALECT.match(word)
        if len(word) >= LEAST_SYLLABLES and not meant:
            yield match.start(), match.end()


def rivals(word: str) -> list[tuple[str, str]]:
    """What a word may have been: a word of the list in the place of all of it, or of its beginning, and what is left after that.

    >>> ("치료비", "를") in rivals("치료삐를")
    True
    """
    parts = [(word[:-cut], word[-cut:]) for cut in range(1, LONGEST_TAIL + 1) if len(word) - cut >= LEAST_SYLLABLES]
    return [
        (other, tail)
        for stem, tail in [(word, ""), *parts]
        if stem not in common_words()
        for other in one_sound_off(stem)
        if not _NUMBER.search(other + tail) and bool(_NEGATION.search(other)) == bool(_NEGATION.search(stem))
    ]
