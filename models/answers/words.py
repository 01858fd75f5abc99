"""The words that passages and questions share: stems of nouns, verbs and numbers by Kiwi's morphology."""

from collections.abc import Sequence

from models.summarizer.own_words import morphology, word_set

_TAGS = ("NNG", "NNP", "NR", "XR", "SL", "SN", "SH", "VV", "VA", "MAG")
# Said in every question or passage, so they tell no passage from another.
_EMPTY = word_set(
    "하 되 있 없 보 주 받 오 가 말 것 수 때 거 좀 그냥 저 제 나 이 그 어떻 그러 이러 어떠하 어떻하 알 싶 드리 "
    "같 많 경우 사람 고객 회사 혹시 지금 이제 안 못 또 더 다 잘 꼭 얼마 언제 어디 무엇 왜"
)


def words_of(texts: Sequence[str]) -> list[list[str]]:
    """The words of each text, in order, repeated as often as they stand there."""
    return [
        [token.form.lower() for token in tokens if token.tag.partition("-")[0] in _TAGS and token.form not in _EMPTY]
        for tokens in morphology().tokenize(list(texts))
    ]
