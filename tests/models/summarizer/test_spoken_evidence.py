"""What a language model says is spoken only where the caller said it, there, and with the same sense."""

import pytest

from models.summarizer import SHIPPED_READER
from models.summarizer.conversation import Conversation, read, written
from models.summarizer.faithfulness import Guard
from models.summarizer.outcome import Evidence, Kind
from models.summarizer.own_words import Shortener
from models.summarizer.spoken_evidence import Claim, EvidenceCheck, Fault
from models.summarizer.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def check() -> EvidenceCheck:
    vocabulary = Vocabulary.load(SHIPPED_READER)
    return EvidenceCheck(Guard(vocabulary), vocabulary, Shortener())


def claim(text: str, *evidence: tuple[str, int], kind: Kind = Kind.SUMMARY) -> Claim:
    return Claim(kind, text, [Evidence(phrase, utterance) for phrase, utterance in evidence])


def caller(*said: str) -> Conversation:
    return read(written([(True, words) for words in said]))


@pytest.mark.parametrize(
    ("said", "text", "phrase"),
    [
        ("저기 그 자동이체 계좌를 좀 바꾸고 싶은데요", "자동이체 계좌 변경 희망", "자동이체 계좌 변경"),
        ("암보험 해지하면 환급금이 얼마나 되나요?", "암보험 해지 환급금 금액 문의", "암보험 해지 환급금 금액"),
        ("운전자보험은 놔두고 자동차보험만 해지해 주세요", "자동차보험 해지 요청", "자동차보험 해지"),
        ("해약 말고 보험료만 낮출 수 있나요?", "해약 말고 보험료 낮출 수 있는지 문의", "해약 말고 보험료 낮출 수 있는지"),
        ("해지 취소해 주세요", "해지 취소 요청", "해지 취소"),
        ("보험료가 안 빠져나갔어요 확인해 주세요", "보험료가 안 빠져나간 것 확인 요청", "보험료가 안 빠져나간 것"),
        ("실비 청구하려고요", "실손보험 청구 희망", "실손보험 청구"),
        ("자동이체일을 25일로 바꿔 주세요", "자동이체일 25일로 변경 요청", "자동이체일 25일로 변경"),
        ("연락처가 [전화번호]로 바뀌었어요 고쳐 주세요", "연락처 [전화번호]로 변경 요청", "연락처 [전화번호]로 변경"),
    ],
)
def test_what_the_caller_said_in_the_words_of_the_trade_is_spoken(check: EvidenceCheck, said: str, text: str, phrase: str) -> None:
    assert check.fault(claim(text, (phrase, 0)), caller(said)) is None


@pytest.mark.parametrize(
    ("said", "text", "phrase"),
    [
        ("암보험 해지하려고 했는데요, 해지는 안 하고 유지하려고요", "암보험 해지 요청", "암보험 해지"),
        ("운전자보험은 놔두고 자동차보험만 해지해 주세요", "운전자보험 해지 요청", "운전자보험 해지"),
        ("해약 말고 보험료만 낮출 수 있나요?", "해약 문의", "해약"),
        ("해지 취소해 주세요", "해지 요청", "해지"),
        ("해지해 주세요", "해지 취소 요청", "해지 취소"),
        ("해지를 철회하고 싶어요", "해지 희망", "해지"),
        ("해지할 생각은 없어요", "해지 희망", "해지"),
        ("주소는 바꾸지 말아 주세요", "주소 변경 요청", "주소 변경"),
        ("주소를 바꿔 주세요", "주소 바꾸지 않기 요청", "주소 바꾸지 않기"),
        ("큰애는 됐고 작은애 것만 청구할게요", "큰애 청구 희망", "큰애 청구"),
        ("암보험 해지하면 환급금이 얼마예요?", "암보험 해지 요청", "암보험 해지"),
    ],
)
def test_the_opposite_of_what_the_caller_said_is_not_spoken(check: EvidenceCheck, said: str, text: str, phrase: str) -> None:
    assert check.fault(claim(text, (phrase, 0)), caller(said)) in (Fault.TURNED, Fault.UNSAID)


@pytest.mark.parametrize(
    ("said", "text", "phrase"),
    [
        ("운전자보험은 해지하고 자동차보험은 유지해 주세요", "자동차보험 해지 요청", "자동차보험 해지"),
        ("보험료는 카드로 내고 주소를 바꿔 주세요", "카드 변경 요청", "카드 변경"),
        ("증권은 메일로 보내 주시고 계좌를 바꾸고 싶어요", "증권 변경 희망", "증권 변경"),
    ],
)
def test_an_action_is_not_told_of_what_another_one_was_said_of(check: EvidenceCheck, said: str, text: str, phrase: str) -> None:
    assert check.fault(claim(text, (phrase, 0)), caller(said)) in (Fault.TURNED, Fault.OTHER_OBJECT)


def test_what_the_caller_takes_back_later_is_not_spoken(check: EvidenceCheck) -> None:
    call = caller("보험 해지해 주세요", "음", "아니요 해지는 하지 말고요 그냥 주소만 바꿔 주세요")
    assert check.fault(claim("보험 해지 요청", ("보험 해지", 0)), call) is Fault.TURNED
    assert check.fault(claim("주소 변경 요청", ("주소 변경", 2)), call) is None


@pytest.mark.parametrize(
    ("text", "evidence", "fault"),
    [
        ("암보험 해지 요청", (("암보험 해지", 0),), Fault.ADDED),
        ("보험료 3만원 인하 요청", (("보험료 3만원 인하", 0),), Fault.ADDED),
        ("보험료 납입유예 요청", (("보험료 납입유예", 0),), Fault.UNSAID),
        ("보험료 인하 요청", (("보험료", 0),), Fault.UNSAID),
        ("보험료 인하 요청", (("보험료 인하", 1),), Fault.UNSAID),
        ("보험료 인하 요청", (("보험료 인하", 7),), Fault.UNSAID),
        ("보험료 인하 요청", (), Fault.FORM),
        ("보험료 인하 요청", (("보험료 할인", 0),), Fault.FORM),
        ("", (("보험료", 0),), Fault.FORM),
        ("<b>보험료</b> 인하 요청", (("보험료", 0), ("인하", 0)), Fault.FORM),
        ("보험료 인하 요청 " * 20, (("보험료 인하", 0),), Fault.FORM),
        ("문의 요청", (("문의", 0),), Fault.FORM),
    ],
)
def test_inventions_and_wrong_citations_are_told_apart(
    check: EvidenceCheck, text: str, evidence: tuple[tuple[str, int], ...], fault: Fault
) -> None:
    assert check.fault(claim(text, *evidence), caller("보험료를 좀 낮춰 주세요", "네 감사합니다")) is fault


def test_what_the_agent_said_counts_where_the_caller_agrees(check: EvidenceCheck) -> None:
    def call(answer: str) -> Conversation:
        return read(written([(True, "그거 좀 바꾸려고요"), (False, "자동이체 계좌 말씀이세요?"), (True, answer)]))

    told = claim("자동이체 계좌 변경 희망", ("자동이체 계좌", 1), ("변경", 0))
    assert check.fault(told, call("네 맞아요")) is None
    assert check.fault(told, call("아니요 카드요")) is Fault.NOT_THE_CALLERS


def test_no_request_has_neither_text_nor_evidence(check: EvidenceCheck) -> None:
    assert check.fault(claim("", kind=Kind.NO_REQUEST), caller("잘못 걸었네요")) is None
    assert check.fault(claim("해지", ("해지", 0), kind=Kind.NO_REQUEST), caller("해지요")) is Fault.FORM
