"""The words that carry a sentence, by Korean morphology: nouns and stems in the form by which different endings are one word."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.answers.words import speech
from models.summarizer.own_words import morphology, word_set

_NOUNS = frozenset(("NNG", "NNP", "XR", "SL"))
_VERBS = frozenset(("VV", "VA", "VV-R", "VV-I", "VA-R", "VA-I"))
# Said in every call; they tell calls apart from nothing.
_EMPTY = word_set(
    "고객 고객님 상담 상담원 상담사 전화 통화 말씀 말 얘기 확인 문의 요청 안내 부탁 감사 수고 번호 성함 이름 본인 생년월일 보험 회사 "
    "것 거 게 수 때 분 네 예 저 저희 제 나 내 여기 거기 이거 그거 지금 오늘 어제 내일 이번 다음 정도 경우 관련 대해 생각 처음 잠시 잠깐 "
    "하다 되다 있다 없다 같다 싶다 보다 주다 드리다 알다 말다 그렇다 이렇다 어떻다 어떠하다 맞다 가다 오다 받다 들다 나오다 계시다 여쭙다 "
    "묻다 말하다 전화하다 확인하다 부탁하다 알아보다 궁금하다 안녕 괜찮다 좋다 많다 어떻 그러다 이러다 어쩌다 궁금"
)
# What a question asks with, and callers do not say.
_ASKING = word_set(
    "사유 이유 원인 까닭 무엇 뭐 왜 어떤 어디 누구 언제 얼마 몇 많이 가장 제일 주로 자주 흔하다 많다 적다 종류 유형 목록 내용 정리 요약 "
    "통화 콜 고객 사람 주요 무슨 대표 비율 순위 건 건수 알려주다 보여주다 물어보다 찾다 찾아주다 말하다 알리다 알려지다 보이다"
)
_SHORT_NOUNS = word_set("암 차 돈 뇌 간 집 병")
_SAME = {"해약": "해지", "실비": "실손"}  # one thing by two names; everything else counts as it was said
_REASONS_ASKED = word_set("사유 이유 원인 까닭 왜 때문")


@dataclass(frozen=True)
class Asked:
    """What a question looks for: words that calls must hold, and whether it wants reasons."""

    terms: tuple[str, ...]
    reasons: bool

    @property
    def said(self) -> frozenset[str]:
        """The terms, and what else callers call them."""
        return frozenset().union(*map(said_as, self.terms))


def asked(question: str) -> Asked:
    """Read a question whose days are out already.

    >>> asked("해지 사유가 뭐야?")
    Asked(terms=('해지',), reasons=True)
    """
    tokens = tokenized([question])[0]
    forms = list(_forms(tokens))
    reasons = any(token.form in _REASONS_ASKED for token in tokens)
    return Asked(tuple(dict.fromkeys(form for form in forms if form not in _ASKING and form not in _EMPTY)), reasons)


@cache
def said_as(term: str) -> frozenset[str]:
    """A question's word and what callers call the same, by the first column of the answers' table (``models.answers.words``): nouns only.

    A verb of that table stands for the document's word among documents alone: who says 끊다 in a call may end the call, not the contract.

    >>> sorted(said_as("견인"))
    ['견인', '레카', '레커']
    """
    callers = {said for said, meant in speech().items() if meant[:1] == (term,) and len(said) > 1 and _is_noun(said)}
    documents = set(speech().get(term, ())[:1]) if len(term) > 1 and _is_noun(term) else set()
    return frozenset({term} | callers | {word for word in documents if len(word) > 1 and _is_noun(word)})


def _is_noun(word: str) -> bool:
    return [token.tag for token in morphology().tokenize(word)] in (["NNG"], ["NNP"])


def tokenized(texts: Sequence[str]) -> list[list[Any]]:
    """The morphemes of each text, all texts in one request."""
    return [list(found) for found in morphology().tokenize(list(texts))] if texts else []


def content(tokens: Sequence[Any]) -> list[str]:
    """The words that carry a sentence, in their order, each once."""
    return list(dict.fromkeys(form for form in _forms(tokens) if form not in _EMPTY))


def _forms(tokens: Sequence[Any]) -> Iterator[str]:
    """Nouns as they are, stems with 다; a noun that is made a verb (해지하다) is the noun."""
    for token in tokens:
        if token.tag in _NOUNS and (len(token.form) > 1 or token.form in _SHORT_NOUNS):
            yield _SAME.get(token.form, token.form)
        elif token.tag in _VERBS:
            yield f"{token.form}다"
