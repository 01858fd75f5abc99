"""What a language model proposes to be done: told only where the call bears it word by word."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest

from models.actions.action import Action, Who
from models.actions.proposed import MOST, ActionProposer, Proposed, joined
from models.summarizer import SHIPPED_READER
from models.summarizer.conversation import read
from models.summarizer.faithfulness import Guard
from models.summarizer.language_model import Endpoint
from models.summarizer.own_words import Shortener
from models.summarizer.spoken_evidence import EvidenceCheck
from models.summarizer.vocabulary import Vocabulary
from tests.completions import Answers

CALL = read(
    "상담원: 무엇을 도와드릴까요\n고객: 실손 청구하려고요 제 번호는 010-4321-8765예요\n상담원: 진단서는 내일까지 팩스로 보내 주세요\n"
    "고객: 네 진단서 보낼게요 영수증은 안 보내도 되죠\n상담원: 네, 접수되면 문자로 알려 드리겠습니다"
)
ENDPOINT = Endpoint(base_url="http://10.0.0.1/v1", model="m")
CALLED = datetime(2026, 11, 27, 10)


def hidden(texts: Sequence[str]) -> list[str]:
    return [text.replace("010-4321-8765", "[전화번호]") for text in texts]


def proposed(answers: Answers) -> Proposed:
    vocabulary, shortener = Vocabulary.load(SHIPPED_READER), Shortener()
    check = EvidenceCheck(Guard(vocabulary), vocabulary, shortener)
    return ActionProposer(ENDPOINT, answers, hidden, check, shortener).proposals(CALL, CALLED)


def to_dos(*found: dict[str, Any]) -> Answers:
    return Answers(json.dumps({"to_dos": list(found)}, ensure_ascii=False))


def test_a_proposal_in_the_utterances_words_is_told_with_who_and_by_when_as_it_was_said() -> None:
    (told,) = proposed(to_dos({"what": "진단서 팩스로 보내기", "who": "agent", "utterance": 2})).actions
    assert (told.what, told.who, told.utterance, told.proposed_by) == ("진단서 팩스로 보내기", Who.CALLER, 2, "m")
    assert told.due is not None
    assert told.due.day == date(2026, 11, 28)


@pytest.mark.parametrize(
    ("what", "utterance", "reason"),
    [
        ("소견서 팩스로 보내기", 2, "unsaid"),
        ("진단서 팩스로 보내기", 4, "unsaid"),
        ("진단서 팩스로 보내기", 9, "no_such_utterance"),
        ("진단서 2장 팩스로 보내기", 2, "unsaid"),
        ("영수증 보내기", 3, "turned"),
        ("", 2, "form"),
        ("<b>진단서</b> 보내기", 2, "form"),
    ],
)
def test_a_proposal_that_the_utterance_does_not_bear_is_dropped_with_the_reason(what: str, utterance: int, reason: str) -> None:
    told = proposed(to_dos({"what": what, "who": "caller", "utterance": utterance}))
    assert (told.actions, dict(told.dropped)) == ((), {reason: 1})


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        (Answers("할 일은 다음과 같습니다"), "not_json"),
        (Answers('{"to_dos": [{"what": "진단서 보내기"}]}'), "not_json"),
        (Answers(away=True), "vendor_unavailable"),
    ],
    ids=["prose", "half a proposal", "away"],
)
def test_an_answer_that_cannot_be_used_proposes_nothing_and_says_why(answers: Answers, reason: str) -> None:
    assert proposed(answers) == Proposed(dropped={reason: 1})


def test_more_proposals_than_a_call_can_have_are_not_read() -> None:
    told = proposed(to_dos(*[{"what": "소견서", "who": "caller", "utterance": 2}] * (MOST + 3)))
    assert told.dropped["too_many"] == 3


def test_what_leaves_is_masked() -> None:
    answers = to_dos()
    proposed(answers)
    sent = json.dumps(answers.asked, ensure_ascii=False)
    assert "4321" not in sent
    assert "[전화번호]" in sent


def test_what_both_tell_is_told_once_and_in_the_order_said() -> None:
    found = [Action(what="진단서를 팩스로 보내기", who=Who.CALLER, utterance=3)]
    again = Action(what="진단서 팩스로 보내기", who=Who.CALLER, utterance=2, proposed_by="m")
    new = Action(what="문자로 알리기", who=Who.AGENT, utterance=1, proposed_by="m")
    assert joined(found, [again, new], Shortener()) == [new, *found]
