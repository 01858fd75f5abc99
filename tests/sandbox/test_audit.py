"""The audit finds each kind of wrong, and passes what is right."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from models.call.record import CallRecord, Failure, Outcome, Recording
from sandbox.audit import Evidence, Expected, File, Report, audit
from sandbox.stack import BUCKET

KEYS = ("connect/a/CallRecordings/2026/11/21/c-1_20261121T01:30_UTC.wav", "connect/a/CallRecordings/2026/11/21/c-2_20261121T01:31_UTC.wav")
EXPECTED = [Expected(key, f"etag-{n}", f"말 {n}\n", f"sound-{n}") for n, key in enumerate(KEYS, 1)]
FAILURE = Failure(error="bad_recording", reason="it is silent", step="fetch", flow_run_id="r-2", at=datetime(2026, 11, 21, tzinfo=UTC))


def record(expected: Expected, number: int | None, outcome: Outcome, failure: Failure | None = None) -> CallRecord:
    begun = CallRecord.begin(Recording(bucket=BUCKET, key=expected.key, etag=expected.etag), "r-1")
    return begun.model_copy(update={"number": number, "outcome": outcome, "failure": failure})


def files(expected: Expected, number: int) -> list[File]:
    names = (("stt", "txt"), ("nlp", "txt"), ("tts", "wav"))
    return [
        File(f"{kind}/{kind}_{number}.{end}", number, expected.call, expected.transcript if kind == "stt" else "") for kind, end in names
    ]


def sound_evidence() -> Evidence:
    first, second = EXPECTED
    return Evidence(
        records={first.call: record(first, 1, Outcome.READ_BACK), second.call: record(second, None, Outcome.QUARANTINED, FAILURE)},
        files=files(first, 1),
        notes={second.call: FAILURE},
        written={f"/{BUCKET}/stt/stt_1.txt": 1, f"/{BUCKET}/calls/number.json": 9},
        jobs_paid={"sound-1": 1},
        spoken=1,
        runs=[("process-call", "COMPLETED", ""), ("process-call", "FAILED", "Quarantined")],
    )


def test_what_is_right_passes() -> None:
    report = audit(EXPECTED, sound_evidence())
    assert report.faultless
    assert (report.calls, report.read_back, dict(report.quarantined), report.spoken_again) == (2, 1, {"bad_recording": 1}, 0)


def superseded(evidence: Evidence, by: str) -> Evidence:
    gave_way = record(EXPECTED[1], None, Outcome.SUPERSEDED).model_copy(update={"superseded_by": by})
    return replace(evidence, records={**evidence.records, EXPECTED[1].call: gave_way}, notes={})


def superseded_by_nothing(evidence: Evidence) -> Evidence:
    return superseded(evidence, "0" * 32)


def cancelled(evidence: Evidence) -> Evidence:
    return replace(evidence, records={**evidence.records, EXPECTED[1].call: record(EXPECTED[1], 2, Outcome.CANCELLED)})


def without_record(evidence: Evidence) -> Evidence:
    return replace(evidence, records={EXPECTED[1].call: evidence.records[EXPECTED[1].call]})


def without_prompt(evidence: Evidence) -> Evidence:
    return replace(evidence, files=evidence.files[:2])


def of_another(evidence: Evidence) -> Evidence:
    return replace(evidence, files=[replace(evidence.files[0], text="말 2\n"), *evidence.files[1:]])


def under_two_numbers(evidence: Evidence) -> Evidence:
    return replace(evidence, files=[*evidence.files, *files(EXPECTED[0], 7)])


def sharing_a_number(evidence: Evidence) -> Evidence:
    return replace(evidence, records={**evidence.records, EXPECTED[1].call: record(EXPECTED[1], 1, Outcome.QUARANTINED, FAILURE)})


def overwritten(evidence: Evidence) -> Evidence:
    return replace(evidence, written={f"/{BUCKET}/stt/stt_1.txt": 2})


def paid_twice(evidence: Evidence) -> Evidence:
    return replace(evidence, jobs_paid={"sound-1": 2})


def in_progress(evidence: Evidence) -> Evidence:
    return replace(evidence, records={**evidence.records, EXPECTED[1].call: record(EXPECTED[1], 2, Outcome.IN_PROGRESS)})


def without_reason(evidence: Evidence) -> Evidence:
    return replace(evidence, notes={})


def still_running(evidence: Evidence) -> Evidence:
    return replace(evidence, runs=[("process-call", "RUNNING", "c-1")])


@pytest.mark.parametrize(
    ("spoil", "figure"),
    [
        (without_record, "lost"),
        (without_prompt, "lost"),
        (of_another, "mixed_up"),
        (under_two_numbers, "doubled"),
        (sharing_a_number, "doubled"),
        (overwritten, "doubled"),
        (paid_twice, "paid_again"),
        (in_progress, "unexplained"),
        (cancelled, "unexplained"),
        (superseded_by_nothing, "lost"),
        (without_reason, "unexplained"),
        (still_running, "left_running"),
    ],
)
def test_each_wrong_is_found_under_its_own_figure(spoil, figure: str) -> None:  # type: ignore[no-untyped-def]
    report = audit(EXPECTED, spoil(sound_evidence()))
    assert not report.faultless
    wrong = {name for name, value in vars(report).items() if isinstance(value, list) and value}
    assert wrong == {figure}


def test_a_call_that_gave_way_to_a_later_upload_is_counted_and_no_fault() -> None:
    report = audit(EXPECTED, superseded(sound_evidence(), EXPECTED[0].call))
    assert report.faultless
    assert (report.read_back, report.superseded) == (1, 1)


def test_what_stands_in_the_way_is_told_as_it_is() -> None:
    assert "is cancelled" in audit(EXPECTED, cancelled(sound_evidence())).unexplained[0]


def test_speech_that_was_paid_and_not_kept_is_counted() -> None:
    assert audit(EXPECTED, replace(sound_evidence(), spoken=3)).spoken_again == 2
    assert Report().faultless
