"""A summary says only what the caller said: no product, amount or date of the model's own.

A network that has read ten thousand inquiries about cancer insurance will sometimes write ``암보험`` where the caller named no
product at all. The caller hears the summary read back, so this is worse than a vague one. Every candidate is therefore held
against the caller's words; ``choose_faithful`` takes the most likely candidate that adds nothing, and where every candidate adds
something it strikes the addition out of the first. Products are compared by the taxonomy: who says 실비 has named 실손보험.

A model that learnt Korean before it learnt this task finds words of its own for what it heard (추돌 for 뒤에서 박았다). One of a
million weights makes them up (방사암, 신호르몬 주사), so with ``own_words=False`` what it writes must have been heard, but for the words
of requests and for accidents, which callers tell without naming them.
"""

import re
from collections.abc import Sequence

from models.recipe.phrases.out_of_domain import SUBJECTS
from models.recipe.phrases.topics import TOPICS
from models.summarizer.taxonomy import LINES_OF_BUSINESS, REQUEST_KINDS

_DIGITS = {"일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "륙": 6, "칠": 7, "팔": 8, "구": 9}
_SMALL_UNITS = {"십": 10, "백": 100, "천": 1000}
_NATIVE = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
_UNITS = "원|퍼센트|프로|%|개월|달|월|일|년|주|시간|세|살"
_SINO = "[일이삼사오육륙칠팔구십백천만억]+"
_COUNT = "|".join(sorted(_NATIVE, key=len, reverse=True))
_QUANTITY = re.compile(rf"(?<![가-힣\d])(?P<number>\d[\d,.]*|{_SINO}|{_COUNT})\s?(?P<scale>[만억천백]*)\s?(?P<unit>{_UNITS})(?![가-힣])")
_NUMBER = re.compile(rf"\d[\d,.]*\s?[만억천백십]*|{_SINO}|(?:열\s?)?(?:{_COUNT})")

_REQUESTS = [phrase for kind in REQUEST_KINDS for phrase in (*kind.endings, *kind.markers)] + [subject.ending for subject in SUBJECTS]
_TOLD = [topic.name for topic in TOPICS if topic.family in ("event", "roadside")]
_NEEDS_NO_HEARING = frozenset(word for phrase in (*_REQUESTS, *_TOLD, "보험 보험금 보험료") for word in phrase.split())


def squeeze(text: str) -> str:
    """The text without white space: recognizers and callers space compounds as they like."""
    return re.sub(r"\s+", "", text)


def _alias_pattern(alias: str) -> str:
    """Where an alias is said as a name, however it is spaced.

    과실 비율 and 사실 비싸서 say no 실비, 위암 보험금 and 주차 보험 처리 no 암보험 and no 차보험: two-syllable names stand unbroken,
    one-syllable words start a word, and a spaced ``… 보험금`` is the payment for what happened.
    """
    literal = re.escape(alias)
    if len(alias) == 2:
        return rf"(?<![과확사현성교]){literal}"
    word_start = "(?<![가-힣])"
    guards = {"암": word_start, "애": word_start, "집": word_start, "차": "(?<![주기열승세])"}
    before = guards.get(alias[0], "") if len(alias) == 3 else ""
    spaced = r"\s*".join(map(re.escape, alias))
    return rf"{before}(?:{literal}|{spaced}(?!\s*금))" if alias.endswith("보험") else before + spaced


_NAMES = {squeeze(alias): line.name for line in LINES_OF_BUSINESS for alias in (line.name, *line.aliases)}
# Longer names first: they hide those inside them.
_NAMED = re.compile("|".join(_alias_pattern(alias) for alias in sorted(_NAMES, key=lambda alias: (-len(alias), alias))))


def products_named(text: str) -> list[tuple[str, str]]:
    """Every product a text names, as (line of business, the words that named it without spaces), in the order said."""
    return [(_NAMES[alias], alias) for alias in map(squeeze, _NAMED.findall(text))]


def read_number(words: str) -> float | None:
    """The value of a number in digits or Korean words (``3,000만``, ``이십오``, ``두``), None where it is none."""
    words = squeeze(words).replace(",", "").rstrip(".")
    if words in _NATIVE:
        return _NATIVE[words]
    total, section, digits = 0.0, 0.0, ""
    for token in re.findall(r"\d+(?:\.\d+)?|.", words):
        if token[0].isdigit():
            digits = token
        elif token in _DIGITS:
            digits = str(_DIGITS[token])
        elif token in _SMALL_UNITS:
            section += float(digits or 1) * _SMALL_UNITS[token]
            digits = ""
        elif token in ("만", "억"):
            total += (section + float(digits or 0) or 1.0) * (10_000 if token == "만" else 100_000_000)
            section, digits = 0.0, ""
        else:
            return None
    return total + section + float(digits or 0)


def quantities(text: str) -> list[tuple[str, float]]:
    """Amounts, dates and counts that a text states, as (the words, the value)."""
    stated = []
    for match in _QUANTITY.finditer(text):
        value = read_number(match["number"] + match["scale"])
        if value is not None:
            stated.append((match.group(), value))
    return stated


def _numbers_said(text: str) -> set[float]:
    # 이십칠일 is 27 and the word for day, or 20, 7 and 1 read out: both count as heard.
    words = [match.group() for match in _NUMBER.finditer(text)]
    values = (read_number(number) for word in words for number in (word, word[:-1]) if number)
    return {value for value in values if value is not None}


def additions(inquiry: str, summary: str, *, own_words: bool = True) -> list[str]:
    """The summary's words that the caller's words do not bear out: product names, amounts, dates. Empty for a faithful summary.

    With ``own_words=False`` so is every other word that the caller did not say and that names no request and no accident.
    """
    said = {name for name, _ in products_named(inquiry)}
    added = [alias for name, alias in products_named(summary) if name not in said]
    stated = quantities(summary)
    if stated:
        heard = _numbers_said(inquiry)
        added += [words for words, value in stated if value not in heard and squeeze(words) not in squeeze(inquiry)]
    return added if own_words else added + _unheard(inquiry, summary)


def _unheard(inquiry: str, summary: str) -> list[str]:
    judged_before = [match.span() for pattern in (_NAMED, _QUANTITY) for match in pattern.finditer(summary)]
    said = squeeze(inquiry)
    return [
        word.group()
        for word in re.finditer(r"\S+", summary)
        if word.group() not in _NEEDS_NO_HEARING
        and not any(begin <= word.start() and word.end() <= end for begin, end in judged_before)
        and not _heard(word.group(), said)
    ]


def _heard(word: str, said: str) -> bool:
    """Whether more than half of a word's syllables were said, two or more of them in a row: 입원비 of someone who says 입원했어요."""
    if len(word) == 1:
        return word in said
    pairs = [word[i : i + 2] in said for i in range(len(word) - 1)]
    return 2 * sum(before or after for before, after in zip([False, *pairs], [*pairs, False], strict=True)) > len(word)


def names_only_what_was_said(inquiry: str, summary: str, *, own_words: bool = True) -> bool:
    """Whether a summary names no line of business, amount or date of its own (and nothing else with ``own_words=False``).

    >>> names_only_what_was_said("보험증권을 이메일로 다시 받고 싶어요", "암보험 증권 재발급 요청")
    False
    >>> names_only_what_was_said("실비로 병원비 되나요", "실손보험 보상 여부 확인 요청")
    True
    """
    return not additions(inquiry, summary, own_words=own_words)


def strike(summary: str, added: Sequence[str]) -> str:
    """The summary without the added words: a product becomes plain ``보험``, any other word goes.

    >>> strike("암보험 증권 재발급 요청", ["암보험"])
    '보험 증권 재발급 요청'
    """
    for words in added:
        spaced = r"\s*".join(map(re.escape, squeeze(words)))
        pattern, instead = (spaced, "보험") if squeeze(words) in _NAMES else (rf"(?<!\w){spaced}(?!\w)", "")
        summary = re.sub(pattern, instead, summary)
    summary = re.sub(r"(?<!\w)보험 (?=보험)", "", " ".join(summary.split()))
    return summary.strip()


def first_faithful(inquiry: str, candidates: Sequence[str], *, own_words: bool = True) -> str:
    """The most likely candidate (they come best first) that adds nothing; empty where each adds something or is empty."""
    faithful = (one for one in candidates if one and names_only_what_was_said(inquiry, one, own_words=own_words))
    return next(faithful, "")


def choose_faithful(inquiry: str, candidates: Sequence[str], *, own_words: bool = True) -> str:
    """The most likely candidate that adds nothing; failing that, the first of which something is left without its additions.

    The answer is empty only when nothing is left of any.
    """
    struck = (strike(one, additions(inquiry, one, own_words=own_words)) for one in candidates)
    return first_faithful(inquiry, candidates, own_words=own_words) or next(filter(None, struck), "")
