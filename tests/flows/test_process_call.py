"""The whole flow of a call in seconds: Prefect's engine on its test server, a bucket in memory, vendors behind our protocols."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from prefect import Task
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause
from prefect.flow_engine import run_flow
from prefect.states import AwaitingRetry, Cancelled, Completed, Crashed, Pending, Running, State
from sounds import tone, wav

import tasks.call.hand_over
import tasks.call.quarantine
import tasks.call.report
import tasks.call.speak
import tasks.call.summarize
import tasks.call.supersede
import tasks.call.take_up
import tasks.call.transcribe
import tasks.call.upload
import tasks.call.write_summary
import wiring
from clients.s3 import ObjectStore
from flows.correct_call import correct_call
from flows.edit_terms import edit_terms
from flows.process_call import process_call
from flows.summarize_call import summarize_call
from flows.watch_s3 import event_of
from models.actions.action import Who
from models.actions.due import Due
from models.answers.told import Place, Quote, Suggested
from models.call.acceptance import AnsweredCall
from models.call.alarms import DANGER_FOUND
from models.call.caller_said import Answer
from models.call.ended import EndedCall, figures
from models.call.ledger import Payment, Unit, Used
from models.call.notifications import Landed
from models.call.record import (
    CallRecord,
    Deed,
    Failure,
    Outcome,
    PersonsAct,
    Recording,
    Rule,
    Speaker,
    Summary,
    Transcription,
    Utterance,
)
from models.call.redriving import Result
from models.call.routing import Away
from models.call.steps import Step
from models.call.terms import Term
from models.call.transcript import summarizer_input
from models.errors import (
    AccessRefused,
    AnswerLost,
    BadTranscript,
    ConfigurationError,
    JobFailed,
    JobGone,
    QuotaExhausted,
    ReadbackError,
    StorageConflict,
    TermsRefused,
    VendorRefused,
    VendorUnavailable,
    VendorUnreachable,
)
from models.keys import StorageKeys
from models.lifecycle.versions import SHIPPED
from models.lines.signals import LoadedSignals
from models.lines.summarizer import SummarizerLine
from models.signals.labels import Danger
from models.signals.told import CallDanger, CallEmotion, CallSignals, DangerSign
from models.sound.prompt import check_prompt
from models.sound.recording import RecordingAudio
from models.summarizer.outcome import Evidence, Kind
from models.summarizer.summarizer import SummaryResult
from reports.messages import message_of
from stores.call_records import CallRecords
from stores.call_signals import keep_signals
from stores.landed import announce
from stores.proposals import Proposals, corrected_pairs
from stores.terms import FRESH_SECONDS
from tasks.call.bill import CLOSING_WRITES
from tasks.call.claim import close_as_cancelled, reopen
from tasks.call.quarantine import close_as_quarantined, failure_of
from tasks.call.summarize import NO_MODEL
from tasks.call.transcribe import jobs_limit
from tasks.call.write_summary import create_summary
from tasks.operations.contact_records import take_contact_records
from tasks.operations.naming import name_waiting_calls
from tasks.operations.pause import WAITING, pause_in_force, resume_calls
from tasks.operations.redrive import reopen_one
from tasks.operations.runs import is_about
from tasks.selection import champion
from tests.flows.conftest import queues_paused, recording_key
from tests.in_memory import OFFER, FakeContacts, FakeSpeechToText, FakeTextToSpeech, InMemoryStore
from tests.refusing_s3 import refusing_s3
from tests.server_database import everything_the_server_keeps

STEPS = [
    tasks.call.take_up,
    tasks.call.transcribe,
    tasks.call.summarize,
    tasks.call.speak,
    tasks.call.upload,
    tasks.call.hand_over,
    tasks.call.report,
    tasks.call.quarantine,
    tasks.call.supersede,
]
SOUND = wav(np.column_stack([np.concatenate([tone(1), tone(1, level=0.002)]), np.concatenate([tone(1, level=0.002), tone(1)])]))
OTHER_SOUND = wav(np.column_stack([tone(2, hertz=300), tone(2, level=0.002)]))
WORDS = [
    Utterance(label=0, start_ms=0, duration_ms=1000, text="자동차 보험을 해지하고 싶어요"),
    Utterance(label=1, start_ms=1000, duration_ms=1000, text="네 알겠습니다"),
]
REAL_RUN_ON_GPU_POOL = tasks.call.summarize.run_on_gpu_pool
SUMMARY = Summary(text="자동차보험 해지 요청", model="tiny", version="1")


@dataclass
class World:
    """Everything outside the flow, and the way to run it."""

    client: PrefectClient
    store: InMemoryStore
    ears: FakeSpeechToText
    voice: FakeTextToSpeech
    contacts: FakeContacts | None
    others: dict[str, FakeSpeechToText] = field(default_factory=dict)
    summaries: list[str] = field(default_factory=list)
    urgent: list[str] = field(default_factory=list)
    summary: Summary = field(default_factory=lambda: SUMMARY)
    signals: CallSignals | None = field(default_factory=lambda: CallSignals(danger=CallDanger(version="d1")))

    @property
    def records(self) -> CallRecords:
        return CallRecords(self.store)  # type: ignore[arg-type]

    def upload(self, contact: str, body: bytes = SOUND, *, ivr: bool = False) -> Recording:
        key = recording_key(contact)
        key = key.replace("CallRecordings/", "CallRecordings/ivr/") if ivr else key
        return Recording(bucket=self.store.bucket, key=key, etag=self.store.put(key, body), size=len(body))

    def record(self, recording: Recording) -> CallRecord:
        return self.records.read(recording.call_id).record

    def begun(self, recording: Recording, owner: str = "a run that is gone", **changes: Any) -> CallRecord:
        """A record as an earlier run left it."""
        opened = self.records.create(CallRecord.begin(recording, owner))
        return self.records.save(opened, **changes).record

    async def a_run(self, recording: Recording, **parameters: Any) -> FlowRun:
        deployment = await self.client.read_deployment_by_name("process-call/process-call")
        return await self.client.create_flow_run_from_deployment(deployment.id, parameters=recording.model_dump() | parameters)

    async def run(self, what: Recording | FlowRun, **parameters: Any) -> State[Any]:
        """Run a call as a worker does, to the end or until the run gives itself back."""
        run = what if isinstance(what, FlowRun) else await self.a_run(what, **parameters)
        with contextlib.suppress(Pause, Abort):
            await run_flow(process_call, flow_run=await self.client.read_flow_run(run.id), return_type="state")
        state = (await self.client.read_flow_run(run.id)).state
        assert state is not None
        return state

    async def again(self, run: FlowRun) -> State[Any]:
        """The same run once more, as after Retry in the UI or a wait."""
        await self.client.set_flow_run_state(run.id, AwaitingRetry(), force=True)
        return await self.run(run)

    def quarantined_in_digests(self) -> int:
        """How many calls the digests of all days count as quarantined."""
        ends = [EndedCall.model_validate_json(self.store.get(key).body) for key in self.store.keys(StorageKeys.DAYS)]
        return figures(ends).quarantined

    def notes(self) -> list[str]:
        return self.store.keys(StorageKeys.QUARANTINE)


def no_pauses(modules: list[ModuleType], monkeypatch: pytest.MonkeyPatch) -> None:
    """Repeat tasks at once: how long they wait in between is Prefect's affair."""
    for module in modules:
        for task in vars(module).values():
            if isinstance(task, Task):
                monkeypatch.setattr(task, "retry_delay_seconds", 0)
                monkeypatch.setattr(task, "retry_jitter_factor", None)


