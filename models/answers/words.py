"""The words that passages and questions share: stems by Kiwi's morphology, and what documents call what callers say.

Some of that was thought of (``speech.tsv``), more is learnt from questions and what answers them: ``learnt_words.tsv`` tells, by a caller's
word, which words its answers have and what each counts (``models.recipe.answers_words_recipe``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from models.summarizer.own_words import morphology, word_set

SPEECH, LEARNT = Path(__file__).parent / "speech.tsv", Path(__file__).parent / "learnt_words.tsv"
_TAGS = ("NNG", "NNP", "NR", "XR", "SL", "SN", "SH", "VV", "VA", "MAG")
# Said in every question or passage, so they tell no passage from another.
_EMPTY = word_set(
    "하 되 있 없 보 주 받 오 가 말 것 수 때 거 좀 그냥 저 제 나 이 그 어떻 그러 이러 어떠하 어떻하 알 싶 드리 "
    "같 많 경우 사람 고객 회사 혹시 지금 이제 안 못 또 더 다 잘 꼭 얼마 언제 어디 무엇 왜"
)


@dataclass(frozen=True)
class AskedWords:
    """A question's words, what documents call what is said there, and the words that answers to such words have, with what each counts."""

    own: tuple[str, ...]
    meant: tuple[str, ...]
    likely: Mapping[str, float]


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, in order, repeated as often as they stand there."""
    return [[token.form.lower() for token in tokens if _tells(token)] for tokens in morphology().tokenize(list(texts))]


def asked_words(question: str) -> AskedWords:
    """The words of a question; what is said several times counts once."""
    tokens = morphology().tokenize(question)
    own = dict.fromkeys(token.form.lower() for token in tokens if _tells(token))
    forms = dict.fromkeys(token.form.lower() for token in tokens)
    meant = dict.fromkeys(word for form in forms for word in speech().get(form, ()))
    likely = dict[str, float]()
    for word, counts in (pair for said in own for pair in learnt().get(said, ())):
        if word not in own and word not in meant:
            likely[word] = max(counts, likely.get(word, 0.0))
    return AskedWords(tuple(own), tuple(word for word in meant if word not in own), likely)


def end_as_sentences(texts: Sequence[str]) -> list[bool]:
    """Whether each ends as a sentence does, by its last ending (…습니다, …하지 않음); a list's item or a table's row ends with a noun.

    >>> end_as_sentences(["보상하지 않습니다.", "사고를 내고 달아난 때", "보상하지 않음"])
    [True, False, True]
    """
    return [_last_ending(tokens) for tokens in morphology().tokenize(list(texts))]


def _last_ending(tokens: Sequence[Any]) -> bool:
    words = [token.tag for token in tokens if not token.tag.startswith(("S", "W"))]
    return bool(words) and words[-1].partition("-")[0] in ("EF", "ETN")


@cache
def speech() -> Mapping[str, tuple[str, ...]]:
    """What documents call what callers say, by the caller's word."""
    rows = (line.split("\t") for line in SPEECH.read_text(encoding="utf-8").splitlines() if line.strip())
    return {said: tuple(meant.split()) for said, meant in rows}


@cache
def learnt() -> Mapping[str, tuple[tuple[str, float], ...]]:
    """The words that answers to a caller's word have, each with what it counts against that word itself."""
    rows = (line.split("\t") for line in LEARNT.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {said: tuple(_counted(pair) for pair in pairs.split()) for said, pairs in rows}


def _counted(pair: str) -> tuple[str, float]:
    word, _, counts = pair.rpartition(":")
    return word, float(counts)


def _tells(token: object) -> bool:
    tag, form = str(getattr(token, "tag", "")).partition("-")[0], str(getattr(token, "form", ""))
    return tag in _TAGS and form not in _EMPTY
