"""A turn's sentences, also where a recognizer writes no signs between them.

    사흘 안에 도착하게 보내 드릴게요 더 필요하신 건요    → 사흘 안에 도착하게 보내 드릴게요 | 더 필요하신 건요

A final ending (Kiwi's ``EF``) ends a sentence wherever it stands, unless what follows only tells who said so (드리겠습니다 하더라고요).
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from models.summarizer.conversation import SENTENCE_END
from models.summarizer.own_words import Shortener, word_set

# What is worth a morphological look: a syllable that final endings end with, and more after it.
_MAY_END = re.compile(
    r"(?:[가-힣](?:요|죠|네|예|유|군|께|오|소)|니다|니까|[가-힣]게|[어아여해돼봐와줘]|[거는던]데|더라고|지|라),?\s+[가-힣]"
)
_WHO_SAYS_SO = word_set("하 그러 카 라고 라는 라")
_ASKS = re.compile(r"(?:\?|까요?|나요|[가-힣]가요|니까|시겠어요|[는능]교|[니디]껴|[니심]꺼|는감|남유?)[\s.]*$")


def sentences(text: str, shortener: Shortener) -> Iterator[str]:
    """The sentences of a turn, in order, each with its own sign where it has one."""
    for piece in SENTENCE_END.split(text):
        ends = [0, *_ends_within(shortener.tokens(piece)), len(piece)] if _MAY_END.search(piece) else [0, len(piece)]
        yield from (piece[begin:end].rstrip() for begin, end in pairwise(ends) if piece[begin:end])


def asks(sentence: str) -> bool:
    """Whether a sentence is a question, by its sign or by an ending that no statement has."""
    return _ASKS.search(sentence) is not None


def _ends_within(tokens: Sequence[Any]) -> Iterator[int]:
    """Where a sentence begins behind another."""
    spoken = [token for token in tokens if token.tag != "SP"]
    for before, token, following in zip([None, *spoken], spoken, spoken[1:], strict=False):
        if _ends(before, token, following) and following.start > token.end and following.form not in _WHO_SAYS_SO:
            yield following.start


def _ends(before: Any, token: Any, following: Any) -> bool:
    """Whether a sentence ends with a token: a final ending, 요 but behind a reason (필요해서요, …) and also where it is taken for a word
    (받지 마시고 요 은행), and 갈게 without a sign, which is taken for 갈 것이 without an ending."""
    polite = token.tag == "JX" and token.form == "요" and (before is None or before.tag != "EC" or before.form in ("고", "구"))
    polite = polite or (
        token.form == "요" and before is not None and before.tag == "EC" and before.form == "고" and before.end == token.start
    )
    by_when = token.form == "요" and before is not None and before.form == "까지" and before.end == token.start  # 열두 시까지요
    taken = token.tag == "EC" and token.form in ("어요", "아요", "습니다", "ᆸ니다")  # 못 드리겠어요, which ends nothing but a sentence
    taken |= token.tag == "EC" and token.form == "요" and before is not None and before.tag == "VCP"  # 쓸게요, taken for 쓸 것이요
    return token.tag == "EF" or taken or polite or by_when or (token.tag == "VCP" and not following.tag.startswith("E"))
