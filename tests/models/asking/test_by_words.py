"""What is found without a language model: by the words said, grouped, with every quote's call and second."""

from datetime import UTC, date, datetime

import pytest

from models.asking.by_words import MOST_QUOTES, grouped, retrieve
from models.asking.findings import Engine, Findings
from models.asking.period import period_of, without_period
from models.asking.said import Line, ReadCall, read_call
from models.asking.words import asked
from models.call.record import CallRecord, Recording, Speaker, Transcription, Utterance

AT = datetime(2026, 11, 20, tzinfo=UTC)
SUNDAY = date(2026, 11, 29)


def a_call(name: str, *said: str, rests_on: int = 1) -> ReadCall:
    """Agent and caller by turns, three seconds each."""
    return ReadCall(name, [Line(name, AT, at, 3.0 * at, at % 2 == 1, text) for at, text in enumerate(said)], frozenset({rests_on}))


CALLS = [
    a_call("expensive", "무엇을 도와드릴까요", "보험 해지하려고요", "사유가 있으실까요", "보험료가 너무 비싸서요"),
    a_call("sold", "무엇을 도와드릴까요", "자동차보험을 해지하고 싶어서 전화했어요", "이유를 여쭤봐도 될까요", "차를 팔았거든요"),
    a_call("dearer", "무엇을 도와드릴까요", "해약할게요", "네", "보험료가 올라서 그래요"),
    a_call("silent", "무엇을 도와드릴까요", "해지해 주세요", "알겠습니다", "네"),
    a_call("other", "무엇을 도와드릴까요", "암 진단비 청구 서류가 뭐예요", "진단서입니다", "네 늦어서 죄송해요"),
]


@pytest.mark.parametrize(
    ("question", "terms", "reasons"),
    [
        ("해지 사유가 뭐야?", ("해지",), True),
        ("왜 해약하나요", ("해지",), True),
        ("어떤 문의가 많았나", (), False),
        ("암 진단비 청구하는 고객들이 뭘 물어보나", ("암", "진단", "청구"), False),
    ],
)
def test_a_question_is_read_as_the_words_that_callers_say(question: str, terms: tuple[str, ...], reasons: bool) -> None:
    found = asked(question)
    assert (found.terms, found.reasons) == (terms, reasons)


def test_reasons_are_found_where_callers_give_them_and_grouped_by_the_words_they_share() -> None:
    wants = asked("해지 사유")
    found = retrieve(wants, CALLS)
    assert {one.call.call_id for one in found} == {"expensive", "sold", "dearer", "silent"}
    assert [one.call.call_id for one in found if not one.lines] == ["silent"]
    groups = grouped(wants, [one for one in found if one.lines])
    assert [(group.text, set(group.call_ids)) for group in groups] == [("보험료", {"expensive", "dearer"}), ("", {"sold"})]
    (quote,) = groups[1].citations
    assert (quote.text, quote.seconds, quote.utterance, quote.by_caller) == ("차를 팔았거든요", 9.0, 3, True)


def test_what_a_caller_calls_otherwise_is_found_by_the_documents_word_and_the_other_way_round() -> None:
    calls = [a_call("tow", "네", "레카 좀 불러 주세요"), a_call("refund", "네", "환불이 늦어요"), a_call("hangs up", "네", "전화 끊을게요")]
    assert [one.call.call_id for one in retrieve(asked("견인 문의"), calls)] == ["tow"]
    assert [one.call.call_id for one in retrieve(asked("환급 문의"), calls)] == ["refund"]
    assert [one.call.call_id for one in retrieve(asked("레카 문의"), [a_call("named", "네", "견인해 주세요")])] == ["named"]
    assert retrieve(asked("해지 사유"), calls) == []


def test_what_somebody_wants_is_no_reason() -> None:
    found = retrieve(asked("해지 사유"), [CALLS[1]])
    assert [line.text for line in found[0].lines] == ["차를 팔았거든요"]


