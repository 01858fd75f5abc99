"""Take calls out of quarantine: which are meant, and what becomes of each."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ValidationError

import wiring
from clients.s3 import ObjectStore
from models.call.record import CallRecord, Failure, Outcome
from models.call.steps import step_label
from models.errors import ReadbackError
from models.keys import StorageKeys
from stores.call_records import CallRecords
from stores.recordings import successor_of
from tasks.call.claim import needs_consent, reopen
from tasks.call.supersede import close_as_superseded
from tasks.in_thread import task_in_thread
from tasks.markdown import shown, table

NOBODY = ""  # the owner of a reopened call until its new run claims it; reconcile starts it should that run never come
_SHOWN = 500


class Selection(BaseModel):
    """Which quarantined calls are meant: those named, or all that match error class and time."""

    calls: list[str] = []
    error: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was chosen at all."""
        return not (self.calls or self.error or self.since or self.until)

    def takes(self, failure: Failure) -> bool:
        """Whether a quarantined call is meant."""
        return (
            (not self.error or failure.error == self.error)
            and (self.since is None or failure.at >= self.since)
            and (self.until is None or failure.at <= self.until)
        )


class Result(StrEnum):
    """What became of a call, as the report says it."""

    REDRIVEN = "다시 처리 시작"
    WOULD = "다시 처리 대상 (dry run)"
    PAY = "건너뜀: 다시 결제될 수 있음 (pay_again 필요)"
    SUPERSEDED = "건너뜀: 새로 올라온 녹취가 따로 처리됨"
    LEFT = "건너뜀: 이미 격리 해제됨"
    UNKNOWN = "건너뜀: 통화 기록 없음"


class Redriven(BaseModel):
    """What became of one call: a line of the report. ``successor`` is the call of a later upload of its recording."""

    call_id: str
    result: Result
    error: str = ""
    step: str = ""
    run_id: str = ""
    successor: str = ""


def selected(store: ObjectStore, selection: Selection) -> Iterator[str]:
    """Stream the ids of the calls that are meant; without ids, a listing of quarantine/ and a request for each note."""
    if selection.calls:
        yield from selection.calls
        return
    for facts in store.walk(StorageKeys.QUARANTINE):
        note = store.find(facts.key)
        try:
            if note is not None and selection.takes(Failure.model_validate_json(note.body)):
                yield facts.key.removeprefix(StorageKeys.QUARANTINE).removesuffix(".json")
        except ValidationError as error:
            raise ReadbackError(
                f"the note {facts.key} cannot be read", remedy="Redrive the call by its id, then delete the note"
            ) from error


@task_in_thread("reopen")
def reopen_call(call_id: str, *, pay_again: bool, dry_run: bool) -> tuple[Redriven, CallRecord | None]:
    """Reopen one call; the record comes back where a run is to be started for it."""
    return reopen_one(call_id, pay_again=pay_again, dry_run=dry_run, records=wiring.call_records(), store=wiring.object_store())


def reopen_one(
    call_id: str, *, pay_again: bool, dry_run: bool, records: CallRecords, store: ObjectStore
) -> tuple[Redriven, CallRecord | None]:
    """Take a call out of quarantine, or say why not. One whose recording was uploaded again ends here: that upload has a run of its own."""
    found = records.find(call_id)
    if found is None:
        return Redriven(call_id=call_id, result=Result.UNKNOWN), None
    record, failure = found.record, found.record.failure
    about = Redriven(call_id=call_id, result=Result.LEFT, error=failure.error if failure else "", step=failure.step if failure else "")
    if record.outcome in (Outcome.QUARANTINED, Outcome.SUPERSEDED) and (by := successor_of(store, record.recording)):
        if not dry_run:
            close_as_superseded(found, by, records=records, store=store)
        return about.model_copy(update={"result": Result.SUPERSEDED, "successor": by}), None
    if record.outcome is not Outcome.QUARANTINED:
        if not dry_run:
            # A run that died between the record and the note has left the note behind.
            store.delete(StorageKeys.quarantine_note(call_id))
        begun_again = record.outcome is Outcome.IN_PROGRESS and record.owner == NOBODY
        return about, record if begun_again and not dry_run else None
    if needs_consent(record) and not pay_again:
        return about.model_copy(update={"result": Result.PAY}), None
    if dry_run:
        return about.model_copy(update={"result": Result.WOULD}), None
    return about, reopen(found, NOBODY, pay_again=pay_again, records=records, store=store).record


def report_of(lines: list[Redriven]) -> str:
    """The artifact's markdown, in Korean; no contact is named."""
    counts = {result: sum(line.result is result for line in lines) for result in Result}
    summary = table(("결과", "건수"), [(result.value, str(count)) for result, count in counts.items() if count])
    rows = [
        (f"`{line.call_id}`", shown(line.error), shown(step_label(line.step)), line.result.value, _where(line)) for line in lines[:_SHOWN]
    ]
    head = ("통화", "격리 사유", "단계", "결과", "실행")
    return f"# 격리 통화 재처리\n\n{summary or '해당하는 통화가 없습니다.'}\n\n" + (table(head, rows) if rows else "")


def _where(line: Redriven) -> str:
    """Where the call's work is done now."""
    if line.successor:
        return f"superseded by call `{line.successor}`"
    return f"[실행](/runs/flow-run/{line.run_id})" if line.run_id else ""