@pytest.fixture
async def world(client: PrefectClient, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    for name, value in {
        "READBACK_STT_POLL_SECONDS": "0.01",
        "READBACK_BUCKET": "aicc-memory",
        "READBACK_SUMMARIZE_IN_CALL": "false",
        "AWS_ACCESS_KEY_ID": "canary-access",
        "AWS_SECRET_ACCESS_KEY": "canary-secret",
    }.items():
        monkeypatch.setenv(name, value)
    wiring.forget_clients()
    store = InMemoryStore()
    made = World(client, store, FakeSpeechToText({SOUND: WORDS, OTHER_SOUND: WORDS}), FakeTextToSpeech(), FakeContacts())

    async def on_the_gpu_pool(record: CallRecord, *, patience: float, urgent: bool = False) -> None:
        made.summaries.append(record.call_id)
        made.urgent += [record.call_id] if urgent else []
        if made.signals is not None:
            keep_signals(store, record.call_id, made.signals)  # type: ignore[arg-type]
        create_summary(store, record, made.summary, condensed=False)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(wiring, "object_store", lambda: store)
        patched.setattr(wiring, "call_records", lambda: made.records)
        patched.setattr(wiring, "speech_to_text", lambda provider="": made.others.get(provider, made.ears))
        patched.setattr(wiring, "text_to_speech", lambda: made.voice)
        patched.setattr(wiring, "connect_contacts", lambda: made.contacts)
        patched.setattr(tasks.call.summarize, "run_on_gpu_pool", on_the_gpu_pool)
        no_pauses(STEPS, patched)
        yield made
    wiring.forget_clients()


# --- what was misheard ---------------------------------------------------------------------------------------------------


def misheard(*texts: str) -> list[Utterance]:
    return [Utterance(label=n % 2, start_ms=1000 * n, duration_ms=1000, text=text) for n, text in enumerate(texts)]


async def test_a_misheard_term_is_mended_before_the_summary_and_the_transcript_stays_as_heard(world: World) -> None:
    world.ears.words[SOUND] = misheard("실선보험 청구하고 싶어요", "네 알겠습니다")
    recording = world.upload("c-1")
    await world.run(recording)
    record = world.record(recording)
    assert world.store.get(StorageKeys.transcript(1)).body.decode() == "실선보험 청구하고 싶어요\n네 알겠습니다\n"
    assert world.store.get(StorageKeys.corrected(record.call_id)).body.decode() == "실손보험 청구하고 싶어요\n네 알겠습니다\n"
    assert [(one.before, one.after) for one in record.correction.changes] == [("실선보험", "실손보험")]
    assert summarizer_input(record.said).splitlines()[0].endswith("실손보험 청구하고 싶어요")
    artifact = (await world.client.read_artifacts())[0]
    assert "~~실선보험~~ → **실손보험**" in str(artifact.data)


async def test_a_call_without_a_misheard_word_has_no_corrected_file(world: World) -> None:
    await world.run(world.upload("c-1"))
    assert world.store.keys(StorageKeys.CORRECTED) == []


async def test_a_term_added_while_calls_run_is_heard_two_calls_later(world: World) -> None:
    world.ears.words[SOUND] = misheard("유차손해도 주나요", "네")
    before, during, after = (world.upload(f"c-{n}") for n in range(3))
    await world.run(before)
    await edit_terms(add=[Term(term="휴차손해", pronounced="휴차손해", heard=("유차손해",))], requested_by="김운영")
    await world.run(during)  # may have begun before the edit; it is asked no more than once a second
    await asyncio.sleep(FRESH_SECONDS)
    await world.run(after)
    assert world.record(before).said[0].text == "유차손해도 주나요"
    assert world.record(after).said[0].text == "휴차손해도 주나요"
    assert world.record(after).correction.terms_version == 1


# --- what a person corrects ----------------------------------------------------------------------------------------------


async def a_misheard_call(world: World) -> Recording:
    world.ears.words[SOUND] = misheard("유차손해도 주나요", "네 알겠습니다")
    evidence = [Evidence(phrase="유차손해", utterance=0)]
    world.summary = Summary(text="유차손해 지급 문의", model="tiny", version="1", evidence=evidence)
    recording = world.upload("c-1")
    await world.run(recording)
    return recording


async def test_a_persons_correction_is_kept_with_its_history_and_marks_the_summary_that_rests_on_it(world: World) -> None:
    recording = await a_misheard_call(world)
    await correct_call(recording.call_id, "유차손해도", "휴차손해도", requested_by="김상담")
    record = world.record(recording)
    assert record.said[0].text == "휴차손해도 주나요"
    assert world.store.get(StorageKeys.transcript(1)).body.decode().startswith("유차손해도")
    assert world.store.get(StorageKeys.corrected(record.call_id)).body.decode().startswith("휴차손해도")
    assert [(one.rule, one.by) for one in record.correction.changes] == [(Rule.PERSON, "김상담")]
    assert [act.deed for act in record.history] == [Deed.CORRECTED]
    assert record.summary is not None
    assert record.summary.stale
    assert world.store.keys(StorageKeys.CORRECTED_PAIRS) == []  # nobody consented to learning from it


async def test_a_correction_elsewhere_leaves_the_summary_as_it_is(world: World) -> None:
    recording = await a_misheard_call(world)
    await correct_call(recording.call_id, "알겠습니다", "알겠어요", utterance=2, requested_by="김상담")
    summary = world.record(recording).summary
    assert summary is not None
    assert not summary.stale


async def test_summary_and_prompt_are_made_anew_when_asked_for_and_nothing_is_paid_twice(world: World) -> None:
    recording = await a_misheard_call(world)
    world.summary = Summary(text="휴차손해 지급 문의", model="tiny", version="1")
    await correct_call(recording.call_id, "유차손해도", "휴차손해도", again=True, requested_by="김상담")
    (run,) = [run for run in await world.client.read_flow_runs() if run.state and run.state.is_scheduled()]
    await world.run(run)
    record = world.record(recording)
    assert (record.outcome, record.number, record.revision) == (Outcome.READ_BACK, 1, 1)
    assert world.store.get(StorageKeys.summary(1)).body.decode() == "휴차손해 지급 문의"
    assert record.prompt is not None
    assert "휴차손해" in record.prompt.spoken_text
    assert world.store.get(StorageKeys.prompt(1)).facts.metadata["revision"] == "1"
    assert len(world.ears.paid) == 1
    assert [act.deed for act in record.history] == [Deed.CORRECTED, Deed.SUMMARIZED_AGAIN]


async def test_an_approved_proposal_is_used_from_the_next_call_on_and_is_decided_once(world: World) -> None:
    recording = await a_misheard_call(world)
    await correct_call(recording.call_id, "유차손해도", "휴차손해도", requested_by="김상담")
    (proposal,) = Proposals(world.store).open()  # type: ignore[arg-type]
    assert (proposal.heard, proposal.term) == ("유차손해", "휴차손해")
    with pytest.raises(TermsRefused, match="names nobody"):
        await edit_terms(approve=[proposal.id])
    terms = await edit_terms(approve=[proposal.id], requested_by="이운영")
    assert terms.by_name["휴차손해"].heard == ("유차손해",)
    with pytest.raises(TermsRefused, match="was approved by 이운영"):
        await edit_terms(reject=[proposal.id], requested_by="이운영")
    await asyncio.sleep(FRESH_SECONDS)
    later = world.upload("c-2")
    await world.run(later)
    assert world.record(later).said[0].text == "휴차손해도 주나요"


async def test_corrected_lines_are_kept_for_training_where_the_settings_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = await a_misheard_call(world)
    consenting = wiring.settings().model_copy(update={"learn_from_corrections": True})
    with monkeypatch.context() as patched:
        patched.setattr(wiring, "settings", lambda: consenting)
        await correct_call(recording.call_id, "유차손해도", "휴차손해도", requested_by="김상담")
    ((name, pair),) = corrected_pairs(world.store).items()  # type: ignore[arg-type]
    assert (name, pair.heard, pair.said) == (f"{recording.call_id}#0", "유차손해도 주나요", "휴차손해도 주나요")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"before": "유차손해도", "after": "휴차손해도"}, "names nobody"),
        ({"before": "없는 말", "after": "말", "requested_by": "김"}, "stand 0 times in the call"),
        ({"before": "유차손해도", "after": "휴차손해도", "utterance": 2, "requested_by": "김"}, "stand 0 times in utterance 2"),
        ({"before": "유차손해도", "after": "휴차손해도", "utterance": 9, "requested_by": "김"}, "2 utterances, none of number 9"),
        ({"before": "네", "after": "네", "requested_by": "김"}, "changes nothing"),
    ],
)
async def test_a_correction_that_does_not_fit_is_refused_and_changes_nothing(world: World, given: dict[str, Any], told: str) -> None:
    recording = await a_misheard_call(world)
    before = world.record(recording)
    with pytest.raises(TermsRefused, match=told):
        await correct_call(recording.call_id, **given)
    assert world.record(recording) == before


# --- the way it goes -----------------------------------------------------------------------------------------------------


async def test_a_recording_is_read_back(world: World) -> None:
    recording = world.upload("c-1")
    state = await world.run(recording)
    assert (state.type.value, state.name, state.message) == ("COMPLETED", "Completed", "Read back as number 1")
    record = world.record(recording)
    assert record.outcome is Outcome.READ_BACK
    assert (record.transcription.provider, record.transcription.job_id, record.transcription.done) == (
        "returnzero",
        "returnzero-job-1",
        True,
    )
    assert [u.speaker for u in record.transcription.utterances] == [Speaker.CUSTOMER, Speaker.AGENT]
    assert world.store.get("stt/stt_1.txt").body.decode() == "자동차 보험을 해지하고 싶어요\n네 알겠습니다\n"
    assert world.store.get("nlp/nlp_1.txt").body.decode() == record.summary.text == SUMMARY.text
    assert world.voice.spoken == ["문의하신 내용이 자동차보험 해지 요청"]
    assert check_prompt(world.store.get("tts/tts_1.wav").body).seconds == pytest.approx(record.prompt.seconds, abs=0.01)
    assert world.contacts.attributes["c-1"] == {
        "readback_kind": "summary",
        "readback_summary": SUMMARY.text,
        "readback_prompt": f"s3://{world.store.bucket}/tts/tts_1.wav",
    }
    assert list(record.step_seconds) == ["claim", "fetch", "transcribe", "summarize", "speak", "convert", "upload"]
    artifact = (await world.client.read_artifacts())[0]
    assert SUMMARY.text in str(artifact.data)
    assert (artifact.key, artifact.description) == (None, "완료")


async def test_the_callers_own_words_are_spoken_as_such_and_evidence_reaches_the_record(world: World) -> None:
    evidence = [Evidence(phrase="뒤에서 박혔음", utterance=0), Evidence(phrase="어떻게 하는지 문의", utterance=0)]
    world.summary = SUMMARY.model_copy(
        update={"text": "뒤에서 박혔음, 어떻게 하는지 문의", "kind": Kind.OWN_WORDS, "confidence": 0.5, "evidence": evidence}
    )
    recording = world.upload("c-1")
    await world.run(recording)
    assert world.record(recording).summary == world.summary
    assert world.voice.spoken == ["말씀하신 내용은 “뒤에서 박혔음, 어떻게 하는지 문의”로 들었습니다"]
    assert world.contacts.attributes["c-1"]["readback_kind"] == "own_words"


async def test_nothing_is_read_back_of_a_call_without_a_request(world: World) -> None:
    world.summary = SUMMARY.model_copy(update={"text": "", "kind": Kind.NO_REQUEST, "confidence": 0.97})
    recording = world.upload("c-1")
    state = await world.run(recording)
    record = world.record(recording)
    assert (state.type.value, state.name) == ("COMPLETED", "NoRequest")
    assert (record.outcome, record.prompt, record.summary) == (Outcome.READ_BACK, None, world.summary)
    assert world.store.get("nlp/nlp_1.txt").body.decode() == "요청 없음"
    assert world.store.head("tts/tts_1.wav") is None
    assert world.voice.spoken == []
    assert world.contacts.attributes["c-1"] == {"readback_kind": "no_request", "readback_summary": "", "readback_prompt": ""}


SELF_HARM = CallDanger(signs=(DangerSign(kind=Danger.SELF_HARM, utterance=0, likelihood=0.9),), version="d1")
NO_DANGER = CallDanger(version="d1")


