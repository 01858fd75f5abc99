"""Compare what S3 holds with what the call records and Prefect know, a page at a time, and start what is missing."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice

from prefect import get_client, task
from prefect.client.orchestration import PrefectClient
from pydantic import BaseModel

import wiring
from clients.s3 import ObjectFacts, ObjectStore
from models.call.reconciling import Action, Decision, Reason, decide
from models.call.record import CallRecord, Outcome, Recording
from models.errors import PermanentError, TransientError
from models.keys import Place, StorageKeys, day_folders, place_of, recorded_on, recording_folders
from stores.call_records import CallRecords
from tasks.call.claim import is_erased
from tasks.markdown import table
from tasks.operations.runs import owners, waiting_recordings
from tasks.retrying import RETRY_TRANSIENT

BATCH = 500
_REQUESTS_AT_ONCE = 32
# Before a read of one record is repeated. Repeating the task instead would read all the others again, and never end on a bad day.
_PAUSES = (0.5, 2.0, 8.0)
_IDEMPOTENCE = timedelta(minutes=10)
_SHOWN = 50

LABELS = {
    Reason.NEVER_BEGUN: "처리된 적 없음",
    Reason.RUN_ENDED: "실행이 끝났으나 미완료",
    Reason.RUN_UNKNOWN: "담당 실행 없음",
    Reason.IS_BACK: "대체됐던 녹취가 다시 올라옴",
    Reason.READ_BACK: "완료",
    Reason.QUARANTINED: "격리됨 (redrive로 재처리)",
    Reason.IN_FLIGHT: "처리 중",
    Reason.WAITING: "실행 대기 중",
    Reason.TOO_YOUNG: "방금 도착 (이벤트 대기)",
    Reason.TRIED_RECENTLY: "방금 실패, 잠시 뒤 재시도",
    Reason.ERASED: "삭제된 통화",
    Reason.NO_RECORDING: "녹취 파일이 아님",
    Reason.STRAY: "녹취 이름이 아닌 .wav (`READBACK_RECORDINGS_PREFIX` 확인)",
    Reason.OUTSIDE: "기간 밖",
    Reason.UNREADABLE: "통화 기록을 읽을 수 없음",
}
ACTIONS = {Action.START: "시작", Action.RESTART: "다시 시작", Action.LEAVE: "그대로 둠"}


@dataclass(frozen=True)
class Scope:
    """Which recordings a reconciliation goes through: those under a prefix, or those of some days in every instance's folders."""

    prefix: str
    since: date | None
    until: date | None

    def folders(self, store: ObjectStore, root: str) -> list[str]:
        """The S3 prefixes to list, in an order that a cursor can rely on."""
        if self.prefix or self.since is None or self.until is None:
            return [self.prefix or root]
        below = recording_folders(root, store.folders(root))
        days = [self.since + timedelta(days=n) for n in range((self.until - self.since).days + 1)]
        return [folder for day in days for recordings in below for folder in day_folders(recordings, day)]

    def holds(self, day: date) -> bool:
        """Whether a recording of this day (UTC) is meant."""
        return (self.since is None or day >= self.since) and (self.until is None or day <= self.until)

    def __str__(self) -> str:
        """What the scope is, for its cursor and its report."""
        return f"{self.prefix or '*'} {self.since or ''}..{self.until or ''}"


class Cursor(BaseModel):
    """How far a backfill has come: everything up to ``key`` in ``folder`` is dealt with."""

    scope: str
    folder: str
    key: str
    looked_at: int
    updated_at: datetime


@dataclass(frozen=True)
class Finding:
    """A recording and what is to be done about it; ``owner`` is the run that last worked on it, empty where there was none."""

    recording: Recording
    decision: Decision
    owner: str = ""

    def idempotency_key(self, now: datetime) -> str:
        """Two reconciliations at the same time start a call once; a later one may start it again."""
        return f"reconcile-{self.recording.call_id}-{self.owner or 'new'}-{int(now.timestamp() // _IDEMPOTENCE.total_seconds())}"


