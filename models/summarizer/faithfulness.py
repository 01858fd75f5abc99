"""A summary says only what the caller said: no product, amount or date of the model's own.

A network that has read ten thousand inquiries about cancer insurance will sometimes write ``암보험`` where the caller named no
product at all. The caller hears the summary read back, so this is worse than a vague one. Every candidate is therefore held
against the caller's words; ``Guard.choose`` takes the most likely candidate that adds nothing, and where every candidate adds
something it strikes the addition out of the first. Products are compared by the vocabulary of the model's folder: who says 실비 has
named 실손보험. Where the vocabulary lists the words that may go unheard, every other word must have been said.
"""

import re
from collections.abc import Sequence

from models.summarizer.vocabulary import Vocabulary

_DIGITS = {"일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "륙": 6, "칠": 7, "팔": 8, "구": 9}
_SMALL_UNITS = {"십": 10, "백": 100, "천": 1000}
_NATIVE = {"한": 1, "두": 2, "세": 3, "석": 3, "네": 4, "넉": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10}
_UNITS = "원|퍼센트|프로|%|개월|달|월|일|년|주|시간|세|살"
_SINO = "[일이삼사오육륙칠팔구십백천만억]+"
_COUNT = "|".join(sorted(_NATIVE, key=len, reverse=True))
_QUANTITY = re.compile(rf"(?<![가-힣\d])(?P<number>\d[\d,.]*|{_SINO}|{_COUNT})\s?(?P<scale>[만억천백]*)\s?(?P<unit>{_UNITS})(?![가-힣])")
_NUMBER = re.compile(rf"\d[\d,.]*\s?[만억천백십]*|{_SINO}|(?:열\s?)?(?:{_COUNT})")


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


def _heard(word: str, said: str) -> bool:
    """Whether more than half of a word's syllables were said, two or more of them in a row: 입원비 of someone who says 입원했어요."""
    if len(word) == 1:
        return word in said
    pairs = [word[i : i + 2] in said for i in range(len(word) - 1)]
    return 2 * sum(before or after for before, after in zip([False, *pairs], [*pairs, False], strict=True)) > len(word)


class Guard:
    """Holds summaries against callers' words by one model's vocabulary. Safe between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._names = {squeeze(alias): name for name, aliases in vocabulary.products.items() for alias in (name, *aliases)}
        # Longer names first: they hide those inside them. Without any product the pattern must match nothing.
        patterns = [_alias_pattern(alias) for alias in sorted(self._names, key=lambda alias: (-len(alias), alias))]
        self._named = re.compile("|".join(patterns) or r"(?!)")
        self._unsaid_words = vocabulary.unsaid_words

    def products_named(self, text: str) -> list[tuple[str, str]]:
        """Every product a text names, as (its name, the words that named it without spaces), in the order said."""
        return [(self._names[alias], alias) for alias in map(squeeze, self._named.findall(text))]

    def additions(self, inquiry: str, summary: str) -> list[str]:
        """The summary's words that the caller's words do not bear out: products, amounts, dates. Empty for a faithful summary.

        Where the vocabulary lists the words that may go unheard, so is every other word that the caller did not say.
        """
        said = {name for name, _ in self.products_named(inquiry)}
        added = [alias for name, alias in self.products_named(summary) if name not in said]
        stated = quantities(summary)
        if stated:
            heard = _numbers_said(inquiry)
            added += [words for words, value in stated if value not in heard and squeeze(words) not in squeeze(inquiry)]
        return added + self._unheard(inquiry, summary)

    def _unheard(self, inquiry: str, summary: str) -> list[str]:
        if self._unsaid_words is None:
            return []
        judged_before = [match.span() for pattern in (self._named, _QUANTITY) for match in pattern.finditer(summary)]
        said = squeeze(inquiry)
        return [
            word.group()
            for word in re.finditer(r"\S+", summary)
            if word.group() not in self._unsaid_words
            and not any(begin <= word.start() and word.end() <= end for begin, end in judged_before)
            and not _heard(word.group(), said)
        ]

    def is_faithful(self, inquiry: str, summary: str) -> bool:
        """Whether a summary adds nothing: 암보험 is an addition for who said 보험증권, 실손보험 is none for who said 실비."""
        return not self.additions(inquiry, summary)

    def strike(self, summary: str, added: Sequence[str]) -> str:
        """The summary without the added words: a product becomes plain 보험 (암보험 증권 → 보험 증권), any other word goes."""
        for words in added:
            spaced = r"\s*".join(map(re.escape, squeeze(words)))
            pattern, instead = (spaced, "보험") if squeeze(words) in self._names else (rf"(?<!\w){spaced}(?!\w)", "")
            summary = re.sub(pattern, instead, summary)
        summary = re.sub(r"(?<!\w)보험 (?=보험)", "", " ".join(summary.split()))
        return summary.strip()

    def first_faithful(self, inquiry: str, candidates: Sequence[str]) -> str:
        """The most likely candidate (they come best first) that adds nothing; empty where each adds something or is empty."""
        return next((one for one in candidates if one and self.is_faithful(inquiry, one)), "")

    def choose(self, inquiry: str, candidates: Sequence[str]) -> str:
        """The most likely candidate that adds nothing; failing that, the first of which something is left without its additions.

        The answer is empty only when nothing is left of any.
        """
        struck = (self.strike(one, self.additions(inquiry, one)) for one in candidates)
        return self.first_faithful(inquiry, candidates) or next(filter(None, struck), "")
