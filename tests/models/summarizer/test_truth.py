"""A statement held against its call by what a right one must hold and what would mislead."""

import pytest

from models.summarizer.outcome import Kind
from models.summarizer.truth import Verdict, judge

MUST, WRONG = "자동이체|출금,변경|바꾸", "해지"


@pytest.mark.parametrize(
    ("kind", "text", "asked", "verdict"),
    [
        (Kind.SUMMARY, "자동 이체 계좌 변경 요청", True, Verdict.RIGHT),
        (Kind.SUMMARY, "출금 계좌 문의", True, Verdict.WRONG),
        (Kind.SUMMARY, "자동이체 변경 아니라 해지", True, Verdict.MISLEADING),
        (Kind.OWN_WORDS, "해지 말고 자동이체 계좌를 바꾸기", True, Verdict.RIGHT),
        (Kind.NO_REQUEST, "", True, Verdict.WRONG),
        (Kind.NO_REQUEST, "", False, Verdict.RIGHT),
        (Kind.SUMMARY, "해지 요청", False, Verdict.MISLEADING),
        (Kind.OWN_WORDS, "고맙다는 말씀", False, Verdict.WRONG),
    ],
)
def test_a_statement_is_right_wrong_or_misleading(kind: Kind, text: str, asked: bool, verdict: Verdict) -> None:
    assert judge(kind, text, must=MUST, wrong=WRONG, asked=asked) is verdict
