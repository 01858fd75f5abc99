"""A language model's second reading: what leaves, what of its answer is believed, and what happens without one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from clients.chat_completions import ChatCompletions
from models.call.correction import Corrector
from models.call.record import Change, Correction, Rule, UnsureWord, Utterance, corrected
from models.call.second_reading import Masked, SecondReader
from models.call.terms import TermList
from models.errors import ReadbackError, VendorUnavailable
from models.summarizer.language_model import Completion, Endpoint
from sandbox.language_model import KEY, MODEL
from sandbox.stand_in import stand_in

TERMS = TermList.shipped()
ENDPOINT = Endpoint(base_url="http://127.0.0.1:1/v1", model="m")


@dataclass
class Model:
    """Answers what it is told to, and remembers what it was asked."""

    answer: str | ReadbackError
    finished: bool = True
    asked: list[str] = field(default_factory=list)

    def complete(self, body: Mapping[str, Any], *, until: float) -> Completion:
        self.asked.append(body["messages"][-1]["content"])
        if isinstance(self.answer, ReadbackError):
            raise self.answer
        return Completion(self.answer, self.finished)

    def deadline_in(self, seconds: float) -> float:
        return seconds

    def close(self) -> None:
        """Nothing is open."""


def heard(text: str, *readings: str) -> Utterance:
    return Utterance(start_ms=0, duration_ms=1000, text=text, alternatives=readings)


def read(heard: str, answer: str, *alternatives: str) -> str:
    """One line as it is after the reading."""
    line = [Utterance(start_ms=0, duration_ms=1000, text=heard, alternatives=alternatives)]
    model = Model(json.dumps({"lines": [{"line": 0, "text": answer}]}))
    return corrected(line, SecondReader(ENDPOINT, model).read(line, Correction(doubtful=[0]), TERMS).changes)[0].text


def test_a_change_to_a_term_is_kept_with_the_particle_that_was_heard() -> None:
    assert read("그 실쏘보엄은 되나요", "그 실손보험은 되나요") == "그 실손보험은 되나요"


def test_a_change_to_another_reading_of_the_recognizer_is_kept() -> None:
    assert read("사과가 났어요", "사고가 났어요", "사고가 났어요") == "사고가 났어요"
    assert read("사과가 났어요", "사고가 났어요") == "사과가 났어요"


def test_another_reading_of_another_place_is_not_believed() -> None:
    assert (
        read("사과가 났어요 그래서 사고가 커요", "사과가 났어요 그래서 사과가 커요", "사과가 났다 그래서 사고가 커요")
        == "사과가 났어요 그래서 사고가 커요"
    )


@pytest.mark.parametrize(
    ("heard", "answer"),
    [
        ("삼백만 원이에요", "사백만 원이에요"),
        ("해지 안 할래요", "해지 할래요"),
        ("해지 할래요", "해지 안 할래요"),
        ("김철수예요", "김철호예요"),
        ("그 실쏘보엄은 되나요", "그 실손보험이 되나요"),  # another particle than was heard
        ("그거 되나요", "실손보험 가입 됩니다 네"),
        ("네", ""),
    ],
)
def test_what_is_no_term_and_no_other_reading_is_not_believed(heard: str, answer: str) -> None:
    assert read(heard, answer) == heard


def test_of_several_changes_those_that_may_be_believed_are_kept() -> None:
    assert read("실쏘보엄 삼백만 원하고 자기부당긍이요", "실손보험 사백만 원하고 자기부담금이요") == "실손보험 삼백만 원하고 자기부담금이요"


def test_only_doubtful_lines_leave_and_they_are_masked() -> None:
    lines = ["제 번호는 010-1234-5678이고 실쏘보엄이요", "아무도 못 볼 말"]
    heard = [Utterance(start_ms=0, duration_ms=0, text=text) for text in lines]
    model = Model(json.dumps({"lines": [{"line": 0, "text": "제 번호는 [전화번호]이고 실손보험이요"}]}))
    correction = SecondReader(ENDPOINT, model).read(heard, Correction(doubtful=[0]), TERMS)
    assert model.asked == ["0: 제 번호는 [전화번호]이고 실쏘보엄이요"]
    assert corrected(heard, correction.changes)[0].text == "제 번호는 010-1234-5678이고 실손보험이요"


def shown(*lines: Utterance, doubtful: Sequence[int] = (0,), changes: Sequence[Change] = ()) -> list[str]:
    """What a model is asked about these lines."""
    model = Model("")
    SecondReader(ENDPOINT, model).read(lines, Correction(doubtful=list(doubtful), changes=list(changes)), TERMS)
    return model.asked[0].splitlines()


def test_the_model_is_shown_what_other_readings_have_in_a_words_place() -> None:
    assert shown(heard("그 아무럼은 해지요", "그 암보험은 해지요", "그 안보험은 해지요", "저 암보험은 해지요")) == [
        "0: 그 아무럼은 해지요",
        "0 다른 후보: 아무럼은 => 암보험은 | 안보험은",
        "0 다른 후보: 그 => 저",
    ]


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("제 번호는 010-1234-5678이요", "제 번호는 010-1234-5679이요"),
        ("제 번호는 공일공 일이삼사 오육칠팔이요", "제 번호는 공일공 일이삼사 오육칠구요"),
        ("번호는 공일공 일이삼사 오육칠팔이요", "저는 공일공 일이삼사 오육칠팔이라고"),
        ("매달 삼백만 원이요", "매달 사백만 원이요"),
        ("2026년이요", "2027년이요"),
    ],
)
def test_no_number_of_another_reading_leaves_and_nothing_of_one_that_is_masked(text: str, reading: str) -> None:
    asked = shown(heard(text, reading))
    assert not any(set("0123456789구사") & set(line.partition("후보")[2]) for line in asked[1:])


def test_a_number_that_is_only_one_by_what_was_asked_before_is_masked_in_a_reading_too() -> None:
    lines = heard("주민번호 뒷자리 말씀해 주세요"), heard("네 그게 이요", "네 1234567이요")
    assert shown(*lines, doubtful=[1]) == ["1: 네 그게 이요"]


def test_no_other_reading_is_shown_of_a_word_that_the_recognizer_is_sure_of() -> None:
    line = heard("그 아무럼은 해지요", "저 암보험은 해지요").model_copy(update={"unsure": (UnsureWord(text="아무럼은", confidence=0.3),)})
    assert shown(line) == ["0: 그 아무럼은 해지요", "0 다른 후보: 아무럼은 => 암보험은"]


def test_a_place_that_was_corrected_is_not_opened_again_by_what_was_misheard_there() -> None:
    made = Change(utterance=0, start=2, before="아무럼은", after="암보험은", rule=Rule.ALTERNATIVE, seconds=0.1)
    line = heard("그 아무럼은 해지요", "그 안보험은 해찌요")
    assert shown(line, changes=[made]) == ["0: 그 암보험은 해지요", "0 다른 후보: 해지요 => 해찌요"]


def test_nothing_masked_is_ever_changed() -> None:
    line = Masked("번호 010-1234-5678이요", [])
    assert line.heard_at(0, 2) == (0, 2)
    assert read("010-1234-5678이요", "실손보험이요") == "010-1234-5678이요"


@pytest.mark.parametrize(
    ("answer", "finished", "reason"),
    [(VendorUnavailable("away"), True, "vendor_unavailable"), ("고쳤습니다", True, "not_json"), ('{"lines": []}', False, "cut_off")],
)
def test_without_an_answer_the_rules_changes_stand_and_the_reason_is_kept(answer: Any, finished: bool, reason: str) -> None:
    line = [Utterance(start_ms=0, duration_ms=0, text="실쏘보엄이요")]
    before = Correction(doubtful=[0])
    after = SecondReader(ENDPOINT, Model(answer, finished)).read(line, before, TERMS)
    assert (after.changes, after.unread) == ([], reason)


def test_nobody_is_asked_about_a_call_without_a_doubtful_line() -> None:
    model = Model("")
    assert SecondReader(ENDPOINT, model).read([], Correction(), TERMS) == Correction()
    assert model.asked == []


@pytest.mark.slow
def test_an_endpoint_reads_doubtful_lines_and_a_hostile_one_changes_nothing() -> None:
    misheard = [heard("수술비하고 친단서는 해지해 주지 마세요")]
    with stand_in("sandbox.language_model") as (address, _):
        endpoint = Endpoint(base_url=f"{address['url']}/v1", model=MODEL)
        completions = ChatCompletions(endpoint.base_url, KEY, timeout=20, connections=2)
        reader = SecondReader(endpoint, completions)
        asked = Correction(doubtful=[0])
        found = reader.read(misheard, asked, TERMS)
        assert [(one.before, one.after, one.rule) for one in found.changes] == [("친단서는", "진단서는", Rule.MODEL)]
        requests.post(f"{address['url']}/sandbox/faults", json={"rate": 1.0, "kinds": ["invents"]}, timeout=10).raise_for_status()
        assert reader.read(misheard, asked, TERMS).changes == []
        requests.post(f"{address['url']}/sandbox/faults", json={"rate": 0.0}, timeout=10).raise_for_status()
        unclear = [heard("그 아무럼은 해지해 주세요", "그 암보험은 해지해 주세요")]
        assert [one.after for one in reader.read(unclear, asked, TERMS).changes] == ["암보험은"]
        assert reader.read([unclear[0].model_copy(update={"alternatives": ()})], asked, TERMS).changes == []
        completions.close()
    assert Corrector(TERMS).correct(misheard).changes  # what the model found the rules would have found as well: it knows no more