async def dangers_told(client: PrefectClient) -> list[dict[str, Any]]:
    """The events that tell of calls with a danger, as the server keeps them."""
    which = {"occurred": {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}, "event": {"name": [DANGER_FOUND]}}
    async with asyncio.timeout(60):
        while True:
            answer = await client.request("POST", "/events/filter", json={"filter": which, "limit": 50})
            if events := answer.json()["events"]:
                return events
            await asyncio.sleep(0.5)


async def test_a_call_that_shows_a_danger_is_told_of_at_once_and_its_caller_hears_nothing_of_it(world: World) -> None:
    world.signals = CallSignals(emotion=CallEmotion(version="e1"), danger=SELF_HARM)
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    await world.run(run)
    record = world.record(recording)
    assert (record.outcome, record.danger_told, record.signals) == (Outcome.READ_BACK, True, world.signals)
    assert "danger" in (await world.client.read_flow_run(run.id)).tags
    told = [event for event in await dangers_told(world.client) if event["payload"]["call"] == record.call_id]
    assert len(told) == 1
    assert told[0]["payload"].keys() == {"call", "run", "at"}
    assert world.voice.spoken == ["문의하신 내용이 자동차보험 해지 요청"]
    assert set(world.contacts.attributes["c-1"]) == {"readback_kind", "readback_summary", "readback_prompt"}
    report = str((await world.client.read_artifacts())[0].data)
    assert "## ⚠ 위험 신호" in report
    assert report.index("자해·자살") < report.index("## 대화")


async def test_a_harmless_call_is_told_of_to_nobody(world: World) -> None:
    world.signals = CallSignals(danger=NO_DANGER)
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    await world.run(run)
    assert (world.record(recording).danger_told, (await world.client.read_flow_run(run.id)).tags) == (False, [])
    assert "위험 신호" not in str((await world.client.read_artifacts())[0].data)


@pytest.mark.parametrize("signals", [None, CallSignals()], ids=["an older summarizer", "no model"])
async def test_a_call_that_nobody_judged_says_so(world: World, signals: CallSignals | None) -> None:
    world.signals = signals
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    assert "판정하지 못했습니다" in str((await world.client.read_artifacts())[0].data)


async def test_a_dangerous_call_that_has_to_wait_stands_before_the_others_and_is_told_of_once(world: World) -> None:
    world.signals = CallSignals(danger=SELF_HARM)
    recording, other = world.upload("c-1"), world.upload("c-2")
    world.voice.errors.extend(VendorUnavailable("away") for _ in range(40))
    run = await world.a_run(recording)
    state = await world.run(run)
    world.signals = CallSignals(danger=NO_DANGER)
    calm = await world.run(other)
    assert (state.name, calm.name) == (WAITING, WAITING)
    waits = [each.state_details.scheduled_time - datetime.now(UTC) for each in (state, calm)]
    assert waits[0].total_seconds() < 6 < waits[1].total_seconds()
    world.voice.errors.clear()
    assert (await world.again(run)).name == "Completed"
    told = [event for event in await dangers_told(world.client) if event["payload"]["call"] == recording.call_id]
    assert len(told) == 1


FRIGHTENED = [WORDS[0].model_copy(update={"text": "아버지가 쓰러지셨는데 숨을 안 쉬세요 지금"}), WORDS[1]]


