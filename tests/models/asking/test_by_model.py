"""What is believed of a language model's answer: sentences that the lines which they cite bear out, and nothing else."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from models.asking.by_model import AskedModel, batches, borne_out, estimate, read_claims, user_message
from models.asking.by_words import retrieve
from models.asking.words import Asked, asked
from models.errors import VendorUnreachable
from models.summarizer.language_model import Completion, Endpoint
from tests.models.asking.test_by_words import CALLS, a_call

ENDPOINT = Endpoint(base_url="http://127.0.0.1:1/v1", model="m", won_per_1k_prompt_tokens=2, won_per_1k_completion_tokens=8)


@cache
def wants() -> Asked:
    return asked("해지 사유")


@dataclass
class Scripted:
    """Answers as told, one a request; what was sent is kept."""

    answers: list[object]
    sent: list[str] = field(default_factory=list)

    def complete(self, body: Mapping[str, Any], *, until: float) -> Completion:
        self.sent.append(body["messages"][-1]["content"])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Completion):
            return answer
        return Completion(answer if isinstance(answer, str) else claims(answer), True, 100, 10)  # type: ignore[arg-type]

    def deadline_in(self, seconds: float) -> float:
        return seconds

    def close(self) -> None:
        """Nothing is open."""


def claims(told: Sequence[tuple[str, list[int]]]) -> str:
    return json.dumps({"claims": [{"text": text, "lines": lines} for text, lines in told]}, ensure_ascii=False)


def tell(*answers: object, calls: Any = CALLS) -> Any:
    return AskedModel(ENDPOINT, Scripted(list(answers))).tell("해지 사유", wants(), retrieve(wants(), calls))


def numbered() -> dict[str, int]:
    (batch,) = batches(retrieve(wants(), CALLS))
    return {line.text: number for number, line in batch.items()}


def test_a_sentence_is_shown_with_the_calls_and_seconds_that_it_cites() -> None:
    at = numbered()
    told = tell([("보험료가 비싸거나 올라서 해지함", [at["보험료가 너무 비싸서요"], at["보험료가 올라서 그래요"]])])
    (finding,) = told.findings
    assert set(finding.call_ids) == {"expensive", "dearer"}
    assert {(one.call_id, one.seconds) for one in finding.citations} == {("expensive", 9.0), ("dearer", 9.0)}
    assert (told.unfounded, told.prompt_tokens, told.completion_tokens) == (0, 100, 10)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("보험료가 비싸서 해지함", None),
        ("보험료가 비싸서 해지함", "해지해 주세요"),
        ("상담원이 불친절하고 대기가 길어서 해지함", "보험료가 너무 비싸서요"),
        ("보험료가 30만원이라 비쌈", "보험료가 너무 비싸서요"),
        ("", "보험료가 너무 비싸서요"),
    ],
)
def test_a_sentence_that_nobody_said_is_left_out_and_counted(text: str, line: str | None) -> None:
    told = tell([(text, [numbered()[line]] if line else [999, -1])])
    assert (told.findings, told.unfounded) == ([], 1)


def test_a_cited_line_that_says_nothing_of_the_sentence_is_no_citation() -> None:
    at = numbered()
    told = tell([("차를 팔아서 해지함", [at["차를 팔았거든요"], at["해지해 주세요"], at["차를 팔았거든요"]])])
    assert [one.call_id for one in told.findings[0].citations] == ["sold"]


def test_what_is_no_json_or_cut_off_answers_nothing_and_is_counted() -> None:
    assert read_claims("물론입니다!") is None
    assert read_claims('```json\n{"claims": []}\n```') == []
    told = tell("물론입니다!")
    assert (told.findings, told.unread) == ([], 1)
    assert tell(Completion('{"claims": []}', False, 5, 5)).unread == 1


def test_many_calls_go_out_in_batches_and_what_they_tell_alike_is_put_together() -> None:
    many = [a_call(f"c{n}", "무엇을 도와드릴까요", "해지하려고요", "왜요", f"보험료가 {'너무 ' * 60}비싸서요") for n in range(60)]
    count = len(batches(retrieve(wants(), many)))
    assert count > 1
    first = [("보험료가 비쌈", [2])]
    together = [("보험료가 비싸서 해지함", list(range(count)))]
    told = tell(*[first] * count, together, calls=many)
    (finding,) = told.findings
    assert len(finding.call_ids) == count
    again = tell(*[first] * count, VendorUnreachable("away"), calls=many)
    assert len(again.findings) == count


def test_a_model_that_is_away_for_every_batch_is_an_error_and_for_one_of_them_a_gap() -> None:
    with pytest.raises(VendorUnreachable):
        tell(VendorUnreachable("away"))
    many = [a_call(f"c{n}", "네", f"보험료가 {'너무 ' * 60}비싸서 해지해요") for n in range(60)]
    count = len(batches(retrieve(wants(), many)))
    told = tell(VendorUnreachable("away"), *[[("보험료가 비쌈", [1])]] * (count - 1), [], calls=many)
    assert told.unread == 1
    assert len(told.findings) == count - 1


def test_masked_words_alone_go_out_and_calls_stand_apart() -> None:
    (batch,) = batches(retrieve(wants(), CALLS[:2]))
    sent = user_message("해지 사유", batch)
    assert sent.startswith("질문: 해지 사유\n통화\n")
    assert sent.count("\n통화\n") == 2


def test_the_cost_is_told_as_an_upper_bound_and_no_price_is_no_cost() -> None:
    told = estimate(ENDPOINT, 100, 50_000)
    assert told.batches == 5
    assert told.prompt_tokens > 50_000
    assert told.won == pytest.approx((told.prompt_tokens * 2 + told.completion_tokens * 8) / 1000)
    free = ENDPOINT.model_copy(update={"won_per_1k_prompt_tokens": 0.0, "won_per_1k_completion_tokens": 0.0})
    assert estimate(free, 100, 50_000).won is None
    assert estimate(ENDPOINT, 0, 0).batches == 0
    lines = [line for call in CALLS for line in call.lines]
    assert borne_out("보험료가 비쌈", lines[:1], wants()) == []
