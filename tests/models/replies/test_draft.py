"""Drafts for agents: an approved opening, and a language model's sentence only where the caller's words bear it."""

import json
from collections.abc import Sequence

import pytest

from models.replies.draft import ReplyWriter, draft_reply
from models.replies.drafts import Draft, Drafts
from models.replies.openings import shipped
from models.summarizer import SHIPPED_READER
from models.summarizer.conversation import read
from models.summarizer.faithfulness import Guard
from models.summarizer.language_model import Endpoint
from models.summarizer.own_words import Shortener
from models.summarizer.spoken_evidence import EvidenceCheck
from models.summarizer.vocabulary import Vocabulary
from tests.completions import Answers

CALL = read("상담원: 무엇을 도와드릴까요\n고객: 자동이체 계좌를 바꾸고 싶은데 제 번호는 010-4321-8765예요\n상담원: 네 고객님")
ENDPOINT = Endpoint(base_url="http://10.0.0.1/v1", model="m")


def hidden(texts: Sequence[str]) -> list[str]:
    return [text.replace("010-4321-8765", "[전화번호]") for text in texts]


def writer(answers: Answers) -> ReplyWriter:
    vocabulary, shortener = Vocabulary.load(SHIPPED_READER), Shortener()
    return ReplyWriter(ENDPOINT, answers, hidden, EvidenceCheck(Guard(vocabulary), vocabulary, shortener), shortener)


def said(text: str, phrase: str, utterance: int = 1) -> Answers:
    return Answers(json.dumps({"kind": "summary", "text": text, "phrases": [{"phrase": phrase, "utterance": utterance}]}))


def reply(answers: Answers | None, drafts: Drafts = Drafts()) -> Draft:
    return draft_reply(
        shipped(), drafts, CALL, emotion="불안", request="자동이체 계좌 변경 희망", writer=writer(answers) if answers else None
    )


def test_without_a_language_model_a_draft_is_an_approved_opening() -> None:
    assert reply(None).text == reply(None).opening
    assert reply(None).opening in {opening.text for opening in shipped().openings}


def test_a_sentence_in_the_callers_words_and_words_of_courtesy_follows_the_opening() -> None:
    drafted = reply(said("자동이체 계좌 변경 말씀이시군요. 바로 확인해 드리겠습니다.", "자동이체 계좌 변경"))
    assert drafted.refused == ""
    assert drafted.text.endswith("자동이체 계좌 변경 말씀이시군요. 바로 확인해 드리겠습니다.")


@pytest.mark.parametrize(
    ("text", "phrase", "fault"),
    [
        ("자동이체 계좌 변경, 오늘 중으로 처리해 드리겠습니다.", "자동이체 계좌 변경", "unsaid"),
        ("자동이체 계좌 해지 말씀이시군요.", "자동이체 계좌 해지", "unsaid"),
        ("자동이체 계좌 변경, 10만 원 드리겠습니다.", "자동이체 계좌 변경", "added"),
        ("고객님 마음 이해합니다.", "없는 말", "form"),
    ],
)
def test_a_sentence_that_promises_or_invents_is_left_out_and_the_reason_told(text: str, phrase: str, fault: str) -> None:
    drafted = reply(said(text, phrase))
    assert (drafted.sentence, drafted.refused) == ("", fault)
    assert drafted.opening


def test_while_the_endpoint_is_away_the_opening_stands() -> None:
    assert reply(Answers(away=True)).refused == "vendor_unavailable"


def test_answered_again_with_the_same_sentence_it_is_left_out_and_what_was_said_before_is_sent_along() -> None:
    answers = said("자동이체 계좌 변경 말씀이시군요.", "자동이체 계좌 변경")
    first = reply(answers)
    second = reply(answers, Drafts(drafts=(first,)))
    assert second.refused == "said_before"
    assert second.opening != first.opening
    assert {"role": "assistant", "content": first.sentence} in answers.asked[-1]["messages"]


def test_what_leaves_is_masked() -> None:
    answers = said("자동이체 계좌 변경 말씀이시군요.", "자동이체 계좌 변경")
    reply(answers)
    sent = json.dumps(answers.asked, ensure_ascii=False)
    assert "4321" not in sent
    assert "[전화번호]" in sent
