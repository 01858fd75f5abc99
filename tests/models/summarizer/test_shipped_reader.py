"""What the model that ships must never say, and what it says of short calls."""

import json
import re
from pathlib import Path

import pytest

from models.recipe import WRITERS
from models.summarizer import SHIPPED_READER
from models.summarizer.conversation import written
from models.summarizer.outcome import Kind
from models.summarizer.summarizer import Summarizer
from models.summarizer.truth import Verdict, judge
from models.summarizer.written import everything, writers

INQUIRIES = 40


@pytest.fixture(scope="module")
def summarizer(tmp_path_factory: pytest.TempPathFactory) -> Summarizer:
    return Summarizer.load(SHIPPED_READER, "cpu", cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("said", "never"),
    [
        ("암보험 해지하려고 했는데요, 해지는 안 하고 유지하려고요", "해지 (요청|희망|문의)"),
        ("운전자보험은 놔두고 자동차보험만 해지해 주세요", "운전자보험 해지"),
        ("해약 말고 보험료만 낮출 수 있나요?", "(해약|해지) (환급|요청|문의)"),
        ("책임자 바꿔 주세요", "이름 변경|계약자 변경"),
        ("보험금 받는 계좌를 다른 은행으로 바꿀게요", "출금|자동이체"),
        ("윗집에서 물이 새서 우리 집 천장이 다 젖었어. 윗집이 일상생활배상책임보험이 있다는데 어떻게 접수해?", "가입"),
    ],
)
def test_a_negation_stays_one_and_no_other_object_is_named(summarizer: Summarizer, said: str, never: str) -> None:
    (result,) = summarizer.results([said])
    assert result.kind is not Kind.NO_REQUEST
    assert not re.search(never, result.text), result.text


@pytest.mark.slow
def test_independent_callers_are_told_rightly_and_never_misled(summarizer: Summarizer) -> None:
    """40 inquiries and 8 calls of people who had seen no data of ours; none is learnt from."""
    lines = (Path(__file__).parent / "independent.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    told = summarizer.attempts([written((said["spk"] == "customer", said["msg"]) for said in row["utterances"]) for row in rows])
    verdicts = [judge(result.kind, result.text, must=row["must"], wrong=row["wrong"]) for row, result in zip(rows, told, strict=True)]
    assert Verdict.MISLEADING not in verdicts
    assert verdicts[:INQUIRIES].count(Verdict.RIGHT) >= 0.8 * INQUIRIES


@pytest.mark.parametrize(
    "said",
    [
        "아 죄송합니다 잘못 걸었어요.",
        "덕분에 잘 처리됐어요, 감사합니다. 수고하세요.",
        "아니 뭐 해 달라는 건 아니고 그냥 알고나 계시라고요 진단서가 나오면 그때 앱으로 올릴게요",
        "뭐 부탁할 건 없고요 그때 견인차를 얼마나 빨리 보내 주셨는지 고맙다는 말을 하려고요",
        "말씀하신 서류 방금 등기로 부쳤어요. 그렇게만 알고 계시면 됩니다.",
    ],
)
def test_a_wrong_number_a_thank_you_and_a_notice_are_no_request(summarizer: Summarizer, said: str) -> None:
    (result,) = summarizer.results([said])
    assert (result.kind, result.text) == (Kind.NO_REQUEST, "")


@pytest.mark.parametrize(("said", "told"), [("콜백 부탁드립니다.", "콜백 요청"), ("상담사 연결 부탁드립니다.", "상담사 연결 요청")])
def test_a_service_that_is_asked_for_by_its_name_alone_is_a_request(summarizer: Summarizer, said: str, told: str) -> None:
    (result,) = summarizer.results([said])
    assert (result.kind is not Kind.NO_REQUEST, result.text) == (True, told)


def test_every_phrase_points_to_the_turn_it_was_said_in(summarizer: Summarizer) -> None:
    turns = [
        (False, "안녕하세요 무엇을 도와드릴까요"),
        (True, "네 치아보험 때문에 전화했는데요"),
        (False, "네 말씀하세요"),
        (True, "임플란트 두 개 하면 얼마까지 나오나요?"),
        (False, "확인해 드리겠습니다"),
    ]
    (result,) = summarizer.results([written(turns)])
    assert result.evidence
    assert all(one.phrase in result.text for one in result.evidence)
    assert {one.utterance for one in result.evidence if "임플란트" in one.phrase} == {3}
    assert 0 < result.confidence <= 1


@pytest.mark.slow
def test_no_phrase_of_what_callers_wrote_is_without_evidence(summarizer: Summarizer) -> None:
    rows = list(everything(WRITERS, writers(WRITERS)[:1]))[:60]
    for row, result in zip(rows, summarizer.attempts([row.text for row in rows]), strict=True):
        numbers = {turn.number for turn in row.conversation}
        assert all(one.utterance in numbers and one.phrase in result.text for one in result.evidence)
        assert bool(result.evidence) is (result.kind is not Kind.NO_REQUEST)


@pytest.mark.slow
def test_a_request_late_in_a_very_long_call_is_found(summarizer: Summarizer) -> None:
    chat = [(False, "네 고객님 확인하고 있습니다 잠시만요"), (True, "아 네 오늘 날씨가 참 춥네요 길도 많이 막히고요")] * 70
    asked = (True, "저 연금보험 받는 시기를 육십오 세에서 칠십 세로 미루고 싶어서 전화했어요.")
    (result,) = summarizer.results([written([*chat, asked, *chat])])
    assert "칠십 세" in result.text
