"""What Amazon Connect tells of a contact is understood in every shape of AWS, in any order, late or twice."""

import base64
import gzip
import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from models.call.acceptance import Acceptance, AnsweredCall, acceptance_by_model
from models.call.caller_said import Answer, Known, UnreadableContactRecord, records_in, records_of, told_by
from models.call.notifications import UnreadableMessage, landed

ENDED = datetime(2026, 11, 29, 3, 5, tzinfo=UTC)
RECORD: dict[str, Any] = {
    "AWSContactTraceRecordFormatVersion": "2017-03-10",
    "Agent": {
        "ARN": "arn:aws:connect:ap-northeast-2:1:instance/i/agent/a1",
        "Username": "kim",
        "ConnectedToAgentTimestamp": "2026-11-29T03:01:00Z",
    },
    "Attributes": {"readback_answer": "1", "readback_prompt": "s3://aicc-all/tts/tts_7.wav"},
    "ContactId": "c-1",
    "CustomerEndpoint": {"Address": "+821012345678", "Type": "TELEPHONE_NUMBER"},
    "DisconnectTimestamp": "2026-11-29T03:05:00Z",
    "InitialContactId": None,
    "InitiationTimestamp": "2026-11-29T03:00:00Z",
    "LastUpdateTimestamp": "2026-11-29T03:06:00Z",
    "Queue": {"ARN": "arn:q", "Name": "보상"},
}
EVENT = {
    "source": "aws.connect",
    "detail-type": "Amazon Connect Contact Event",
    "detail": {
        "eventType": "DISCONNECTED",
        "contactId": "c-1",
        "initiationTimestamp": "2026-11-29T03:00:00.000Z",
        "disconnectTimestamp": "2026-11-29T03:05:00.000Z",
        "agentInfo": {"agentArn": "arn:aws:connect:ap-northeast-2:1:instance/i/agent/a1"},
        "queueInfo": {"queueArn": "arn:aws:connect:ap-northeast-2:1:instance/i/queue/q1"},
    },
}


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def known(record: dict[str, Any], contact: str = "c-1") -> Known:
    return told_by(record, "secret").by_contact[contact]


def test_a_contact_record_tells_agent_queue_times_number_and_answer() -> None:
    told = known(RECORD)
    assert (told.facts.agent, told.facts.queue, told.facts.number) == ("kim", "보상", "010-****-5678")
    assert (told.facts.ended_at, told.facts.agent_from) == (ENDED, datetime(2026, 11, 29, 3, 1, tzinfo=UTC))
    assert told.answers["s3://aicc-all/tts/tts_7.wav"].answer is Answer.RIGHT
    assert "12345678" not in told.model_dump_json()
    assert len(told.facts.number_hash) == 32


def test_a_number_has_no_hash_without_a_key() -> None:
    assert told_by(RECORD, "").by_contact["c-1"].facts.number_hash == ""


@pytest.mark.parametrize("between", ["", "\n", "\r\n  "])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_firehose_writes_records_one_after_another(between: str, pack: Any) -> None:
    body = between.join(json.dumps({**RECORD, "ContactId": name}) for name in ("a", "b", "c")) + between
    assert [record["ContactId"] for record in records_in(pack(body.encode()))] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "message",
    [
        RECORD,
        {"Records": [{"eventSource": "aws:kinesis", "kinesis": {"data": encoded(RECORD)}}]},
        {"eventSource": "aws:kinesis", "partitionKey": "c-1", "data": encoded(RECORD)},
    ],
)
def test_a_record_is_the_same_by_whichever_way_it_comes(message: dict[str, Any]) -> None:
    assert known(records_of(message)[0]) == known(RECORD)
    assert landed(json.dumps(message), "connect/", "ctr/").contact_records == [RECORD]


def test_a_contact_event_of_eventbridge_tells_times_and_arns() -> None:
    facts = known(records_of(EVENT)[0]).facts
    assert (facts.agent, facts.queue, facts.ended_at) == ("a1", "q1", ENDED)


def test_notifications_of_recordings_are_no_contact_records() -> None:
    s3 = {"bucket": {"name": "b"}, "object": {"key": "ctr/2026/11/29/03/one", "eTag": "e"}}
    body = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "eventSource": "aws:s3", "s3": s3}]})
    assert [file.key for file in landed(body, "connect/", "ctr/").contact_files] == ["ctr/2026/11/29/03/one"]
    assert landed(body, "connect/").contact_files == []


@pytest.mark.parametrize("body", [b'{"ContactId": "a"}{"Cont', b"\x1f\x8b broken", b"\xff\xfe", b"[1]", b'{"ContactId": "a"} what'])
def test_a_file_that_breaks_off_is_told_without_its_words(body: bytes) -> None:
    with pytest.raises(UnreadableContactRecord) as told:
        records_in(body)
    assert "what" not in str(told.value)


@pytest.mark.parametrize(
    "record",
    [
        {"ContactId": ""},
        {"ContactId": "c", "InitiationTimestamp": "yesterday"},
        {"ContactId": "c", "InitiationTimestamp": "2026-11-29T03:00:00"},
    ],
)
def test_a_record_that_makes_no_sense_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(UnreadableContactRecord):
        told_by(record, "")


def test_a_kinesis_record_without_base64_is_unreadable() -> None:
    with pytest.raises(UnreadableMessage, match="no base64"):
        landed(json.dumps({"eventSource": "aws:kinesis", "data": "?"}), "connect/", "ctr/")


def test_an_answer_in_a_later_leg_is_about_the_contact_that_was_read_back() -> None:
    later = {**RECORD, "ContactId": "c-2", "InitialContactId": "c-1"}
    told = told_by(later, "").by_contact
    assert [bool(told[name].answers) for name in ("c-2", "c-1")] == [False, True]
    assert told["c-1"].facts == Known().facts
    named = {**later, "Attributes": {**RECORD["Attributes"], "readback_contact": "c-0"}}
    assert told_by(named, "").by_contact["c-0"].answers


@pytest.mark.parametrize("pressed", ["3", "", None, "timeout"])
def test_what_is_neither_1_nor_2_is_no_answer(pressed: Any) -> None:
    assert known({**RECORD, "Attributes": {"readback_answer": pressed}}).answers == {}


def test_the_order_of_records_and_repetition_change_nothing() -> None:
    first = known({**RECORD, "Attributes": {}, "LastUpdateTimestamp": "2026-11-29T03:05:30Z", "Queue": {"Name": "접수"}})
    second, event = known({**RECORD, "CustomerEndpoint": None}), known(records_of(EVENT)[0])
    ends = []
    for order in itertools.permutations([first, second, event, second]):
        end = Known()
        for told in order:
            end = end.joined(told)
        ends.append(end)
    assert all(end == ends[0] for end in ends)
    assert (ends[0].facts.queue, ends[0].facts.agent, ends[0].facts.number) == ("보상", "kim", "010-****-5678")


def test_acceptance_is_counted_by_version_with_its_interval() -> None:
    def call(n: int, answer: Answer, model: str) -> AnsweredCall:
        return AnsweredCall(call_id=str(n), answer=answer, at=ENDED, model=model, kind="summary")

    found = acceptance_by_model(
        [*(call(n, Answer.RIGHT, "new") for n in range(9)), call(9, Answer.WRONG, "new"), call(10, Answer.WRONG, "old")]
    )
    assert found == {"new": Acceptance(9, 1), "old": Acceptance(0, 1)}
    assert found["new"].interval == pytest.approx((0.596, 0.982), abs=0.001)
    assert Acceptance(0, 0).interval == (0.0, 1.0)
