"""Fitting a long call into the model: keep what tells most about the request, in the order it was said, and never cut silently.

A recording of ten minutes has more words than the model has positions. Cutting off the end would lose the request whenever the
caller tells the story first. So the text is taken apart into sentences, each sentence is scored by what it says about the
request, and the highest scores are kept until the model is full.
"""

import re
from collections.abc import Callable

from models.summarizer.vocabulary import Vocabulary

# Recognizers punctuate badly: a sentence also ends after a polite or plain final ending before a space.
_SENTENCE_END = re.compile(r"(?<=[.?!…\n])\s+|(?<=[가-힣](?:니다|니까|어요|아요|해요|예요|에요|네요|데요|세요|나요|까요|지요))\s+")
_CUES = re.compile(
    r"궁금|알려|알고 싶|문의|여쭤|여쭙|요청|부탁|해\s?주세요|해\s?줘|주십시오|주실|되나요|될까요|되는지|됩니까|있나요|있을까요|있는지|"
    r"얼마|어떻게|언제|어디|왜|받을 수|하고 싶|싶어|싶은데|싶습니다|신청|접수|청구|해지|해약|변경|바꾸|바꿔|취소|재발급|보내\s?주|확인"
)
_SMALL_TALK = re.compile(
    r"^(?:네|예|아|어|음|그|저기|여보세요|안녕하세요|안녕하십니까|감사합니다|고맙습니다|수고하세요|잠시만요|맞아요|알겠습니다|[\s,.?!~…])+$"
)
_WORDS_A_PIECE = 30


def split_sentences(text: str) -> list[str]:
    """The text's sentences; one without any punctuation or ending for very long is cut between words."""
    sentences: list[str] = []
    for sentence in _SENTENCE_END.split(text.strip()):
        words = sentence.split()
        sentences += [" ".join(words[i : i + _WORDS_A_PIECE]) for i in range(0, len(words), _WORDS_A_PIECE)]
    return sentences


def _products(sentence: str, vocabulary: Vocabulary) -> set[str]:
    return {name for name, aliases in vocabulary.products.items() if any(alias in sentence for alias in aliases)}


def _score(sentence: str, place: float, new_products: int, vocabulary: Vocabulary) -> float:
    """How much a sentence tells: request cues, a product not named before, a request's own words; opening and end count a little."""
    if _SMALL_TALK.match(sentence):
        return 0.0
    cues = min(3, len(set(_CUES.findall(sentence))))
    request_words = min(2, sum(word in sentence for word in vocabulary.request_words))
    edge = place < 0.15 or place > 0.9
    return 1.0 + 2.0 * cues + request_words + 3.0 * new_products + edge


def condense(
    text: str,
    limit: int,
    vocabulary: Vocabulary,
    count_tokens: Callable[[str], int],
    token_upper_bound: Callable[[str], int] | None = None,
) -> tuple[str, bool]:
    """The text in at most ``limit`` tokens, and whether anything was left out.

    ``count_tokens`` must count what the model will read, its special tokens included; ``token_upper_bound`` never says
    less, and says it sooner. Sentences keep their order; a sentence said twice counts once.
    """
    whole = " ".join(text.split())
    if (token_upper_bound is not None and token_upper_bound(whole) <= limit) or count_tokens(whole) <= limit:
        return whole, False
    sentences = list(dict.fromkeys(split_sentences(text)))
    seen: set[str] = set()
    scored: list[tuple[float, int]] = []
    for i, sentence in enumerate(sentences):
        named = _products(sentence, vocabulary)
        scored.append((_score(sentence, i / len(sentences), len(named - seen), vocabulary), i))
        seen |= named
    kept: set[int] = set()
    special = count_tokens("")
    used = special
    for score, i in sorted(scored, key=lambda item: (-item[0], item[1])):
        cost = count_tokens(sentences[i]) - special + 1  # one more where the join adds a token
        if score > 0 and used + cost <= limit:
            kept.add(i)
            used += cost
    if not kept:  # not even one piece fits: its beginning is all that can be read
        words = max(scored)[1]
        return _longest_beginning(sentences[words], limit, count_tokens), True
    return " ".join(sentences[i] for i in sorted(kept)), True


def _longest_beginning(sentence: str, limit: int, count_tokens: Callable[[str], int]) -> str:
    end = len(sentence)
    while end > 1 and count_tokens(sentence[:end]) > limit:
        end = end * 3 // 4
    return sentence[:end]