@dataclass
class Totals:
    """What a reconciliation has seen and done."""

    looked_at: int = 0
    decisions: Counter[Decision] = field(default_factory=Counter)
    started: list[tuple[str, str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    finished: bool = False

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        self.looked_at += 1
        self.decisions[finding.decision] += 1
        if finding.decision.reason is Reason.UNREADABLE and len(self.unreadable) < _SHOWN:
            self.unreadable.append(StorageKeys.call_record(finding.recording.call_id))

    def note_start(self, finding: Finding, run_id: str) -> None:
        """Remember a started run for the report: the first few, so that memory does not grow with a backfill."""
        if len(self.started) < _SHOWN:
            self.started.append((finding.recording.call_id, run_id, LABELS[finding.decision.reason]))

    @property
    def strays(self) -> int:
        """How many .wav files are no recordings by their keys."""
        return sum(count for decision, count in self.decisions.items() if decision.reason is Reason.STRAY)

    @property
    def starts(self) -> int:
        """How many calls were to be started."""
        return sum(count for decision, count in self.decisions.items() if decision.action is not Action.LEAVE)


def batches(store: ObjectStore, folders: Sequence[str], cursor: Cursor | None) -> Iterator[tuple[str, list[ObjectFacts]]]:
    """Stream the objects of the folders, ``BATCH`` at a time with their folder, from where the cursor stands."""
    begin = folders.index(cursor.folder) if cursor and cursor.folder in folders else 0
    for folder in folders[begin:]:
        facts = store.walk(folder, start_after=cursor.key if cursor and cursor.folder == folder else "")
        while batch := list(islice(facts, BATCH)):
            yield folder, batch


@task(name="compare", **RETRY_TRANSIENT)
async def compare(batch: list[ObjectFacts], scope: Scope) -> list[Finding]:
    """Decide about one batch: a request for each recording's record, and two or so to Prefect for all of them."""
    now, places = datetime.now(UTC), asyncio.Semaphore(_REQUESTS_AT_ONCE)

    async def look(facts: ObjectFacts) -> tuple[ObjectFacts, CallRecord | Decision | None]:
        async with places:
            for seconds in _PAUSES:
                with contextlib.suppress(TransientError):
                    return facts, await asyncio.to_thread(_known, facts, scope)
                await asyncio.sleep(seconds)
            return facts, await asyncio.to_thread(_known, facts, scope)

    looked = await asyncio.gather(*(look(facts) for facts in batch))
    async with get_client() as client:
        return await _decide_all(client, looked, now)


def _recording(facts: ObjectFacts) -> Recording:
    return Recording(bucket=wiring.object_store().bucket, key=facts.key, etag=facts.etag, size=facts.size)


def _known(facts: ObjectFacts, scope: Scope) -> CallRecord | Decision | None:
    day = recorded_on(facts.key)
    place = place_of(facts.key, wiring.settings().recordings_prefix)
    # Whoever names another prefix for a backfill means it.
    if day is None or not (place is Place.RECORDING or scope.prefix):
        return Decision(Action.LEAVE, Reason.NO_RECORDING if place is Place.OTHER else Reason.STRAY)
    if not scope.holds(day):
        return Decision(Action.LEAVE, Reason.OUTSIDE)
    call = _recording(facts).call_id
    try:
        found = CallRecords(wiring.survey_store()).find(call)
    except PermanentError:
        return Decision(Action.LEAVE, Reason.UNREADABLE)
    if found is None:
        return Decision(Action.LEAVE, Reason.ERASED) if is_erased(wiring.object_store(), call) else None
    return found.record


async def _decide_all(
    client: PrefectClient, looked: Sequence[tuple[ObjectFacts, CallRecord | Decision | None]], now: datetime
) -> list[Finding]:
    working = [known.owner for _, known in looked if isinstance(known, CallRecord) and known.outcome is Outcome.IN_PROGRESS]
    alive = await owners(client, working) if working else {}
    grace = timedelta(seconds=wiring.settings().reconcile_grace_seconds)

    def finding(facts: ObjectFacts, known: CallRecord | Decision | None, waiting: set[tuple[str, str]]) -> Finding:
        if isinstance(known, Decision):
            return Finding(_recording(facts), known)
        decision = decide(
            landed_at=facts.last_modified or now,
            record=known,
            owner=alive.get(known.owner) if known else None,
            waiting=bool(waiting & {(facts.key, facts.etag), (facts.key, "")}),
            erased=False,
            now=now,
            grace=grace,
        )
        return Finding(_recording(facts), decision, known.owner if known else "")

    findings = [finding(facts, known, set()) for facts, known in looked]
    if all(found.decision.action is Action.LEAVE for found in findings):
        return findings
    # Only now is it worth asking which runs have been created and have not begun.
    waiting = await waiting_recordings(client)
    return [finding(facts, known, waiting) for facts, known in looked]


def read_cursor(store: ObjectStore, scope: Scope) -> Cursor | None:
    """Where an interrupted backfill of the same scope stopped."""
    stored = store.find(StorageKeys.cursor(str(scope)))
    return Cursor.model_validate_json(stored.body) if stored else None


def write_cursor(store: ObjectStore, cursor: Cursor) -> None:
    """Remember how far a backfill has come."""
    store.put(StorageKeys.cursor(cursor.scope), cursor.model_dump_json().encode("utf-8"), content_type="application/json")


def report_of(scope: Scope, totals: Totals) -> str:
    """The artifact's markdown, in Korean: counts with reasons, and the runs that were started. No contact is named."""
    rows = sorted(
        ((ACTIONS[d.action], LABELS[d.reason], f"{count:,}") for d, count in totals.decisions.items()), key=lambda row: (row[0], row[1])
    )
    state = "끝까지 확인함" if totals.finished else "시간이 다 되어 중간에 멈춤 (다음 실행이 이어서 확인)"
    parts = [
        f"# 누락 점검: 시작 {totals.starts:,}건 / 확인 {totals.looked_at:,}건",
        f"범위 `{scope}`, {state}.",
        table(("조치", "이유", "건수"), rows),
    ]
    if totals.started:
        started = [(f"`{call}`", f"[실행](/runs/flow-run/{run})", why) for call, run, why in totals.started]
        parts += [f"## 시작한 통화 (처음 {len(started)}건)", table(("통화", "실행", "이유"), started)]
    if totals.unreadable:
        parts += [
            "## 읽을 수 없는 통화 기록",
            "이전 버전을 되살리거나, 지우고 다시 처리하세요.",
            table(("기록",), [(f"`{key}`",) for key in totals.unreadable]),
        ]
    return "\n\n".join(parts)