async def test_a_call_whose_words_look_dangerous_is_summarized_before_all_that_wait_for_the_gpu_pool(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ears = FakeSpeechToText({SOUND: FRIGHTENED, OTHER_SOUND: WORDS})
    dangerous, calm = world.upload("c-1"), world.upload("c-2", OTHER_SOUND)
    await world.run(calm)
    await world.run(dangerous)
    assert world.urgent == [dangerous.call_id]

    async def only_asked(run: FlowRun, *, patience: float) -> None:
        """No worker takes the summary here."""

    monkeypatch.setattr(tasks.call.summarize, "wait_until_final", only_asked)
    for recording, urgent in ((calm, False), (dangerous, True)):
        await REAL_RUN_ON_GPU_POOL(world.record(recording), patience=1.0, urgent=urgent)
    waiting = await world.client.get_scheduled_flow_runs_for_work_pool("g4dn", ["summaries"])
    assert [one.flow_run.parameters["call_id"] for one in waiting] == [dangerous.call_id, calm.call_id]


async def test_where_the_model_is_people_are_told_of_a_danger_before_the_call_is_summarized(
    world: World, judges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(champion.dangers_in_service().follow)
    world.ears = FakeSpeechToText({SOUND: FRIGHTENED})
    recording = world.upload("c-1")
    told_before: list[bool] = []

    async def answer(self: ModelOfThisProcess, text: str) -> SummaryResult:
        told_before.append(world.record(recording).danger_told)
        return SummaryResult(SUMMARY.text, SUMMARY.model, SUMMARY.version)

    monkeypatch.setattr(ModelOfThisProcess, "answer", answer)
    assert (await world.run(recording)).name == "Completed"
    assert told_before == [True]
    record = world.record(recording)
    assert record.signals is not None
    assert record.signals.danger is not None
    assert [sign.kind for sign in record.signals.danger.signs] == [Danger.MEDICAL_EMERGENCY]


async def test_a_run_started_by_hand_needs_no_etag(world: World) -> None:
    recording = world.upload("c-1")
    run = await world.a_run(recording, etag="", size=0)
    assert (await world.run(run)).name == "Completed"
    assert world.record(recording).recording == recording
    later = world.upload("c-1", OTHER_SOUND)
    told = await world.client.read_flow_run(run.id)
    assert (is_about(told, recording), is_about(told, later)) == (True, False), "erasing the later call leaves the earlier one's run"


async def test_numbers_are_never_shared(world: World) -> None:
    recordings = [world.upload(f"c-{n}") for n in range(3)]
    for recording in recordings:
        await world.run(recording)
    assert sorted(world.record(recording).number for recording in recordings) == [1, 2, 3]


# --- every verdict of the claim ------------------------------------------------------------------------------------------


async def test_a_duplicate_event_of_a_finished_call_changes_nothing(world: World) -> None:
    recording = world.upload("c-1")
    await world.run(recording)
    before = world.record(recording)
    state = await world.run(recording)
    assert (state.type.value, state.name) == ("COMPLETED", "Duplicate")
    assert world.record(recording) == before
    assert (len(world.ears.paid), len(world.voice.spoken)) == (1, 1)


async def test_a_call_that_a_living_run_works_on_is_left_to_it(world: World) -> None:
    recording = world.upload("c-1")
    living = await world.a_run(recording)
    await world.client.set_flow_run_state(living.id, Running(), force=True)
    world.begun(recording, str(living.id))
    state = await world.run(recording)
    assert (state.name, world.ears.paid) == ("Duplicate", [])
    assert str(living.id) in state.message


@pytest.mark.parametrize("owner", ["ended", "unknown", "no id"])
async def test_a_call_whose_run_has_ended_is_taken_over(world: World, owner: str) -> None:
    recording = world.upload("c-1")
    ended = await world.a_run(recording)
    await world.client.set_flow_run_state(ended.id, Completed(), force=True)
    world.begun(recording, {"ended": str(ended.id), "unknown": str(uuid4()), "no id": ""}[owner])
    assert (await world.run(recording)).name == "Completed"
    assert world.record(recording).owner != str(ended.id)


async def test_a_call_in_quarantine_is_not_begun_by_another_event(world: World) -> None:
    recording = world.upload("c-1", b"no sound")
    state = await world.run(recording)
    assert (state.type.value, state.name) == ("FAILED", "Quarantined")
    again = await world.run(recording)
    assert (again.type.value, again.name) == ("COMPLETED", "InQuarantine")


async def test_an_upload_that_was_replaced_before_its_run_began_is_superseded(world: World) -> None:
    old = world.upload("c-1")
    new = world.upload("c-1", OTHER_SOUND)
    state = await world.run(old)
    assert (state.type.value, state.name, state.message) == ("COMPLETED", "Superseded", f"superseded by call {new.call_id}")
    assert world.ears.paid == []


async def test_an_erased_call_stays_erased(world: World) -> None:
    recording = world.upload("c-1")
    world.store.put(StorageKeys.erasure_receipt(recording.call_id), b"{}")
    assert (await world.run(recording)).name == "Erased"
    assert world.store.find(StorageKeys.call_record(recording.call_id)) is None
    assert world.ears.paid == []


# --- resuming ------------------------------------------------------------------------------------------------------------


def after_submit(world: World, recording: Recording) -> dict[str, Any]:
    return {"transcription": Transcription(job_id=world.ears.submit(SOUND, "x")), "number": 4}


def after_transcribe(world: World, recording: Recording) -> dict[str, Any]:
    return {"transcription": Transcription(job_id="paid", utterances=WORDS, done=True), "number": 4}


class ModelOfThisProcess:
    """A model in service that answers every call alike."""

    async def answer(self, text: str) -> SummaryResult:
        return SummaryResult(SUMMARY.text, SUMMARY.model, SUMMARY.version)


async def test_a_worker_that_holds_the_model_summarizes_in_the_calls_own_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_SUMMARIZE_IN_CALL", "true")
    monkeypatch.setattr(tasks.call.write_summary, "start_summarizer", ModelOfThisProcess)
    wiring.settings.cache_clear()
    recording = world.upload("c-1")
    assert (await world.run(recording)).is_completed()
    summary = world.record(recording).summary
    assert (world.summaries, summary) == ([], SUMMARY.model_copy(update={"used": summary.used}))
    assert summary.used.machine == "g4dn.xlarge"
    assert world.store.get("nlp/nlp_1.txt").body.decode() == SUMMARY.text


async def test_what_has_to_be_done_after_a_call_stands_in_its_record_with_the_day_that_was_meant(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_SUMMARIZE_IN_CALL", "true")
    monkeypatch.setattr(tasks.call.write_summary, "start_summarizer", ModelOfThisProcess)
    wiring.settings.cache_clear()
    recording = world.upload("c-1")
    world.ears.words[SOUND] = [
        Utterance(label=0, start_ms=0, duration_ms=900, text="가입증명서를 이메일로 받고 싶어요"),
        Utterance(label=1, start_ms=1000, duration_ms=900, text="네, 가입증명서를 내일까지 이메일로 보내 드리겠습니다."),
    ]
    assert (await world.run(recording)).is_completed()
    record = world.record(recording)
    assert record.signals is not None
    (action,) = record.signals.actions or ()
    assert (action.what, action.who, action.utterance) == ("가입증명서를 이메일로 발송 (자동차보험 해지 요청)", Who.AGENT, 1)
    called = record.recording.called_at
    assert called is not None
    assert action.due == Due(said="내일까지", day=called.date() + timedelta(days=1))


async def test_the_answer_from_the_documents_stands_in_the_record_and_its_failure_or_slowness_costs_no_call(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(document="terms.md", title="약관", version="2026-01-02")
    held = Suggested(quotes=(Quote(text="앱에서 바꿉니다.", place=place),), confidence=0.9)

    def slow(request: str) -> Suggested | None:
        time.sleep(0.5)
        return held

    monkeypatch.setenv("READBACK_SUMMARIZE_IN_CALL", "true")
    monkeypatch.setenv("READBACK_SUGGEST_ANSWERS", "true")
    monkeypatch.setenv("READBACK_ANSWERS_PATIENCE_SECONDS", "0.1")
    monkeypatch.setattr(tasks.call.write_summary, "start_summarizer", ModelOfThisProcess)
    monkeypatch.setattr(tasks.call.write_summary, "follow_index", lambda: None)
    wiring.settings.cache_clear()
    told = []
    for number, answer in enumerate((lambda request: held, lambda request: None, slow)):
        monkeypatch.setattr(tasks.call.write_summary, "suggestion_for", answer)
        recording = world.upload(f"c-{number}")
        assert (await world.run(recording)).is_completed()
        signals = world.record(recording).signals
        assert signals is not None
        told.append(signals.suggestion)
    assert told == [held, None, None]


@pytest.fixture
def judges(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The classifiers that ship, in service in this process beside a model that answers every call alike."""
    monkeypatch.setenv("READBACK_SUMMARIZE_IN_CALL", "true")
    monkeypatch.setattr(tasks.call.write_summary, "start_summarizer", ModelOfThisProcess)
    monkeypatch.setattr(champion, "object_store", lambda: world.store)
    wiring.settings.cache_clear()
    services = (champion.emotions_in_service, champion.dangers_in_service)
    for service in services:
        service.cache_clear()
    yield
    for service in services:
        service().close()
        service.cache_clear()


async def test_emotion_and_danger_are_told_in_the_pass_that_summarizes(world: World, judges: None) -> None:
    for service in (champion.emotions_in_service(), champion.dangers_in_service()):
        await asyncio.to_thread(service.follow)
    world.ears = FakeSpeechToText({SOUND: FRIGHTENED})
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    record = world.record(recording)
    assert record.signals is not None
    assert record.signals.danger is not None
    assert record.signals.emotion is not None
    assert [(sign.kind, sign.utterance) for sign in record.signals.danger.signs] == [(Danger.MEDICAL_EMERGENCY, 0)]
    assert (record.signals.danger.version, record.signals.emotion.version) == (SHIPPED, SHIPPED)
    assert [felt.utterance for felt in record.signals.emotion.curve] == [0], "the agent is not judged"
    assert world.store.head(StorageKeys.signals(record.call_id)) is not None
    assert record.danger_told


async def test_a_classifier_that_fails_costs_its_verdict_and_not_the_summary(
    world: World, judges: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in (champion.emotions_in_service(), champion.dangers_in_service()):
        await asyncio.to_thread(service.follow)
    monkeypatch.setattr(LoadedSignals, "answers", lambda self, texts: 1 / 0)
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    signals = world.record(recording).signals
    assert signals is not None
    assert (signals.emotion, signals.danger) == (None, None)


@pytest.mark.parametrize("installed", [True, False])
def test_a_worker_by_itself_summarizes_in_the_call_where_what_the_model_needs_is_installed(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("READBACK_SUMMARIZE_IN_CALL", raising=False)
    monkeypatch.setattr(wiring, "find_spec", lambda name: object() if installed else None)
    wiring.settings.cache_clear()
    assert wiring.summarizes_in_call() is installed
    monkeypatch.setenv("READBACK_SUMMARIZE_IN_CALL", str(not installed))
    wiring.settings.cache_clear()
    assert wiring.summarizes_in_call() is not installed


def after_summarize(world: World, recording: Recording) -> dict[str, Any]:
    record = CallRecord.begin(recording, "x").model_copy(update={"number": 4})
    create_summary(world.store, record, SUMMARY, condensed=False)  # type: ignore[arg-type]
    return after_transcribe(world, recording)


def after_upload(world: World, recording: Recording) -> dict[str, Any]:
    record = CallRecord.begin(recording, "x")
    spoken = {"seconds": "1.5", "spoken-text": "문의하신 내용이 …", "voice": "ko-KR-Wavenet-A"}
    world.store.put(StorageKeys.prompt(4), b"RIFF", metadata=record.provenance | spoken)
    return after_summarize(world, recording)


@pytest.mark.parametrize(("left", "spoken"), [(after_submit, 1), (after_transcribe, 1), (after_summarize, 1), (after_upload, 0)])
async def test_a_call_goes_on_after_the_step_that_was_done(
    world: World, left: Callable[[World, Recording], dict[str, Any]], spoken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_EMBED_AUDIO", "none")  # the prompt of the last case is no sound
    wiring.settings.cache_clear()
    recording = world.upload("c-1")
    world.begun(recording, **left(world, recording))
    paid = len(world.ears.paid)
    assert (await world.run(recording)).name == "Completed"
    record = world.record(recording)
    assert (record.outcome, record.number) == (Outcome.READ_BACK, 4)
    assert (len(world.ears.paid), len(world.voice.spoken)) == (paid, spoken)


async def test_a_job_is_asked_of_the_vendor_that_gave_its_id(world: World) -> None:
    world.others["elsewhere"] = elsewhere = FakeSpeechToText({SOUND: WORDS}, provider="elsewhere")
    await world.client.create_global_concurrency_limit(_limit(jobs_limit("elsewhere")))
    recording = world.upload("c-1")
    job = Transcription(provider="elsewhere", job_id=elsewhere.submit(SOUND, "x"))
    world.begun(recording, transcription=job, number=1)
    assert (await world.run(recording)).name == "Completed"
    assert world.record(recording).transcription.provider == "elsewhere"
    assert world.ears.paid == []


async def test_a_job_that_costs_nothing_and_is_gone_is_heard_again(world: World) -> None:
    world.ears.offer = replace(OFFER, billed=False, repeatable=True)
    recording = world.upload("c-1")
    world.begun(recording, transcription=Transcription(job_id="job of a process that has ended"), number=1)
    assert (await world.run(recording)).name == "Completed"
    assert world.record(recording).transcription.job_id == "returnzero-job-1"


async def test_a_paid_job_that_is_gone_is_for_a_person(world: World) -> None:
    recording = world.upload("c-1")
    world.begun(recording, transcription=Transcription(job_id="job of last month"), number=1)
    assert (await world.run(recording)).name == "Quarantined"
    assert (world.record(recording).failure.error, world.ears.paid) == ("job_gone", [])


# --- a vendor that takes no jobs -------------------------------------------------------------------------------------------


@pytest.fixture
def google(world: World, monkeypatch: pytest.MonkeyPatch) -> FakeSpeechToText:
    """A second vendor, to which calls go at once when the first takes no jobs."""
    monkeypatch.setenv("READBACK_STT_FALLBACK", "google")
    monkeypatch.setenv("READBACK_STT_FALLBACK_SECONDS", "0")
    wiring.settings.cache_clear()
    world.others["google"] = FakeSpeechToText({SOUND: WORDS}, provider="google")
    return world.others["google"]


@pytest.mark.parametrize("error", [VendorUnreachable("away"), QuotaExhausted("no quota left"), AccessRefused("who are you?")])
async def test_a_call_whose_vendor_takes_no_job_is_heard_by_the_fallback(world: World, google: FakeSpeechToText, error: Exception) -> None:
    world.ears.submit_errors.append(error)
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    heard = world.record(recording).transcription
    assert (heard.provider, heard.instead_of) == ("google", "returnzero")
    assert (len(world.ears.paid), len(google.paid)) == (0, 1)


async def test_calls_wait_for_a_vendor_until_it_has_been_away_for_long(
    world: World, google: FakeSpeechToText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_STT_FALLBACK_SECONDS", "600")
    wiring.settings.cache_clear()
    world.ears.submit_errors.extend([VendorUnreachable("away")] * 9)
    run = await world.a_run(world.upload("c-1"))
    assert (await world.run(run)).name == "WaitingForVendor"
    assert (world.ears.paid, google.paid) == ([], [])
    noted = Away.model_validate_json(world.store.get(StorageKeys.away("returnzero")).body)
    earlier = noted.model_copy(update={"since": noted.since - timedelta(seconds=601)})
    world.store.put(StorageKeys.away("returnzero"), earlier.model_dump_json().encode())
    assert (await world.again(run)).name == "Completed"
    assert (world.ears.paid, len(google.paid)) == ([], 1)


async def test_while_a_vendor_is_away_one_call_in_a_while_tries_it_and_brings_the_others_back(
    world: World, google: FakeSpeechToText, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ears.submit_errors.append(VendorUnreachable("away"))
    first, second, third, fourth = (world.upload(f"c-{n}") for n in range(4))
    for recording in (first, second):
        assert (await world.run(recording)).name == "Completed"
    assert (len(world.ears.paid), len(google.paid)) == (0, 2)  # the second did not even try
    monkeypatch.setenv("READBACK_PROBE_SECONDS", "0.001")
    wiring.settings.cache_clear()
    assert (await world.run(third)).name == "Completed"
    assert world.store.keys(StorageKeys.AWAY) == []
    assert (await world.run(fourth)).name == "Completed"
    assert (len(world.ears.paid), len(google.paid)) == (2, 2)


async def test_a_request_in_doubt_goes_to_no_other_vendor(world: World, google: FakeSpeechToText) -> None:
    world.ears.lost_answers.append(AnswerLost("silence"))
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Quarantined"
    assert (len(world.ears.paid), google.paid) == (1, [])


async def test_a_job_stays_at_its_vendor_while_that_is_away(world: World, google: FakeSpeechToText) -> None:
    world.ears.polls_until_done = 2
    world.ears.poll_errors.append(VendorUnreachable("away"))
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    assert (world.record(recording).transcription.provider, len(world.ears.paid), google.paid) == ("returnzero", 1, [])


async def test_a_route_gives_an_instances_calls_to_its_own_vendor(
    world: World, google: FakeSpeechToText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_STT_ROUTES", "instance:acme=google")
    wiring.settings.cache_clear()
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    assert (world.record(recording).transcription.provider, world.ears.paid) == ("google", [])


async def test_a_route_gives_a_queues_calls_to_its_own_vendor(
    world: World, google: FakeSpeechToText, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_STT_ROUTES", "queue:backfill=returnzero,queue:live=google")
    wiring.settings.cache_clear()
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"  # the deployment's queue is live
    assert (world.record(recording).transcription.provider, world.ears.paid) == ("google", [])


def _limit(name: str) -> Any:
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate

    return GlobalConcurrencyLimitCreate(name=name, limit=5)


async def test_a_run_that_finds_a_submit_without_an_answer_asks_a_person(world: World) -> None:
    recording = world.upload("c-1")
    world.begun(recording, transcription=Transcription(submitting=True), number=1)
    state = await world.run(recording)
    assert (state.name, world.ears.paid) == ("Quarantined", [])
    assert world.record(recording).failure.error == "answer_lost"


# --- what goes wrong and passes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["submit", "poll", "speech"])
async def test_a_moment_of_trouble_is_repeated_and_paid_once(world: World, place: str) -> None:
    queue = {"submit": world.ears.submit_errors, "poll": world.ears.poll_errors, "speech": world.voice.errors}[place]
    queue.extend([VendorUnavailable("a bad moment")] * 2)
    assert (await world.run(world.upload("c-1"))).name == "Completed"
    assert (len(world.ears.paid), len(world.voice.spoken)) == (1, 1)


async def test_a_prompt_that_s3_refuses_for_a_moment_is_uploaded_again_and_its_speech_is_paid_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [VendorUnavailable("a bad moment")] * 2
    put = world.store.put

    def refusing(key: str, body: bytes, **options: Any) -> str:
        if key.startswith("tts/") and refusals:
            raise refusals.pop()
        return put(key, body, **options)

    monkeypatch.setattr(world.store, "put", refusing)
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    assert (refusals, len(world.voice.spoken)) == ([], 1)
    assert list(world.record(recording).step_seconds)[-1] == "upload"


async def test_an_artifact_that_fails_for_a_moment_is_written_again_and_the_closed_call_stays_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[CallRecord] = []
    write = tasks.call.hand_over.write_report

    async def fail_once(record: CallRecord, audio: RecordingAudio | None, prompt: bytes) -> None:
        closed.append(record)
        if len(closed) == 1:
            raise VendorUnavailable("a bad moment")
        await write(record, audio, prompt)

    monkeypatch.setattr(tasks.call.hand_over, "write_report", fail_once)
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    assert closed == [world.record(recording)] * 2, "the second try has not closed it again"
    assert len(await world.client.read_artifacts()) == 1


async def test_a_record_that_another_writer_changed_is_read_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    conflicts = [StorageConflict("another writer was faster")] * 2
    put = world.store.put

    def contested(key: str, body: bytes, **options: Any) -> str:
        if key.startswith(StorageKeys.CALLS) and options.get("only_if_etag") and conflicts:
            raise conflicts.pop()
        return put(key, body, **options)

    monkeypatch.setattr(world.store, "put", contested)
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    assert conflicts == []
    assert len(world.ears.paid) == 1


async def test_a_call_that_another_run_took_over_meanwhile_is_left_to_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = world.upload("c-1")

    def submit(audio: bytes, filename: str, **where: str) -> str:
        world.records.save(world.records.read(recording.call_id), owner="a quicker run")
        return "job-of-the-slower"

    monkeypatch.setattr(world.ears, "submit", submit)
    monkeypatch.setattr(tasks.call.transcribe, "_NOTE_PAUSES", (0.0,))
    state = await world.run(recording)
    assert (state.type.value, state.name) == ("COMPLETED", "TakenOver")
    assert world.record(recording).owner == "a quicker run"


@pytest.mark.parametrize("change", [{"owner": "a quicker run"}, {"outcome": Outcome.CANCELLED}])
async def test_a_call_that_was_taken_over_or_closed_after_its_claim_is_not_paid_for(
    world: World, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    recording = world.upload("c-1")

    def meanwhile(voice: FakeTextToSpeech) -> None:
        world.records.save(world.records.read(recording.call_id), **change)

    monkeypatch.setattr(FakeTextToSpeech, "check_voice", meanwhile)
    assert (await world.run(recording)).name == "TakenOver"
    assert (world.ears.paid, world.record(recording).transcription) == ([], Transcription())


async def test_a_call_that_was_taken_over_while_it_was_summarized_is_neither_told_nor_closed(world: World) -> None:
    recording = world.upload("c-1")

    async def take_over(record: CallRecord, *, patience: float, urgent: bool = False) -> None:
        create_summary(world.store, record, SUMMARY, condensed=False)  # type: ignore[arg-type]
        world.records.save(world.records.read(recording.call_id), owner="a quicker run")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tasks.call.summarize, "run_on_gpu_pool", take_over)
        assert (await world.run(recording)).name == "TakenOver"
    assert (world.contacts.attributes, world.store.keys(StorageKeys.DAYS), world.store.keys("tts/")) == ({}, [], [])
    assert (world.record(recording).owner, world.record(recording).outcome) == ("a quicker run", Outcome.IN_PROGRESS)


async def test_a_call_reads_its_record_once_when_nothing_goes_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    find = world.store.find

    def counting(key: str) -> Any:
        read.append(key)
        return find(key)

    monkeypatch.setattr(world.store, "find", counting)
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    assert read.count(StorageKeys.call_record(recording.call_id)) == 1, "before the contact is told"
    assert read.count(recording.key) == 1, "to claim it and to measure it; it is read again when it is sent"


async def test_a_file_of_an_earlier_system_costs_a_number_and_is_not_touched(world: World) -> None:
    world.store.put(StorageKeys.NUMBER_COUNTER, b'{"last": 6}')
    world.store.put(StorageKeys.transcript(7), b"from before")
    recording = world.upload("c-1")
    assert (await world.run(recording)).message == "Read back as number 8"
    assert world.store.get(StorageKeys.transcript(7)).body == b"from before"


# --- waiting -------------------------------------------------------------------------------------------------------------


async def test_a_used_up_quota_gives_the_run_back_and_pauses_the_queues(world: World) -> None:
    world.ears.submit_errors.append(QuotaExhausted("no jobs are left", remedy="Buy more"))
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    state = await world.run(run)
    assert (state.type.value, state.name) == ("SCHEDULED", WAITING)
    assert "no jobs are left" in state.message
    assert 30 < (state.state_details.scheduled_time - datetime.now(UTC)).total_seconds() <= 60
    assert await queues_paused(world.client) == [True, True]
    reason = await pause_in_force(world.client)
    assert (reason.error, reason.step) == ("quota_exhausted", "transcribe")
    pause = next(artifact for artifact in await world.client.read_artifacts() if artifact.key == "calls-paused")
    assert "음성 인식" in str(pause.data)
    await resume_calls(world.client)
    assert (await world.again(run)).name == "Completed"
    assert len(world.ears.paid) == 1


async def test_an_outage_that_outlasts_the_tasks_patience_gives_the_run_back_and_quarantines_it_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READBACK_GIVE_UP_ATTEMPTS", "2")
    wiring.settings.cache_clear()
    world.voice.errors.extend([VendorUnavailable("away")] * 16)
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    assert (await world.run(run)).name == WAITING
    assert world.record(recording).outcome is Outcome.IN_PROGRESS
    assert await pause_in_force(world.client) is None
    assert (await world.again(run)).name == "Quarantined"
    assert (world.record(recording).failure.error, world.record(recording).failure.step) == ("vendor_unavailable", "speak")
    assert len(world.ears.paid) == 1


@contextlib.contextmanager
def bucket_of(store: ObjectStore) -> Iterator[None]:
    """Another bucket than the world's, for a while."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(wiring, "object_store", lambda: store)
        patched.setattr(wiring, "call_records", lambda: CallRecords(store))
        yield


@pytest.mark.parametrize("status", [0, 503])
async def test_a_call_that_cannot_reach_s3_says_so_in_its_own_state_after_three_tries_and_goes_on_later(
    world: World, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    with refusing_s3(status, "ServiceUnavailable") as s3, bucket_of(s3.store()):
        state = await world.run(run)
    assert (state.type.value, state.name) == ("SCHEDULED", WAITING)
    for told in (state.message, caplog.text):
        assert "Waits in step claim: vendor_unreachable: could not read" in told
        assert "S3 cannot be reached" in told
        assert "Check the network, READBACK_AWS_ENDPOINT_URL" in told
    assert len(s3.asked) == 3
    assert (state.state_details.scheduled_time - datetime.now(UTC)).total_seconds() <= 5
    assert await queues_paused(world.client) == [False, False]
    assert (await world.again(run)).name == "Completed"


async def test_a_call_told_by_an_event_waits_as_well_when_nothing_listens_where_s3_should_be(world: World) -> None:
    run = await a_run_of_an_event(world, world.upload("c-1"))
    with refusing_s3(503) as gone:
        store = gone.store()
    with bucket_of(store):
        state = await world.run(run)
    assert (state.name, "S3 cannot be reached (EndpointConnectionError)" in state.message) == (WAITING, True)
    assert (await world.again(run)).name == "Completed"


async def assert_waits_for_access(world: World, run: FlowRun, state: State[Any], told: str) -> None:
    assert (state.type.value, state.name) == ("SCHEDULED", WAITING)
    assert told in state.message
    assert await queues_paused(world.client) == [True, True]
    reason = await pause_in_force(world.client)
    assert (reason.error, reason.flow_run_id) == ("access_refused", str(run.id))
    pause = next(artifact for artifact in await world.client.read_artifacts() if artifact.key == "calls-paused")
    assert message_of(reason.error, reason.case).title in pause.description
    assert message_of(reason.error, reason.case).remedy in str(pause.data)


@pytest.mark.parametrize(
    ("status", "code"), [(403, "InvalidAccessKeyId"), (403, "SignatureDoesNotMatch"), (403, "AccessDenied"), (400, "ExpiredToken")]
)
async def test_wrong_credentials_for_s3_pause_the_queues_and_the_call_waits(world: World, status: int, code: str) -> None:
    run = await world.a_run(world.upload("c-1"))
    with refusing_s3(status, code) as s3, bucket_of(s3.store()):
        state = await world.run(run)
    await assert_waits_for_access(world, run, state, "access_refused: could not read")
    assert (code in state.message, len(s3.asked)) == (True, 1)
    await resume_calls(world.client)
    assert (await world.again(run)).name == "Completed"


@pytest.mark.parametrize("vendor", ["returnzero", "google", "connect"])
async def test_wrong_credentials_of_a_vendor_pause_the_queues_and_nothing_is_paid_twice(world: World, vendor: str) -> None:
    refusal = AccessRefused("the secret is wrong", remedy="Give the right one", case=vendor)
    if vendor == "connect":
        world.contacts.refusal = refusal
    else:
        {"returnzero": world.ears.submit_errors, "google": world.voice.check_errors}[vendor].append(refusal)
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    await assert_waits_for_access(world, run, await world.run(run), "Give the right one")
    assert world.record(recording).outcome is Outcome.IN_PROGRESS
    world.contacts.refusal = None
    await resume_calls(world.client)
    assert (await world.again(run)).name == "Completed"
    assert (len(world.ears.paid), len(world.voice.spoken)) == (1, 1)


async def test_a_call_that_is_to_be_set_aside_while_s3_is_away_waits_and_is_set_aside_later(world: World) -> None:
    recording = world.upload("c-1", b"no sound")
    run = await world.a_run(recording)
    with pytest.MonkeyPatch.context() as patched:
        put = world.store.put

        def away(key: str, body: bytes, **options: Any) -> str:
            if key.startswith(StorageKeys.QUARANTINE):
                raise VendorUnreachable("S3 cannot be reached")
            return put(key, body, **options)

        patched.setattr(world.store, "put", away)
        assert (await world.run(run)).name == WAITING
    assert (await world.again(run)).name == "Quarantined"


@pytest.mark.parametrize("kind", [AccessRefused, VendorUnreachable])
async def test_a_summarizer_that_cannot_get_at_s3_tells_the_call_that_waits_for_it(world: World, kind: type[ReadbackError]) -> None:
    async def refuse(call_id: str) -> None:
        raise kind("could not read the call", remedy="Check the role of the summarizer")

    deployment = await world.client.read_deployment_by_name("summarize-call/summarize-call")
    run = await world.client.create_flow_run_from_deployment(deployment.id, parameters={"call_id": "c"})
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("flows.summarize_call.write_summary", refuse)
        await run_flow(summarize_call, flow_run=run, return_type="state")
    with pytest.raises(kind, match="Check the role of the summarizer") as caught:
        await tasks.call.summarize.wait_until_final(run, patience=60)
    assert type(caught.value) is kind


async def test_wrong_settings_fail_the_run_and_leave_the_call_in_progress(world: World) -> None:
    world.ears.submit_errors.append(ConfigurationError("the secret is wrong"))
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    assert (await world.run(run)).type.value == "FAILED"
    record = world.record(recording)
    assert (record.outcome, record.transcription.submitting) == (Outcome.IN_PROGRESS, False)
    assert (await world.again(run)).name == "Completed"


async def test_a_mistyped_voice_is_told_before_anything_is_paid(world: World) -> None:
    world.voice.voice = "ko-KR-Wavenet-Ä"
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    state = await world.run(run)
    assert state.type.value == "FAILED"
    assert "there is no voice" in state.message
    assert (world.ears.paid, world.record(recording).outcome) == ([], Outcome.IN_PROGRESS)
    world.voice.voice = "ko-KR-Wavenet-A"
    assert (await world.again(run)).name == "Completed"


async def test_a_vendor_that_cannot_say_which_voices_it_has_holds_no_call_back(world: World) -> None:
    world.voice.check_errors.append(VendorUnavailable("away"))
    assert (await world.run(world.upload("c-1"))).name == "Completed"


# --- quarantine ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "error", "step"),
    [
        ("submit", VendorRefused("never"), "transcribe"),
        ("submit", AnswerLost("maybe"), "transcribe"),
        ("poll", JobFailed("noise"), "transcribe"),
        ("poll", JobGone("expired"), "transcribe"),
        ("poll", BadTranscript("utterance 0"), "transcribe"),
        ("speech", VendorRefused("never"), "speak"),
    ],
)
async def test_what_will_never_succeed_is_set_aside_with_a_reason(world: World, where: str, error: ReadbackError, step: str) -> None:
    {"submit": world.ears.submit_errors, "poll": world.ears.poll_errors, "speech": world.voice.errors}[where].append(error)
    recording = world.upload("c-1")
    state = await world.run(recording)
    assert (state.type.value, state.name) == ("FAILED", "Quarantined")
    record = world.record(recording)
    assert (record.outcome, record.failure.error, record.failure.step) == (Outcome.QUARANTINED, error.code, step)
    note = Failure.model_validate_json(world.store.get(StorageKeys.quarantine_note(recording.call_id)).body)
    assert note == record.failure
    assert world.quarantined_in_digests() == 1
    assert world.store.find("tts/tts_1.wav") is None


async def test_nobody_speaking_is_no_speech(world: World) -> None:
    world.ears.words[SOUND] = []
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Quarantined"
    assert world.record(recording).failure.error == "no_speech"


async def test_retrying_a_quarantined_run_reopens_its_call_and_never_pays_again(world: World) -> None:
    world.voice.errors.append(VendorRefused("a bad day"))
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    assert (await world.run(run)).name == "Quarantined"
    assert (await world.again(run)).name == "Completed"
    assert (world.notes(), len(world.ears.paid)) == ([], 1)
    (act,) = world.record(recording).history
    assert (act.deed, act.by, act.flow_run_id) == (Deed.RETRIED, "", str(run.id))  # Prefect knows no person
    assert any("실행 Retry, 요청자 알 수 없음" in str(artifact.data) for artifact in await world.client.read_artifacts())


async def test_retrying_a_call_that_may_have_been_paid_waits_for_a_word(world: World) -> None:
    world.ears.submit_errors.append(AnswerLost("maybe"))
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    await world.run(run)
    assert (await world.again(run)).name == "InQuarantine"
    assert world.ears.paid == []


def redrive(world: World, recording: Recording, **options: bool) -> Any:
    given = {"pay_again": False, "dry_run": False} | options
    act = PersonsAct.now(Deed.REDRIVEN, "a redrive")
    return reopen_one(recording.call_id, act, records=world.records, store=world.store, **given)[0]  # type: ignore[arg-type]


async def test_a_transcript_that_cannot_be_read_is_made_anew_only_when_it_may_be_paid_again(world: World) -> None:
    world.ears.poll_errors.extend([BadTranscript("utterance 0")] * 2)
    recording = world.upload("c-1")
    await world.run(recording)
    redrive(world, recording)
    assert (world.record(recording).outcome, world.record(recording).transcription.job_id) == (Outcome.IN_PROGRESS, "returnzero-job-1")
    assert (await world.run(recording)).name == "Quarantined"
    assert len(world.ears.paid) == 1
    redrive(world, recording, pay_again=True)
    assert (await world.run(recording)).name == "Completed"
    assert len(world.ears.paid) == 2


# --- only a person's retry opens a quarantine -------------------------------------------------------------------------------


async def a_failed_job_whose_worker_died(world: World) -> tuple[Recording, FlowRun]:
    """A call in quarantine with a job that failed; its worker was killed after the record was closed and before the run ended."""
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    await world.client.set_flow_run_state(run.id, Running(), force=True)
    job = world.ears.submit(SOUND, "x")
    begun = world.begun(recording, str(run.id), number=1, transcription=Transcription(job_id=job))
    failed = failure_of(JobFailed("noise"), Step.TRANSCRIBE, str(run.id))
    close_as_quarantined(world.records.read(begun.call_id), failed, records=world.records, store=world.store)  # type: ignore[arg-type]
    return recording, run


async def by_the_reaper(world: World, run: FlowRun) -> None:
    await world.client.set_flow_run_state(run.id, Crashed(message="No heartbeat"), force=True)
    await world.client.set_flow_run_state(run.id, AwaitingRetry(message="Its worker died"), force=True)


async def by_a_stopping_worker(world: World, run: FlowRun) -> None:
    await world.client.set_flow_run_state(run.id, AwaitingRetry(message="Its worker was stopped"), force=True)


async def by_the_reaper_after_a_worker_that_never_began(world: World, run: FlowRun) -> None:
    await by_the_reaper(world, run)
    await world.client.set_flow_run_state(run.id, Pending(), force=True)
    await world.client.set_flow_run_state(run.id, AwaitingRetry(message="Its worker died"), force=True)


@pytest.mark.parametrize("started_again", [by_the_reaper, by_a_stopping_worker, by_the_reaper_after_a_worker_that_never_began])
async def test_a_failed_job_is_not_paid_again_when_a_machine_starts_its_dead_run_again(
    world: World, started_again: Callable[[World, FlowRun], Awaitable[None]]
) -> None:
    recording, run = await a_failed_job_whose_worker_died(world)
    before = world.record(recording)
    await started_again(world, run)
    state = await world.run(run)
    assert (state.type.value, state.name) == ("FAILED", "Quarantined")
    assert "job_failed in step transcribe" in state.message
    assert (world.record(recording), len(world.notes()), len(world.ears.paid)) == (before, 1, 1)
    assert before.history == []
    assert "음성 인식" in str((await world.client.read_artifacts())[0].data)
    # A person who then retries the run that has ended has the recording submitted again.
    assert (await world.again(run)).name == "Completed"
    assert (world.notes(), len(world.ears.paid)) == ([], 2)


async def test_a_persons_retry_whose_attempt_died_after_it_had_failed_again_pays_no_third_time(world: World) -> None:
    recording, run = await a_failed_job_whose_worker_died(world)
    await by_the_reaper(world, run)
    await world.run(run)
    world.ears.poll_errors.append(JobFailed("noise"))

    async def killed(*_: object) -> None:
        raise Abort("killed")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("flows.process_call.report", killed)
        await world.again(run)
    assert (world.record(recording).outcome, len(world.ears.paid)) == (Outcome.QUARANTINED, 2)
    await by_the_reaper(world, run)
    assert (await world.run(run)).name == "Quarantined"
    assert len(world.ears.paid) == 2


async def test_a_fault_in_a_paid_request_that_nobody_foresaw_counts_as_a_lost_answer(world: World) -> None:
    world.ears.submit_errors.append(ValueError("after the last byte was sent, for all that anybody knows"))
    recording = world.upload("c-1")
    assert (await world.run(recording)).type.value == "FAILED"
    assert world.record(recording).outcome is Outcome.IN_PROGRESS
    assert (await world.run(recording)).name == "Quarantined"  # as reconcile starts it again
    assert (world.record(recording).failure.error, world.ears.paid) == ("answer_lost", [])


async def test_another_runs_quarantine_is_not_opened_by_a_retry(world: World) -> None:
    recording, _ = await a_failed_job_whose_worker_died(world)
    other = await world.a_run(recording)
    assert (await world.run(other)).name == "InQuarantine"
    assert (await world.again(other)).name == "InQuarantine"
    assert len(world.ears.paid) == 1


# --- superseded ----------------------------------------------------------------------------------------------------------


async def a_call_repaired_by_another_upload(world: World) -> tuple[FlowRun, Recording, Recording]:
    """A bad file in quarantine, and the good one uploaded under its key and read back."""
    bad = world.upload("c-1", b"no sound")
    run = await world.a_run(bad)
    assert (await world.run(run)).name == "Quarantined"
    good = world.upload("c-1")
    assert (await world.run(good)).name == "Completed"
    assert (len(world.ears.paid), world.quarantined_in_digests()) == (1, 1)
    return run, bad, good


def assert_superseded(world: World, bad: Recording, good: Recording) -> None:
    record = world.record(bad)
    assert (record.outcome, record.superseded_by) == (Outcome.SUPERSEDED, good.call_id)
    assert (world.notes(), world.quarantined_in_digests()) == ([], 0)
    assert (len(world.ears.paid), len(world.voice.spoken)) == (1, 1)


async def test_redriving_a_call_whose_file_was_uploaded_again_pays_nothing_and_ends_it(world: World) -> None:
    _, bad, good = await a_call_repaired_by_another_upload(world)
    assert redrive(world, bad, dry_run=True).result is Result.SUPERSEDED
    assert world.record(bad).outcome is Outcome.QUARANTINED
    line = redrive(world, bad, pay_again=True)
    assert (line.result, line.successor) == (Result.SUPERSEDED, good.call_id)
    assert_superseded(world, bad, good)
    assert redrive(world, bad).result is Result.SUPERSEDED
    assert (await world.run(bad)).name == "Superseded"
    assert_superseded(world, bad, good)


async def test_retrying_a_call_whose_file_was_uploaded_again_pays_nothing_and_ends_it(world: World) -> None:
    run, bad, good = await a_call_repaired_by_another_upload(world)
    state = await world.again(run)
    assert (state.type.value, state.name, state.message) == ("COMPLETED", "Superseded", f"superseded by call {good.call_id}")
    assert_superseded(world, bad, good)


async def test_a_reopened_call_that_meets_another_upload_when_it_fetches_ends(world: World) -> None:
    recording = world.upload("c-1")
    world.begun(recording)
    later = world.upload("c-1", OTHER_SOUND)
    state = await world.run(recording)
    assert (state.name, state.message) == ("Superseded", f"superseded by call {later.call_id}")
    assert (world.record(recording).outcome, world.ears.paid) == (Outcome.SUPERSEDED, [])


async def test_an_upload_between_fetch_and_submit_is_not_paid_for_by_the_call_before(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = world.upload("c-1")
    monkeypatch.setattr(FakeTextToSpeech, "check_voice", lambda self: world.upload("c-1", OTHER_SOUND))
    assert (await world.run(recording)).name == "Superseded"
    assert (world.ears.paid, world.record(recording).number) == ([], None)


async def test_a_superseded_call_whose_very_upload_comes_back_is_read_back(world: World) -> None:
    recording = world.upload("c-1")
    world.begun(recording, outcome=Outcome.SUPERSEDED, superseded_by="another")
    assert (await world.run(recording)).name == "Completed"
    assert (world.record(recording).outcome, world.record(recording).superseded_by) == (Outcome.READ_BACK, "")


# --- the hand-over -------------------------------------------------------------------------------------------------------


async def test_a_contact_that_is_too_old_for_attributes_does_not_keep_its_call_from_being_finished(world: World) -> None:
    world.contacts.refusal = VendorRefused("Connect does not know the contact", remedy="It may be too old")
    recording = world.upload("c-1")
    assert (await world.run(recording)).name == "Completed"
    record = world.record(recording)
    assert record.outcome is Outcome.READ_BACK
    assert "does not know the contact" in record.contact_refusal
    assert "연락 속성" in str((await world.client.read_artifacts())[0].data)


@pytest.mark.parametrize("ivr_last", [True, False])
async def test_the_conversation_with_the_agent_speaks_for_its_contact_whichever_recording_was_finished_last(
    world: World, ivr_last: bool
) -> None:
    ivr, agent = world.upload("c-1", OTHER_SOUND, ivr=True), world.upload("c-1")
    for recording in (agent, ivr) if ivr_last else (ivr, agent):
        assert (await world.run(recording)).name == "Completed"
    assert world.contacts.attributes["c-1"]["readback_prompt"].endswith(StorageKeys.prompt(world.record(agent).number))


async def test_without_a_connect_instance_nobody_is_told_and_nothing_is_kept_for_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:  # undone before the world's own
        patched.setattr(wiring, "connect_contacts", lambda: None)
        assert (await world.run(world.upload("c-1"))).name == "Completed"
    assert world.store.keys(StorageKeys.CONTACTS) == []


# --- what others are told of a call ----------------------------------------------------------------------------------------


async def a_run_of_an_event(world: World, recording: Recording) -> FlowRun:
    """A run as the automation starts it: with the call's id alone, and Prefect's own name."""
    announce(world.store, recording)  # type: ignore[arg-type]
    deployment = await world.client.read_deployment_by_name("process-call/process-call")
    return await world.client.create_flow_run_from_deployment(deployment.id, parameters={"call_id": recording.call_id})


async def test_an_event_names_the_call_alone_and_its_run_finds_the_recording(world: World) -> None:
    recording = world.upload("c-1")
    assert recording.key not in str(event_of(recording))
    assert (await world.run(await a_run_of_an_event(world, recording))).name == "Completed"
    assert world.record(recording).recording == recording


async def test_a_run_is_named_by_contact_time_in_korea_and_masked_number_and_so_is_one_that_waits(world: World) -> None:
    contact = "0fd1826c-a94e-4b35-b2d7-c3589e6f7b11"
    recording = world.upload(contact)
    run = await a_run_of_an_event(world, recording)
    assert not run.name.startswith("0fd1826c")
    assert await name_waiting_calls(world.client, datetime.now(UTC)) == 1
    assert (await world.client.read_flow_run(run.id)).name == "0fd1826c 2026-11-20 10:30"
    assert await name_waiting_calls(world.client, datetime.now(UTC)) == 0
    world.contacts.numbers[contact] = "+821012345678"
    await world.run(run)
    assert (await world.client.read_flow_run(run.id)).name == "0fd1826c 2026-11-20 10:30 010-****-5678"


async def test_a_call_whose_number_connect_does_not_tell_is_read_back_all_the_same(world: World) -> None:
    world.contacts.refusal = VendorRefused("the contact is too old")
    recording = world.upload("010-9876-5432")
    run = await a_run_of_an_event(world, recording)
    assert (await world.run(run)).name == "Completed"
    assert (await world.client.read_flow_run(run.id)).name == f"#{recording.call_id[:8]} 2026-11-20 10:30"


async def test_a_late_event_of_an_erased_call_starts_nothing(world: World) -> None:
    recording = world.upload("c-1")
    run = await a_run_of_an_event(world, recording)
    world.store.erase(StorageKeys.landed(recording.call_id))
    world.store.put(StorageKeys.erasure_receipt(recording.call_id), b"{}")
    assert (await world.run(run)).name == "Erased"


async def test_a_fault_that_nobody_foresaw_tells_no_words_in_the_states_of_its_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "제 번호는 010-4321-8765 입니다"

    def poll(job_id: str) -> Any:
        raise ValueError(said)

    monkeypatch.setattr(world.ears, "poll", poll)
    state = await world.run(world.upload("c-1"))
    assert state.type.value == "FAILED"
    assert "ValueError in test_process_call.py" in state.message
    rows = [row for row in (await everything_the_server_keeps()).splitlines() if not row.startswith("log ")]
    assert not any("제 번호는" in row for row in rows)


async def test_a_cancelled_call_stays_cancelled_and_a_retry_of_its_run_takes_it_up_again(world: World) -> None:
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    await world.client.set_flow_run_state(run.id, Cancelled(), force=True)
    close_as_cancelled(recording, str(run.id), records=world.records)
    assert (await world.run(recording)).name == "StaysCancelled"
    assert world.ears.paid == []
    assert (await world.again(run)).name == "Completed"


# --- no model ------------------------------------------------------------------------------------------------------------


def a_missing_folder() -> None:
    SummarizerLine().load(Path("/nowhere/model"), "cpu", "v1")


def a_damaged_file() -> None:
    raise RuntimeError("File model.bin is incomplete")


@pytest.mark.parametrize(("fault", "told"), [(a_missing_folder, "/nowhere/model"), (a_damaged_file, "rollback")])
async def test_a_summary_without_a_model_is_one_quiet_run_that_names_the_remedy(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Callable[[], None], told: str
) -> None:
    recording = world.upload("c-1")
    world.begun(recording, transcription=Transcription(job_id="paid", utterances=WORDS, done=True), number=4)
    tried: list[str] = []

    def start() -> None:
        tried.append("to load")
        fault()

    monkeypatch.setattr(tasks.call.write_summary, "start_summarizer", start)
    state = await summarize_call(recording.call_id, return_state=True)
    assert (state.type.value, state.name) == ("CANCELLED", NO_MODEL)
    assert told in state.message
    assert tried == ["to load"]


async def test_a_call_whose_summary_had_no_model_waits_with_the_reason_and_the_queues_are_paused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[FlowRun] = []

    async def no_model(deployment: str, **_: Any) -> FlowRun:
        state = Cancelled(name=NO_MODEL, message="/nowhere/model is no model. Set READBACK_MODEL_DIR.")
        asked.append(await world.client.create_flow_run(summarize_call, parameters={"call_id": "c"}, state=state))
        return asked[-1]

    monkeypatch.setattr(tasks.call.summarize, "arun_deployment", no_model)
    monkeypatch.setattr(tasks.call.summarize, "run_on_gpu_pool", REAL_RUN_ON_GPU_POOL)
    recording = world.upload("c-1")
    run = await world.a_run(recording)
    state = await world.run(run)
    assert (state.type.value, state.name, len(asked)) == ("SCHEDULED", WAITING, 1)
    assert "Set READBACK_MODEL_DIR" in state.message
    assert await queues_paused(world.client) == [True, True]
    reason = await pause_in_force(world.client)
    assert reason is not None
    assert reason.error == "model_unavailable"
    await resume_calls(world.client)
    assert world.notes() == []


# --- what a call costs -----------------------------------------------------------------------------------------------------


async def test_a_finished_call_has_its_ledger_and_its_day_counts_it(world: World) -> None:
    world.summary = SUMMARY.model_copy(
        update={"used": Used(machine="g4dn.xlarge", seconds=0.5, prompt_tokens=30, completion_tokens=10, language_model_won=4.0)}
    )
    recording = world.upload("c-1")
    await world.run(recording)
    ledger = world.record(recording).ledger
    assert [(one.provider, one.unit.value, one.amount, one.payment) for one in ledger] == [
        ("returnzero", "stt_seconds", 2.0, Payment.ORDINARY),
        ("g4dn.xlarge", "summarizer_seconds", 0.5, Payment.ORDINARY),
        ("language-model", "prompt_tokens", 30, Payment.ORDINARY),
        ("language-model", "completion_tokens", 10, Payment.ORDINARY),
        ("google-tts/wavenet", "tts_characters", len("문의하신 내용이 자동차보험 해지 요청"), Payment.ORDINARY),
        ("s3", "s3_writes", CLOSING_WRITES, Payment.ORDINARY),  # this world's bucket is no S3: nothing else is sent
    ]
    assert all(one.won is not None and one.filed for one in ledger)
    [end] = [EndedCall.model_validate_json(world.store.get(key).body) for key in world.store.keys(StorageKeys.DAYS)]
    assert [one.won for one in end.charges] == [one.won for one in ledger]
    assert end.version == "tiny"


async def test_speech_whose_answer_never_came_is_a_lost_payment(world: World) -> None:
    world.voice.errors.append(VendorUnavailable("no answer in 30 s"))
    recording = world.upload("c-1")
    await world.run(recording)
    speech = [one for one in world.record(recording).ledger if one.unit is Unit.TTS_CHARACTERS]
    assert [one.payment for one in speech] == [Payment.LOST, Payment.ORDINARY]


async def test_a_job_whose_answer_was_lost_and_is_paid_again_shows_both_payments(world: World) -> None:
    recording = world.upload("c-1")
    world.ears.submit_errors.append(AnswerLost("the connection broke after the request"))
    run = await world.a_run(recording)
    await world.run(run)
    assert [one.payment for one in world.record(recording).ledger if one.unit is Unit.STT_SECONDS] == [Payment.LOST]
    act, found = PersonsAct.now(Deed.REDRIVEN, "x"), world.records.read(recording.call_id)
    reopen(found, "", act, pay_again=True, records=world.records, store=world.store)  # type: ignore[arg-type]
    assert (await world.run(recording)).name == "Completed"
    jobs = [one.payment for one in world.record(recording).ledger if one.unit is Unit.STT_SECONDS]
    assert jobs == [Payment.LOST, Payment.REPEATED]


async def test_a_spent_budget_holds_new_calls_and_lets_those_that_have_begun_go_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_DAILY_BUDGETS", "returnzero=0.5")
    wiring.settings.cache_clear()
    wiring.budget.cache_clear()
    assert (await world.run(world.upload("c-1"))).name == "Completed"
    held = world.upload("c-2")
    run = await world.a_run(held)
    state = await world.run(run)
    assert (state.name, await queues_paused(world.client)) == (WAITING, [True, True])
    assert "the daily budget of returnzero is spent" in state.message
    reason = await pause_in_force(world.client)
    assert (reason.error, reason.case) == ("quota_exhausted", "budget")
    assert len(world.ears.paid) == 1
    await resume_calls(world.client)
    begun = world.records.read(held.call_id)
    world.ears._jobs["job-of-before"] = (SOUND, 0)
    world.records.save(begun, number=9, transcription=Transcription(job_id="job-of-before"))
    assert (await world.again(run)).name == "Completed"


async def test_speech_of_a_prompt_that_an_earlier_run_had_uploaded_is_in_the_ledger_once(world: World) -> None:
    recording = world.upload("c-1")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tasks.call.hand_over._close", lambda *_: (_ for _ in ()).throw(AccessRefused("not now")))
        run = await world.a_run(recording)
        await world.run(run)
    await resume_calls(world.client)
    assert (await world.again(run)).name == "Completed"
    assert len(world.voice.spoken) == 1
    assert len([one for one in world.record(recording).ledger if one.unit is Unit.TTS_CHARACTERS]) == 1


# --- what the caller says --------------------------------------------------------------------------------------------------


def contact_record(contact: str, answer: str = "1", **changes: Any) -> Landed:
    record = {
        "ContactId": contact,
        "Agent": {"Username": "kim"},
        "Queue": {"Name": "보상"},
        "CustomerEndpoint": {"Address": "+821012345678", "Type": "TELEPHONE_NUMBER"},
        "Attributes": {"readback_answer": answer},
        "DisconnectTimestamp": "2026-11-29T03:05:00Z",
        "LastUpdateTimestamp": "2026-11-29T03:06:00Z",
    }
    return Landed(contact_records=[record | changes])


@pytest.fixture
def contact_records_are_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READBACK_CONTACT_RECORDS_PREFIX", "ctr/")
    monkeypatch.setenv("READBACK_NUMBER_KEY", "secret")
    wiring.settings.cache_clear()


@pytest.mark.usefixtures("contact_records_are_read")
@pytest.mark.parametrize("late", [False, True])
async def test_what_the_caller_pressed_reaches_the_calls_record_before_or_after_it(world: World, *, late: bool) -> None:
    recording = world.upload("c-1")
    for turn in (late, not late):
        if turn:
            assert (await world.run(recording)).name == "Completed"
        else:
            take_contact_records(contact_record("c-1"))
    record = world.record(recording)
    assert (record.answer.answer, record.contact.agent, record.contact.queue) == (Answer.RIGHT, "kim", "보상")
    assert (record.contact.number, len(record.contact.number_hash)) == ("010-****-5678", 32)
    [key] = world.store.keys(StorageKeys.ANSWERS)
    assert key == StorageKeys.answer(record.answer.day, record.call_id)
    assert AnsweredCall.model_validate_json(world.store.get(key).body).model == "tiny"


@pytest.mark.usefixtures("contact_records_are_read")
async def test_a_contact_record_in_the_middle_of_a_call_disturbs_nothing(world: World) -> None:
    recording = world.upload("c-1")
    submit = world.ears.submit

    def told_meanwhile(*audio: Any, **request: Any) -> str:
        take_contact_records(contact_record("c-1", "2"))
        return submit(*audio, **request)

    world.ears.submit = told_meanwhile  # type: ignore[method-assign]
    assert (await world.run(recording)).name == "Completed"
    record = world.record(recording)
    assert (record.answer.answer, record.contact.agent, len(world.ears.paid)) == (Answer.WRONG, "kim", 1)


@pytest.mark.usefixtures("contact_records_are_read")
async def test_a_call_in_quarantine_knows_its_agent_too(world: World) -> None:
    take_contact_records(contact_record("c-1"))
    recording = world.upload("c-1", b"no sound")
    await world.run(recording)
    record = world.record(recording)
    assert (record.outcome, record.contact.agent, record.answer) == (Outcome.QUARANTINED, "kim", None)


async def test_without_the_setting_no_contact_is_marked(world: World) -> None:
    await world.run(world.upload("c-1"))
    assert world.store.keys(StorageKeys.CONTACT_RECORDS) == []