def test_a_question_that_names_only_its_days_is_about_what_summaries_rest_on() -> None:
    wants = asked(without_period("이번 주 문의 내용", period_of("이번 주 문의 내용", SUNDAY)))
    found = retrieve(wants, CALLS)
    assert len(found) == len(CALLS)
    groups = grouped(wants, found)
    assert (groups[0].text, len(groups[0].call_ids)) == ("해지", 4)


def test_words_that_no_call_holds_find_nothing() -> None:
    assert retrieve(asked("펫보험 가입 사유"), CALLS) == []
    assert retrieve(asked("해지 사유"), []) == []


def test_quotes_are_few_of_many_calls_and_long_ones_are_cut() -> None:
    calls = [a_call(f"c{n}", "네", f"보험료가 {'아주 ' * 80}비싸서 해지해요") for n in range(20)]
    (group,) = grouped(asked("해지 사유"), retrieve(asked("해지 사유"), calls))
    assert (len(group.call_ids), len(group.citations), len({one.call_id for one in group.citations})) == (20, MOST_QUOTES, MOST_QUOTES)
    assert all(len(one.text) <= 160 and one.text.endswith("…") for one in group.citations)


def test_numbers_are_masked_before_anything_is_looked_for() -> None:
    recording = Recording(bucket="b", key="connect/a/CallRecordings/2026/11/20/c-1_20261120T00:44_UTC.wav", etag="e")
    heard = [Utterance(speaker=Speaker.CUSTOMER, start_ms=1500, duration_ms=900, text="제 번호는 010-1234-5678이라서 해지해요")]
    record = CallRecord.begin(recording, "run", AT).model_copy(update={"transcription": Transcription(done=True, utterances=heard)})
    (line,) = read_call(record).lines
    assert (line.text, line.seconds, line.by_caller) == ("제 번호는 [전화번호]이라서 해지해요", 1.5, True)


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("이번 주 해지 사유", "2026-11-23", "2026-11-29"),
        ("지난주 해지 사유", "2026-11-16", "2026-11-22"),
        ("지지난 주에는?", "2026-11-09", "2026-11-15"),
        ("오늘 들어온 민원", "2026-11-29", "2026-11-29"),
        ("어제 민원", "2026-11-28", "2026-11-28"),
        ("이번 달 청구", "2026-11-01", "2026-11-30"),
        ("지난달 청구", "2026-10-01", "2026-10-31"),
        ("최근 7일간 해지", "2026-11-23", "2026-11-29"),
        ("12월 해지", "2025-12-01", "2025-12-31"),
        ("2월 해지", "2026-02-01", "2026-02-28"),
    ],
)
def test_the_days_that_a_question_names_are_koreas(question: str, first: str, last: str) -> None:
    found = period_of(question, SUNDAY)
    assert found is not None
    begin, end = (at.timestamp() + 9 * 3600 for at in (found.since, found.until))
    assert (datetime.fromtimestamp(begin, UTC).date().isoformat(), datetime.fromtimestamp(end - 1, UTC).date().isoformat()) == (first, last)


@pytest.mark.parametrize("question", ["해지 사유", "3개월 납입 유예", "12월 3일에 가입한 사람"])
def test_a_question_without_days_names_none(question: str) -> None:
    assert period_of(question, SUNDAY) is None


def test_an_erased_calls_words_vanish_and_others_who_said_them_stay() -> None:
    wants = asked("해지 사유")
    groups = tuple(grouped(wants, [one for one in retrieve(wants, CALLS) if one.lines]))
    findings = Findings(ask_id="a", at=AT, findings=groups)
    left = findings.without(["expensive", "nobody"])
    assert [(one.text, one.call_ids) for one in left.findings] == [("보험료", ("dearer",)), ("", ("sold",))]
    assert "비싸서" not in left.model_dump_json()
    assert left.erased == 1
    assert [one.text for one in left.without(["dearer"]).findings] == [""]
    by_model = findings.model_copy(update={"engine": Engine.MODEL}).without(["expensive"])
    assert [one.call_ids for one in by_model.findings] == [("sold",)]
    assert findings.without(["nobody"]) is findings
